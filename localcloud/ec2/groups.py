"""Security groups of EC2's model in the form in which the packet filters need them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from moto.ec2.models import ec2_backends

from localcloud.core import runtime
from localcloud.core.config import ACCOUNT
from localcloud.docker.security_groups import Group, Permission

if TYPE_CHECKING:
    from collections.abc import Iterable


def groups(region: str) -> dict[str, Group]:
    """All security groups of a region; takes the model's lock for a moment."""
    with runtime.current().model.lock:
        backend = ec2_backends[ACCOUNT][region]
        return {
            group.id: Group(
                ingress=permissions(group.ingress_rules, backend), egress=permissions(group.egress_rules, backend)
            )
            for groups_of_vpc in backend.groups.values()
            for group in groups_of_vpc.values()
        }


def gateways(region: str, vpc: str) -> list[str]:
    """All public addresses of a VPC's NAT gateways: with them its machines leave that have none of their own."""
    with runtime.current().model.lock:
        backend: Any = ec2_backends[ACCOUNT][region]
        return [
            address["publicIp"]
            for gateway in backend.nat_gateways.values()
            if gateway.vpc_id == vpc and gateway.state == "available"
            for address in gateway.nat_gateway_addresses
            if address.get("publicIp")
        ]


def refresh_filters() -> None:
    """Bring the machines' packet filters up to date, soon."""
    now = runtime.current()
    now.queue.submit("packet-filters", now.machines.refresh)


def permissions(rules: Iterable[Any], backend: Any) -> tuple[Permission, ...]:
    """Join rules of the same protocol and ports: fewer lines in the packet filter."""
    ranges: defaultdict[tuple[str, int | None, int | None], set[str]] = defaultdict(set)
    referred: defaultdict[tuple[str, int | None, int | None], set[str]] = defaultdict(set)
    for rule in rules:
        what = (rule.ip_protocol or "-1", rule.from_port, rule.to_port)
        if rule.cidr_ipv4:
            ranges[what].add(rule.cidr_ipv4)
        if group := rule.source_group.get("GroupId"):
            referred[what].add(group)
        if rule.prefix_list_id:
            ranges[what].update(_prefix_list(rule.prefix_list_id, backend))
    return tuple(
        Permission(
            protocol=protocol,
            first_port=first,
            last_port=last,
            ranges=tuple(sorted(ranges[protocol, first, last])),
            groups=tuple(sorted(referred[protocol, first, last])),
        )
        for protocol, first, last in sorted(ranges.keys() | referred.keys(), key=str)
    )


def _prefix_list(identity: str, backend: Any) -> list[str]:
    found = backend.managed_prefix_lists.get(identity)
    entries = found.entries.get(found.version, []) if found else []
    return [entry["Cidr"] for entry in entries if ":" not in entry["Cidr"]]
