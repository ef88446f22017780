"""The pages, from the load balancer's static address to the counters in the central Prometheus."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import requests

if TYPE_CHECKING:
    from tests.e2e.stack import Stack

pytestmark = pytest.mark.e2e
REQUESTS = 25
ROUTES = ("/gandalf", "/colombo")
SETTLE_SECONDS = 20  # two scrapes
ARRIVAL_SECONDS = 90  # a scrape, a remote write, and room for a busy machine


def settled(stack: Stack) -> dict[str, float]:
    """Return the counters once what was asked before has arrived: equal over a scrape and a remote write."""
    last: dict[str, float] = {}
    deadline = time.monotonic() + ARRIVAL_SECONDS
    while (seen := counts(stack)) != last and time.monotonic() < deadline:
        last = seen
        time.sleep(SETTLE_SECONDS)
    return seen


def counts(stack: Stack) -> dict[str, float]:
    return {labels[0]: value for labels, value in stack.query("sum by (route) (http_requests_total)").items()}


@pytest.mark.parametrize(("path", "title"), [("/gandalf", "Gandalf"), ("/colombo", "Colombo")])
def test_each_page_answers_with_its_own_template(stack: Stack, path: str, title: str) -> None:
    answer = stack.page(path)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert re.search(rf"<title>[^<]*{title}", answer.text)
    assert "<svg" in answer.text


def test_every_static_address_answers(stack: Stack) -> None:
    for address in stack.outputs["load_balancer_addresses"]:
        assert requests.get(f"http://{address}/gandalf", timeout=10).status_code == 200


def test_colombo_shows_its_time_to_the_second(stack: Stack) -> None:
    answer = stack.page("/colombo", headers={"Accept": "application/json"})
    shown = datetime.fromisoformat(answer.json()["iso"])
    assert shown.utcoffset() == timedelta(hours=5, minutes=30)
    assert abs((datetime.now(UTC) - shown).total_seconds()) < 2


def test_the_index_tells_version_pod_and_zone(stack: Stack) -> None:
    answer = stack.page("/", headers={"Accept": "application/json"}).json()
    assert answer["version"]
    assert answer["pod"].startswith("webapp-")
    assert answer["zone"].startswith(stack.outputs["region"])


@pytest.mark.parametrize("path", ["/gandalf/", "/gandalf//"])
def test_each_page_has_one_address(stack: Stack, path: str) -> None:
    answer = stack.page(path + "?hat=1", allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (308, "/gandalf?hat=1")


@pytest.mark.parametrize("path", ["/saruman", "/metrics", "/healthz", "/readyz", "/version", "/readyz/"])
def test_other_paths_have_our_page_and_show_nothing(stack: Stack, path: str) -> None:
    answer = stack.page(path, headers={"X-Forwarded-For": "127.0.0.1"})
    assert answer.status_code == 404
    assert "The path ends here" in answer.text


def test_a_wrong_method_is_told_the_right_ones(stack: Stack) -> None:
    answer = requests.post(stack.page("/gandalf").url, timeout=10)
    assert answer.status_code == 405
    assert "The gate opens another way" in answer.text
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_each_request_is_counted_once(stack: Stack) -> None:
    before = settled(stack)
    for path in ROUTES:
        for _ in range(REQUESTS):
            assert stack.page(path).status_code == 200
    wanted = {path: before.get(path, 0) + REQUESTS for path in ROUTES}
    deadline = time.monotonic() + ARRIVAL_SECONDS
    seen = settled(stack)  # a counter that goes past is as wrong as one that stays behind
    while any(seen.get(path, 0) < wanted[path] for path in ROUTES) and time.monotonic() < deadline:
        seen = settled(stack)
    assert {path: seen.get(path) for path in ROUTES} == wanted
