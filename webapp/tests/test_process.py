"""The real process, as the image starts it."""

import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from beacon_webapp.middleware import PROBES

SOURCE = Path(__file__).parents[1] / "src"
PATIENCE = 20.0
MEBIBYTE_IN_KIB = 1024


class Process:
    def __init__(self, http_port: int, metrics_port: int, **variables: str) -> None:
        self.http_port, self.metrics_port = http_port, metrics_port
        # Files: a pipe that nobody reads fills up, and then the process waits.
        self.out, self.err = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process
        self.stopping = False
        self.inner = subprocess.Popen(
            [sys.executable, "-m", "beacon_webapp"],
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(SOURCE),
                "WEBAPP_LISTEN_ADDRESS": "127.0.0.1",
                "WEBAPP_HTTP_PORT": str(http_port),
                "WEBAPP_METRICS_PORT": str(metrics_port),
                "WEBAPP_TEST_ENDPOINTS": "true",
                "WEBAPP_DRAIN_SECONDS": "3",
                **variables,
            },
            stdout=self.out,
            stderr=self.err,
        )
        self.wait_for(200)

    def get(self, path: str, port: int | None = None) -> tuple[int, http.client.HTTPMessage, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", port or self.http_port, timeout=10)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def wait_for(self, status: int) -> None:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self.inner.poll() is None:
            try:
                if self.get("/readyz")[0] == status:
                    return
            except OSError:
                pass  # not listening yet
            time.sleep(0.02)
        raise AssertionError(f"not {status} in time: {self.stop()}")

    def terminate(self) -> None:
        self.stopping = True
        self.inner.terminate()

    def stop(self) -> tuple[int, list[dict[str, object]], str]:
        if not self.stopping:
            self.terminate()
        try:
            self.inner.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.inner.kill()
            self.inner.wait()
        texts = []
        for file in (self.out, self.err):
            file.seek(0)
            texts.append(file.read().decode())
        return self.inner.returncode, [json.loads(line) for line in texts[0].splitlines()], texts[1]


@pytest.fixture
def start(free_port: Callable[[], int]) -> Iterator[Callable[..., Process]]:
    started: list[Process] = []

    def begin(**variables: str) -> Process:
        started.append(Process(free_port(), free_port(), **variables))
        return started[-1]

    yield begin
    for process in started:
        process.stop()
        process.out.close()
        process.err.close()


def test_counts_are_exact_over_threads(start: Callable[..., Process]) -> None:
    process = start()
    each = 150

    def visit() -> None:
        for _ in range(each):
            assert process.get("/gandalf")[0] == 200

    visitors = [threading.Thread(target=visit) for _ in range(4)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    text = process.get("/metrics", process.metrics_port)[2].decode()
    assert f'http_requests_total{{method="GET",route="/gandalf",status="200"}} {4 * each}.0' in text
    status = Path(f"/proc/{process.inner.pid}/status").read_text()
    resident = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    assert resident <= 70 * MEBIBYTE_IN_KIB
    _, lines, err = process.stop()
    assert sum(line["event"] == "request" for line in lines) == 4 * each
    assert not any(line.get("path") in PROBES for line in lines)
    assert err == ""


def test_start_costs_little(start: Callable[..., Process]) -> None:
    """On a free core it is ready as soon as it has worked so long; on a busy machine nothing else can be held."""
    fields = Path(f"/proc/{start().inner.pid}/stat").read_text().rpartition(")")[2].split()
    assert (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") <= 0.7


def test_body_without_an_end_is_not_taken(start: Callable[..., Process]) -> None:
    process, piece = start(), b"x" * 65536
    with socket.create_connection(("127.0.0.1", process.http_port), timeout=PATIENCE) as connection:
        connection.sendall(b"POST /gandalf HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            connection.sendall((b"%x\r\n%b\r\n" % (len(piece), piece)) * 2048)  # 128 MiB
    assert process.get("/gandalf")[0] == 200


@pytest.mark.parametrize(("size", "status"), [(16_000, b"200"), (16_500, b"431"), (40_000, b"431")])
def test_headers_are_bounded(start: Callable[..., Process], size: int, status: bytes) -> None:
    with socket.create_connection(("127.0.0.1", start().http_port), timeout=PATIENCE) as connection:
        request = b"GET /gandalf HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Long: "
        connection.sendall(request + b"a" * (size - len(request) - 4) + b"\r\n\r\n")
        assert connection.recv(12) == b"HTTP/1.1 " + status


def test_no_request_fails_while_it_stops(start: Callable[..., Process]) -> None:
    process = start()
    answers: list[int] = []
    slow = threading.Thread(target=lambda: answers.append(process.get("/delay/5")[0]))
    slow.start()
    time.sleep(1)
    process.terminate()
    process.wait_for(503)
    status, headers, _ = process.get("/colombo")
    assert (status, headers["Connection"]) == (200, "close")
    slow.join()
    assert answers == [200]
    code, lines, err = process.stop()
    assert (code, err) == (0, "")
    assert [line["event"] for line in lines if line["event"] != "request"] == [
        "serving",
        "draining",
        "stopping",
        "stopped",
    ]


def test_hanging_request_is_given_up(start: Callable[..., Process]) -> None:
    process = start(WEBAPP_DRAIN_SECONDS="0", WEBAPP_STOP_SECONDS="1")

    def visit() -> None:
        with pytest.raises((OSError, http.client.HTTPException)):
            process.get("/delay/30")

    slow = threading.Thread(target=visit)
    slow.start()
    time.sleep(1)
    code, lines, _ = process.stop()
    slow.join()
    assert code == 4
    assert lines[-1]["event"] == "requests did not finish in time"


def test_panic_ends_the_process(start: Callable[..., Process]) -> None:
    process = start()
    with pytest.raises((OSError, http.client.HTTPException)):
        process.get("/panic")
    assert process.inner.wait(PATIENCE) == 255


def test_wrong_setting_ends_with_one_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "beacon_webapp"],
        env={"PYTHONPATH": str(SOURCE), "WEBAPP_HTTP_PORT": "http"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "beacon-webapp: WEBAPP_HTTP_PORT='http' is not allowed: it must be a whole number from 1 to 65535\n"
    )
