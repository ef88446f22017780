"""Whoever may read the environment works at once, with an empty disk; what is not there is named, and nothing is changed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from localcloud.conftest import Cloud, docker, forget, serving
from localcloud.core.config import ACCOUNT, from_environment
from tests.contracts.terraform_files import policy
from tests.playbooks.consoles import CONSOLE, bare, keys_made

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localcloud.tests.fake_docker import FakeDocker

__all__ = ["docker"]

CHECKOUT = Path(__file__).parents[2]
REGION = "eu-west-1"
PATH = "/beacon/local"
SECRETS = (
    "alertmanager",
    "ca_certificate",
    "grafana_admin",
    "grafana_viewer",
    "prometheus_backup",
    "prometheus_reader",
    "remote_write",
)


@dataclass
class Environment:
    """An environment that is provisioned, as far as Ansible asks AWS about it."""

    cloud: Cloud
    folder: Path
    instances: dict[str, str] = field(default_factory=dict)
    host_keys: dict[str, list[str]] = field(default_factory=dict)

    def provision(self) -> None:
        """Make hosts that have booted, the ssh key's parameter, and Terraform's state."""
        ec2, ssm, s3 = (self.cloud.client(name) for name in ("ec2", "ssm", "s3"))
        vpc = ec2.create_vpc(CidrBlock="10.42.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.42.1.0/24")["Subnet"]["SubnetId"]
        for role in ("ops", "monitoring"):
            tags = {"Project": "beacon", "Environment": "local", "Role": role, "Name": f"beacon-local-{role}"}
            specification = {"ResourceType": "instance", "Tags": [{"Key": k, "Value": v} for k, v in tags.items()]}
            made = ec2.run_instances(
                ImageId="ami-0debian1300000001",
                MinCount=1,
                MaxCount=1,
                SubnetId=subnet,
                TagSpecifications=[specification],
            )
            self.instances[role] = made["Instances"][0]["InstanceId"]
            self.host_keys[role] = keys_made(self.folder, "ed25519")
            self.show(role, CONSOLE.format(keys=self.host_keys[role][0]))
        self.cloud.settle()
        caller = self.cloud.client("sts").get_caller_identity()["Arn"]
        trust = {"Effect": "Allow", "Principal": {"AWS": caller}, "Action": "sts:AssumeRole"}
        bucket = f"beacon-local-state-{ACCOUNT}"
        deployers = policy(
            "deployer",
            account_id=ACCOUNT,
            environment="local",
            key="arn:aws:kms:eu-west-1:123456789012:key/none",
            partition="aws",
            region=REGION,
            state_bucket=bucket,
        )
        iam = self.cloud.client("iam")
        iam.create_role(
            RoleName="beacon-local-deployer",
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        )
        iam.put_role_policy(RoleName="beacon-local-deployer", PolicyName="deploy", PolicyDocument=deployers)
        key = self.folder / "key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True, timeout=30)
        ssm.put_parameter(Name=f"{PATH}/ssh-private-key", Value=key.read_text(), Type="SecureString")
        outputs: dict[str, Any] = {
            "account_id": ACCOUNT,
            "region": REGION,
            "parameters": {name: f"{PATH}/{name.replace('_', '-')}" for name in SECRETS},
            **{f"{role}_instance_id": instance for role, instance in self.instances.items()},
        }
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        state = json.dumps({"outputs": {name: {"value": value} for name, value in outputs.items()}})
        s3.put_object(Bucket=bucket, Key="terraform.tfstate", Body=state.encode())

    def show(self, role: str, console: str) -> None:
        """Have a host print to its console."""
        self.cloud.docker.consoles[self.instances[role]] = console.encode()

    def parameters(self) -> dict[str, str]:
        """Return what is in Parameter Store."""
        ssm = self.cloud.client("ssm")
        pages = ssm.get_paginator("get_parameters_by_path").paginate(Path=PATH, Recursive=True, WithDecryption=True)
        return {item["Name"]: item["Value"] for page in pages for item in page["Parameters"]}


@dataclass(frozen=True)
class Operator:
    """Somebody with rights, and a disk of their own."""

    environment: Environment
    state: Path

    @property
    def files(self) -> dict[str, bytes]:
        """Return the environment's files on this disk."""
        found = sorted((self.state / "local").glob("*"))
        return {file.name: file.read_bytes() for file in found if file.is_file() and file.suffix != ".credentials"}

    def play(self, playbook: str | Path, *arguments: str, **variables: str) -> tuple[int, str]:
        """Play it; return the exit code, and what was printed as one line."""
        clean = {
            n: v for n, v in os.environ.items() if not n.startswith(("AWS_", "BEACON_", "LOCALCLOUD_", "ANSIBLE_"))
        }
        cloud = self.environment.cloud
        access_key, secret = cloud._key
        command = [str(Path(sys.executable).with_name("ansible-playbook")), str(playbook), "-i", "inventories/local"]
        answer = subprocess.run(
            [*command, *arguments],
            cwd=CHECKOUT,
            env={
                **clean,
                "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"),
                "ANSIBLE_NOCOLOR": "1",
                "AWS_ENDPOINT_URL": cloud.endpoint,
                "AWS_ACCESS_KEY_ID": access_key,
                "AWS_SECRET_ACCESS_KEY": secret,
                "AWS_REGION": REGION,
                "AWS_EC2_METADATA_DISABLED": "true",
                "BEACON_STATE": str(self.state),
                **variables,
            },
            check=False,
            capture_output=True,
            text=True,
            timeout=300,
        )
        return answer.returncode, re.sub(r"\s+", " ", answer.stdout + answer.stderr)

    def refused(self, playbook: str | Path, *arguments: str, **variables: str) -> str:
        """Play what has to fail, and show that it changed nothing; return what it said."""
        before = self.environment.parameters()
        code, text = self.play(playbook, *arguments, **variables)
        assert code == 2, text
        assert "changed=0" in text
        assert self.environment.parameters() == before
        return text


