"""The server in this process: each branch of its end. The real process is tests/test_process.py's."""

import http.client
import json
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import structlog
from beacon_webapp import server as module
from beacon_webapp.logs import configure_logs
from beacon_webapp.server import EXIT_PORT_TAKEN, EXIT_STOP_TIMED_OUT, Server, port_taken, serve
from beacon_webapp.settings import Settings
from beacon_webapp.shutdown import ShutdownState

PATIENCE = 20.0


@pytest.fixture(autouse=True)
def unchanged_process() -> Iterator[None]:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    root = logging.getLogger()
    kept = root.handlers[:], root.level
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)
    root.handlers[:], root.level = kept
    structlog.reset_defaults()


def get(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def until(check: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            if check():
                return
        except OSError:
            pass  # not listening yet
        time.sleep(0.02)
    raise AssertionError("did not come true in time")


def test_serves_drains_and_stops(free_port: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(
        listen_address="127.0.0.1", http_port=free_port(), metrics_port=free_port(), drain_seconds=3, stop_seconds=2
    )
    seen: list[tuple[int, str]] = []
    serving = threading.Event()

    def visit() -> None:
        try:
            until(lambda: get(settings.http_port, "/readyz")[0] == 200)
            seen.append(get(settings.http_port, "/gandalf"))
            seen.append(get(settings.metrics_port, "/metrics"))
            os.kill(os.getpid(), signal.SIGHUP)
            os.kill(os.getpid(), signal.SIGTERM)
            until(lambda: get(settings.http_port, "/readyz")[0] == 503)
            seen.append(get(settings.http_port, "/gandalf"))
        except (AssertionError, OSError):
            # Else serve() below would never return; with it gone, the signal would end the tests.
            if serving.is_set():
                os.kill(os.getpid(), signal.SIGTERM)
            raise

    visitor = threading.Thread(target=visit)
    serving.set()
    visitor.start()
    code = serve(settings)
    serving.clear()
    assert code == 0
    visitor.join(PATIENCE)
    assert [status for status, _ in seen] == [200, 200, 200]
    assert 'route="/gandalf",status="200"} 1.0' in seen[1][1]
    events = [json.loads(line)["event"] for line in capsys.readouterr().out.splitlines()]
    assert events == ["serving", "request", "draining", "request", "stopping", "stopped"]
    time.sleep(settings.stop_seconds + 0.5)  # an orderly end took the last resort away: else the tests end here


def test_libraries_log_in_the_same_shape(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("info")
    logging.getLogger("library").warning("a %s", "word")
    line = json.loads(capsys.readouterr().out)
    assert (line["event"], line["level"]) == ("a word", "warning")


@pytest.mark.parametrize("which", ["http_port", "metrics_port"])
def test_taken_port_is_named(which: str, free_port: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ports = {"http_port": free_port(), "metrics_port": free_port()} | {which: port}
        assert serve(Settings(listen_address="127.0.0.1", **ports)) == EXIT_PORT_TAKEN
    line = json.loads(capsys.readouterr().out)
    assert line["event"] == "can't listen"
    assert (line["port"], line["variable"], line["reason"]) == (
        port,
        f"WEBAPP_{which.upper()}",
        "Address already in use",
    )


def test_ipv6_port_that_is_taken_is_named() -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as taken:
        assert port_taken("::1", taken.getsockname()[1]) == "Address already in use"


@pytest.fixture
def delays(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, Callable[[], None]]]:
    delays: list[tuple[float, Callable[[], None]]] = []

    def after(seconds: float, action: Callable[[], None]) -> threading.Timer:
        delays.append((seconds, action))
        return threading.Timer(seconds, action)  # never started

    monkeypatch.setattr(module, "_after", after)
    return delays


def test_second_signal_stops_at_once(delays: list[tuple[float, Callable[[], None]]]) -> None:
    server = Server(shutdown=ShutdownState(), settings=Settings(drain_seconds=60))
    server.signal_handler_interrupt()
    assert not server.main_loop_interrupt.is_set()
    server.signal_handler_interrupt()
    assert server.main_loop_interrupt.is_set()
    assert [seconds for seconds, _ in delays] == [60, 20]
    delays[0][1]()
    assert len(delays) == 2


def test_requests_that_do_not_finish_are_given_up(delays: list[tuple[float, Callable[[], None]]]) -> None:
    ended: list[int] = []
    server = Server(shutdown=ShutdownState(), settings=Settings(stop_seconds=7), end=ended.append)
    server.signal_handler_interrupt()
    delays[0][1]()
    seconds, give_up = delays[1]
    assert seconds == 7
    give_up()
    assert ended == [EXIT_STOP_TIMED_OUT]
