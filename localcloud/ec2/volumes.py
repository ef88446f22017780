"""Volumes of EBS as block devices: each that is attached is a loop device, held by a container of its own.

The data is a sparse file in a Docker volume, which stays when instance and holder end, and goes with DeleteVolume. The machine
finds the device by the file's name in /sys, also after a restart of everything (templates/disks.sh.j2). Root volumes, and those
of a launch's mappings, are their machine's own layers: they have no file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend, ec2_backends

from localcloud.core import runtime
from localcloud.core.errors import DockerFailedError
from localcloud.core.templates import render
from localcloud.docker.spec import Attachment, File, MachineSpec
from localcloud.ec2 import zones

if TYPE_CHECKING:
    from collections.abc import Iterator

    from moto.ec2.models.availability_zones_and_regions import Zone

KIND = "volume"
ATTACHING, ATTACHED, DETACHING = "attaching", "attached", "detaching"
SCRIPT = "/usr/local/lib/beacon/start.d/60-disks"  # the image runs what is there at each start
HOLDER = "/etc/beacon/volume"
FOLDER = "/volume"
LOOP_DEVICES = "b 7:* rw"
PATIENCE = 30  # seconds that a machine's start waits for the holder's
BUSY, LOOK_AGAIN = 75, 2.0
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/device_naming.html
DEVICE = re.compile(r"/dev/(sd[a-z][1-9]?[0-9]?|xvd[a-z]{1,2})|xvd[a-z]{1,2}|sd[a-z]")
ROOTS = ("/dev/sda1", "/dev/xvda")
# GiB: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVolume.html
LARGEST = {"gp2": 16384, "gp3": 65536, "io1": 16384, "io2": 65536, "sc1": 16384, "st1": 16384, "standard": 1024}


class Disk(Protocol):
    """moto's volume, as far as this module knows it."""

    id: str
    size: int
    zone: Zone
    attachment: Plug | None


class Plug(Protocol):
    """moto's attachment of a volume."""

    instance: Any
    device: str
    status: str


# -- what EC2 refuses
def check_creation(region: str, zone: str, size: int | None, kind: str | None) -> None:
    """Refuse a zone that the region does not have, and sizes that no volume has."""
    if zone not in {each.name for each in zones.of_region(region)}:
        raise EC2ClientError("InvalidZone.NotFound", f"The zone '{zone}' does not exist.")
    if size is not None:
        _check_size(size, kind or "gp2")


def check_attachment(backend: EC2Backend, volume_id: str, instance_id: str, device: str) -> None:
    """Refuse a volume that is elsewhere or taken, an instance that can't take it, and a name that is taken or none."""
    volume, instance = _volume(backend, volume_id), cast("Any", backend.get_instance(instance_id))
    if not DEVICE.fullmatch(device):
        raise EC2ClientError(
            "InvalidParameterValue",
            f"Value ({device}) for parameter device is invalid. {device} is not a valid EBS device name.",
        )
    if volume.attachment is not None:
        raise EC2ClientError("VolumeInUse", f"{volume_id} is already attached to an instance")
    if instance.state not in ("running", "stopped"):
        raise EC2ClientError("IncorrectState", f"Instance '{instance_id}' is not 'running'.")
    if volume.zone.name != instance.placement.zone:
        raise EC2ClientError(
            "InvalidVolume.ZoneMismatch",
            f"The volume '{volume_id}' is not in the same availability zone as instance '{instance_id}'",
        )
    if device in instance.block_device_mapping:
        raise EC2ClientError(
            "InvalidParameterValue",
            f"Invalid value '{device}' for unixDevice. Attachment point {device} is already in use",
        )


def check_detachment(backend: EC2Backend, volume_id: str, instance_id: str | None, device: str | None) -> None:
    """Refuse a volume that is attached to nothing, or elsewhere, and the root volume of a running instance."""
    plug = _volume(backend, volume_id).attachment
    if plug is None:
        raise EC2ClientError("IncorrectState", f"Volume '{volume_id}' is in the 'available' state.")
    if (instance_id or plug.instance.id, device or plug.device) != (plug.instance.id, plug.device):
        raise EC2ClientError(
            "InvalidAttachment.NotFound",
            f"The volume '{volume_id}' is not attached to instance '{instance_id or plug.instance.id}' "
            f"as device '{device or plug.device}'.",
        )
    if plug.device in ROOTS and plug.instance.state != "stopped":
        raise EC2ClientError(
            "OperationNotPermitted", f"Unable to detach root volume '{plug.device}' from instance '{plug.instance.id}'"
        )


def check_modification(backend: EC2Backend, volume_id: str, size: int | None, kind: str | None) -> None:
    """Refuse a volume that would shrink, or be larger than there are."""
    volume = cast("Any", _volume(backend, volume_id))
    if size is not None and size < volume.size:
        raise EC2ClientError("InvalidParameterValue", "New size cannot be smaller than existing size")
    if size is not None:
        _check_size(size, kind or volume.volume_type)


