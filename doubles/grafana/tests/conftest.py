"""A running double (or the real Grafana that BEACON_GRAFANA_URL names) and a Prometheus made up for it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Iterator

TREE = Path(__file__).resolve().parents[1] / "tree"
UP = {"__name__": "up", "instance": "127.0.0.1:3997", "job": "prometheus"}
PARSE_ERROR = 'invalid parameter "query": 1:4: parse error: unexpected end of input inside braces'
DASHBOARD = {
    "uid": "webapp", "title": "Web app", "tags": ["beacon"], "schemaVersion": 39, "time": {"from": "now-15m", "to": "now"},
    "panels": [{
        "id": 1, "type": "timeseries", "title": "Requests per endpoint", "gridPos": {"x": 0, "y": 0, "w": 24, "h": 8},
        "datasource": {"type": "prometheus", "uid": "prometheus"},
        "targets": [{
            "refId": "A", "expr": "sum by (handler) (rate(prometheus_http_requests_total[1m]))", "legendFormat": "{{handler}}",
        }],
    }],
}  # fmt: skip


class Prometheus(BaseHTTPRequestHandler):
    """Answers every query with one series `up`, and refuses one that doesn't parse."""

    def _reply(self, status: int, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _answer(self, path: str, fields: dict[str, list[str]]) -> None:
        if fields["query"][0] == "up{":
            self._reply(400, {"status": "error", "errorType": "bad_data", "error": PARSE_ERROR})
        elif path.endswith("query_range"):
            start, end, step = (float(fields[name][0]) for name in ("start", "end", "step"))
            values: list[list[Any]] = [[start + step * count, "1"] for count in range(int((end - start) // step) + 1)]
            series: dict[str, Any] = {"metric": UP, "values": values}
            self._reply(200, {"status": "success", "data": {"resultType": "matrix", "result": [series]}})
        else:
            series = {"metric": UP, "value": [time.time(), "1"]}
            self._reply(200, {"status": "success", "data": {"resultType": "vector", "result": [series]}})

    def do_GET(self) -> None:
        """Answer a query from the address."""
        self._answer(urlsplit(self.path).path, parse_qs(urlsplit(self.path).query))

    def do_POST(self) -> None:
        """Answer a query from the form."""
        form = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self._answer(self.path, parse_qs(form))

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def prometheus() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Prometheus)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Double:
    """A double in a directory of its own."""

    def __init__(self, home: Path, prometheus: str, ini: str = "") -> None:
        self.home, self.port = home, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        provisioning = home / "provisioning"
        for kind in ("datasources", "dashboards"):
            (provisioning / kind).mkdir(parents=True)
        (home / "dashboards").mkdir()
        (home / "dashboards" / "webapp.json").write_text(json.dumps(DASHBOARD))
        source = {
            "name": "Prometheus", "uid": "prometheus", "type": "prometheus", "access": "proxy", "url": prometheus,
            "isDefault": True, "editable": False, "jsonData": {"httpMethod": "POST", "timeInterval": "2s"},
        }  # fmt: skip
        files = {
            "name": "beacon",
            "folder": "Beacon",
            "folderUid": "beacon",
            "options": {"path": str(home / "dashboards")},
        }
        (provisioning / "datasources" / "beacon.yaml").write_text(
            json.dumps({"apiVersion": 1, "datasources": [source]})
        )
        (provisioning / "dashboards" / "beacon.yaml").write_text(json.dumps({"apiVersion": 1, "providers": [files]}))
        paths = f"[paths]\ndata = {home}/data\nprovisioning = {provisioning}\n"
        (home / "grafana.ini").write_text(f"{paths}[server]\nhttp_addr = 127.0.0.1\nhttp_port = {self.port}\n{ini}")
        self.process: subprocess.Popen[str] | None = None

    def command(self, *arguments: str) -> list[str]:
        program = [sys.executable, str(TREE / "bin" / "grafana"), *arguments]
        return [*program, "--homepath", str(TREE), "--config", str(self.home / "grafana.ini")]

    def start(self) -> None:
        with (self.home / "log").open("a") as log:
            self.process = subprocess.Popen(self.command("server"), stdout=log, stderr=log, text=True)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            assert self.process.poll() is None, (self.home / "log").read_text()
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=2).close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        pytest.fail("the double did not listen within 60 s: " + (self.home / "log").read_text())

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(30)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(30)


@pytest.fixture(scope="module")
def double(tmp_path_factory: pytest.TempPathFactory, prometheus: str) -> Iterator[Double]:
    running = Double(tmp_path_factory.mktemp("grafana"), prometheus)
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def grafana(request: pytest.FixtureRequest) -> str:
    named = os.environ.get("BEACON_GRAFANA_URL")
    return named.rstrip("/") if named else str(request.getfixturevalue("double").url)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Return the files of a self-signed certificate for 127.0.0.1 and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "double")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    home = tmp_path_factory.mktemp("certificate")
    (home / "double.crt").write_bytes(made.public_bytes(Encoding.PEM))
    (home / "double.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return str(home / "double.crt"), str(home / "double.key")
