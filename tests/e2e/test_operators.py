"""Two operators and a second administrator, each with an empty disk, one after the other: nothing changes, nobody is locked out."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest

from tests.e2e.stack import CHECKOUT, ENVIRONMENT, play, run
from tests.e2e.test_again import recap
from tests.ports import free_port

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

    from tests.e2e.stack import Stack

pytestmark = pytest.mark.again
OPERATOR = (CHECKOUT / "terraform" / "permissions" / "operator.json").read_text()
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
AFTER_PROVISION = ("build", "cluster", "deploy", "monitor")


@dataclass(frozen=True)
class Person:
    """Somebody with a key of their own and a disk that holds nothing."""

    arn: str
    environment: dict[str, str]
    port: int  # of the tunnel: another person's may still be open on this machine
    disk: Path

    def play(self, *names: str, arguments: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        playbooks = [f"playbooks/{name}.yml" for name in names]
        port = ("-e", f"cluster_access_port={self.port}")
        command = ("ansible-playbook", *playbooks, "-i", "inventories/local", *port, *arguments)
        return run(*command, limit=1800, env=self.environment)


def person(name: str, *, administrator: bool = False) -> Person:
    iam = boto3.client("iam")
    arn = iam.create_user(UserName=name)["User"]["Arn"]
    if administrator:
        iam.attach_user_policy(UserName=name, PolicyArn=ADMINISTRATOR)
    else:
        iam.put_user_policy(UserName=name, PolicyName="operator", PolicyDocument=OPERATOR)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    disk = Path(tempfile.mkdtemp(prefix="b-"))  # short: sockets lie in it
    keys = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    others = {name: text for name, text in os.environ.items() if name != "AWS_SESSION_TOKEN"}
    return Person(arn, {**others, **keys, "BEACON_STATE": str(disk)}, free_port(), disk)


def forget(name: str, somebody: Person) -> None:
    iam = boto3.client("iam")
    for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
        iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    for policy in iam.list_user_policies(UserName=name)["PolicyNames"]:
        iam.delete_user_policy(UserName=name, PolicyName=policy)
    for policy in iam.list_attached_user_policies(UserName=name)["AttachedPolicies"]:
        iam.detach_user_policy(UserName=name, PolicyArn=policy["PolicyArn"])
    iam.delete_user(UserName=name)
    shutil.rmtree(somebody.disk)


@pytest.fixture(scope="module")
def people(stack: Stack) -> Iterator[dict[str, Person]]:
    """Alice and Bob, whom the inventory trusts; Carol, who provisions; Mallory, whom nobody trusts."""
    found = {name: person(name, administrator=name == "carol") for name in ("alice", "bob", "carol", "mallory")}
    try:
        yield found
    finally:
        for name, somebody in found.items():
            somebody.play("access", arguments=("-e", "access_state=absent"))
            forget(name, somebody)


@pytest.fixture(scope="module")
def trusted(stack: Stack, people: dict[str, Person]) -> Iterator[tuple[str, ...]]:
    """What the inventory says while these people work: the same list for whoever plays."""
    administrator = boto3.client("sts").get_caller_identity()["Arn"]
    arns = [administrator, *(people[name].arn for name in ("alice", "bob", "carol"))]
    value = ("-e", json.dumps({"infrastructure_deployer_trusted_arns": arns}))
    answer = play("provision", *value)
    assert answer.returncode == 0, answer.stdout[-4000:] + answer.stderr
    try:
        yield value
    finally:
        restored = play("provision")
    assert restored.returncode == 0, restored.stdout[-4000:] + restored.stderr


def test_an_operator_with_an_empty_disk_changes_nothing(people: dict[str, Person], trusted: tuple[str, ...]) -> None:
    alice = people["alice"]
    answer = alice.play(*AFTER_PROVISION, arguments=trusted)
    assert answer.returncode == 0, answer.stdout[-4000:] + answer.stderr
    hosts = recap(answer.stdout)
    assert len(hosts) >= 3
    assert set(hosts.values()) == {(0, 0, 0)}, answer.stdout[-4000:]
    key = alice.disk / ENVIRONMENT / "id_ed25519"
    assert key.stat().st_mode & 0o777 == 0o600


def test_another_operator_with_an_empty_disk_verifies(people: dict[str, Person], trusted: tuple[str, ...]) -> None:
    answer = people["bob"].play("verify", arguments=trusted)
    assert answer.returncode == 0, answer.stdout[-4000:] + answer.stderr
    assert (people["bob"].disk / ENVIRONMENT / "verifier.credentials").exists()


def test_the_plan_of_a_second_administrator_is_empty(people: dict[str, Person], trusted: tuple[str, ...]) -> None:
    drift = ("--check", "-e", "infrastructure_drift_is_failure=true")
    checked = people["carol"].play("provision", arguments=(*trusted, *drift))
    assert checked.returncode == 0, checked.stdout[-4000:] + checked.stderr
    answer = people["carol"].play("site", arguments=trusted)
    assert answer.returncode == 0, answer.stdout[-4000:] + answer.stderr
    assert set(recap(answer.stdout).values()) == {(0, 0, 0)}, answer.stdout[-4000:]


def test_the_first_one_still_gets_in(people: dict[str, Person], trusted: tuple[str, ...]) -> None:
    alice = people["alice"]
    opened = alice.play("access", arguments=trusted)
    assert opened.returncode == 0, opened.stdout[-4000:] + opened.stderr
    kubeconfig = str(alice.disk / ENVIRONMENT / "kubeconfig")
    nodes = run("kubectl", "--kubeconfig", kubeconfig, "get", "nodes", env=alice.environment, limit=60)
    assert nodes.returncode == 0, nodes.stdout + nodes.stderr


def test_who_is_not_in_the_inventory_is_refused(people: dict[str, Person], trusted: tuple[str, ...]) -> None:
    answer = people["mallory"].play("deploy", arguments=trusted)
    assert answer.returncode != 0
    told = " ".join(answer.stdout.split())
    assert f"{people['mallory'].arn} can't assume arn:aws:iam::123456789012:role/beacon-{ENVIRONMENT}-deployer" in told
    assert not list(people["mallory"].disk.rglob("*.credentials"))
