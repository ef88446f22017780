"""What AWS refuses, or the local cloud does not offer, for what is asked and what there is."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING, Any

from moto.elbv2.exceptions import ELBClientError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from localcloud.elbv2.routing import Structure

PROTOCOLS = {"application": ("HTTP", "HTTPS"), "network": ("UDP", "TCP", "TLS", "TCP_UDP")}  # of listeners, by type
OFFERED = {"application": "HTTP", "network": "TCP"}  # of target groups
LISTENERS = {"application": ("HTTP", "HTTPS"), "network": ("TCP", "TLS")}  # that are offered
TARGET_TYPES = ("instance", "ip")
HEALTH_CHECK_PORT = re.compile(r"traffic-port|[1-9][0-9]{0,4}")
HEALTH_CHECK_PATH = re.compile(r"/[A-Za-z0-9/_.~!$&'()*+,;=:@%?-]{0,1023}")
HEALTH_CHECK_CODES = re.compile(r"[2-5][0-9]{2}(-[2-5][0-9]{2})?(,[2-5][0-9]{2}(-[2-5][0-9]{2})?)*")

# of RFC 1918 and RFC 6598: where targets beside the VPC may be
PRIVATE = tuple(map(IPv4Network, ("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16")))
OUTSIDE = "The IP address '{}' is not in a range that targets may be in: {}"
NO_ZONE = "The Availability Zone is required for IP address '{}' because it is not in the VPC"
OWN_ZONE = "The IP address '{}' is within the VPC, and cannot have its Availability Zone overridden to 'all'"


def check_type(kind: str) -> None:
    """Refuse load balancers of other types."""
    if kind not in PROTOCOLS:
        raise ELBClientError(
            "ValidationError",
            f"A load balancer of type {kind} is not offered by the local cloud: {' and '.join(PROTOCOLS)} are",
        )


def check_group(asked: Structure) -> None:
    """Refuse target groups of other kinds."""
    offered = {
        "target type": (asked.get("target_type") or "instance", TARGET_TYPES),
        "protocol": (asked.get("protocol"), tuple(OFFERED.values())),
        "protocol version": (asked.get("protocol_version") or "HTTP1", ("HTTP1",)),
    }
    for what, (value, allowed) in offered.items():
        if value and value not in allowed:
            verb = "is" if len(allowed) == 1 else "are"
            raise ELBClientError(
                "ValidationError",
                f"The {what} {value} is not offered by the local cloud: {' and '.join(allowed)} {verb}",
            )


def check_zones(balancer: Any, mappings: Iterable[dict[str, str]]) -> None:
    """Refuse subnets that a load balancer can't have."""
    zones = [subnet.availability_zone for subnet in balancer.subnets]
    if len(set(zones)) < len(zones):
        raise ELBClientError(
            "InvalidConfigurationRequest",
            "A load balancer cannot be attached to multiple subnets in the same Availability Zone",
        )
    if balancer.type == "application" and any(mapping.get("AllocationId") for mapping in mappings):
        raise ELBClientError(
            "ValidationError", "Elastic IP addresses are not supported on load balancers with type 'application'"
        )


def check_protocol(kind: str, protocol: str | None) -> None:
    """Refuse protocols of listeners that this type of load balancer does not have."""
    if protocol is None or protocol in LISTENERS[kind]:
        return
    if protocol in PROTOCOLS[kind]:
        raise ELBClientError(
            "ValidationError",
            f"The protocol {protocol} is not offered by the local cloud: {' and '.join(LISTENERS[kind])} are",
        )
    raise ELBClientError(
        "ValidationError", f"Listener protocol '{protocol}' must be one of '{', '.join(PROTOCOLS[kind])}'"
    )


def check_health_protocol(protocol: str | None, check: str | None) -> None:
    """Refuse health checks without HTTP where the target group speaks it."""
    if protocol == "HTTP" and check not in (None, "HTTP", "HTTPS"):
        raise ELBClientError(
            "ValidationError",
            f"Health check protocol '{check}' must be one of 'HTTP, HTTPS' for target groups with HTTP",
        )


def check_health_check(port: Any, path: Any, codes: Any) -> None:
    """Refuse what AWS refuses, before it stands in a configuration."""
    for what, value, form in (
        ("port", port, HEALTH_CHECK_PORT),
        ("path", path, HEALTH_CHECK_PATH),
        ("matcher", codes, HEALTH_CHECK_CODES),
    ):
        if value is not None and not form.fullmatch(str(value)):
            raise ELBClientError("ValidationError", f"Health check {what} '{value}' must match {form.pattern}")


def check_addresses(ranges: Iterable[IPv4Network], targets: Iterable[Mapping[str, str]]) -> None:
    """Refuse what is no address, one in no network that targets may be in, and one beside the VPC without "all".

    `ranges` are those of the VPC's subnets. Words: https://github.com/kubernetes-sigs/aws-load-balancer-controller/issues/561 and 3714.
    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetDescription.html
    """
    own = tuple(ranges)
    for target in targets:
        try:
            address = IPv4Address(target["Id"])
        except ValueError as error:
            raise ELBClientError(
                "ValidationError", f"The IP address '{target['Id']}' is not a valid IPv4 address"
            ) from error
        zone, inside = target.get("AvailabilityZone"), any(address in each for each in own)
        if not inside and not any(address in each for each in PRIVATE):
            raise ELBClientError("ValidationError", OUTSIDE.format(address, ", ".join(map(str, (*own, *PRIVATE)))))
        if not inside and not zone:
            raise ELBClientError("ValidationError", NO_ZONE.format(address))
        if inside and zone == "all":
            raise ELBClientError("ValidationError", OWN_ZONE.format(address))


def check_instances(ec2: Any, vpc: str | None, targets: Iterable[str]) -> None:
    """Refuse instances of another VPC than the target group's.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RegisterTargets.html
    """
    instances = {instance.id: instance for instance in ec2.all_instances()}
    wrong = [each for each in targets if vpc and each in instances and instances[each].vpc_id != vpc]
    if wrong:
        raise ELBClientError(
            "InvalidTarget", f"The following targets are not in the target group VPC '{vpc}': '{', '.join(wrong)}'"
        )
