"""The server: threads, TLS whose handshake never keeps others waiting, readiness told to systemd."""

from __future__ import annotations

import logging
import os
import signal
import socket
import ssl
import sys
import threading
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from . import NOTICE, accounts, alerting, provisioning
from .app import create_app, database
from .settings import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

    from .settings import Settings
    from .store import Store

IDLE = 60
AT_ONCE = 64
log = logging.getLogger("server")


class Handler(WSGIRequestHandler):
    """One connection, one request; the application writes the access log."""

    timeout = IDLE
    server_version = "BeaconDouble"
    sys_version = ""

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class Server(ThreadingMixIn, WSGIServer):
    """A thread for each connection, as many at once as AT_ONCE."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], context: ssl.SSLContext | None) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self._context = context
        self._slots = threading.BoundedSemaphore(AT_ONCE)
        super().__init__(address, Handler)

    def server_bind(self) -> None:
        """Bind without asking DNS for the machine's name, as the base class would."""
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address[:2])
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "localhost", self.server_address[1]
        self.setup_environ()

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept; the handshake is left to the connection's thread, where it happens at the first read."""
        connection, peer = self.socket.accept()
        connection.settimeout(IDLE)
        if self._context:
            connection = self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, peer

    def process_request(self, request: Any, client_address: Any) -> None:
        """Wait for a free place, so that a flood makes clients wait, not the host run out of memory."""
        self._slots.acquire()
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Handle a connection and free its place."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._slots.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log in one line what ended a connection: a broken handshake is no reason for a trace."""
        del request
        log.debug("connection of %s ended: %s", client_address, sys.exc_info()[1])


def _context(settings: Settings) -> ssl.SSLContext | None:
    protocol = settings.text("server", "protocol")
    if protocol == "http":
        return None
    if protocol != "https":
        raise SettingsError(f"[server] protocol = {protocol}: http and https are allowed.")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    certificate, key = settings.text("server", "cert_file"), settings.text("server", "cert_key")
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(f"[server] cert_file = {certificate}, cert_key = {key}: {error}") from error
    return context


def prepare(store: Store, settings: Settings) -> None:
    """Make the tables, the organisation and the first administrator; bring the provisioned files in."""
    store.create()
    if not store.count("organisation"):
        store.insert("organisation", id=1, name="Main Org.")
        security = {key: settings.text("security", f"admin_{key}") for key in ("user", "password", "email")}
        accounts.create(
            store, login=security["user"], email=security["email"], name="", password=security["password"],
            role="Admin", administrator=True,
        )  # fmt: skip
    provisioning.provision_datasources(store, settings)
    provisioning.provision_dashboards(store, settings)
    alerting.provision_alerting(store, settings)


def _notify(state: str) -> None:
    """Tell systemd (Type=notify); elsewhere there is nobody to tell."""
    address = os.environ.get("NOTIFY_SOCKET")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link:
            link.sendto(state.encode(), "\0" + address[1:] if address.startswith("@") else address)


def _shut_down(server: Server, stop: threading.Event) -> None:
    stop.wait()
    server.shutdown()


def serve(settings: Settings, pidfile: Path | None) -> None:
    """Serve until SIGTERM or SIGINT."""
    log.warning(NOTICE)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):  # first of all: whoever sees the port may ask for the end
        signal.signal(number, lambda *_: stop.set())
    with database(settings) as store:
        prepare(store, settings)
    address = (settings.text("server", "http_addr") or "::", settings.number("server", "http_port"))
    server = Server(address, _context(settings))
    server.set_app(create_app(settings))
    watched = (settings, lambda: database(settings), stop)
    threading.Thread(target=provisioning.watch, args=watched, daemon=True).start()
    threading.Thread(target=_shut_down, args=(server, stop), daemon=True).start()
    if pidfile:
        pidfile.write_text(f"{os.getpid()}\n")
    log.info("listening on %s port %d, protocol %s", *address, settings.text("server", "protocol"))
    _notify("READY=1\nSTATUS=Beacon's double of Grafana is listening")
    server.serve_forever(poll_interval=0.5)
    server.server_close()
    log.info("stopped")
