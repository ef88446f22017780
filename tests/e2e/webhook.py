"""A receiver of Alertmanager's webhooks on this machine, where the monitoring host can reach it."""

from __future__ import annotations

import ipaddress
import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from tests.e2e.stack import ENVIRONMENT, STATE, play, run

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


@contextmanager
def told(**values: object) -> Iterator[Webhook]:
    """Have Alertmanager tell a receiver on this machine, named `test`, by further values of the inventory; afterwards nobody again."""
    network = run("docker", "network", "inspect", "localcloud-public", "--format", "{{(index .IPAM.Config 0).Gateway}}")
    with listening(str(ipaddress.ip_address(network.stdout.strip()))) as webhook:
        receivers = [{"name": "test", "webhook_configs": [{"url": webhook.url}]}]
        usual = {"alertmanager_receiver": "test", "alertmanager_group_interval": "10s"}
        file = STATE / ENVIRONMENT / "receivers.json"
        file.write_text(json.dumps({"alertmanager_receivers": receivers, **usual, **values}))
        try:
            played = play("monitor", "-e", f"@{file}", limit=1200)
            assert played.returncode == 0, played.stdout[-3000:] + played.stderr
            yield webhook
        finally:
            file.unlink()
            back = play("monitor", limit=1200)
        assert back.returncode == 0, back.stdout[-3000:] + back.stderr
