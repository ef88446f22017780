"""The HTTP server of everything that listens: cheroot, which has TLS, a bounded number of threads and HTTP/1.1.

Here it is told on which device it listens, whom it answers, and not to let slow clients hold its threads.
"""

from __future__ import annotations

import contextlib
import errno
import io
import logging
import socket
import ssl
import threading
import time
from math import inf
from typing import TYPE_CHECKING, Any, override
from urllib.parse import unquote_to_bytes

from cheroot import server, wsgi
from cheroot.errors import FatalSSLAlert
from cheroot.makefile import MakeFile, StreamReader
from cheroot.ssl.builtin import BuiltinSSLAdapter
from moto.core.request import (
    PRESERVED_HEADER_NAMES_ENVIRON_KEY,
    environ_key_for_header,
    should_preserve_original_header_name,
)

from localcloud.core.errors import LocalCloudError
from localcloud.http.framing import Chunks

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from wsgiref.types import WSGIApplication

LOG = logging.getLogger(__name__)
NAME = "localcloud"  # in `Server`, where an application says nothing else
THREADS = 16
BACKLOG = 128
CONNECTIONS = 512  # that wait for their next request
PATIENCE = 30  # seconds for the next bytes of a request, and for the next request of a connection
CROWD_PATIENCE = 1  # where there are as many as there may be
HEAD_PATIENCE = 20.0  # for the whole head of a request, from its first byte; TLS' handshake is part of the first
REQUEST_PATIENCE = 900.0  # for the whole request
LARGEST_HEAD = 64 << 10
STEPS = {
    errno.EADDRINUSE: " `ss -ltnp 'sport = {port}'` names who listens there: end it, or choose another port (README, Settings).",
    errno.EPERM: " To listen on one device takes Linux 5.7 or later, or root.",
}
DRAIN = 1 << 20  # of a body that nobody read; a connection with more of it is closed
LINGER = 2.0  # seconds for it to go on meanwhile


class ListenError(LocalCloudError):
    """An address that can't be listened on."""


class Server(wsgi.Server):
    """Serves one WSGI application at one address: `prepare` binds, `serve` runs until `stop`."""

    def __init__(
        self,
        address: tuple[str, int],
        application: WSGIApplication,
        *,
        device: str = "",
        peers: Callable[[str], object] = lambda _: True,
        tls: tuple[Path, Path] | None = None,
    ) -> None:
        """Listen on a network device only ("": on all), answer these addresses only; `tls`: certificate and key."""
        super().__init__(address, application, THREADS, NAME, request_queue_size=BACKLOG)
        self.gateway = Gateway
        self.ConnectionClass = Connection
        self.keep_alive_conn_limit = CONNECTIONS
        self.max_request_header_size = LARGEST_HEAD
        self.ssl_adapter = Tls(*map(str, tls)) if tls else None
        self.device = device
        self.peers = peers
        self._refused: OSError | None = None

    @property
    def timeout(self) -> int:
        """How long a connection may wait for its next request: a crowd of silent ones keeps nobody out for long.

        An attribute in cheroot, which reads it again and again.
        """
        crowded = self.ready and not self.can_add_keepalive_connection
        return CROWD_PATIENCE if crowded else PATIENCE

    @timeout.setter
    def timeout(self, _: int) -> None:
        """Take no other: cheroot sets its own."""

    @override
    def prepare(self) -> None:
        """Bind and listen. Raises ListenError."""
        host, port = self.bind_addr
        try:
            super().prepare()
        except OSError as error:
            if self.socket:  # bound, but it may not listen
                self.socket.close()
            reason = self._refused or error
            step = STEPS.get(reason.errno or 0, "").format(port=port)
            where = f"{host}:{port} on {self.device}" if self.device else f"{host}:{port}"
            raise ListenError(f"Can't listen on {where}: {reason.strerror or reason}.{step}") from error

    def start_in_background(self) -> None:
        """Serve until `stop`; binds unless `prepare` did."""
        if not self.ready:
            self.prepare()
        threading.Thread(target=self.serve, name=f"http-{self.bind_addr[1]}", daemon=True).start()

    @override
    def bind_socket(self, socket_: Any, bind_addr: Any) -> Any:  # type: ignore[override]  # static in cheroot, called on self
        """Bind to the device, so that neighbours who route to the address don't reach it, then to the address."""
        try:
            if self.device:
                socket_.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, self.device.encode())
            socket_.bind(bind_addr)
        except OSError as error:  # of which cheroot keeps the words only
            self._refused = error
            socket_.close()
            raise
        return socket_

    def process_conn(self, conn: Any) -> None:
        """Give a connection to a thread when it has something to say, a new one only of somebody whom we answer."""
        if conn.last_used is not None:
            super().process_conn(conn)
        elif self.peers(conn.remote_addr or "") and self.can_add_keepalive_connection:
            self.put_conn(conn)
        else:
            conn.close()

    @override
    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
        LOG.log(level, "%s", msg, exc_info=traceback)


