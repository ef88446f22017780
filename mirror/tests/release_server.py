"""Upstream on 127.0.0.1: a server by TLS for the makers' hosts, and the proxy (`HTTPS_PROXY`) that leads each host to it.

A host that it does not stand for can't be reached: so no test asks the network. Files may be given by their content, or by
their path for large ones.
"""

import hashlib
import shutil
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from localcloud.core.pki import authority, server
from mirror.tests.makers import GITHUB_FILES, KUBERNETES_FILES

REDIRECTS = {"dl.k8s.io": KUBERNETES_FILES}
PIECE = 1 << 16


@dataclass(kw_only=True)
class Fault:
    """What goes wrong with an address, the first `times` that it is asked for by GET."""

    times: int = 1
    status: int = 0  # instead of the file
    headers: Mapping[str, str] = field(default_factory=dict)
    breaks_after: int = 0  # bytes
    piece: int = 0  # bytes at a time, each after a pause
    pause: float = 0.0
    location: str = ""  # sends there


@dataclass(kw_only=True)
class Releases:
    """What the server has, what goes wrong with it, and who asked for what."""

    files: dict[str, bytes | Path]
    faults: dict[str, Fault] = field(default_factory=dict)
    ranges: bool = True  # whether it goes on in the middle of a file
    answer: Callable[[str], tuple[int, dict[str, str], bytes] | None] = lambda _: None  # of what is no file
    asked: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.hosts |= {urlsplit(url).netloc for url in self.files}
        self.hosts |= {GITHUB_FILES, KUBERNETES_FILES}

    def asked_for(self, url: str) -> int:
        """How often a file was asked for."""
        return self.asked.count(f"GET {url}")


