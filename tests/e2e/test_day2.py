"""What operators do in years, and what fails meanwhile, on the running stack under steady requests: docs/proofs/day2.md keeps the table.

Planned work must not cost a request, nor a sample of the cluster's agent while its pod stays; a loss may cost a request in a thousand, or
those of the seconds until the load balancer notices.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from setup import paths
from tests.e2e import operations as op
from tests.e2e.operations import AWAY_SECONDS, LONG_SECONDS, LONGEST_SECONDS, LOST_SECONDS, NEXT, PREVIOUS, verb
from tests.e2e.pause import SCRAPE_SECONDS, ask
from tests.e2e.stack import SECONDS, access, load
from tests.e2e.visits import REQUESTS_A_SECOND, visited

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.e2e.stack import Stack
    from tests.e2e.visits import Visits

pytestmark = pytest.mark.day2
PROOF = paths.CHECKOUT / "docs" / "proofs" / "day2.md"
BEFORE_SECONDS, AFTER_SECONDS = 5, 15
QUIET_SECONDS = 60  # in which an agent that has kept something hands over more of it
LOSS_ALLOWED = 0.001
NOTICES_SECONDS = 12  # the load balancer: two health checks of 5 s, and a time-out of 2 s (terraform/loadbalancer.tf)


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a row came to."""

    seconds: float
    visits: Visits
    missing: int
    note: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """What is done, and what it may cost."""

    action: Callable[[Stack], str]
    loss: float = 0  # share of the requests that may fail
    notices: float = 0  # seconds after which no request fails any more, but for those that wait already
    lacks_samples: bool = False  # or may: the agent itself moves, or what is restored is older
    smoke: bool = False  # in `make test`, too
    begins_with: str = ""  # the version of Kubernetes that it needs
    addresses: Callable[[Stack], list[str]] = op.everywhere  # where visitors ask meanwhile


# The inventory has the next version, and every verb but upgrade takes it for the cluster's
ROWS = {
    f"Kubernetes {PREVIOUS} to {NEXT}": Row(action=op.upgrade, lacks_samples=True, begins_with=PREVIOUS),
    "three pods at least": Row(action=lambda _: verb("deploy", application_replicas={"min": 3, "max": 6}), smoke=True),
    "two pods at least again": Row(action=lambda _: verb("deploy"), smoke=True),
    f"the central Prometheus is lost for {LONG_SECONDS} s": Row(action=op.lose_the_center_for_long, lacks_samples=True),
    "roll out another image, and go back": Row(action=op.roll_out_and_back),
    "rotate everything": Row(action=lambda _: verb("rotate", rotate_what="all"), lacks_samples=True),
    "upgrade the hosts, and boot them": Row(action=op.upgrade_hosts),
    "replace a node": Row(action=op.replace_node, lacks_samples=True),
    "replace the ops host": Row(action=lambda _: verb("replace", replace_what="ops")),
    "replace the monitoring host": Row(action=lambda _: verb("replace", replace_what="monitoring")),
    f"a node is lost for {LOST_SECONDS} s": Row(action=op.lose_a_node, notices=NOTICES_SECONDS, lacks_samples=True),
    f"a zone is lost for {LOST_SECONDS} s": Row(
        action=op.lose_a_zone, notices=NOTICES_SECONDS, lacks_samples=True, addresses=op.outside_of_the_zone
    ),
    f"the API server is lost for {AWAY_SECONDS} s": Row(action=op.lose_the_api, loss=LOSS_ALLOWED, smoke=True),
    f"the ops host is lost for {AWAY_SECONDS} s": Row(action=op.lose_the_ops_host, loss=LOSS_ALLOWED),
    f"the central Prometheus is lost for {AWAY_SECONDS} s": Row(action=op.lose_the_center, loss=LOSS_ALLOWED),
    f"the monitoring host's disk is full for {AWAY_SECONDS} s": Row(action=op.fill_the_disk, loss=LOSS_ALLOWED),
    "every alert is raised": Row(action=op.raise_every_alert),
    "the monitoring host is lost, and restored": Row(action=op.lose_the_monitoring_host, lacks_samples=True),
    f"Kubernetes {NEXT} back to {PREVIOUS}": Row(action=op.go_back, lacks_samples=True, begins_with=NEXT),
}


