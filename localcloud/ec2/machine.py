"""From EC2's instance to the machine that stands for it: pure translation, with the model's lock held."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING, Any

from localcloud.core import runtime
from localcloud.core.errors import ImageMissingError
from localcloud.docker.spec import Attachment, MachineSpec
from localcloud.ec2 import hooks, seed, volumes

if TYPE_CHECKING:
    from localcloud.core.config import Config

KIND = "instance"
# an AMI's image location -> the setting that names the image
IMAGES = {"host": "host_image", "node": "node_image", "node-previous": "node_previous_image"}


def image_of(backend: Any, image_id: str, config: Config) -> str:
    """Name the Docker image that stands for an AMI."""
    ami = backend.amis.get(image_id)
    location = getattr(ami, "image_location", None)
    if location not in IMAGES:
        raise ImageMissingError(image=f"of AMI {image_id}")
    return str(getattr(config, IMAGES[location]))


def specification(backend: Any, instance: Any) -> MachineSpec:
    """Describe what the machine of this instance must be, as far as the model knows now."""
    now = runtime.current()
    nic = instance.nics[0]
    vpc = backend.get_vpc(nic.vpc_id)
    attachments = [Attachment(network=now.networks.vpc_name(vpc.id), address=nic.private_ip_address)]
    attachments += [Attachment(network=now.networks.public_name, address=nic.public_ip)] if nic.public_ip else []
    key = backend.key_pairs.get(instance.key_name)
    hostname = "ip-" + nic.private_ip_address.replace(".", "-")
    groups = sorted({group.id for each in instance.nics.values() for group in each.group_set})
    spec = MachineSpec(
        name=instance.id,
        kind=KIND,
        image=image_of(backend, instance.image_id, now.config),
        hostname=hostname,
        attachments=tuple(attachments),
        files=seed.files(
            instance_id=instance.id,
            hostname=hostname,
            public_key=key.public_key if key else None,
            user_data=instance.user_data,
        )
        | volumes.files(backend, instance.id),
        device_cgroup_rules=(volumes.LOOP_DEVICES,),
        env={},
        labels={"beacon.instance": instance.id, "beacon.region": backend.region_name},
        security_groups=tuple(groups),
        region=backend.region_name,
        metadata=instance.metadata_options.http_endpoint != "disabled",
        console=True,
    )
    for hook in hooks.all_hooks():
        spec = hook.prepare(instance, spec)
    return spec


def fits(address: str, cidr: str) -> bool:
    """Whether the address lies in the VPC's first range, which is its Docker network."""
    return IPv4Address(address) in IPv4Network(cidr)
