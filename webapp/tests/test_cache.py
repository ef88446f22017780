import gzip
from datetime import UTC, datetime, timedelta

import pytest
from beacon_webapp.app import create_app
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
    [{"Accept": "application/json"}, {"Accept": "text/html"}, {"If-None-Match": "*"}],
)
def test_headers_that_matter_are_told_apart(shown: tuple[Client, Metrics], headers: dict[str, str]) -> None:
    client, _ = shown
    first = client.get("/", headers=headers)
    plain = client.get("/")
    again = client.get("/", headers=headers)
    assert (again.status, again.data, again.content_type) == (first.status, first.data, first.content_type)
    assert plain.status_code == 200
    assert plain.content_type == "text/html; charset=utf-8"


def test_errors_and_bodies_are_not_cached(shown: tuple[Client, Metrics]) -> None:
    client, _ = shown
    assert client.get("/nothing").data != client.get("/nothing").data  # each has its id
    client.get("/gandalf")
    assert client.get("/gandalf", data=b"x" * 20000).status_code == 413


def test_clients_can_not_fill_the_memory(clock: Clock) -> None:
    app = create_app(Settings(), now=clock)
    cache = app.wsgi_app._app  # type: ignore[attr-defined] # the middleware's
    client = Client(app)
    names = ("Accept", "Accept-Encoding", "If-None-Match", "If-Modified-Since", "Range", "X-Forwarded-Proto")
    for number in range(200):
        headers = dict.fromkeys(names, str(number))
        for path in (f"/gandalf?{number}", f"/gandalf/{'/' * number}", f"/{number}", "/colombo"):
            client.get(path, headers=headers)
    assert len(cache._entries) == 2


@pytest.mark.parametrize("path", ["/", "/gandalf", "/colombo", "/version", "/nothing"])
def test_the_server_dates_each_response(shown: tuple[Client, Metrics], path: str) -> None:
    """RFC 9110, 6.6.1: a date that is made here would be the first response's for ever."""
    for _ in range(2):
        assert "Date" not in shown[0].get(path).headers


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        (None, None),
        ("", None),
        ("gzip", "gzip"),
        ("GZIP", "gzip"),
        ("x-gzip", "gzip"),
        ("gzip, deflate, br, zstd", "gzip"),
        ("*", "gzip"),
        ("br", None),
        ("gzip;q=0", None),
        ("gzip;q=0, *", None),
        ("*;q=0", None),
        ("*;q=0, gzip;q=0.1", "gzip"),
        ("identity;q=0, gzip", "gzip"),
        ("identity, gzip;q=0.5", None),
        ("identity;q=0.5, gzip;q=0.5", "gzip"),
        ("identity;q=0", None),
        ("gzip;q=nonsense, identity", None),
    ],
)
def test_coding_is_negotiated(shown: tuple[Client, Metrics], accepted: str | None, coding: str | None) -> None:
    client, _ = shown
    plain = client.get("/gandalf")
    for method in ("GET", "HEAD"):
        response = client.open(
            "/gandalf", method=method, headers={} if accepted is None else {"Accept-Encoding": accepted}
        )
        assert response.headers.get("Content-Encoding") == coding
        assert response.headers["Vary"] == "Accept-Encoding"
        assert (response.headers["ETag"] == plain.headers["ETag"]) == (coding is None)
        if method == "GET":
            body = gzip.decompress(response.data) if coding else response.data
            assert body == plain.data
            assert (
                int(response.headers["Content-Length"]) == len(response.data) <= len(plain.data) / (2 if coding else 1)
            )


def test_vary_names_all_that_a_response_depends_on(shown: tuple[Client, Metrics]) -> None:
    client, _ = shown
    for path, wanted in (("/", "Accept, Accept-Encoding"), ("/colombo", "Accept, Accept-Encoding"), ("/version", None)):
        assert client.get(path).headers.get("Vary") == wanted
    assert "Content-Encoding" not in client.get("/version", headers={"Accept-Encoding": "gzip"}).headers


@pytest.mark.parametrize("accepted", ["identity", "gzip"])
def test_each_coding_has_its_own_etag(shown: tuple[Client, Metrics], accepted: str) -> None:
    client, _ = shown
    headers = {"Accept-Encoding": accepted}
    first = client.get("/gandalf", headers=headers)
    for etags in (first.headers["ETag"], f'"other", W/{first.headers["ETag"]}', "*"):
        again = client.get("/gandalf", headers=headers | {"If-None-Match": etags})
        assert (again.status_code, again.data) == (304, b"")
        assert not {"Content-Encoding", "Content-Type", "Content-Length"} & set(again.headers.keys())
        for name in ("ETag", "Vary", "Cache-Control"):
            assert again.headers[name] == first.headers[name]
    other = client.get("/gandalf", headers={"If-None-Match": first.headers["ETag"], "Accept-Encoding": ""})
    assert other.status_code == (304 if accepted == "identity" else 200)


def test_clock_is_never_not_modified(shown: tuple[Client, Metrics]) -> None:
    response = shown[0].get("/colombo", headers={"If-None-Match": "*", "Accept-Encoding": "gzip"})
    assert response.status_code == 200
    assert b">17:30:00</time>" in gzip.decompress(response.data)