@pytest.fixture
def environment(tmp_path: Path, docker: FakeDocker) -> Iterator[Environment]:
    folder = tmp_path / "cloud"
    folder.mkdir()
    config = from_environment({"LOCALCLOUD_NAME": "test", "LOCALCLOUD_STATE": str(folder / "state")})
    made = Cloud(config=config, docker=docker)
    made.boot()
    with serving(made):
        environment = Environment(made, folder)
        environment.provision()
        yield environment
    made.settle()
    forget()


@pytest.fixture
def operator(environment: Environment, tmp_path: Path) -> Operator:
    return Operator(environment, tmp_path / "first")


def begin(folder: Path, *tasks: str, **variables: object) -> Path:
    """Write a playbook of what each verb begins with, and of these task files."""
    imports = [
        {"ansible.builtin.import_tasks": str(CHECKOUT / f"playbooks/tasks/{name}.yml")} for name in ("outputs", *tasks)
    ]
    playbook = folder / "begin.yml"
    shared = [str(file) for file in sorted((CHECKOUT / "playbooks/group_vars/all").glob("*.yml"))]
    play = {"hosts": "localhost", "gather_facts": False, "vars": variables, "vars_files": shared, "tasks": imports}
    playbook.write_text(json.dumps([play]))
    return playbook


