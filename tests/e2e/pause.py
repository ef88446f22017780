"""The central Prometheus goes away for a while, under a steady load: what is missing afterwards?"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tests.e2e.stack import run

if TYPE_CHECKING:
    from tests.e2e.stack import Stack

REQUESTS_A_SECOND = 5
SCRAPE_SECONDS = 10
CATCH_UP_SECONDS = 300
REST_SECONDS = 120
START_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class Pause:
    """What a pause came to: requests, seconds, and each pod's seconds between scrapes."""

    seconds: float
    sent: int
    counted: int
    caught_up_seconds: float
    gaps: dict[str, list[float]]


def on_monitoring(stack: Stack, *command: str) -> str:
    """Run a command on the monitoring host, as root."""
    return on_host(stack, "monitoring", *command)


def on_host(stack: Stack, host: str, *command: str) -> str:
    """Run a command on a host, ops or monitoring, as root."""
    instance = stack.outputs[f"{host}_instance_id"]
    containers = run("docker", "ps", "-q", "--filter", f"label=beacon.instance={instance}")
    answer = run("docker", "exec", containers.stdout.strip(), *command)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def ask(stack: Stack, path: str, **parameters: str) -> Any:
    """Ask the central Prometheus; one that has just started reads its log before it answers."""
    address = f"/api/datasources/proxy/uid/prometheus/api/v1/{path}"
    deadline = time.monotonic() + START_SECONDS
    answer = stack.grafana("GET", address, user="viewer", params=parameters)
    while answer.status_code >= 500 and time.monotonic() < deadline:
        time.sleep(1)
        answer = stack.grafana("GET", address, user="viewer", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]["result"]


def counted(stack: Stack) -> float:
    return sum(
        float(sample["value"][1]) for sample in ask(stack, "query", query='http_requests_total{route="/gandalf"}')
    )


def settled(stack: Stack) -> float:
    """Wait until two scrapes in a row say the same, and nothing is on its way."""
    deadline = time.monotonic() + REST_SECONDS
    quiet = "sum(changes(http_requests_total[25s])) == 0 and min(timestamp(http_requests_total)) > time() - 20"
    while time.monotonic() < deadline:
        if ask(stack, "query", query=quiet):
            return counted(stack)
        time.sleep(3)
    raise AssertionError("the counters never came to rest: does somebody else use the pages?")


def measure(stack: Stack, seconds: float) -> Pause:
    """Stop the central Prometheus for that long, under a steady load; wait until the agent has caught up."""
    before = settled(stack)
    sent, done = [0], threading.Event()

    def load() -> None:
        while not done.wait(1 / REQUESTS_A_SECOND):
            assert stack.page("/gandalf").status_code == 200
            sent[0] += 1

    client = threading.Thread(target=load)
    client.start()
    try:
        time.sleep(2 * SCRAPE_SECONDS)
        on_monitoring(stack, "systemctl", "stop", "prometheus")
        stopped = time.time()
        time.sleep(seconds)
        on_monitoring(stack, "systemctl", "start", "prometheus")
        started = time.time()
        time.sleep(2 * SCRAPE_SECONDS)
    finally:
        on_monitoring(stack, "systemctl", "start", "prometheus")
        done.set()
        client.join()
    while counted(stack) < before + sent[0] and time.time() < started + CATCH_UP_SECONDS:
        time.sleep(1)
    caught_up = time.time()
    # the raw samples of each pod over the pause: their distances tell whether a scrape is missing
    window = f"{started - stopped + SCRAPE_SECONDS:.0f}s"
    samples = ask(stack, "query", query=f'http_requests_total{{route="/gandalf"}}[{window}]', time=f"{started:.0f}")
    return Pause(
        seconds=started - stopped,
        sent=sent[0],
        counted=round(settled(stack) - before),
        caught_up_seconds=caught_up - started,
        gaps={
            series["metric"]["pod"]: [
                float(later[0]) - float(earlier[0]) for earlier, later in pairwise(series["values"])
            ]
            for series in samples
        },
    )
