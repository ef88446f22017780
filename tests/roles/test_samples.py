"""Entry point `samples` of role prometheus, played against a made-up Prometheus: which sample is new, and what is said of an old one."""

from __future__ import annotations

import http.server
import json
import re
import threading
from typing import TYPE_CHECKING

import certifi
import pytest

from tests.roles.entry import play

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = 1000.5
UP = 'up{cluster="made-up"}'


class Prometheus(http.server.BaseHTTPRequestHandler):
    """Answers what time it is, and that the newest sample is as old as the server says."""

    newest = NOW

    def do_GET(self) -> None:
        """Answer a query."""
        value = [NOW, str(self.newest)]
        result = [NOW, str(NOW)] if "time()" in self.path else [{"metric": {}, "value": value}]
        answer = json.dumps({"status": "success", "data": {"result": result}}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


@pytest.fixture
def address() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Prometheus) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def samples(address: str, folder: Path) -> tuple[int, str]:
    """Play the entry point; return the exit code, and what was printed, as one line."""
    (folder / "tls").mkdir()
    (folder / "tls" / "ca.crt").symlink_to(certifi.where())
    variables = {
        "__prometheus_own_url": address,
        "__prometheus_configuration": str(folder),
        "prometheus_samples_of": UP,
        "prometheus_samples_timeout": 1,
        "prometheus_users": [{"name": "reader", "password": "made-up"}],
    }
    done = play("prometheus", "samples", folder, variables)
    return done.returncode, re.sub(r"\s+", " ", done.stdout + done.stderr)


def test_a_newer_sample_is_enough(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Prometheus, "newest", NOW + 1)
    code, text = samples(address, tmp_path)
    assert code == 0, text


def test_an_older_sample_is_said_to_be_old(address: str, tmp_path: Path) -> None:
    code, text = samples(address, tmp_path)
    assert code != 0
    assert f"No sample of {UP} arrives at the central Prometheus within 1 s: nothing newer is stored. What does" in text


def test_a_prometheus_that_does_not_answer_is_said_to_be_silent(tmp_path: Path) -> None:
    code, text = samples("http://127.0.0.1:9", tmp_path)
    assert code != 0
    assert "within 1 s: Status code was -1 and not [200]" in text
    assert "nothing newer is stored" not in text
