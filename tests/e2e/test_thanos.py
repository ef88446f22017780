"""Whoever outgrows one Prometheus: two agents write to Thanos, too. One is lost, and there is no gap, and nothing is there twice.

Thanos runs on this machine, where pods reach it by the local cloud's internet gateway; its blocks are in the local cloud's S3.
"""

from __future__ import annotations

import ipaddress
import json
import os
import subprocess
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import requests
import yaml

from mirror.settings import from_environment
from mirror.table import read_table
from tests.e2e.operations import until
from tests.e2e.pause import SCRAPE_SECONDS
from tests.e2e.stack import CHECKOUT, ENVIRONMENT, STATE, access, kubectl, play, run
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.stack import Stack

pytestmark = pytest.mark.soak
BUCKET = "beacon-test-thanos"
SECONDS = 180
STEADY_SECONDS = 60
SERIES = 'up{cluster!="", app!="metrics-agent"}'  # of what stays
AGENTS = "app.kubernetes.io/name=metrics-agent"


@dataclass(frozen=True, kw_only=True)
class Thanos:
    """A receiver for agents, a store that reads what it has put into S3, and who asks both."""

    write: str
    query: str
    receiver: subprocess.Popen[bytes]

    def ask(self, path: str, *, deduplicated: bool = True, **parameters: str) -> list[dict[str, Any]]:
        """Ask by Prometheus' own API; nothing while it is not ready."""
        try:
            answer = requests.get(
                f"{self.query}/api/v1/{path}", params={**parameters, "dedup": str(deduplicated).lower()}, timeout=30
            )
        except requests.ConnectionError:
            return []
        assert answer.status_code in {200, 422, 503}, answer.text
        found: list[dict[str, Any]] = answer.json()["data"]["result"] if answer.status_code == 200 else []
        return found

    def flush(self) -> None:
        """End the receiver in order, which has it put all that it holds into S3."""
        self.receiver.terminate()
        assert self.receiver.wait(SECONDS) == 0


@contextmanager
def thanos(address: str, folder: Path) -> Iterator[Thanos]:
    """Run it; it listens for agents at an address, and for everything else on this machine only."""
    program = from_environment().artefacts / read_table(CHECKOUT / "mirror/artefacts.toml")["thanos"].outputs[0]
    endpoint = os.environ["AWS_ENDPOINT_URL"].partition("://")[2]
    bucket = {
        "type": "S3",
        "config": {
            "bucket": BUCKET,
            "endpoint": endpoint,
            "region": os.environ["AWS_DEFAULT_REGION"],
            "access_key": os.environ["AWS_ACCESS_KEY_ID"],
            "secret_key": os.environ["AWS_SECRET_ACCESS_KEY"],
            "insecure": True,
            "bucket_lookup_type": "path",
        },
    }
    (folder / "bucket.yml").write_text(yaml.safe_dump(bucket))
    store = "--objstore.config-file=bucket.yml"
    ports = {name: free_port() for name in ("receive", "receive_http", "store", "store_http", "query_grpc", "query")}
    write = free_port(address)
    with ExitStack() as stack:

        def start(name: str, *arguments: str) -> subprocess.Popen[bytes]:
            log = stack.enter_context((folder / f"{name}.log").open("wb"))
            process = subprocess.Popen([program, name, *arguments], stdout=log, stderr=log, cwd=folder)
            stack.callback(process.wait, SECONDS)
            stack.callback(process.terminate)
            return process

        def at(grpc: str, http: str) -> list[str]:
            return [f"--grpc-address=127.0.0.1:{ports[grpc]}", f"--http-address=127.0.0.1:{ports[http]}"]

        receiver = start(
            *("receive", *at("receive", "receive_http"), store, "--tsdb.path=received", '--label=receiver="one"'),
            f"--remote-write.address={address}:{write}",
        )
        start("store", *at("store", "store_http"), store, "--data-dir=store", "--sync-block-duration=5s")
        start(
            *("query", *at("query_grpc", "query"), "--query.replica-label=replica"),
            *(f"--endpoint=127.0.0.1:{ports[name]}" for name in ("receive", "store")),
        )
        yield Thanos(
            write=f"http://{address}:{write}/api/v1/receive",
            query=f"http://127.0.0.1:{ports['query']}",
            receiver=receiver,
        )


@pytest.fixture
def bucket(stack: Stack) -> Iterator[Any]:
    """A bucket of the test's own."""
    s3 = boto3.resource("s3").Bucket(BUCKET)
    s3.create(CreateBucketConfiguration={"LocationConstraint": os.environ["AWS_DEFAULT_REGION"]})
    yield s3
    s3.objects.delete()
    s3.delete()


