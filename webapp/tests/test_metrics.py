import re
from collections.abc import Callable
from io import BytesIO

import pytest
import structlog
from beacon_webapp.app import create_app
from beacon_webapp.endpoints import faults
from beacon_webapp.metrics import KNOWN_METHODS, Metrics
from beacon_webapp.middleware import RequestMiddleware, shown_path, trace_id
from beacon_webapp.settings import Settings
from beacon_webapp.shutdown import ShutdownState
from flask import Flask, Response
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import make_wsgi_app
from werkzeug.test import Client, EnvironBuilder, run_wsgi_app

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACE_PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def requests(metrics: Metrics) -> set[tuple[str, ...]]:
    family = next(family for family in metrics.registry.collect() if family.name == "http_requests")
    return {tuple(sample.labels[key] for key in ("method", "route", "status")) for sample in family.samples}


def test_each_request_counts_once(client: FlaskClient, metrics: Metrics) -> None:
    for _ in range(7):
        client.get("/gandalf")
    client.get("/gandalf/")
    labels = {"method": "GET", "route": "/gandalf"}
    assert value(metrics, "http_requests_total", **labels, status="200") == 7
    assert value(metrics, "http_requests_total", **labels, status="308") == 1
    assert value(metrics, "http_request_duration_seconds_count", **labels) == 8
    assert value(metrics, "http_requests_in_progress") == 0


def test_routes_are_shown_as_zero_before_their_first_request(app: Flask, metrics: Metrics) -> None:
    for route in ("/", "/gandalf", "/colombo", "/version", "/openapi.json"):
        assert value(metrics, "http_requests_total", method="GET", route=route, status="200") == 0


def test_probes_are_neither_counted_nor_logged(
    client: FlaskClient, metrics: Metrics, log_lines: list[structlog.typing.EventDict]
) -> None:
    before = requests(metrics)
    client.get("/healthz")
    client.get("/readyz")
    assert requests(metrics) == before
    assert log_lines == []


def test_unknown_paths_and_methods_fold(client: FlaskClient, metrics: Metrics) -> None:
    client.get("/one")
    client.get("/two")
    client.open("/gandalf", method="BREW")
    assert value(metrics, "http_requests_total", method="GET", route="unmatched", status="404") == 2
    assert value(metrics, "http_requests_total", method="OTHER", route="/gandalf", status="405") == 1


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=st.one_of(st.sampled_from(sorted(KNOWN_METHODS)), st.text("ABCDEFGHIJ-_", min_size=1, max_size=20)),
    path=st.one_of(
        st.binary(max_size=40).map(lambda raw: raw.decode("latin-1")),
        st.sampled_from(["gandalf", "colombo", "status/", "delay/"]),
        st.builds("status/{}".format, st.integers(-9, 9999)),
    ),
    query=st.text("abc=&%", max_size=10),
    accept=st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=30),
)
def test_no_client_can_make_labels(
    fuzzed: tuple[Flask, Metrics], method: str, path: str, query: str, accept: str
) -> None:
    app, metrics = fuzzed
    environ = EnvironBuilder(method="GET", query_string=query).get_environ()
    environ |= {"REQUEST_METHOD": method, "PATH_INFO": "/" + path, "HTTP_ACCEPT": accept, "wsgi.input": BytesIO()}
    run_wsgi_app(app, environ)
    routes = {
        "/",
        "/gandalf",
        "/colombo",
        "/version",
        "/openapi.json",
        "/status/<int:code>",
        "/delay/<seconds>",
        "unmatched",
    }
    for label, route, status in requests(metrics):
        assert label in KNOWN_METHODS | {"OTHER"}
        assert route in routes
        assert re.fullmatch("[2-5][0-9][0-9]", status)
    assert len(requests(metrics)) < 8 * 8 * 70


