"""What EC2 refuses of what is asked, by what there is: moto takes it."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import UnsupportedAlgorithm
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.utils import public_key_parse

from localcloud.ec2 import zones

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

GATEWAYS = ("dynamodb", "s3")
PUBLIC_NAT = "The request must include the AllocationId parameter. Add the required parameter and retry the request."


def check_template(backend: Any, asked: Mapping[str, Any]) -> None:
    """Refuse a launch template, or a version of one, that is not there."""
    name, identifier = asked.get("LaunchTemplateName"), asked.get("LaunchTemplateId")
    identifier = backend.launch_template_name_to_ids.get(name) if name else identifier
    found = backend.launch_templates.get(identifier)
    if found is None and name:
        raise EC2ClientError(
            "InvalidLaunchTemplateName.NotFoundException",
            f"The specified launch template, with template name {name}, does not exist.",
        )
    if found is None:
        raise EC2ClientError(
            "InvalidLaunchTemplateId.NotFound",
            f"The specified launch template, with template ID {identifier}, does not exist.",
        )
    version = str(asked.get("Version") or "$Default")
    if version not in ("$Default", "$Latest") and version not in {str(one.number) for one in found.versions}:
        raise EC2ClientError(
            "InvalidLaunchTemplateId.VersionNotFound",
            f"Could not find the specified version {version} for the launch template with ID {found.id}.",
        )


def check_key(backend: Any, name: str | None) -> None:
    """Refuse a key pair that is not there."""
    if name and name not in backend.key_pairs:
        raise EC2ClientError("InvalidKeyPair.NotFound", f"The key pair '{name}' does not exist")


def check_start(instances: Iterable[Any]) -> None:
    """Refuse to start what is on its way down; what runs already is fine."""
    for instance in instances:
        if instance.state not in ("pending", "running", "stopped"):
            raise EC2ClientError(
                "IncorrectInstanceState",
                f"The instance '{instance.id}' is not in a state from which it can be started.",
            )


def check_stop(instances: Iterable[Any]) -> None:
    """Refuse to stop what ends, or never ran: https://github.com/cloud-custodian/cloud-custodian/pull/6014."""
    for instance in instances:
        if instance.state == "pending" and not getattr(instance, "beacon_started", False):
            raise EC2ClientError(
                "IncorrectInstanceState",
                f"Instance '{instance.id}' cannot be stopped as it has never reached the 'running' state.",
            )
        if instance.state in ("shutting-down", "terminated"):
            raise EC2ClientError(
                "IncorrectInstanceState",
                f"This instance '{instance.id}' is not in a state from which it can be stopped.",
            )


def check_architecture(backend: Any, image_id: str, instance_type: str) -> None:
    """Refuse an image on a type of another architecture."""
    image = backend.amis[image_id].architecture
    (found,) = backend.describe_instance_types([instance_type])
    supported = found["ProcessorInfo"]["SupportedArchitectures"]
    if image and image not in supported:
        raise EC2ClientError(
            "InvalidParameterValue",
            f"The architecture '{','.join(supported)}' of the specified instance type does not match the architecture "
            f"'{image}' of the specified AMI. Specify an instance type and an AMI that have matching architectures, and try "
            "again. You can use 'describe-instance-types' or 'describe-images' to discover the architecture of the instance "
            "type or AMI.",
        )


def check_groups(backend: Any, subnet: Any, group_ids: Iterable[str]) -> None:
    """Refuse security groups of another VPC than the subnet's."""
    for group_id in group_ids:
        group = backend.get_security_group_from_id(group_id)
        if group is not None and group.vpc_id != subnet.vpc_id:
            raise EC2ClientError(
                "InvalidParameter",
                f"Security group {group_id} and subnet {subnet.id} belong to different networks.",
            )