@pytest.fixture
def engine(bucket: Any, tmp_path: Path) -> Iterator[Thanos]:
    """Two agents write to it, and to the central Prometheus; afterwards one does, and to that only."""
    network = run("docker", "network", "inspect", "localcloud-public", "--format", "{{(index .IPAM.Config 0).Gateway}}")
    address = str(ipaddress.ip_address(network.stdout.strip()))
    with thanos(address, tmp_path) as running:
        values = {
            "metrics_agent_replicas": 2,
            "metrics_agent_remote_write": [{"url": running.write, "name": "thanos"}],
            "metrics_agent_egress": [{"to": [{"ipBlock": {"cidr": f"{address}/32"}}]}],
        }
        file = STATE / ENVIRONMENT / "agents.json"
        file.write_text(json.dumps(values))
        try:
            told = play("monitor", "--tags", "metrics_agent", "-e", f"@{file}", limit=600)
            assert told.returncode == 0, told.stdout[-3000:] + told.stderr
            yield running
        finally:
            file.unlink()
            back = play("monitor", "--tags", "metrics_agent", limit=600)
        assert back.returncode == 0, back.stdout[-3000:] + back.stderr


def replicas(engine: Thanos) -> set[str]:
    """Return the agents whose samples came within the last scrapes."""
    fresh = f"timestamp({SERIES}) > time() - {3 * SCRAPE_SECONDS}"
    return {one["metric"]["replica"] for one in engine.ask("query", query=fresh, deduplicated=False)}


def raw(engine: Thanos, begun: float, ended: float) -> dict[str, list[tuple[float, str]]]:
    """Return when each target was scraped, and by which agent."""
    window = f"{SERIES}[{ended - begun:.0f}s]"
    found: dict[str, list[tuple[float, str]]] = {}
    for one in engine.ask("query", query=window, time=f"{ended:.0f}", deduplicated=False):
        target = f"{one['metric']['job']} {one['metric']['instance']}"
        found.setdefault(target, []).extend((float(at), one["metric"]["replica"]) for at, _ in one["values"])
    return {target: sorted(samples) for target, samples in found.items()}


@pytest.fixture
def tunnel(engine: Thanos) -> Iterator[None]:
    """The way to the cluster; after the agents, whose playing opens and closes one, too."""
    with access():
        yield


@pytest.mark.usefixtures("tunnel")
def test_an_agent_is_lost_and_nothing_is_missing_or_there_twice(engine: Thanos, bucket: Any) -> None:
    until(lambda: len(replicas(engine)) > 1, "two agents' samples are there", SECONDS)
    before = replicas(engine)
    begun = time.time() + SCRAPE_SECONDS
    time.sleep(STEADY_SECONDS)
    code, said = kubectl(
        "delete", "pod", "-n", "monitoring", min(before), "--grace-period=0", "--force", "--wait=false"
    )
    assert code == 0, said
    until(lambda: len(replicas(engine) - before) > 0, "the agent that takes its place writes", SECONDS)
    time.sleep(STEADY_SECONDS)
    ended = time.time() - SCRAPE_SECONDS

    def check() -> None:
        """No target lacks a scrape, whoever made it; who asks sees each target once, at any moment."""
        targets = raw(engine, begun, ended)
        assert len(targets) > 5, targets.keys()
        for target, samples in targets.items():
            assert len({who for _, who in samples}) > 1, f"{target}: one agent only"
            times = [begun, *(at for at, _ in samples), ended]
            gaps = [later - earlier for earlier, later in pairwise(times)]
            assert max(gaps) < 1.5 * SCRAPE_SECONDS, f"{target}: {gaps}"
        seen = engine.ask(
            *("query_range",),
            query=f"count by (job, instance) ({SERIES})",
            start=f"{begun:.0f}",
            end=f"{ended:.0f}",
            step=str(SCRAPE_SECONDS),
        )
        of = {f"{one['metric']['job']} {one['metric']['instance']}": one["values"] for one in seen}
        steps = int((ended - begun) // SCRAPE_SECONDS) + 1
        assert {target: len(of[target]) for target in targets} == dict.fromkeys(targets, steps)
        assert {value for target in targets for _, value in of[target]} == {"1"}

    check()
    engine.flush()
    assert any(item.key.endswith("/meta.json") for item in bucket.objects.all())
    until(
        lambda: bool(engine.ask("query", query=SERIES, time=f"{ended:.0f}")),
        "the store has read what is in S3",
        SECONDS,
    )
    check()
