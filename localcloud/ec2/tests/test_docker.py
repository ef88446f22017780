"""A volume with a real file system, that outlives its machine: `python -m pytest -m docker localcloud/ec2` (a minute)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from localcloud.docker.client import Engine
from localcloud.tests.harness import LocalCloud, until, up

if TYPE_CHECKING:
    from collections.abc import Iterator


pytestmark = pytest.mark.docker
VPC = os.environ.get("LOCALCLOUD_TEST_VPC", "10.94.0.0/16")
PATIENCE = 60.0
ZONE = "eu-west-1a"
MOUNTED = (
    "test -e /run/before || findmnt --noheadings --output FSTYPE /mnt || true"  # /run is another one after a start
)


class Disks:
    """A subnet in which instances come and go, and what is run in them."""

    def __init__(self, cloud: LocalCloud) -> None:
        self.cloud, self.ec2 = cloud, cloud.client("ec2")
        self.vpc = self.ec2.create_vpc(CidrBlock=VPC)["Vpc"]["VpcId"]
        block = VPC.replace("0.0/16", "1.0/24")
        made = self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=block, AvailabilityZone=ZONE)
        self.subnet = made["Subnet"]["SubnetId"]

    def instance(self) -> str:
        image = self.ec2.describe_images(Owners=["136693071363"])["Images"][0]["ImageId"]
        made = self.ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, SubnetId=self.subnet)
        instance = str(made["Instances"][0]["InstanceId"])
        self.wait(instance, "running")
        return instance

    def wait(self, instance: str, state: str) -> None:
        def look() -> bool:
            found = self.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
            return bool(found["State"]["Name"] == state)

        assert until(look, seconds=PATIENCE), f"{instance} is not {state}"

    def states(self, volume: str) -> list[str]:
        (found,) = self.ec2.describe_volumes(VolumeIds=[volume])["Volumes"]
        return [found["State"], *(one["State"] for one in found["Attachments"])]

    def becomes(self, volume: str, *states: str) -> None:
        assert until(lambda: self.states(volume) == [*states], seconds=PATIENCE), self.states(volume)

    def attach(self, volume: str, instance: str) -> None:
        self.ec2.attach_volume(VolumeId=volume, InstanceId=instance, Device="/dev/sdf")
        self.becomes(volume, "in-use", "attached")

    def run(self, instance: str, command: str) -> str:
        name = f"{self.cloud.control.config.name}-{instance}"
        result = Engine().execute(name, ["sh", "-c", command], stdin=None, env=None)
        assert result.exit_code == 0, result.output
        return result.output.strip()


@pytest.fixture
def disks(tmp_path: Path) -> Iterator[Disks]:
    cloud = LocalCloud(tmp_path, name="localcloud-disks", port=5686, public_range="198.18.46.0/25")
    with up(cloud):
        yield Disks(cloud)
    assert not Engine().api.volumes(filters={"label": cloud.control.config.label})["Volumes"]


def loops(volume: str) -> list[str]:
    """Return the loop devices of this kernel that a volume has."""
    files = Path("/sys/block").glob("loop*/loop/backing_file")
    return [file.parts[3] for file in files if file.read_text().strip().endswith(f"/{volume}")]


def size(disks: Disks, instance: str, disk: str) -> int:
    return int(disks.run(instance, f"blockdev --getsize64 {disk}"))


def test_a_file_system_outlives_its_machine(disks: Disks) -> None:
    wanted: dict[str, Any] = {"AvailabilityZone": ZONE, "Size": 1, "VolumeType": "gp3"}
    volume, other = (str(disks.ec2.create_volume(**wanted)["VolumeId"]) for _ in range(2))
    disk = f"/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_{volume.replace('-', '')}"
    first = disks.instance()
    disks.attach(volume, first)
    assert size(disks, first, disk) == 2**30
    disks.run(first, f"mkfs.ext4 -q {disk} && mount {disk} /mnt && echo kept > /mnt/proof")

    # mounted, it stays until it is unmounted
    disks.ec2.detach_volume(VolumeId=volume)
    assert until(lambda: disks.states(volume) == ["in-use", "detaching"], seconds=5)
    assert disks.run(first, "cat /mnt/proof") == "kept"
    disks.run(first, "umount /mnt")
    disks.becomes(volume, "available")
    disks.run(first, f"test ! -e {disk}")
    assert until(lambda: loops(volume) == [], seconds=10), loops(volume)

    # the machine ends with it mounted, beside another one; the next machine has what was written
    disks.ec2.attach_volume(VolumeId=other, InstanceId=first, Device="/dev/sdg")
    disks.attach(volume, first)
    disks.run(first, f"mount {disk} /mnt && echo more >> /mnt/proof && sync")
    disks.ec2.terminate_instances(InstanceIds=[first])
    disks.wait(first, "terminated")
    disks.becomes(volume, "available")
    second = disks.instance()
    disks.attach(volume, second)
    unit = f"[Mount]\nWhat={disk}\nWhere=/mnt\nType=ext4\n[Install]\nWantedBy=local-fs.target\n"
    disks.run(second, f"printf '{unit}' > /etc/systemd/system/mnt.mount && systemctl enable --now mnt.mount")
    assert disks.run(second, "cat /mnt/proof") == "kept\nmore"

    # it grows; its file system does, where the machine may: it has no CAP_SYS_RESOURCE here
    disks.ec2.modify_volume(VolumeId=volume, Size=2)
    assert until(lambda: size(disks, second, disk) == 2**31, seconds=10)

    # a restart of the machine, and of everything: it is mounted again
    for restart in ("machine", "holder and machine"):
        if restart != "machine":
            disks.run(second, "umount /mnt")
            Engine().restart(f"{disks.cloud.control.config.name}-{volume}", seconds=1)
        disks.run(second, "touch /run/before")
        disks.ec2.reboot_instances(InstanceIds=[second])
        assert until(lambda: disks.run(second, MOUNTED) == "ext4", seconds=PATIENCE), restart
        assert disks.run(second, "cat /mnt/proof") == "kept\nmore"

    # and the end of it
    disks.ec2.stop_instances(InstanceIds=[second])
    disks.wait(second, "stopped")
    disks.ec2.detach_volume(VolumeId=volume)
    disks.becomes(volume, "available")
    disks.ec2.delete_volume(VolumeId=volume)
    names = {"name": f"{disks.cloud.control.config.name}-{volume}"}
    assert until(lambda: not Engine().api.volumes(filters=names)["Volumes"], seconds=10)
    assert loops(volume) == []