def check_vpc(backend: Any, vpc_id: str | None) -> None:
    """Refuse a VPC that is not there."""
    if vpc_id and vpc_id not in backend.vpcs:
        raise EC2ClientError("InvalidVpcID.NotFound", f"The vpc ID '{vpc_id}' does not exist")


def check_sources(backend: Any, group: Any, permissions: Iterable[Mapping[str, Any]]) -> None:
    """Refuse rules whose other side is no group of the same network, or no prefix list."""
    for permission in permissions:
        for pair in permission.get("UserIdGroupPairs") or ():
            other = backend.get_security_group_from_id(pair.get("GroupId") or "")
            if other is not None and other.vpc_id != group.vpc_id:
                raise EC2ClientError(
                    "InvalidGroup.NotFound", "You have specified two resources that belong to different networks."
                )
        for entry in permission.get("PrefixListIds") or ():
            if entry.get("PrefixListId") not in backend.managed_prefix_lists:
                raise EC2ClientError(
                    "InvalidPrefixListID.NotFound", f"The prefix list ID '{entry.get('PrefixListId')}' does not exist"
                )


def check_deletion_of_group(group: Any) -> None:
    """Refuse to delete a VPC's default group: it goes with the VPC."""
    if group is not None and group.name == "default":
        raise EC2ClientError(
            "CannotDelete", f'the specified group: "{group.id}" name: "default" cannot be deleted by a user'
        )


def check_zone(region: str, zone: str | None) -> None:
    """Refuse a zone that the region does not have, with those that it has: moto says those of another one."""
    names = [each.name for each in zones.of_region(region)]
    if zone and zone not in names:
        raise EC2ClientError(
            "InvalidParameterValue",
            f"Value ({zone}) for parameter availabilityZone is invalid. Subnets can currently only be created in the following "
            f"availability zones: {', '.join(names)}.",
        )


def check_nat_gateway(connectivity: str | None, allocation: str | None) -> None:
    """Refuse a public NAT gateway without an Elastic IP."""
    if connectivity in (None, "public") and not allocation:
        raise EC2ClientError("MissingParameter", PUBLIC_NAT)


def check_route(backend: Any, table: Any, destination: str | None, targets: Mapping[str, str | None]) -> None:
    """Refuse a route to nowhere, from no range, or by a gateway of another network."""
    if destination and not _is_range(destination):
        raise EC2ClientError(
            "InvalidParameterValue",
            f"Value ({destination}) for parameter destinationCidrBlock is invalid. This is not a valid CIDR block.",
        )
    given = [target for target in targets.values() if target]
    if not given:
        raise EC2ClientError("MissingParameter", f"The request must contain one of the parameters {', '.join(targets)}")
    gateway = backend.internet_gateways.get(given[0])
    if gateway is not None and (gateway.vpc is None or gateway.vpc.id != table.vpc_id):
        raise EC2ClientError(
            "InvalidParameterValue",
            f"route table {table.id} and network gateway {gateway.id} belong to different networks",
        )


def check_endpoint(region: str, service_name: str, kind: str) -> None:
    """Refuse a service of another region, and a gateway to one that has none."""
    _, own, service = service_name.partition(f"com.amazonaws.{region}.")
    if service_name.startswith("com.amazonaws.") and not own:
        raise EC2ClientError("InvalidServiceName", f"The Vpc Endpoint Service '{service_name}' does not exist")
    if own and kind == "Gateway" and service not in GATEWAYS:
        raise EC2ClientError(
            "InvalidParameter", "Endpoint type (Gateway) does not match available service types ([Interface])."
        )


def check_public_key(material: bytes) -> None:
    """Refuse what is no public key of RSA or ED25519."""
    try:
        public_key_parse(material)
    except (UnsupportedAlgorithm, ValueError) as error:
        raise EC2ClientError("InvalidKey.Format", "Key is not in valid OpenSSH public key format") from error


def _is_range(text: str) -> bool:
    try:
        IPv4Network(text, strict=False)
    except ValueError:
        return False
    return "/" in text
