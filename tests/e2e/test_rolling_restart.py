"""Every pod of the web application is replaced while people visit it: nobody notices."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from tests.e2e.stack import is_ready, kubectl
from tests.e2e.visits import LONGEST_SECONDS, REQUESTS_A_SECOND, visited

if TYPE_CHECKING:
    from tests.e2e.stack import Stack

pytestmark = pytest.mark.e2e
SETTLE_SECONDS = 5  # the last pods of before still drain when the rollout is said to be complete


def pods() -> set[str]:
    """Return the names of the pods that are ready."""
    code, text = kubectl("--namespace", "webapp", "get", "pods", "--output", "json")
    assert code == 0, text
    return {pod["metadata"]["name"] for pod in json.loads(text)["items"] if is_ready(pod)}


@pytest.mark.usefixtures("tunnel")
def test_a_rolling_restart_loses_no_request(stack: Stack) -> None:
    before = pods()
    assert len(before) >= 2
    with visited([stack.address]) as visits:
        started = time.monotonic()
        code, text = kubectl("--namespace", "webapp", "rollout", "restart", "deployment/webapp")
        assert code == 0, text
        complete = ("rollout", "status", "deployment/webapp", "--timeout=240s")
        code, text = kubectl("--namespace", "webapp", *complete, limit=260)
        assert code == 0, text
        while before & pods() and time.monotonic() - started < LONGEST_SECONDS:
            time.sleep(1)
        time.sleep(SETTLE_SECONDS)
        seconds = time.monotonic() - started
    assert visits.failures == []
    assert not before & pods()
    # busy machine or not, there was load all the while
    assert visits.sent >= seconds * REQUESTS_A_SECOND / 4
