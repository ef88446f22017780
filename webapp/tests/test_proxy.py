"""Behind a proxy: who asked is believed of the proxy alone, and only the pages are served."""

from collections.abc import Callable

import pytest
import structlog
from beacon_webapp.metrics import Metrics
from beacon_webapp.settings import Settings
from flask import Flask
from flask.testing import FlaskClient

FORWARDED = {"X-Forwarded-For": "192.0.2.99, 192.0.2.7"}
CLOSED = ("/healthz", "/readyz", "/version", "/openapi.json", "/status/200", "/delay/0", "/panic")


@pytest.fixture
def behind(make_app: Callable[[Settings], Flask]) -> FlaskClient:
    """One proxy in front, and all that can be served."""
    return make_app(Settings(proxies=1, test_endpoints=True)).test_client()


@pytest.mark.parametrize("path", ["/", "/gandalf", "/colombo"])
def test_pages_are_served(behind: FlaskClient, path: str) -> None:
    assert behind.get(path, headers=FORWARDED).status_code == 200


@pytest.mark.parametrize("path", CLOSED)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
@pytest.mark.parametrize("slash", ["", "/"])
def test_what_is_no_page_is_not_there(
    behind: FlaskClient, metrics: Metrics, path: str, method: str, slash: str
) -> None:
    assert behind.get("/version").status_code == 200  # cached for its own network
    answer = behind.open(path + slash, method=method, headers=FORWARDED)
    assert answer.status_code == 404
    assert method == "HEAD" or "The path ends here" in answer.text
    labels = {"method": method, "route": "unmatched", "status": "404"}
    assert metrics.registry.get_sample_value("http_requests_total", labels) == 1


def test_its_own_network_sees_all(behind: FlaskClient) -> None:
    for path in CLOSED[:-1]:
        assert behind.get(path).status_code == 200


def test_without_a_proxy_nobody_can_claim_one(
    fault_client: FlaskClient, log_lines: list[structlog.typing.EventDict]
) -> None:
    assert fault_client.get("/version", headers=FORWARDED).status_code == 200
    assert log_lines[0]["client"] == "127.0.0.1"
    assert "Strict-Transport-Security" not in fault_client.get("/", headers={"X-Forwarded-Proto": "https"}).headers


def test_log_names_the_caller_that_the_proxy_saw(
    behind: FlaskClient, log_lines: list[structlog.typing.EventDict]
) -> None:
    behind.get("/gandalf", headers=FORWARDED)
    assert log_lines[0]["client"] == "192.0.2.7"


def test_hsts_when_tls_is_in_front(behind: FlaskClient) -> None:
    for _ in range(2):
        secure = behind.get("/", headers={**FORWARDED, "X-Forwarded-Proto": "https"})
        assert secure.headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"
        assert "Strict-Transport-Security" not in behind.get("/", headers=FORWARDED).headers
