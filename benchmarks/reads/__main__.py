"""How long the local cloud takes to answer what only reads: `python -m benchmarks.reads`."""

from __future__ import annotations

import argparse
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

import boto3
import psutil

from localcloud.cli.control import Control
from localcloud.core.config import from_environment
from setup.phases import local_cloud_environment

if TYPE_CHECKING:
    from collections.abc import Callable

RESULTS = Path(__file__).with_name("RESULTS.md")
GOAL_MS = 10.0
READS: tuple[tuple[str, str], ...] = (  # what Terraform's refresh and the playbooks ask most
    ("autoscaling", "describe_auto_scaling_groups"),
    ("ec2", "describe_instances"),
    ("ec2", "describe_security_groups"),
    ("ec2", "describe_subnets"),
    ("ec2", "describe_vpcs"),
    ("ecr", "describe_repositories"),
    ("eks", "list_clusters"),
    ("elbv2", "describe_load_balancers"),
    ("elbv2", "describe_target_groups"),
    ("iam", "list_roles"),
    ("kms", "list_keys"),
    ("s3", "list_buckets"),
    ("ssm", "describe_parameters"),
    ("sts", "get_caller_identity"),
)


def milliseconds(ask: Callable[[], Any], *, times: int) -> list[float]:
    """Return how long each of so many calls took, after one that loads the service."""
    ask()
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        ask()
        taken.append((time.perf_counter() - started) * 1000)
    return taken


def table(taken: dict[str, list[float]]) -> str:
    """Return the times as Markdown, all of them together last."""
    rows = {**taken, "all": [each for times in taken.values() for each in times]}
    lines = [f"| {name} | {median(times):.1f} | {quantiles(times, n=20)[-1]:.1f} |" for name, times in rows.items()]
    return "\n".join(["| read | median, ms | 95 %, ms |", "|---|---|---|", *lines])


def main() -> None:
    """Measure on the running local cloud, print, and keep the run when asked to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reads", description=__doc__)
    parser.add_argument("--times", type=int, default=50, help="calls of each operation")
    parser.add_argument("--write", action="store_true", help=f"keep the run in {RESULTS.name}")
    options = parser.parse_args()
    os.environ.update(local_cloud_environment())
    clients = {service: boto3.client(service) for service, _ in READS}
    server = psutil.Process(Control(config=from_environment()).status()["server"]["pid"])
    before = sum(server.cpu_times()[:2])
    taken = {
        f"{service} {operation}": milliseconds(getattr(clients[service], operation), times=options.times)
        for service, operation in READS
    }
    processor = (sum(server.cpu_times()[:2]) - before) * 1000 / (len(READS) * (options.times + 1))
    result = f"{table(taken)}\n\nThe server computed {processor:.1f} ms a read."
    print(result)
    if options.write:
        load = os.getloadavg()[0]
        when = f"{datetime.now(UTC):%Y-%m-%d}, {options.times} calls each, client and server on {os.cpu_count()} cores"
        RESULTS.write_text(
            f"# The last kept run\n\n{when}, load {load:.1f}. Goal: median {GOAL_MS:.0f} ms.\n\n{result}\n"
        )


if __name__ == "__main__":
    main()
