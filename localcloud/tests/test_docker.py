"""The life of an instance with real containers: `python -m pytest -m docker localcloud` (about a minute)."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from localcloud.conftest import trust
from localcloud.docker.client import Engine
from localcloud.tests.harness import LocalCloud, until, up

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.docker

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


class Local(LocalCloud):
    """A local cloud whose instances are asked by ssh."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, name="localcloud-test", port=5690, public_range="198.18.35.0/25")
        self.key = folder / "key"
        self.public_range = str(self.control.config.public_range)

    def ssh(self, address: str, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["ssh", *SSH, "-i", str(self.key), f"admin@{address}", command],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def answers(self, address: str, command: str) -> str:
        done = until(lambda: (d := self.ssh(address, command)).returncode == 0 and d, seconds=PATIENCE)
        assert done, self.ssh(address, command).stderr
        return str(done.stdout).strip()

    def wait(self, instance: str, state: str) -> Any:
        def look() -> Any:
            found = self.client("ec2").describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
            return found["State"]["Name"] == state and found

        found = until(look, seconds=PATIENCE)
        assert found, f"{instance} is not {state}"
        return found


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Local]:
    made = Local(tmp_path)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(made.key)], check=True, timeout=30)
    with up(made):
        yield made


def rule(port: int, source: str) -> list[dict[str, Any]]:
    return [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": source}]}]


def host_keys(ec2: Any, instance: str) -> list[str]:
    """Return the host keys that cloud-init printed to the console."""
    shown = ec2.get_console_output(InstanceId=instance, Latest=True).get("Output", "")
    block = shown.partition("-----BEGIN SSH HOST KEY KEYS-----")[2].partition("-----END SSH HOST KEY KEYS-----")[0]
    return [" ".join(line.split()[:2]) for line in block.strip().splitlines()]


def test_the_life_of_an_instance(local: Local) -> None:
    ec2, iam = local.client("ec2"), local.client("iam")
    iam.create_role(RoleName="ops", AssumeRolePolicyDocument=trust({"Service": "ec2.amazonaws.com"}))
    iam.create_instance_profile(InstanceProfileName="ops")
    iam.add_role_to_instance_profile(InstanceProfileName="ops", RoleName="ops")
    ec2.import_key_pair(KeyName="key", PublicKeyMaterial=local.key.with_suffix(".pub").read_bytes())
    vpc = ec2.create_vpc(CidrBlock=VPC)["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=VPC.replace("0.0/16", "1.0/24"))["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="ops", Description="ops", VpcId=vpc)["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rule(22, local.public_range))
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
    direct = f"http://{local.control.config.gateway}:{local.control.config.metadata_port}/latest/api/token"
    assert local.answers(public, f"curl -s -m 3 -X PUT {direct} || echo nothing") == "nothing"
    assert local.answers(public, f"curl -s {local.control.config.endpoint_inside}/health").startswith('{"status": "ok"')

    # its console showed the host keys, which are those that answer
    key = local.answers(public, "cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub")
    assert until(lambda: key in host_keys(ec2, instance), seconds=PATIENCE)

    # the private address is not for this machine, and groups are obeyed
    assert "timed out" in local.ssh(private, "true").stderr
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=rule(22, local.public_range))
    time.sleep(1)
    assert "timed out" in local.ssh(public, "true").stderr
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rule(22, "0.0.0.0/0"))
    local.answers(public, "touch ~/kept")

    stop_and_start(local, instance, public)

    # the server dies, the machine goes on; nothing is forgotten
    os.kill(local.control.status()["server"]["pid"], signal.SIGKILL)
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


def stop_and_start(local: Local, instance: str, public: str) -> None:
    """The disk and the addresses stay, what was in memory is gone, and units start again."""
    ec2 = local.client("ec2")
    local.answers(public, "sudo touch /run/gone /tmp/gone && systemctl is-active ssh")
    booted = local.answers(public, "systemctl show --property=UserspaceTimestampMonotonic")
    ec2.stop_instances(InstanceIds=[instance])
    private = local.wait(instance, "stopped")["PrivateIpAddress"]
    assert local.ssh(public, "true").returncode != 0
    ec2.start_instances(InstanceIds=[instance])
    started = local.wait(instance, "running")
    assert (started["PrivateIpAddress"], started["PublicIpAddress"]) == (private, public)
    assert (
        local.answers(public, "test -e ~/kept; ls /run/gone /tmp/gone 2>/dev/null; systemctl is-active ssh") == "active"
    )
    assert local.answers(public, f"test -e ~/kept && ip -brief address | grep -c ' {private}/'") == "1"
    assert local.answers(public, "systemctl show --property=UserspaceTimestampMonotonic") != booted


def test_down_leaves_nothing(local: Local) -> None:
    local.run("down")
    api = Engine().api
    label = {"label": local.control.config.label}
    assert api.containers(all=True, filters=label) == []
    assert api.networks(filters=label) == []
    assert not api.volumes(filters=label)["Volumes"]
    assert not local.control.config.state.exists()
    account = local.control.config.registry_account
    assert account not in Path("/etc/hosts").read_text()
    assert not list(Path("/etc/docker/certs.d").glob(f"{account}.*"))
    assert "Down: 0 containers" in local.run("down")
