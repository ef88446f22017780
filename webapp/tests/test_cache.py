from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from beacon_webapp.app import create_app
from beacon_webapp.cache import CACHE_UNTIL_KEY, ResponseCache
from beacon_webapp.metrics import Metrics
from beacon_webapp.settings import Settings
from werkzeug.test import Client


class Clock:
    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 23, 12, 0, 0, 250000, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shown(clock: Clock) -> tuple[Client, Metrics]:
    metrics = Metrics(commit="x")
    return Client(create_app(Settings(), metrics=metrics, now=clock)), metrics


def test_time_is_never_older_than_its_second(shown: tuple[Client, Metrics], clock: Clock) -> None:
    client, _ = shown
    assert ">17:30:00</time>" in client.get("/colombo").text
    clock.moment += timedelta(microseconds=749_999)
    assert ">17:30:00</time>" in client.get("/colombo").text
    clock.moment += timedelta(microseconds=1)
    assert ">17:30:01</time>" in client.get("/colombo").text


def test_each_answer_counts_and_has_its_own_id(shown: tuple[Client, Metrics]) -> None:
    client, metrics = shown
    answers = [client.get("/gandalf") for _ in range(5)]
    assert len({answer.headers["X-Request-Id"] for answer in answers}) == 5
    assert len({answer.data for answer in answers}) == 1
    labels = {"method": "GET", "route": "/gandalf", "status": "200"}
    assert metrics.registry.get_sample_value("http_requests_total", labels) == 5


@pytest.mark.parametrize(
    "headers",
    [{"Accept": "application/json"}, {"Accept": "text/html"}, {"X-Forwarded-Proto": "https"}, {"If-None-Match": "*"}],
)
def test_headers_that_matter_are_told_apart(shown: tuple[Client, Metrics], headers: dict[str, str]) -> None:
    client, _ = shown
    first = client.get("/", headers=headers)
    plain = client.get("/")
    again = client.get("/", headers=headers)
    assert (again.status, again.data, again.content_type) == (first.status, first.data, first.content_type)
    assert ("Strict-Transport-Security" in again.headers) == ("X-Forwarded-Proto" in headers)
    assert plain.status_code == 200
    assert plain.content_type == "text/html; charset=utf-8"


def test_errors_and_bodies_are_not_cached(shown: tuple[Client, Metrics]) -> None:
    client, _ = shown
    assert client.get("/nothing").data != client.get("/nothing").data  # each has its id
    client.get("/gandalf")
    assert client.get("/gandalf", data=b"x" * 20000).status_code == 413


def test_clients_can_not_fill_the_memory() -> None:
    made: list[str] = []

    def raw(environ: dict[str, object], start: Callable[..., object]) -> list[bytes]:
        made.append(str(environ["HTTP_ACCEPT"]))
        environ[CACHE_UNTIL_KEY], environ["beacon.route"] = 2.0, "/"
        start("200 OK", [])
        return [b"a"]

    cache = ResponseCache(raw, clock=lambda: 1.0)
    client = Client(cache)
    for number in range(1000):
        client.get("/", headers={"Accept": str(number)})
    assert len(cache._entries) <= 64
    client.get("/", headers={"Accept": "999"})
    assert len(made) == 1000
