# ruff: noqa: T201 - seeds and each run are told as they come
"""The local cloud's server is killed at random moments under site.yml and under destroy.yml; `up` brings it back each time.

On a local cloud of its own, also beside the stack that is up. BEACON_KILLS_SITE and BEACON_KILLS_DESTROY say how often,
BEACON_KILLS_SEED repeats the pauses of an earlier run, which prints its seed.
"""

from __future__ import annotations

import os
import random
import re
import secrets
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from localcloud.core import control_socket
from setup import paths
from setup.phases import exported
from tests.e2e.stack import CHECKOUT, run
from tests.environments import copied

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.kills
NAME = "kills"
SETTINGS = {
    "LOCALCLOUD_NAME": NAME,
    "LOCALCLOUD_PORT": "5760",
    "LOCALCLOUD_PUBLIC_RANGE": "198.18.60.0/24",
    "MIRROR_ADDRESSES": "198.18.60.1",
    "BEACON_NETWORK": "10.60",
    # clients of the API go on for as long as a restart takes
    "AWS_RETRY_MODE": "standard",
    "AWS_MAX_ATTEMPTS": "10",
}
LONGEST_PAUSES = {"site": 40.0, "destroy": 8.0}  # seconds between a server that answers and its end
AFTER = "infrastructure : terraform |"  # what runs before only looks
GONE = {"instance", "natgateway", "network-acl", "vpc-endpoint", "key"}  # are listed for a while after their end
UNLOCK = re.compile(r"infrastructure_unlock=[0-9a-f]{8}-[0-9a-f-]{27}")
ANSWER_SECONDS = 120.0
RUN_SECONDS = 2400.0
MOST_RUNS = 20  # of one playbook: one that fails under kills is played again


@dataclass(kw_only=True)
class Environment:
    """A local cloud of its own, and what was done to it."""

    variables: dict[str, str] = field(repr=False)
    state: Path
    inventory: Path
    chance: random.Random
    ups: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def command(self, *command: str, limit: float = 300) -> str:
        """Run a command that must succeed."""
        answer = run(*command, limit=limit, env=self.variables)
        assert answer.returncode == 0, f"{command}: {answer.stdout[-4000:]}{answer.stderr[-4000:]}"
        return answer.stdout

    def client(self, service: str) -> Any:
        session = boto3.Session(
            self.variables["AWS_ACCESS_KEY_ID"],
            self.variables["AWS_SECRET_ACCESS_KEY"],
            region_name=self.variables["AWS_REGION"],
        )
        return session.client(service, endpoint_url=self.variables["AWS_ENDPOINT_URL"])

    def kill(self) -> float:
        """Kill the server and start it again; the seconds until it answers."""
        os.kill(int((self.state / "localcloud" / "lock").read_text().split()[0]), signal.SIGKILL)
        started = time.monotonic()
        with (self.state / "ups.log").open(
            "ab"
        ) as log:  # each waits until all jobs are done, perhaps beyond the next kill
            up = subprocess.Popen(
                ["python", "-m", "localcloud", "up"], cwd=CHECKOUT, env=self.variables, stdout=log, stderr=log
            )
        self.ups.append(up)
        while not self.answers():
            assert time.monotonic() - started < ANSWER_SECONDS, (self.state / "ups.log").read_text()[-4000:]
            time.sleep(0.1)
        return time.monotonic() - started

    def answers(self) -> bool:
        try:
            return bool(control_socket.ask(self.state / "localcloud", "health")["status"] == "ok")
        except (OSError, ValueError):
            return False

    def play_under_kills(self, playbook: str, *arguments: str, kills: int) -> list[str]:
        """Play until a run succeeds and all kills are spent; a line for each run."""
        told = []
        unlock: list[str] = []
        for number in range(1, MOST_RUNS + 1):
            log = self.state / f"{playbook}-{number}.log"
            seconds: list[float] = []
            started = time.monotonic()
            with log.open("wb") as output:
                command = [
                    "ansible-playbook",
                    f"playbooks/{playbook}.yml",
                    "-i",
                    str(self.inventory),
                    *arguments,
                    *unlock,
                ]
                process = subprocess.Popen(command, cwd=CHECKOUT, env=self.variables, stdout=output, stderr=output)
                try:
                    while len(seconds) < kills and not _ended(
                        process, self.chance.uniform(0.5, LONGEST_PAUSES[playbook])
                    ):
                        if AFTER in log.read_text(errors="replace"):
                            seconds.append(self.kill())
                    code = process.wait(RUN_SECONDS)
                finally:
                    process.kill()
            kills -= len(seconds)
            worst = f", the slowest restart {max(seconds):.0f} s" if seconds else ""
            line = f"{playbook}.yml, run {number}: {time.monotonic() - started:.0f} s, {len(seconds)} kills{worst}"
            told.append(f"{line}: {'succeeded' if code == 0 else 'failed'}")
            print(told[-1], flush=True)
            if code == 0 and kills == 0:
                return told
            # a lock of Terraform that a kill left: the message says how to release it
            unlock = [f"-e{found}" for found in set(UNLOCK.findall(log.read_text(errors="replace")))]
            if code == 0 and playbook == "destroy":
                raise AssertionError(f"{kills} kills are left and nothing to destroy: {told}")
        raise AssertionError(f"{playbook}.yml never converged: {told}; its log: {log}")

    def settle(self) -> None:
        """Wait for every `up`, and make one more that must succeed."""
        for up in self.ups:
            up.wait(ANSWER_SECONDS * 2)
        self.command("python", "-m", "localcloud", "up")


