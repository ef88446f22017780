"""Checks the ranges of a VPC before anything is made: malformed, outside of the VPC, overlapping."""

from __future__ import annotations

import ipaddress
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple, TypedDict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# AWS: prefix lengths of a VPC; one name a line, as ansible-doc reads them
LARGEST = 16
SMALLEST = 28
RESERVED_AT_START = 4  # AWS keeps the first four addresses of a subnet, and the last
STEP = "Correct {name} in the inventory."


class Plan(TypedDict, total=False):
    """Ranges and addresses as the inventory gives them; a check of what is missing is left out."""

    vpc_cidr: str
    public_subnets: list[str]
    private_subnets: list[str]
    monitoring_private_ip: str
    ssh_allowed_cidrs: list[str]
    http_allowed_cidrs: list[str]
    grafana_allowed_cidrs: list[str]


class Named(NamedTuple):
    """A range that could be read, and the variable that it came from."""

    name: str
    network: ipaddress.IPv4Network


def network_problems(plan: Plan) -> list[str]:
    """Return one sentence for each problem, with the value, what is allowed, and what to correct."""
    problems: list[str] = []
    read: list[Named] = []
    for name, values in _ranges(plan):
        for value in values:
            try:
                read.append(Named(name, ipaddress.IPv4Network(value)))
            except ValueError as error:
                problems.append(
                    f"{name} holds '{value}' ({error}); allowed is an IPv4 range that begins at its network address, "
                    f"such as 10.42.0.0/16. {STEP.format(name=name)}"
                )
    vpc = next((item.network for item in read if item.name == "vpc_cidr"), None)
    subnets = [item for item in read if item.name.endswith("_subnets")]
    if vpc:
        problems += _vpc(vpc, subnets)
    problems += _overlaps(subnets)
    problems += _open_to_all(read)
    problems += _host(
        plan.get("monitoring_private_ip", ""), [s.network for s in subnets if s.name == "private_subnets"]
    )
    return problems


def _ranges(plan: Plan) -> Iterator[tuple[str, list[str]]]:
    yield "vpc_cidr", [plan["vpc_cidr"]] if "vpc_cidr" in plan else []
    yield "public_subnets", plan.get("public_subnets", [])
    yield "private_subnets", plan.get("private_subnets", [])
    yield "ssh_allowed_cidrs", plan.get("ssh_allowed_cidrs", [])
    yield "http_allowed_cidrs", plan.get("http_allowed_cidrs", [])
    yield "grafana_allowed_cidrs", plan.get("grafana_allowed_cidrs", [])


def _vpc(vpc: ipaddress.IPv4Network, subnets: list[Named]) -> Iterator[str]:
    if not LARGEST <= vpc.prefixlen <= SMALLEST:
        yield (
            f"vpc_cidr is '{vpc}'; AWS allows prefix lengths from /{LARGEST} to /{SMALLEST}. "
            f"{STEP.format(name='vpc_cidr')}"
        )
    for name, network in subnets:
        if not network.subnet_of(vpc):
            yield f"{name} holds '{network}', which is outside of the VPC's {vpc}. {STEP.format(name=name)}"


def _overlaps(subnets: list[Named]) -> Iterator[str]:
    for one, other in combinations(subnets, 2):
        if one.network.overlaps(other.network):
            yield (
                f"'{one.network}' of {one.name} overlaps '{other.network}' of {other.name}; each subnet needs a range "
                f"of its own. {STEP.format(name=other.name)}"
            )


def _open_to_all(read: list[Named]) -> Iterator[str]:
    for name, network in read:
        if name == "ssh_allowed_cidrs" and network.prefixlen == 0:
            yield (
                f"ssh_allowed_cidrs holds '{network}', the whole internet; allowed are your own ranges, such as "
                f"198.51.100.1/32. {STEP.format(name=name)}"
            )


def _host(value: str, subnets: list[ipaddress.IPv4Network]) -> Iterator[str]:
    if not value or not subnets:
        return
    step = STEP.format(name="monitoring_private_ip")
    try:
        address = ipaddress.IPv4Address(value)
    except ValueError as error:
        yield f"monitoring_private_ip is '{value}' ({error}); allowed is an IPv4 address of a private subnet. {step}"
        return
    home = next((network for network in subnets if address in network), None)
    if home is None:
        where = ", ".join(map(str, subnets))
        yield f"monitoring_private_ip is '{value}'; allowed is an address of the private subnets {where}. {step}"
    elif int(address) - int(home[0]) < RESERVED_AT_START or address == home[-1]:
        yield (
            f"monitoring_private_ip is '{value}'; AWS keeps the first four addresses and the last one of {home}. {step}"
        )


class FilterModule:
    """The filter by its name."""

    def filters(self) -> dict[str, Callable[[Plan], list[str]]]:
        """Return it."""
        return {"network_problems": network_problems}
