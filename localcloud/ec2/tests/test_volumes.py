"""Volumes as EC2 has them: their states, what is refused, and what is asked of Docker."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from localcloud.conftest import until
from localcloud.docker.spec import ExecResult
from localcloud.ec2 import volumes
from localcloud.ec2.tests.test_ec2 import Site

if TYPE_CHECKING:
    from localcloud.conftest import Cloud

ZONE, OTHER_ZONE = "eu-west-1a", "eu-west-1b"
UNKNOWN = "vol-0123456789abcdef0"


class Disks(Site):
    """An instance in the first zone, and volumes."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        made = self.ec2.create_subnet(VpcId=self.vpc, CidrBlock="10.42.2.0/24", AvailabilityZone=ZONE)
        self.subnet = made["Subnet"]["SubnetId"]
        self.instance = self.run()

    def volume(self, **more: Any) -> str:
        wanted = {"AvailabilityZone": ZONE, "Size": 4, "VolumeType": "gp3", "Encrypted": True}
        return str(self.ec2.create_volume(**wanted | more)["VolumeId"])

    def attach(self, volume: str, *, device: str = "/dev/sdf", instance: str = "") -> Any:
        answer = self.ec2.attach_volume(VolumeId=volume, InstanceId=instance or self.instance, Device=device)
        self.cloud.settle()
        return answer

    def states(self, volume: str) -> tuple[str, list[str]]:
        """Return a volume's state, and its attachments'."""
        (found,) = self.ec2.describe_volumes(VolumeIds=[volume])["Volumes"]
        return found["State"], [one["State"] for one in found["Attachments"]]

    def script(self) -> str:
        """Return what gives the machine its disks."""
        return self.cloud.docker.files[self.instance][volumes.SCRIPT]

    def holders(self) -> set[str]:
        return {
            name for name, machine in self.cloud.docker.machines.items() if machine.labels["beacon.kind"] == "volume"
        }


@pytest.fixture
def disks(cloud: Cloud) -> Disks:
    return Disks(cloud)


def test_a_volume_is_a_device_of_its_instance_while_it_is_attached(disks: Disks) -> None:
    volume = disks.volume()
    assert disks.states(volume) == ("available", [])
    assert disks.holders() == set()
    assert disks.attach(volume)["State"] == "attaching"
    assert disks.states(volume) == ("in-use", ["attached"])
    assert disks.holders() == {volume}
    assert f"attach {volume}\n" in disks.script()
    assert (disks.instance, ("sh", volumes.SCRIPT)) in [(one.machine, one.argv) for one in disks.cloud.docker.executed]
    spec = disks.cloud.docker.created[volume]
    assert spec.named_volumes == {f"test-{volume}": "/volume"}
    assert 'truncate --size=">4G" "$file"' in spec.files["/etc/beacon/volume"].data.decode()

    assert disks.ec2.detach_volume(VolumeId=volume)["State"] == "detaching"
    disks.cloud.settle()
    assert disks.states(volume) == ("available", [])
    assert disks.holders() == set()
    assert volume not in disks.script()
    assert f"test-{volume}" in disks.cloud.docker.volumes, "the data stays"
    disks.ec2.delete_volume(VolumeId=volume)
    disks.cloud.settle()
    assert f"test-{volume}" not in disks.cloud.docker.volumes


def test_a_volume_survives_the_end_of_its_instance_and_is_had_by_the_next_one(disks: Disks) -> None:
    volume = disks.volume()
    disks.attach(volume)
    disks.ec2.terminate_instances(InstanceIds=[disks.instance])
    disks.cloud.settle()
    assert disks.states(volume) == ("available", [])
    assert disks.holders() == set()
    assert f"test-{volume}" in disks.cloud.docker.volumes
    disks.instance = disks.run()
    disks.attach(volume)
    assert disks.states(volume) == ("in-use", ["attached"])


def test_what_is_mounted_is_detached_when_it_is_unmounted(disks: Disks) -> None:
    volume = disks.volume()
    disks.attach(volume)
    disks.cloud.docker.answers["sh"] = ExecResult(exit_code=volumes.BUSY, output="mounted")
    disks.ec2.detach_volume(VolumeId=volume)
    disks.cloud.now.queue.settle(seconds=1)
    assert disks.states(volume) == ("in-use", ["detaching"])
    assert disks.holders() == {volume}
    del disks.cloud.docker.answers["sh"]
    until(lambda: disks.states(volume) == ("available", []))


def test_a_stopped_instance_has_its_volumes_when_it_starts(disks: Disks) -> None:
    volume = disks.volume()
    disks.ec2.stop_instances(InstanceIds=[disks.instance])
    disks.cloud.settle()
    disks.attach(volume)
    assert disks.states(volume) == ("in-use", ["attached"])
    disks.ec2.start_instances(InstanceIds=[disks.instance])
    disks.cloud.settle()
    assert disks.holders() == {volume}
    assert f"attach {volume}\n" in disks.script()
    disks.ec2.stop_instances(InstanceIds=[disks.instance])
    disks.cloud.settle()
    disks.ec2.detach_volume(VolumeId=volume, InstanceId=disks.instance, Device="/dev/sdf")
    disks.cloud.settle()
    assert disks.states(volume) == ("available", [])