def test_two_operators_with_empty_disks(environment: Environment, operator: Operator, tmp_path: Path) -> None:
    playbook = begin(tmp_path)
    code, text = operator.play(playbook)
    assert code == 0, text
    assert "changed=1" in text  # the hosts' keys are kept
    kept = environment.parameters()
    assert operator.files["id_ed25519"].decode() == kept[f"{PATH}/ssh-private-key"]
    assert (operator.state / "local" / "id_ed25519").stat().st_mode & 0o777 == 0o600
    lines = {f"{environment.instances[role]} {bare(keys)[0]}" for role, keys in environment.host_keys.items()}
    assert set(operator.files["known_hosts"].decode().splitlines()) == lines

    for role in environment.instances:
        environment.show(role, "")  # long after: AWS has forgotten what the consoles showed
    second = Operator(environment, tmp_path / "second")
    code, text = second.play(playbook)
    assert code == 0, text
    assert "changed=0" in text
    assert second.files == operator.files
    assert "PRIVATE KEY" not in text
    code, text = operator.play(playbook)
    assert (code, "changed=0" in text) == (0, True), text
    assert environment.parameters() == kept


def test_another_key_is_refused_by_each_verb(environment: Environment, operator: Operator, tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "mine"], check=True, timeout=30)
    text = operator.refused("playbooks/backup.yml", BEACON_SSH_KEY_FILE=str(tmp_path / "mine"))
    fingerprints = []
    for file in (tmp_path / "mine", environment.folder / "key"):
        shown = subprocess.run(["ssh-keygen", "-l", "-f", file], check=True, capture_output=True, text=True, timeout=30)
        fingerprints.append(shown.stdout.split()[1])
    assert f"mine is {fingerprints[0]}, but the environment's, Parameter Store's {PATH}/ssh-private-key," in text
    assert f"is {fingerprints[1]}, and its hosts let in no other." in text
    assert "id_ed25519" not in operator.files


def test_a_host_whose_console_shows_no_keys_is_named(
    environment: Environment, operator: Operator, tmp_path: Path
) -> None:
    environment.show("monitoring", "booting\r\n")
    code, text = operator.play(begin(tmp_path), "-e", "host_keys_timeout=5")
    assert code == 2, text
    instance = environment.instances["monitoring"]
    assert f"The console of {instance} shows no ssh host keys after 5 s" in text
    assert f"aws ssm put-parameter --type String --name {PATH}/host-keys/{instance} --value" in text


def test_a_verb_without_its_host_fails_and_names_it(environment: Environment, operator: Operator) -> None:
    operator.play(begin(operator.state.parent))  # the hosts' keys are known: what follows is about the stopped one
    instance = environment.instances["monitoring"]
    environment.cloud.client("ec2").stop_instances(InstanceIds=[instance])
    environment.cloud.settle()
    for verb, arguments in (
        ("backup", ()),
        ("restore", ("-e", "confirm=local")),
        ("monitor", ()),
        ("monitor", ("--check",)),
    ):
        assert (
            f'Of the hosts of environment \'local\' the inventory finds no running {{"monitoring": "{instance}"}} in {REGION}. '
            f"A stopped one: aws ec2 start-instances --instance-ids {instance};"
        ) in operator.refused(f"playbooks/{verb}.yml", *arguments)


def test_a_host_that_was_started_meanwhile_is_found(operator: Operator, tmp_path: Path) -> None:
    code, text = operator.play(begin(tmp_path, "running", running_hosts=["ops", "monitoring"]))
    assert code == 0, text


def test_an_empty_secret_is_named(environment: Environment, operator: Operator, tmp_path: Path) -> None:
    ssm = environment.cloud.client("ssm")
    contents = {name: "of-the-test" for name in SECRETS if name != "remote_write"}
    operator.play(begin(tmp_path))
    for changed in (contents, {"remote_write": " "}):  # missing, then empty
        for name, content in changed.items():
            ssm.put_parameter(Name=f"{PATH}/{name.replace('_', '-')}", Value=content, Type="SecureString")
        text = operator.refused(begin(tmp_path, "secrets", secrets_names=SECRETS))
        assert f"Parameter Store in {REGION} has no value for {PATH}/remote-write. Run beacon.platform.monitor" in text
        assert "of-the-test" not in text
    code, text = operator.play(begin(tmp_path, "secrets", secrets_names=SECRETS, secrets_pending=["remote_write"]))
    assert code == 0, text
