"""A receiver of Alertmanager's webhooks on this machine, where the monitoring host can reach it."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "made-up-for-this-run"


class Webhook:
    """What came, as (alert's name, labels), with the time it came at."""

    def __init__(self, server: ThreadingHTTPServer, address: str) -> None:
        self.url = f"http://{address}:{server.server_port}/alerts?token={TOKEN}"
        self.told: list[tuple[str, dict[str, str]]] = []

    def wait(self, alert: str, labels: dict[str, str], seconds: float) -> bool:
        """Wait until a firing alert with these labels has come."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if any(name == alert and labels.items() <= found.items() for name, found in self.told):
                return True
            time.sleep(2)
        return False


@contextmanager
def listening(address: str) -> Iterator[Webhook]:
    """Receive at an address of this machine until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            firing = [alert["labels"] for alert in body["alerts"] if alert["status"] == "firing"]
            webhook.told += [(labels["alertname"], labels) for labels in firing]
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Say nothing: the test says what it missed."""

    server = ThreadingHTTPServer((address, 0), Handler)
    webhook = Webhook(server, address)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield webhook
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
