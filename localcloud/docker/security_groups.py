"""Who may talk to whom: policies of machines, computed from the members of security groups."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Protocol

from localcloud.docker.nftables import Policy, Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, kw_only=True)
class Permission:
    """A security group's rule with its other side as EC2 has it: ranges and references to groups."""

    protocol: str
    ranges: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    first_port: int | None = None
    last_port: int | None = None


@dataclass(frozen=True, kw_only=True)
class Group:
    """A security group."""

    ingress: tuple[Permission, ...] = ()
    egress: tuple[Permission, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Member:
    """A machine as the groups see it: its private addresses and what it forwards for (pods)."""

    groups: tuple[str, ...]
    addresses: tuple[str, ...]


class Groups(Protocol):
    """Where security groups come from (EC2's model); called with the model's lock held."""

    def __call__(self, region: str) -> Mapping[str, Group]:
        """All groups of a region by their id."""


def policy(
    groups: Iterable[str],
    *,
    known: Mapping[str, Group],
    members: Iterable[Member],
    routers: Iterable[str],
    services: str,
    service_ports: tuple[int, ...],
) -> Policy:
    """Take the union of the groups' rules; a reference to a group becomes its members' addresses."""
    everyone = list(members)
    own = [known[group] for group in groups if group in known]

    def rules(permissions: Iterable[Permission]) -> tuple[Rule, ...]:
        found = set()
        for permission in permissions:
            referred = {
                address
                for member in everyone
                if set(permission.groups) & set(member.groups)
                for address in member.addresses
            }
            ranges = {*permission.ranges, *referred}
            found.add(
                Rule(
                    protocol=permission.protocol,
                    ranges=tuple(sorted(ranges)),
                    first_port=permission.first_port,
                    last_port=permission.last_port,
                )
            )
        return tuple(sorted(found, key=str))

    return Policy(
        ingress=rules(p for group in own for p in group.ingress),
        egress=rules(p for group in own for p in group.egress),
        routers=tuple(sorted(routers, key=ip_address)),
        services=services,
        service_ports=service_ports,
    )
