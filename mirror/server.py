"""The file server: one folder, read only, on several addresses."""

import contextlib
import errno
import logging
import socket
import threading
import time
from collections.abc import Iterable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Interface, IPv4Network, ip_address
from pathlib import Path
from typing import Any

import psutil

from mirror.errors import MirrorError

LOG = logging.getLogger("mirror")
RETRY_SECONDS = 1.0
INTERFACES = Path("/sys/class/net")


class Handler(SimpleHTTPRequestHandler):
    """Serves files; nothing outside of its folder, also not through a link."""

    server_version = "beacon-mirror"
    protocol_version = "HTTP/1.1"
    timeout = 60

    def translate_path(self, path: str) -> str:
        """Map an address to a file; what leaves the folder maps to a file that doesn't exist."""
        root = Path(self.directory).resolve()
        target = Path(super().translate_path(path)).resolve()
        return str(target) if target.is_relative_to(root) else str(root / "does-not-exist")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Log like the rest of the program."""
        LOG.info("%s %s", self.address_string(), format % args)


class Server(ThreadingHTTPServer):
    """One address's listener."""

    daemon_threads = True
    allow_reuse_address = True

    def server_bind(self) -> None:
        """Bind without the base class's reverse look-up: it may take seconds where no resolver answers."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def verify_request(self, request: object, client_address: tuple[str, int]) -> bool:  # noqa: ARG002 - the base class's
        """Answer this machine and its containers: Linux takes packets for each of its addresses from every network."""
        peer = ip_address(client_address[0])
        if answered := any(peer in network for network in networks()):
            return answered
        LOG.warning("%s is not answered: neither this machine nor a container of it", peer)
        return False


def networks() -> list[IPv4Network]:
    """Return the ranges of this machine's loopback and bridges."""
    return [
        IPv4Interface(f"{address.address}/{address.netmask}").network
        for name, addresses in psutil.net_if_addrs().items()
        if name == "lo" or (INTERFACES / name / "bridge").is_dir()
        for address in addresses
        if address.family is socket.AF_INET
    ]


def listen(address: str, port: int, folder: Path) -> Server | None:
    """Open one address; nothing while the machine doesn't have it, an error when another process has the port."""
    try:
        return Server((address, port), partial(Handler, directory=str(folder)))
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            return None
        if error.errno == errno.EADDRINUSE:
            raise MirrorError(port_taken(address, port)) from error
        raise


def serve(addresses: Iterable[str], port: int, folder: Path, *, ended: threading.Event) -> None:
    """Serve until `ended`; an address that comes later (the cloud's gateway) is served once it is there."""
    missing = list(addresses)
    servers: dict[str, Server] = {}
    while not ended.is_set():
        for address in list(missing):
            if (server := listen(address, port, folder)) is not None:
                threading.Thread(target=server.serve_forever, name=address, daemon=True).start()
                servers[address] = server
                missing.remove(address)
                LOG.info("serving %s on http://%s:%d/", folder, address, port)
        ended.wait(RETRY_SECONDS if missing else 60)
    for server in servers.values():
        server.shutdown()
        server.server_close()


def port_taken(address: str, port: int) -> str:
    """Say who has the port, as far as this user may know."""
    holder = holder_of(port)
    who = f"by {holder}" if holder else "by a process that this user may not see (as root: ss -ltnp)"
    return f"{address}:{port} is taken {who}: end it, or set MIRROR_PORT to a free port"


def holder_of(port: int) -> str:
    """Find the process that listens: `name (pid N)`, or nothing."""
    for found in psutil.net_connections("tcp"):
        if found.status == psutil.CONN_LISTEN and found.laddr and found.laddr.port == port and found.pid:
            with contextlib.suppress(psutil.NoSuchProcess):  # it has ended meanwhile
                return f"{psutil.Process(found.pid).name()} (pid {found.pid})"
    return ""


def wait_for(address: str, port: int, *, seconds: float) -> bool:
    """Whether something answers within the time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            socket.create_connection((address, port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return True
    return False