class Request(server.HTTPRequest):
    """A request whose head has less time than the whole of it."""

    @override
    def parse_request(self) -> None:
        started = time.monotonic()
        self.conn.until = started + HEAD_PATIENCE
        super().parse_request()
        self.conn.until = started + REQUEST_PATIENCE


class Connection(server.HTTPConnection):
    """A connection that waits until a time for all bytes together; cheroot's waits for the next ones again and again."""

    RequestHandlerClass = Request

    def __init__(self, owner: Server, sock: Any, makefile: Any = MakeFile) -> None:
        """Read from the socket by `Patient`."""
        self.until = inf
        self.rest = False  # whether bytes of the last request's body are left

        def make(sock: Any, mode: str, size: int) -> Any:
            return Reader(Patient(self, sock), size) if "r" in mode else makefile(sock, mode, size)

        super().__init__(owner, sock, make)

    @override
    def close(self) -> None:
        if self.rest:
            self._linger()
        super().close()
        with contextlib.suppress(OSError):  # of what could not be sent
            self.wfile.close()

    def _linger(self) -> None:
        """Let the client send on for a moment: one whose bytes are unread when we close is reset, and loses the answer."""
        end = time.monotonic() + LINGER
        with contextlib.suppress(OSError):  # who leaves, or goes on for longer
            self.socket.shutdown(socket.SHUT_WR)
            while (left := end - time.monotonic()) > 0:
                self.socket.settimeout(left)
                if not self.socket.recv(DRAIN):
                    break


class Reader(StreamReader):
    """cheroot's reader, of a socket's file that it did not make itself."""

    def __init__(self, raw: socket.SocketIO, size: int) -> None:
        super(StreamReader, self).__init__(raw, size)
        self.bytes_read = 0


class Patient(socket.SocketIO):
    """Reads a connection's socket until its time is over."""

    def __init__(self, connection: Connection, sock: Any) -> None:
        super().__init__(sock, "r")
        self.connection = connection
        self.sock = sock

    @override
    def readinto(self, buffer: Any) -> int | None:
        left = self.connection.until - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")  # cheroot knows it by these words
        self.sock.settimeout(min(left, PATIENCE))
        try:
            return super().readinto(buffer)
        except ssl.SSLError as error:  # in the handshake, which is part of the first read
            raise FatalSSLAlert(*error.args) from error
        finally:
            self.sock.settimeout(PATIENCE)


class Gateway(wsgi.Gateway_10):
    """From cheroot's request to WSGI's environment, with what moto and signatures need."""

    @override
    def get_environ(self) -> Any:
        headers = self.req.inheaders
        for name in [name for name in headers if b"_" in name]:  # WSGI can't tell X_Amz_Target from X-Amz-Target
            if not should_preserve_original_header_name(name.decode("latin-1")) or name.replace(b"_", b"-") in headers:
                del headers[name]
        names = [name.decode("latin-1") for name in headers if b"_" in name]
        if self.req.chunked_read:
            self.req.rfile = io.BufferedReader(Chunks(self.req.conn.rfile))
        environ = super().get_environ()
        environ["RAW_URI"] = environ["REQUEST_URI"]
        environ["PATH_INFO"] = unquote_to_bytes(environ["RAW_URI"].partition("?")[0]).decode("latin-1")
        environ[PRESERVED_HEADER_NAMES_ENVIRON_KEY] = {environ_key_for_header(name): name for name in names}
        return environ

    @override
    def start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        rest = not self.req.rfile.raw.over if self.req.chunked_read else self.req.rfile.remaining > DRAIN
        self.req.conn.rest = rest
        self.req.close_connection = self.req.close_connection or rest
        return super().start_response(status, headers, exc_info)


class Tls(BuiltinSSLAdapter):
    """TLS whose handshake is done by the connection's thread: here it would hold up everybody's."""

    @override
    def wrap(self, sock: socket.socket) -> Any:
        return self.context.wrap_socket(sock, do_handshake_on_connect=False, server_side=True), {}
