"""/metrics on a port of its own: scrapes neither pass through the ingress nor count as requests."""

from collections.abc import Iterable
from socketserver import ThreadingMixIn
from threading import Thread
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import make_wsgi_app

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from beacon_webapp.metrics import Metrics


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Handler(WSGIRequestHandler):
    timeout = 10  # seconds without a byte; a scraper that hangs must not hold its thread for ever
    server_version = "beacon-webapp"
    sys_version = ""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
        """Stay silent: scrapes are not logged."""


def metrics_app(metrics: "Metrics") -> "WSGIApplication":
    """Build the WSGI application that answers /metrics, in OpenMetrics where it is asked for, and nothing else."""
    exposition: WSGIApplication = make_wsgi_app(metrics.registry)

    def app(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ.get("PATH_INFO") == "/metrics":
            return exposition(environ, start_response)
        body = b"only /metrics is served here\n"
        start_response("404 Not Found", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
        return [body]

    return app


def start_metrics_server(metrics: "Metrics", *, address: str, port: int) -> WSGIServer:
    """Serve in a daemon thread until the process ends. Raises OSError when the port is taken."""
    server = make_server(address, port, metrics_app(metrics), _server_class(address), _Handler)
    Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server


def _server_class(address: str) -> type[_Server]:
    if ":" not in address:
        return _Server
    import socket  # noqa: PLC0415 - only for IPv6

    class _Server6(_Server):
        address_family = socket.AF_INET6

    return _Server6
