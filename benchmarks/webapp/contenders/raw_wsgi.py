"""The limit: a WSGI function on granian that does nothing but answer as many bytes."""

from collections.abc import Callable, Iterable
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.server import MTServer

from benchmarks.webapp.contenders.common import page, port

BODY = [page("/gandalf").encode()]


class Server(MTServer):
    """As the application's own: one process, the worker in a thread of it."""

    def _check_gil(self) -> None:
        pass


def app(_: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    """Answer."""
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
    return BODY


if __name__ == "__main__":
    server = Server(
        "raw",
        address="127.0.0.1",
        port=port(),
        interface=Interfaces.WSGI,
        blocking_threads=4,
        http=HTTPModes.http1,
        websockets=False,
        log_enabled=False,
    )
    server.serve(target_loader=lambda: app, wrap_loader=False)