@pytest.fixture(scope="module")
def fuzzed() -> tuple[Flask, Metrics]:

    metrics = Metrics(commit="fuzz")
    app = create_app(Settings(), metrics=metrics)
    app.config.update(SLEEP=lambda _: None, EXIT=lambda _: None)
    app.register_blueprint(faults.bp)
    app.view_functions["faults.panic"] = lambda: Response(status=404)
    return app, metrics


def test_info(metrics: Metrics) -> None:
    family = next(family for family in metrics.registry.collect() if family.name == "webapp")
    assert family.samples[0].labels["commit"] == "abc1234"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (TRACE_PARENT, TRACE),
        (TRACE_PARENT.upper(), None),
        (f"ff-{TRACE}-00f067aa0ba902b7-01", None),
        (f"00-{'0' * 32}-00f067aa0ba902b7-01", None),
        (f"00-{TRACE}-{'0' * 16}-01", None),
        ("", None),
    ],
)
def test_trace_id(header: str, expected: str | None) -> None:
    assert trace_id({"HTTP_TRACEPARENT": header}) == expected


def test_path_in_the_log_is_decoded_and_cut() -> None:
    assert shown_path({"PATH_INFO": "/ü".encode().decode("latin-1")}) == "/ü"
    assert shown_path({"PATH_INFO": "/\xff"}) == "/\ufffd"
    assert len(shown_path({"PATH_INFO": "/" * 9999})) == 256


def test_one_line_a_request(client: FlaskClient, log_lines: list[structlog.typing.EventDict]) -> None:
    headers = {"traceparent": TRACE_PARENT, "X-Request-Id": "id-1", "User-Agent": "browser/1" + "x" * 999}
    body = client.get("/gandalf?x=1", headers=headers).data
    (line,) = log_lines
    assert line.pop("duration_ms") >= 0
    assert line == {
        "event": "request",
        "log_level": "info",
        "method": "GET",
        "route": "/gandalf",
        "path": "/gandalf",
        "status": 200,
        "bytes": len(body),
        "client": "127.0.0.1",
        "user_agent": "browser/1" + "x" * 247,
        "request_id": "id-1",
        "trace_id": TRACE,
    }


@pytest.mark.parametrize("given_id", ["", "a b", "x" * 65, "é", "a\x00"])
def test_harmful_request_id_is_replaced(app: Flask, given_id: str) -> None:
    environ = EnvironBuilder(path="/gandalf").get_environ() | {"HTTP_X_REQUEST_ID": given_id}
    assert re.fullmatch("[0-9a-f]{32}", Client(app).open(environ).headers["X-Request-Id"])


def test_body_is_closed(make_app: Callable[[Settings], Flask], metrics: Metrics) -> None:

    closed: list[bool] = []

    class Body:
        def __iter__(self) -> "Body":
            return self

        def __next__(self) -> bytes:
            raise StopIteration

        def close(self) -> None:
            closed.append(True)

    def raw(environ: object, start: Callable[..., object]) -> Body:
        start("200 OK", [])
        return Body()

    Client(RequestMiddleware(raw, metrics=metrics, shutdown=ShutdownState(), log=structlog.get_logger())).get("/")
    assert closed == [True]


def test_body_may_be_a_list(metrics: Metrics) -> None:

    def raw(environ: object, start: Callable[..., object]) -> list[bytes]:
        start("200 OK", [])
        return [b"a", b"b"]

    client = Client(RequestMiddleware(raw, metrics=metrics, shutdown=ShutdownState(), log=structlog.get_logger()))
    assert client.get("/").data == b"ab"


def test_exposition_with_exemplars(client: FlaskClient, metrics: Metrics) -> None:
    client.get("/gandalf", headers={"traceparent": TRACE_PARENT})
    scrape = Client(make_wsgi_app(metrics.registry))
    plain = scrape.get("/metrics")
    assert 'http_requests_total{method="GET",route="/gandalf",status="200"} 1.0' in plain.text
    assert "exemplar" not in plain.text
    assert TRACE not in plain.text
    rich = scrape.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert f'# {{trace_id="{TRACE}"}} 1.0' in rich.text
