"""Availability Zones as EC2 shows them, and the instance types that each offers: moto's data, which is AWS's."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend, Zone
from moto.utilities.utils import filter_resources

from localcloud.servicequotas.table import STANDARD_VCPUS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html
REFUSED_BY_EKS = frozenset({"use1-az3", "usw1-az2", "cac1-az3"})
FILTERS = (
    ("group-name", "group_name"),
    ("opt-in-status", "opt_in_status"),
    ("region-name", "region_name"),
    ("state", "state"),
    ("zone-id", "zone_id"),
    ("zone-name", "name"),
    ("zone-type", "zone_type"),
)
STANDARD_FAMILIES = frozenset(STANDARD_VCPUS.name.partition("(")[2].partition(")")[0].lower().split(", "))


def of_region(region: str) -> list[Zone]:
    """Return a region's zones, with what moto leaves out."""
    return [_whole(zone) for zone in RegionsAndZonesBackend.zones.get(region, [])]


def _whole(zone: Zone) -> Zone:
    made = copy(zone)  # of moto's own class: its serializer goes by the class's name
    vars(made).update(
        opt_in_status="opt-in-not-required",
        group_name=f"{zone.region_name}-zg-1",
        network_border_group=zone.region_name,
    )
    return made


def select(region: str, *, names: Iterable[str], ids: Iterable[str], filters: Mapping[str, list[str]]) -> list[Zone]:
    """Return the zones that were asked for; unknown ones and unknown filters are refused as EC2 does."""
    zones = of_region(region)
    known = dict(FILTERS)
    for name in filters:
        if name not in known:
            raise EC2ClientError("InvalidParameterValue", f"The filter '{name}' is invalid")
    for attribute, wanted in (("name", list(names)), ("zone_id", list(ids))):
        have = {getattr(zone, attribute) for zone in zones}
        if unknown := [value for value in wanted if value not in have]:
            raise EC2ClientError("InvalidParameterValue", f"Invalid availability zone: [{', '.join(unknown)}]")
        zones = [zone for zone in zones if not wanted or getattr(zone, attribute) in wanted]
    return filter_resources(zones, filters, FILTERS)


def taken_by_eks(region: str) -> list[str]:
    """Return the names of the zones in which EKS makes control planes."""
    return [zone.name for zone in of_region(region) if zone.zone_id not in REFUSED_BY_EKS]


def check_instance_type(backend: Any, instance_type: str, zone: str | None) -> None:
    """Refuse a type or a zone that does not exist, and a type that the zone does not offer."""
    if zone and zone not in {each.name for each in of_region(backend.region_name)}:
        raise EC2ClientError("InvalidParameterValue", f"Invalid availability zone: [{zone}]")
    offered = backend.describe_instance_type_offerings("availability-zone", {"instance-type": [instance_type]})
    zones = [offer["Location"] for offer in offered]
    if not zones:
        raise EC2ClientError("InvalidParameterValue", f"Invalid value '{instance_type}' for InstanceType.")
    if zone and zone not in zones:
        raise EC2ClientError(
            "Unsupported",
            f"Your requested instance type ({instance_type}) is not supported in your requested Availability Zone ({zone}). "
            f"Please retry your request by not specifying an Availability Zone or choosing {', '.join(sorted(zones))}.",
        )


def check_vcpus(backend: Any, instance_type: str, count: int, *, limit: float) -> None:
    """Refuse instances above the quota of vCPUs; types outside of the standard families have quotas of their own."""
    types = [i.instance_type for i in backend.all_instances() if i.state in ("pending", "running")]
    needed = sum(_vcpus(backend, name) for name in [*types, *[instance_type] * count])
    if _standard(instance_type) and needed > limit:
        raise EC2ClientError(
            "VcpuLimitExceeded",
            f"You have requested more vCPU capacity than your current vCPU limit of {limit:.0f} allows for the instance "
            "bucket that the specified instance type belongs to. Please visit "
            "http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit.",
        )


def _standard(instance_type: str) -> bool:
    return instance_type[:1] in STANDARD_FAMILIES


def _vcpus(backend: Any, instance_type: str) -> int:
    if not _standard(instance_type):
        return 0
    (found,) = backend.describe_instance_types([instance_type])
    return int(found["VCpuInfo"]["DefaultVCpus"])
