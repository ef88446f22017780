"""Every pod of the web application is replaced while people visit it: nobody notices."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from tests.e2e.stack import SECONDS, Stack, kubectl

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.e2e
PATHS = ("/gandalf", "/colombo")
VISITORS = 4
REQUESTS_A_SECOND = 20
LONGEST_SECONDS = 300  # the load ends by then, whatever the rollout does
# nginx closes idle connections when it takes new endpoints. A request that meets this on its way is sent once more, on another
# connection, as browsers do (https://www.rfc-editor.org/rfc/rfc9112#section-9.3.1); visitors with a new one each time don't.
ONCE_MORE = Retry(total=1, connect=0, read=1, redirect=0, status=0, other=0, allowed_methods=["GET"])
SETTLE_SECONDS = 5  # the last pods of before still drain when the rollout is said to be complete


@dataclass
class Visits:
    """What visitors saw."""

    answered: int = 0
    failures: list[str] = field(default_factory=list)


def visit(stack: Stack, visits: Visits, done: threading.Event, *, keep_connection: bool) -> None:
    """Ask page after page at a steady pace: by one connection as a browser does, or by a new one each time."""
    deadline = time.monotonic() + LONGEST_SECONDS
    how = "kept connection" if keep_connection else "new connection"
    with requests.Session() as session:
        session.mount("http://", HTTPAdapter(max_retries=ONCE_MORE))
        while not done.wait(VISITORS / REQUESTS_A_SECOND) and time.monotonic() < deadline:
            path, ask = PATHS[visits.answered % len(PATHS)], session.get if keep_connection else requests.get
            try:
                answer = ask(f"http://{stack.address}{path}", timeout=SECONDS)
                if answer.status_code != requests.codes.ok:
                    visits.failures.append(f"{path}, {how}: {answer.status_code}")
            except requests.RequestException as error:
                visits.failures.append(f"{path}, {how}: {error}")
            visits.answered += 1


@contextmanager
def visited(stack: Stack) -> Iterator[list[Visits]]:
    """Have visitors while the block runs."""
    done, all_visits = threading.Event(), [Visits() for _ in range(VISITORS)]
    visitors = [
        threading.Thread(target=visit, args=(stack, visits, done), kwargs={"keep_connection": bool(number % 2)})
        for number, visits in enumerate(all_visits)
    ]
    for visitor in visitors:
        visitor.start()
    try:
        yield all_visits
    finally:
        done.set()
        for visitor in visitors:
            visitor.join()


def pods() -> set[str]:
    """Return the names of the pods that are ready."""
    code, text = kubectl("--namespace", "webapp", "get", "pods", "--output", "json")
    assert code == 0, text
    return {
        pod["metadata"]["name"]
        for pod in json.loads(text)["items"]
        for condition in pod["status"].get("conditions", [])
        if (condition["type"], condition["status"]) == ("Ready", "True") and "deletionTimestamp" not in pod["metadata"]
    }


@pytest.mark.usefixtures("tunnel")
def test_a_rolling_restart_loses_no_request(stack: Stack) -> None:
    before = pods()
    assert len(before) >= 2
    with visited(stack) as all_visits:
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
    assert [failure for visits in all_visits for failure in visits.failures] == []
    assert not before & pods()
    # busy machine or not, there was load all the while
    assert sum(visits.answered for visits in all_visits) >= seconds * REQUESTS_A_SECOND / 4
