"""The life of an instance with real containers: `python -m pytest -m docker localcloud` (about a minute)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from localcloud.config import from_environment
from localcloud.control import Control
from localcloud.engine import Engine, probe
from localcloud.errors import DockerUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.docker

ROOT = Path(__file__).parents[2]
SETTINGS = {
    "LOCALCLOUD_NAME": os.environ.get("LOCALCLOUD_TEST_NAME", "localcloud-test"),
    "LOCALCLOUD_PORT": os.environ.get("LOCALCLOUD_TEST_PORT", "5690"),
    "LOCALCLOUD_PUBLIC_RANGE": os.environ.get("LOCALCLOUD_TEST_PUBLIC_RANGE", "198.18.35.0/25"),
}
VPC = os.environ.get("LOCALCLOUD_TEST_VPC", "10.93.0.0/16")
SSH = [
    "-o",
    "StrictHostKeyChecking=no",
    "-o",
    "UserKnownHostsFile=/dev/null",
    "-o",
    "ConnectTimeout=3",
    "-o",
    "BatchMode=yes",
]
PATIENCE = 60.0


class Local:
    """A local cloud of the test's own, by its command line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ = {**os.environ, **SETTINGS, "LOCALCLOUD_STATE": str(folder / "state")}
        self.control = Control(config=from_environment(self.environ))
        self.key = folder / "key"

    def run(self, verb: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "localcloud", verb],
            cwd=ROOT,
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def client(self, service: str) -> Any:
        found = self.control.env()
        return boto3.client(
            service,
            endpoint_url=found["AWS_ENDPOINT_URL"],
            region_name=found["AWS_REGION"],
            aws_access_key_id=found["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=found["AWS_SECRET_ACCESS_KEY"],
        )

    def ssh(self, address: str, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["ssh", *SSH, "-i", str(self.key), f"admin@{address}", command],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def answers(self, address: str, command: str) -> str:
        deadline = time.monotonic() + PATIENCE
        while True:
            done = self.ssh(address, command)
            if done.returncode == 0:
                return done.stdout.strip()
            assert time.monotonic() < deadline, done.stderr
            time.sleep(0.5)

    def wait(self, instance: str, state: str) -> Any:
        deadline = time.monotonic() + PATIENCE
        while True:
            found = self.client("ec2").describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
            if found["State"]["Name"] == state:
                return found
            assert time.monotonic() < deadline, found["State"]
            time.sleep(0.3)


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Local]:
    try:
        probe()
    except DockerUnavailableError as error:
        pytest.skip(str(error))
    made = Local(tmp_path)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(made.key)], check=True, timeout=30)
    made.run("up")
    try:
        yield made
    finally:
        made.run("down")


def rule(port: int, source: str) -> list[dict[str, Any]]:
    return [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": source}]}]


def test_the_life_of_an_instance(local: Local) -> None:
    ec2, iam = local.client("ec2"), local.client("iam")
    iam.create_role(RoleName="ops", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": []}))
    iam.create_instance_profile(InstanceProfileName="ops")
    iam.add_role_to_instance_profile(InstanceProfileName="ops", RoleName="ops")
    ec2.import_key_pair(KeyName="key", PublicKeyMaterial=local.key.with_suffix(".pub").read_bytes())
    vpc = ec2.create_vpc(CidrBlock=VPC)["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=VPC.replace("0.0/16", "1.0/24"))["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="ops", Description="ops", VpcId=vpc)["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rule(22, SETTINGS["LOCALCLOUD_PUBLIC_RANGE"]))
    instance = ec2.run_instances(
        ImageId=ec2.describe_images(Owners=["136693071363"])["Images"][0]["ImageId"],
        MinCount=1,
        MaxCount=1,
        SubnetId=subnet,
        SecurityGroupIds=[group],
        KeyName="key",
        UserData="#!/bin/sh\necho made by user data > /proof\n",
        IamInstanceProfile={"Name": "ops"},
    )["Instances"][0]["InstanceId"]
    private = local.wait(instance, "running")["PrivateIpAddress"]
    address = ec2.allocate_address(Domain="vpc")
    public = address["PublicIp"]
    ec2.associate_address(AllocationId=address["AllocationId"], InstanceId=instance)

    # it boots for real, and knows itself
    assert local.answers(public, "cloud-init status --wait >/dev/null; cat /proof") == "made by user data"
    token = 'T=$(curl -s -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 60" http://169.254.169.254/latest/api/token)'
    ask = 'curl -s -H "X-aws-ec2-metadata-token: $T" http://169.254.169.254/latest/meta-data'
    assert local.answers(public, f"{token}; {ask}/instance-id") == instance
    assert local.answers(public, f"{token}; {ask}/iam/security-credentials/") == "ops"
    assert local.answers(public, f"curl -s {local.control.config.endpoint_inside}/health").startswith('{"status": "ok"')

    # the private address is not for this machine, and groups are obeyed
    assert "timed out" in local.ssh(private, "true").stderr
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=rule(22, SETTINGS["LOCALCLOUD_PUBLIC_RANGE"]))
    time.sleep(1)
    assert "timed out" in local.ssh(public, "true").stderr
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rule(22, "0.0.0.0/0"))
    local.answers(public, "touch ~/kept")

    # stop, start
    ec2.stop_instances(InstanceIds=[instance])
    local.wait(instance, "stopped")
    ec2.start_instances(InstanceIds=[instance])
    local.wait(instance, "running")
    local.answers(public, "test -e ~/kept")

    # the server dies, the machine goes on; nothing is forgotten
    pid = local.control._pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert local.ssh(public, "true").returncode == 0
    assert local.run("up").startswith("Restored")
    assert local.wait(instance, "running")["PublicIpAddress"] == public
    assert local.run("up").startswith("Already up")
    assert local.ssh(public, "test -e ~/kept").returncode == 0

    # the end
    ec2.terminate_instances(InstanceIds=[instance])
    local.wait(instance, "terminated")
    ec2.release_address(AllocationId=address["AllocationId"])
    ec2.delete_security_group(GroupId=group)
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_vpc(VpcId=vpc)
    assert [c["kind"] for c in local.control.status()["containers"]] == ["registry"]


def test_down_leaves_nothing(local: Local) -> None:
    local.run("down")
    api = Engine().api
    label = {"label": local.control.config.label}
    assert api.containers(all=True, filters=label) == []
    assert api.networks(filters=label) == []
    assert not api.volumes(filters=label)["Volumes"]
    assert not local.control.config.state.exists()
    assert local.control.config.registry not in Path("/etc/hosts").read_text()
    assert not (Path("/etc/docker/certs.d") / local.control.config.registry).exists()
    assert "Down: 0 containers" in local.run("down")
