"""How much is lost when the central Prometheus is away for half an hour: `python -m benchmarks.pause`."""

from __future__ import annotations

import argparse
import os
from datetime import UTC, datetime
from pathlib import Path

from setup.phases import local_cloud_environment
from tests.e2e.pause import REQUESTS_A_SECOND, SCRAPE_SECONDS, Pause, measure
from tests.e2e.stack import load

RESULTS = Path(__file__).with_name("RESULTS.md")
FULL_MINUTES = 30


def table(pause: Pause) -> str:
    """Return a pause as Markdown."""
    rows = [
        ("pause", f"{pause.seconds / 60:.1f} min"),
        ("requests sent, counted afterwards", f"{pause.sent}, {pause.counted}"),
        ("the agent had caught up after", f"{pause.caught_up_seconds:.0f} s"),
    ]
    rows += [
        (f"scrapes of {pod}: number, longest distance", f"{len(gaps) + 1}, {max(gaps):.1f} s")
        for pod, gaps in sorted(pause.gaps.items())
    ]
    return "\n".join(["| what | figure |", "|---|---|", *(f"| {name} | {figure} |" for name, figure in rows)])


def main() -> None:
    """Measure on the running stack, print, and keep a run of the full length."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pause", description=__doc__)
    parser.add_argument(
        "--minutes", type=float, default=FULL_MINUTES, help="length of the pause; shorter ones are not kept"
    )
    minutes = parser.parse_args().minutes
    os.environ.update(local_cloud_environment())
    print(
        f"stopping the central Prometheus for {minutes:.0f} min under {REQUESTS_A_SECOND} requests a second", flush=True
    )
    result = table(measure(load(), minutes * 60))
    print(result)
    if minutes >= FULL_MINUTES:
        RESULTS.write_text(
            f"# The last kept run\n\n{datetime.now(UTC):%Y-%m-%d}, {REQUESTS_A_SECOND} requests a second, "
            f"a scrape each {SCRAPE_SECONDS} s.\n\n{result}\n"
        )


if __name__ == "__main__":
    main()