def _ended(process: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


@pytest.fixture(scope="module")
def environment() -> Iterator[Environment]:
    state = paths.cache() / "work" / NAME
    state.mkdir(parents=True, exist_ok=True)
    seed = int(os.environ.get("BEACON_KILLS_SEED") or secrets.randbelow(1_000_000))
    print(f"\nBEACON_KILLS_SEED={seed}", flush=True)
    variables = {**os.environ, **SETTINGS, "BEACON_STATE": str(state)}
    shutil.rmtree(state / "inventories", ignore_errors=True)
    inventory = copied(NAME, state / "inventories")
    made = Environment(variables=variables, state=state, inventory=inventory, chance=random.Random(seed))
    made.command("python", "-m", "localcloud", "up")
    made.variables |= exported(made.command("python", "-m", "localcloud", "env"))
    made.command("python", "-m", "mirror", "serve")
    yield made
    made.command("python", "-m", "mirror", "stop")
    made.command("python", "-m", "localcloud", "down")
    shutil.rmtree(state / NAME, ignore_errors=True)  # the logs stay


def containers() -> set[str]:
    answer = run("docker", "ps", "--all", "--format", "{{.Names}}", "--filter", f"label=beacon.localcloud={NAME}")
    return set(answer.stdout.split())


def test_a_site_under_kills_converges(environment: Environment) -> None:
    environment.play_under_kills("site", kills=int(os.environ.get("BEACON_KILLS_SITE") or 50))
    environment.settle()
    recap = environment.command(
        "ansible-playbook", "playbooks/site.yml", "-i", str(environment.inventory), limit=RUN_SECONDS
    )
    assert set(re.findall(r"changed=(\d+)", recap)) == {"0"}, recap[-4000:]
    workspace = environment.state / NAME / "terraform"
    plan = run("terraform", f"-chdir={workspace}", "plan", "-detailed-exitcode", "-no-color", env=environment.variables)
    assert plan.returncode == 0, plan.stdout[-4000:] + plan.stderr
    ec2, eks, elb = (environment.client(name) for name in ("ec2", "eks", "elbv2"))
    reservations = ec2.describe_instances(Filters=[{"Name": "instance-state-name", "Values": ["running"]}])
    instances = {i["InstanceId"] for found in reservations["Reservations"] for i in found["Instances"]}
    zones = [zone for lb in elb.describe_load_balancers()["LoadBalancers"] for zone in lb["AvailabilityZones"]]
    kinds = {name.removeprefix(f"{NAME}-").partition("-")[0] for name in containers()}
    assert kinds == {"i", "eks", "nlb", "registry"}
    assert {name for name in containers() if name.startswith(f"{NAME}-i-")} == {f"{NAME}-{one}" for one in instances}
    assert len([name for name in containers() if name.startswith(f"{NAME}-nlb-")]) == len(zones)
    assert len([name for name in containers() if name.startswith(f"{NAME}-eks-")]) == len(
        eks.list_clusters()["clusters"]
    )


def test_a_destroy_under_kills_leaves_nothing(environment: Environment) -> None:
    kills = int(os.environ.get("BEACON_KILLS_DESTROY") or 10)
    wanted = f"confirm={NAME} infrastructure_state_bucket_delete=true"
    environment.play_under_kills("destroy", "-e", wanted, kills=kills)
    environment.settle()
    assert containers() == {f"{NAME}-registry"}
    networks = run("docker", "network", "ls", "--format", "{{.Name}}", "--filter", f"label=beacon.localcloud={NAME}")
    assert networks.stdout.split() == [f"{NAME}-public"]
    tagged = environment.client("resourcegroupstaggingapi").get_resources()["ResourceTagMappingList"]
    kinds = {found["ResourceARN"].split(":", 5)[5].partition("/")[0] for found in tagged}
    assert kinds <= GONE
    assert environment.client("s3").list_buckets()["Buckets"] == []
    assert environment.client("eks").list_clusters()["clusters"] == []