def _check_size(size: int, kind: str) -> None:
    if size < 1:
        raise EC2ClientError("InvalidParameterValue", f"Volume of {size}GiB is too small; minimum is 1GiB.")
    if size > LARGEST.get(kind, size):
        raise EC2ClientError(
            "InvalidParameterValue",
            f"Volume of {size}GiB is too large for volume type {kind}; maximum is {LARGEST[kind]}GiB.",
        )


# -- what a machine has
@dataclass(frozen=True, kw_only=True)
class Disks:
    """The volumes that an instance was given by AttachVolume, at one look at the model."""

    instance_id: str
    present: tuple[Disk, ...]  # by their devices' names
    going: tuple[Disk, ...]


def disks_of(backend: EC2Backend, instance_id: str) -> Disks:
    """Look at an instance's volumes. With the model's lock."""
    found = sorted(
        (plug.device, plug.status == DETACHING, disk.id, disk)
        for disk in _disks(backend)
        if (plug := disk.attachment) and plug.instance.id == instance_id
    )
    return Disks(
        instance_id=instance_id,
        present=tuple(disk for _, going, _, disk in found if not going),
        going=tuple(disk for _, going, _, disk in found if going),
    )


def files(backend: EC2Backend, instance_id: str) -> dict[str, File]:
    """Make the script that gives a machine its disks."""
    names = [disk.id for disk in disks_of(backend, instance_id).present]
    text = render("ec2/templates/disks.sh.j2", volumes=names, patience=PATIENCE, busy=BUSY)
    return {SCRIPT: File(content=text, mode=0o755)}


def file_of(volume_id: str) -> str:
    """Name the Docker volume that a volume's data is in."""
    return f"{runtime.current().config.name}-{volume_id}"


def holder(disk: Disk) -> MachineSpec:
    """Describe the container that holds a volume's loop device. Nothing goes in or out of it."""
    now = runtime.current()
    script = render("ec2/templates/volume.sh.j2", folder=FOLDER, volume=disk.id, gib=disk.size)
    return MachineSpec(
        name=disk.id,
        kind=KIND,
        image=now.config.host_image,
        attachments=(Attachment(network=now.networks.public_name),),
        files={HOLDER: File(content=script, mode=0o755)},
        command=("sh", HOLDER, "hold"),
        named_volumes={file_of(disk.id): FOLDER},
        device_cgroup_rules=(f"{LOOP_DEVICES}m", "c 10:237 rw"),
        security_groups=(),
    )


# -- jobs: without the model's lock
def hold(disks: Disks) -> None:
    """Have a loop device for each volume of an instance, before its machine asks for them."""
    now = runtime.current()
    for disk in disks.present:
        now.machines.ensure(holder(disk))


def settle(backend: EC2Backend, disks: Disks, *, running: bool) -> float | None:
    """Give a running machine its disks, and take away those that go: after how many seconds to look again."""
    now = runtime.current()
    if not (disks.present or disks.going):
        return None
    if running:
        result = now.machines.exec(disks.instance_id, ["sh", SCRIPT])
        if result.exit_code == BUSY:
            return LOOK_AGAIN  # as on AWS: until it is unmounted
        if result.exit_code != 0:
            message = f"{disks.instance_id}: its disks could not be set up: {result.output.strip()[-500:]}"
            raise DockerFailedError(message)
    with now.model.transaction():
        for plug in (disk.attachment for disk in disks.present):
            if plug and plug.status == ATTACHING:
                plug.status = ATTACHED
        for disk in disks.going:
            EC2Backend.detach_volume(backend, disk.id, disks.instance_id, "")
    for disk in disks.going:
        now.machines.remove(disk.id)
    return None


def grow(backend: EC2Backend, volume_id: str) -> None:
    """Make a volume's device as large as the model says; one that has none grows when it is attached."""
    now = runtime.current()
    with now.model.lock:
        spec = holder(_volume(backend, volume_id))
    if now.machines.state(volume_id) == "running":
        now.machines.ensure(spec)
        result = now.machines.exec(volume_id, ["sh", HOLDER])
        if result.exit_code != 0:
            raise DockerFailedError(f"{volume_id} did not grow: {result.output.strip()[-500:]}")


def remove(volume_id: str) -> None:
    """Remove a volume's data."""
    runtime.current().machines.remove(volume_id, volumes=[file_of(volume_id)])


def remove_leftovers() -> None:
    """Let go of the loop devices of volumes that are attached to nothing, as those of an instance that ended are."""
    now = runtime.current()
    present = now.machines.names(KIND)  # before the look at the model: what is attached meanwhile is not left over
    with now.model.lock:
        held = {
            disk.id for _, _, backend in ec2_backends.iter_backends() for disk in _disks(cast("EC2Backend", backend))
        }
    for name in present - held:
        now.machines.remove(name)


def _volume(backend: EC2Backend, volume_id: str) -> Disk:
    return cast("Disk", backend.get_volume(volume_id))


def _disks(backend: EC2Backend) -> Iterator[Disk]:
    """Yield the volumes that have a device of their own: those that were attached by AttachVolume."""
    yield from (
        cast("Disk", each) for each in backend.volumes.values() if getattr(each.attachment, "beacon_disk", False)
    )