class Handler(BaseHTTPRequestHandler):
    """Answers for every host, as the request's Host says."""

    protocol_version = "HTTP/1.1"
    timeout = 30

    def __init__(self, releases: Releases, *arguments: object) -> None:
        self.releases = releases
        super().__init__(*arguments)  # type: ignore[arg-type] # what the server gives

    def do_GET(self) -> None:
        """Give a file, or what goes wrong."""
        url = f"https://{self.headers['Host'].removesuffix(':443')}{self.path}"
        self.releases.asked.append(f"{self.command} {url}")
        known = _original(url)
        fault = self.releases.faults.get(known)
        if fault and fault.times and self.command == "GET" and self._fails(fault):
            fault.times -= 1
            return
        if known not in self.releases.files:
            status, headers, body = self.releases.answer(url) or (404, {}, b"not found\n")
            self._begin(status, {"Content-Length": str(len(body)), **headers})
            self._send(BytesIO(body), len(body), None)
        elif known == url and (elsewhere := _redirect(url)):
            self._begin(302, {"Location": elsewhere, "Content-Length": "0"})
        else:
            self._file(known, fault if fault and fault.times else None)

    def do_HEAD(self) -> None:
        """Give the same without a body."""
        self.do_GET()

    def _fails(self, fault: Fault) -> bool:
        """Answer with a status instead of the file; whether that is what goes wrong."""
        if fault.location:
            self._begin(302, {"Location": fault.location, "Content-Length": "0"})
        elif fault.status:
            self._begin(fault.status, {"Content-Length": "0", **fault.headers})
        return bool(fault.location or fault.status)

    def _file(self, url: str, fault: Fault | None) -> None:
        content = self.releases.files[url]
        size = content.stat().st_size if isinstance(content, Path) else len(content)
        etag = f'"{hashlib.sha256(url.encode()).hexdigest()[:16]}-{size}"'
        begins = 0
        asked = self.headers.get("Range", "")
        if self.releases.ranges and asked and self.headers.get("If-Range") == etag:
            begins = int(asked.removeprefix("bytes=").removesuffix("-"))
        is_json = isinstance(content, bytes) and content.startswith(b"{")
        kind = "application/json" if is_json else "application/octet-stream"
        headers = {"Content-Length": str(size - begins), "Content-Type": kind, "ETag": etag}
        if begins:
            headers["Content-Range"] = f"bytes {begins}-{size - 1}/{size}"
        self._begin(206 if begins else 200, headers)
        with content.open("rb") if isinstance(content, Path) else BytesIO(content) as stream:
            stream.seek(begins)
            if self.command == "GET" and fault:
                fault.times -= 1
            self._send(stream, size - begins, fault)

    def _begin(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _send(self, stream: BinaryIO, size: int, fault: Fault | None) -> None:
        if self.command == "HEAD":
            return
        if fault is None:
            shutil.copyfileobj(stream, self.wfile, PIECE)
            return
        piece = fault.piece or PIECE
        left = min(size, fault.breaks_after or size)
        with suppress(OSError):  # who asks has gone
            while left > 0 and (block := stream.read(min(piece, left))):
                self.wfile.write(block)
                self.wfile.flush()
                left -= len(block)
                time.sleep(fault.pause)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing: `asked` tells."""


class Proxy(BaseHTTPRequestHandler):
    """Answers CONNECT: the makers' hosts are the server's, all others are `others`' business."""

    protocol_version = "HTTP/1.1"

    def __init__(
        self,
        hosts: set[str],
        address: tuple[str, int],
        others: Callable[[str], socket.socket] | None,
        *arguments: object,
    ) -> None:
        self.hosts, self.address, self.others = hosts, address, others
        super().__init__(*arguments)  # type: ignore[arg-type] # what the server gives

    def do_CONNECT(self) -> None:
        """Lead to the server, or refuse."""
        host = self.path.rpartition(":")[0]
        try:
            if host in self.hosts:
                there = socket.create_connection(self.address, timeout=30)
            elif self.others:
                there = self.others(self.path)
            else:
                raise ConnectionRefusedError(f"nobody stands for {host}")
        except OSError as error:
            self.send_error(502, str(error))
            return
        self.send_response(200)
        self.end_headers()
        with there:
            back = threading.Thread(target=_pass_on, args=(there, self.connection), daemon=True)
            back.start()
            _pass_on(self.connection, there)
            back.join()
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


class _Quiet(ThreadingHTTPServer):
    """Who asks may go at any moment."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: tests look at what came of it."""


@dataclass(frozen=True, kw_only=True)
class Way:
    """How a program reaches the releases: what a caller sets."""

    proxy: str
    bundle: Path

    @property
    def variables(self) -> dict[str, str]:
        """The variables of a caller's environment."""
        return {
            "HTTPS_PROXY": self.proxy,
            "https_proxy": self.proxy,
            "SSL_CERT_FILE": str(self.bundle),
            "REQUESTS_CA_BUNDLE": str(self.bundle),
        }


@contextmanager
def serving(
    releases: Releases, folder: Path, *, trusted: str = "", others: Callable[[str], socket.socket] | None = None
) -> Iterator[Way]:
    """Serve; `trusted` are more certificates for the bundle, `others` connects to the hosts that are not served."""
    ca = authority("Beacon's test of upstream")
    pair = server(ca, "upstream", sorted(releases.hosts))
    bundle, own = folder / "bundle.pem", folder / "server.pem"
    bundle.write_text(ca.pem + trusted)
    own.touch(mode=0o600)
    own.write_text(pair.key_pem + pair.pem)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(own)
    listener = _Quiet(("127.0.0.1", 0), partial(Handler, releases))
    listener.socket = context.wrap_socket(listener.socket, server_side=True, do_handshake_on_connect=False)
    address = ("127.0.0.1", listener.server_port)
    proxy = _Quiet(("127.0.0.1", 0), partial(Proxy, releases.hosts, address, others))
    with listener, proxy:
        for one in (listener, proxy):
            threading.Thread(target=one.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield Way(proxy=f"http://127.0.0.1:{proxy.server_port}", bundle=bundle)
        finally:
            proxy.shutdown()
            listener.shutdown()


def _redirect(url: str) -> str:
    """Where a maker's host sends who asks for a file."""
    host, path = urlsplit(url).netloc, urlsplit(url).path
    if host == "github.com" and "/releases/download/" in path:
        return f"https://{GITHUB_FILES}{path}?host={host}"
    return f"https://{REDIRECTS[host]}{path}?host={host}" if host in REDIRECTS else ""


def _original(url: str) -> str:
    """Return the address that led to this one."""
    parts = urlsplit(url)
    if parts.netloc in {GITHUB_FILES, KUBERNETES_FILES}:
        return f"https://{parts.query.removeprefix('host=')}{parts.path}"
    return url


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while block := source.recv(PIECE):
            target.sendall(block)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
