"""People who visit the pages at a steady pace, whatever happens meanwhile: how many came, who got nothing, how long the longest waited."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from tests.e2e.stack import SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PATHS = ("/gandalf", "/colombo")
VISITORS = 8
REQUESTS_A_SECOND = 20
LONGEST_SECONDS = 300  # the load ends by then, whatever goes on
# nginx closes idle connections when it takes new endpoints. A request that meets this on its way is sent once more, on another
# connection, as browsers do (https://www.rfc-editor.org/rfc/rfc9112#section-9.3.1); visitors with a new one each time don't.
ONCE_MORE = Retry(total=1, connect=0, read=1, redirect=0, status=0, other=0, allowed_methods=["GET"])


@dataclass
class Visits:
    """What visitors saw: requests sent, when (since 1970) and how some failed, seconds of the slowest."""

    sent: int = 0
    failures: list[tuple[float, str]] = field(default_factory=list)
    slowest: float = 0


def _visit(
    addresses: Sequence[str], visits: Visits, done: threading.Event, *, keeps_connection: bool, seconds: float
) -> None:
    """Ask page after page, at one address after the other: by one connection as a browser does, or by a new one each time."""
    how = "kept connection" if keeps_connection else "new connection"
    begun = time.monotonic()
    with requests.Session() as session:
        session.mount("http://", HTTPAdapter(max_retries=ONCE_MORE))
        for number in count(1):
            due = begun + number * VISITORS / REQUESTS_A_SECOND
            if done.wait(max(0, due - time.monotonic())) or due > begun + seconds:
                return
            address, path = addresses[number % len(addresses)], PATHS[number // len(addresses) % len(PATHS)]
            asked, wrong = time.monotonic(), ""
            visits.sent += 1
            try:
                answer = (session.get if keeps_connection else requests.get)(f"http://{address}{path}", timeout=SECONDS)
                wrong = "" if answer.status_code == requests.codes.ok else str(answer.status_code)
            except requests.RequestException as error:
                wrong = str(error)
            visits.slowest = max(visits.slowest, time.monotonic() - asked)
            if wrong:
                visits.failures.append((time.time(), f"{address}{path}, {how}: {wrong}"))


@contextmanager
def visited(addresses: Sequence[str], *, seconds: float = LONGEST_SECONDS) -> Iterator[Visits]:
    """Have visitors while the block runs, for so many seconds at most; what they saw is complete when it has ended."""
    done, each, together = threading.Event(), [Visits() for _ in range(VISITORS)], Visits()
    visitors = [
        threading.Thread(
            target=_visit,
            args=(addresses, visits, done),
            kwargs={"keeps_connection": bool(number % 2), "seconds": seconds},
        )
        for number, visits in enumerate(each)
    ]
    for visitor in visitors:
        visitor.start()
    try:
        yield together
    finally:
        done.set()
        for visitor in visitors:
            visitor.join()
        together.sent = sum(visits.sent for visits in each)
        together.failures = sorted(failure for visits in each for failure in visits.failures)
        together.slowest = max(visits.slowest for visits in each)
