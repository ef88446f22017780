"""The process: granian for the pages, a thread for the metrics, and an orderly end.

One process with threads, not several processes: the counters are exact with one registry, and it fits in 70 MiB.
Kubernetes scales by pods.
"""

import os
import signal
import socket
import threading
from collections.abc import Callable
from typing import Any, Final

import structlog
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import MTServer
from prometheus_client import start_http_server

from beacon_webapp import VERSION
from beacon_webapp.app import create_app
from beacon_webapp.logs import configure_logs, standard_library_logs
from beacon_webapp.metrics import Metrics
from beacon_webapp.settings import Settings
from beacon_webapp.shutdown import ShutdownState

EXIT_PORT_TAKEN: Final = 3
EXIT_STOP_TIMED_OUT: Final = 4
# Longer than the 60 s for which proxies commonly keep an idle connection, so that they end it and not we; the most
# that granian takes.
_KEEP_ALIVE_MILLISECONDS: Final = 60_000
# Of the request line and all headers. hyper's buffer doubles from 8 KiB and is looked at when it is full: only a power of
# two is the bound that it says.
_HEADER_BYTES: Final = 16_384


class _InterruptibleEvent(threading.Event):
    """An Event whose wait() wakes every 0.5 s, so that pending signals run.

    Python runs a signal's handler in the main thread. A signal that comes just before that thread sleeps does not
    wake it, and a pod that misses its SIGTERM is killed with requests open.
    """

    def wait(self, timeout: float | None = None) -> bool:
        del timeout  # granian waits without one
        while not super().wait(0.5):
            pass
        return True


class Server(MTServer):
    """granian with its worker in this process instead of in a child of its own."""

    def __init__(self, *, shutdown: ShutdownState, settings: Settings, end: Callable[[int], object] = os._exit) -> None:
        self._shutdown = shutdown
        self._settings = settings
        self._end = end
        self._stopping = False
        self._timers: list[threading.Timer] = []
        super().__init__(
            "beacon_webapp",
            address=settings.listen_address,
            port=settings.http_port,
            interface=Interfaces.WSGI,
            blocking_threads=settings.threads,
            http=HTTPModes.http1,
            http1_settings=HTTP1Settings(header_read_timeout=_KEEP_ALIVE_MILLISECONDS, max_buffer_size=_HEADER_BYTES),
            websockets=False,
            log_level=LogLevels.error,
            log_dictconfig=standard_library_logs("ERROR"),
        )
        self.main_loop_interrupt = _InterruptibleEvent()

    def _check_gil(self) -> None:
        """Allow the interpreter lock.

        granian keeps this server for Pythons without the lock, where several workers of one process gain speed. We
        have one worker and want one process; that works with the lock too (tests/test_process.py holds it).
        """

    def signal_handler_interrupt(self, *_: Any, **__: Any) -> None:
        """Drain at the first SIGTERM or SIGINT, stop at once at the second."""
        if self._shutdown.draining:
            self._stop()
            return
        self._shutdown.drain()
        structlog.get_logger().info("draining", seconds=self._settings.drain_seconds)
        self._timers.append(_after(self._settings.drain_seconds, self._stop))

    def signal_handler_reload(self, *_: Any, **__: Any) -> None:
        """Ignore SIGHUP: the configuration is the environment's, which does not change."""

    def _stop(self) -> None:
        """Close the listener and let open requests finish, for a bounded time."""
        if self._stopping:
            return
        self._stopping = True
        structlog.get_logger().info("stopping", seconds=self._settings.stop_seconds)
        self._timers.append(_after(self._settings.stop_seconds, self._give_up))
        super().signal_handler_interrupt()  # type: ignore[no-untyped-call] # granian's

    def disarm(self) -> None:
        """Forget what was to come: the server has ended in order, its process may have more to do."""
        for timer in self._timers:
            timer.cancel()

    def _give_up(self) -> None:
        structlog.get_logger().error("requests did not finish in time", seconds=self._settings.stop_seconds)
        self._end(EXIT_STOP_TIMED_OUT)


def _after(seconds: float, action: Callable[[], None]) -> threading.Timer:
    timer = threading.Timer(seconds, action)
    timer.daemon = True
    timer.start()
    return timer


def port_taken(address: str, port: int) -> str | None:
    """Say why a port can't be had. granian shares ports (SO_REUSEPORT), so it would not say."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            return error.strerror
    return None


def serve(settings: Settings) -> int:
    """Run until a signal ends it; return the exit code."""
    configure_logs(settings.log_level)
    log = structlog.get_logger()
    for variable, port in (("WEBAPP_HTTP_PORT", settings.http_port), ("WEBAPP_METRICS_PORT", settings.metrics_port)):
        if reason := port_taken(settings.listen_address, port):
            log.error("can't listen", address=settings.listen_address, port=port, variable=variable, reason=reason)
            return EXIT_PORT_TAKEN
    shutdown, metrics = ShutdownState(), Metrics(commit=settings.commit)
    app = create_app(settings, metrics=metrics, shutdown=shutdown)
    start_http_server(settings.metrics_port, settings.listen_address, metrics.registry)
    server = Server(shutdown=shutdown, settings=settings)
    # Until the server has its own handlers: a pod that is deleted while it starts must end as well.
    signal.signal(signal.SIGTERM, server.signal_handler_interrupt)
    log.info("serving", version=VERSION, commit=settings.commit, port=settings.http_port, metrics=settings.metrics_port)
    try:
        server.serve(target_loader=lambda: app.wsgi_app, wrap_loader=False)
    finally:
        server.disarm()
    log.info("stopped")
    return 0