def missing(stack: Stack, begun: float, ended: float) -> int:
    """Count the samples that the agent's series lack between their first and their last one in this time."""
    window = f"{ended - begun + 2 * SCRAPE_SECONDS:.0f}s"
    series = ask(stack, "query", query=f'up{{cluster!=""}}[{window}]', time=f"{ended:.0f}")
    assert series, "the central Prometheus has nothing of the agent"
    times = [[float(sample[0]) for sample in one["values"]] for one in series]
    return sum(round((later - earlier) / SCRAPE_SECONDS) - 1 for one in times for earlier, later in pairwise(one))


def settled(stack: Stack, begun: float) -> int:
    """Wait until the agent has handed over what it kept, or hands over no more; return what is missing still."""
    ended, fewest = time.time(), missing(stack, begun, time.time())
    deadline = time.monotonic() + QUIET_SECONDS
    while fewest and time.monotonic() < deadline:
        time.sleep(SCRAPE_SECONDS)
        now = missing(stack, begun, ended)
        if now < fewest:
            fewest, deadline = now, time.monotonic() + QUIET_SECONDS
    return fewest


def line(name: str, result: Result) -> str:
    """Return a line of the table."""
    visits = result.visits
    figures = (f"{visits.sent:,}", len(visits.failures), f"{visits.slowest:.2f} s", result.missing, result.note)
    return f"| {name} | {result.seconds:.0f} s | {' | '.join(map(str, figures))} |"


@pytest.fixture(scope="module")
def results(request: pytest.FixtureRequest) -> Iterator[dict[str, Result]]:
    """What came out; a run of all rows is kept."""
    found: dict[str, Result] = {}
    yield found
    lines = ["| what | took | requests | failed | slowest | samples missing | note |", "|---|---|---|---|---|---|---|"]
    table = "\n".join([*lines, *(line(name, result) for name, result in found.items())])
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print(f"\n{table}")  # noqa: T201 - for whoever runs it
    if set(found) == set(ROWS):
        head = PROOF.read_text().partition("\n## ")[0]
        PROOF.write_text(f"{head}\n## {datetime.now(UTC):%Y-%m-%d}\n{table}\n")


@pytest.fixture
def way() -> Iterator[None]:
    """The way to the cluster, anew for each row: some end it."""
    with access():
        yield


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.smoke if row.smoke else ()) for name, row in ROWS.items()]
)
def test_nobody_notices(results: dict[str, Result], name: str) -> None:
    row, stack = ROWS[name], load()  # hosts are others after some rows
    version = op.objects("nodes")[0]["status"]["nodeInfo"]["kubeletVersion"]
    if row.begins_with and not version.startswith(f"v{row.begins_with}."):
        pytest.skip(f"nodes have {version}: `make down day2` begins with Kubernetes {PREVIOUS}")
    with visited(row.addresses(stack), seconds=LONGEST_SECONDS) as visits:
        begun, started = time.time(), time.monotonic()
        time.sleep(BEFORE_SECONDS)
        note = row.action(stack)
        time.sleep(AFTER_SECONDS)
        seconds = time.monotonic() - started
    lacking = settled(stack, begun)
    results[name] = Result(seconds=seconds, visits=visits, missing=lacking, note=note)
    assert visits.sent >= seconds * REQUESTS_A_SECOND / 4
    if row.notices:
        latest = begun + BEFORE_SECONDS + row.notices + SECONDS
        assert all(at <= latest for at, _ in visits.failures), visits.failures
    else:
        assert len(visits.failures) <= row.loss * visits.sent, visits.failures[:20]
    assert lacking == 0 or row.lacks_samples
