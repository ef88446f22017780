"""What `site` takes when nothing has to change: `python -m benchmarks.site`."""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from setup import paths
from setup.phases import local_cloud_environment, program
from setup.up import INVENTORY, playbook

RESULTS = Path(__file__).with_name("RESULTS.md")
GOAL = "60 s, and 55 s of processor time"
COMMANDS = {
    "site": playbook("site"),
    "bare `terraform plan`": (
        "terraform",  # of the cache, by PATH
        f"-chdir={paths.state() / paths.LOCAL_ENVIRONMENT / 'terraform'}",
        "plan",
        "-input=false",
        "-detailed-exitcode",  # a plan that is not empty fails
    ),
    "one task on the same hosts": (program("ansible"), "all", "-i", INVENTORY, "-m", "ansible.builtin.ping"),
}


@dataclass(frozen=True)
class Taken:
    """Seconds of a command: by the clock, and of the processor, as the caller and what it started used it.

    What a host or the local cloud's server computes for it is not in the latter.
    """

    wall: float
    processor: float


def measure(command: tuple[str, ...]) -> Taken:
    """Run a command once. Raises SystemExit with its last lines when it fails, or when a play changed something."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    answer = subprocess.run(command, cwd=paths.CHECKOUT, check=False, capture_output=True, text=True, timeout=900)
    wall, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    recap = answer.stdout.partition("PLAY RECAP")[2]
    if answer.returncode != 0 or recap.count("changed=") != recap.count("changed=0 "):
        raise SystemExit(
            f"{' '.join(command)} failed, or changed something:\n{answer.stdout[-2000:]}{answer.stderr[-2000:]}"
        )
    return Taken(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def table(taken: dict[str, list[Taken]]) -> str:
    """Return medians as Markdown, with the ratio of the first row to each."""
    walls = {name: median(one.wall for one in times) for name, times in taken.items()}
    first = next(iter(walls.values()))
    lines = [
        f"| {name} | {walls[name]:.1f} | {median(one.processor for one in times):.1f} | {first / walls[name]:.1f} |"
        for name, times in taken.items()
    ]
    return "\n".join(["| what | seconds | of the processor | site is as long as |", "|---|---|---|---|", *lines])


def main() -> None:
    """Measure on the running stack, one after the other and round again, print, and keep the run when asked to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.site", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="how often each is run")
    parser.add_argument("--write", action="store_true", help=f"keep the run in {RESULTS.name}")
    options = parser.parse_args()
    os.environ.update(local_cloud_environment())
    load = os.getloadavg()[0]
    taken: dict[str, list[Taken]] = {name: [] for name in COMMANDS}
    for number in range(options.rounds):
        for name, command in COMMANDS.items():
            taken[name].append(measure(command))
            print(f"round {number + 1}: {name}: {taken[name][-1].wall:.1f} s", flush=True)
    result = table(taken)
    print(result)
    if options.write:
        when = f"{datetime.now(UTC):%Y-%m-%d}, medians, rounds: {options.rounds}, on {os.cpu_count()} cores"
        RESULTS.write_text(f"# The last kept run\n\n{when}, load {load:.1f} before. Goal: {GOAL}.\n\n{result}\n")


if __name__ == "__main__":
    main()