def test_volumes_are_known_after_a_restart_and_what_nobody_has_is_let_go(disks: Disks) -> None:
    volume = disks.volume()
    disks.attach(volume)
    disks.cloud.docker.halt(volume)
    disks.cloud.boot()
    assert disks.states(volume) == ("in-use", ["attached"])
    assert disks.cloud.docker.machines[volume].running
    stray = replace(disks.cloud.machines.specs[volume], name="vol-0aaaaaaaaaaaaaaaa")
    disks.cloud.machines.ensure(stray)  # of a crash before it was saved
    disks.cloud.boot()
    assert disks.holders() == {volume}


def test_a_volume_grows_while_it_is_attached(disks: Disks) -> None:
    volume = disks.volume()
    disks.attach(volume)
    disks.ec2.modify_volume(VolumeId=volume, Size=6)
    disks.cloud.settle()
    assert 'truncate --size=">6G"' in disks.cloud.docker.files[volume][volumes.HOLDER]
    assert (volume, ("sh", volumes.HOLDER)) in [(one.machine, one.argv) for one in disks.cloud.docker.executed]


def test_disks_that_can_t_be_set_up_are_named_with_what_the_machine_said(
    disks: Disks, caplog: pytest.LogCaptureFixture
) -> None:
    disks.cloud.docker.answers["sh"] = ExecResult(exit_code=1, output="mknod: no")
    disks.attach(disks.volume())
    assert f"{disks.instance}: its disks could not be set up: mknod: no" in caplog.text
    del disks.cloud.docker.answers["sh"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"VolumeId": UNKNOWN}, rf"InvalidVolume\.NotFound.*'{UNKNOWN}' does not exist"),
        ({"InstanceId": "i-0123456789abcdef0"}, r"InvalidInstanceID\.NotFound"),
        ({"Device": "/dev/disk"}, r"Value \(/dev/disk\) for parameter device is invalid.*not a valid EBS device name"),
        (
            {"Device": "/dev/sdg"},
            r"Invalid value '/dev/sdg' for unixDevice. Attachment point /dev/sdg is already in use",
        ),
        (
            {"VolumeId": "elsewhere"},
            r"InvalidVolume\.ZoneMismatch.*is not in the same availability zone as instance 'i-",
        ),
        ({"VolumeId": "taken"}, r"VolumeInUse.*vol-\w+ is already attached to an instance"),
    ],
)
def test_what_can_t_be_attached_is_refused(disks: Disks, arguments: dict[str, str], message: str) -> None:
    taken = disks.volume()
    disks.attach(taken, device="/dev/sdg")
    named = {"elsewhere": disks.volume(AvailabilityZone=OTHER_ZONE), "taken": taken}
    wanted = {"VolumeId": disks.volume(), "InstanceId": disks.instance, "Device": "/dev/sdf"} | arguments
    with pytest.raises(ClientError, match=message):
        disks.ec2.attach_volume(**wanted | {"VolumeId": named.get(wanted["VolumeId"], wanted["VolumeId"])})


def test_an_instance_that_ended_takes_no_volume(disks: Disks) -> None:
    disks.ec2.terminate_instances(InstanceIds=[disks.instance])
    disks.cloud.settle()
    with pytest.raises(ClientError, match=r"IncorrectState.*Instance 'i-\w+' is not 'running'\."):
        disks.attach(disks.volume())


def test_what_can_t_be_detached_is_refused(disks: Disks) -> None:
    volume = disks.volume()
    with pytest.raises(ClientError, match=r"IncorrectState.*Volume 'vol-\w+' is in the 'available' state\."):
        disks.ec2.detach_volume(VolumeId=volume)
    disks.attach(volume)
    with pytest.raises(
        ClientError, match=r"InvalidAttachment\.NotFound.*is not attached to instance 'i-\w+' as device '/dev/sdx'"
    ):
        disks.ec2.detach_volume(VolumeId=volume, Device="/dev/sdx")
    (root,) = [
        one["Ebs"]["VolumeId"]
        for one in disks.describe(disks.instance)["BlockDeviceMappings"]
        if one["DeviceName"] in volumes.ROOTS
    ]
    with pytest.raises(ClientError, match=r"OperationNotPermitted.*Unable to detach root volume"):
        disks.ec2.detach_volume(VolumeId=root)
    disks.ec2.stop_instances(InstanceIds=[disks.instance])
    disks.cloud.settle()
    disks.ec2.detach_volume(VolumeId=root)
    assert disks.states(root) == ("available", [])


def test_an_attached_volume_is_not_deleted(disks: Disks) -> None:
    volume = disks.volume()
    disks.attach(volume)
    with pytest.raises(ClientError, match=rf"VolumeInUse.*Volume {volume} is currently attached to {disks.instance}"):
        disks.ec2.delete_volume(VolumeId=volume)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"AvailabilityZone": "eu-west-1x"}, r"InvalidZone\.NotFound.*The zone 'eu-west-1x' does not exist\."),
        ({"Size": 0}, "Volume of 0GiB is too small; minimum is 1GiB"),
        ({"Size": 65537}, "Volume of 65537GiB is too large for volume type gp3; maximum is 65536GiB"),
    ],
)
def test_volumes_that_can_t_be_are_refused(disks: Disks, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ClientError, match=message):
        disks.volume(**arguments)


@pytest.mark.parametrize(
    ("size", "message"),
    [(3, "New size cannot be smaller than existing size"), (65537, "maximum is 65536GiB")],
)
def test_a_volume_does_not_shrink(disks: Disks, size: int, message: str) -> None:
    volume = disks.volume()
    with pytest.raises(ClientError, match=message):
        disks.ec2.modify_volume(VolumeId=volume, Size=size)
