"""Security groups as nftables rules: pure rendering, no Docker, no moto.

The rules look at packets as they are on the wire (before DNAT on their way in, after SNAT on their way out), as AWS does at
the network interface; so NodePorts and pods are filtered by what was really addressed.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, collapse_addresses
from typing import TYPE_CHECKING

from localcloud.core import templates

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

METADATA = "169.254.169.254"
HTTPS = 443
PROTOCOLS = {"6": "tcp", "17": "udp", "1": "icmp"}


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One permission: a protocol, a range of ports (ICMP: none) and the other side's ranges."""

    protocol: str  # tcp, udp, icmp, another protocol's number, or -1 for all
    ranges: tuple[str, ...]
    first_port: int | None = None
    last_port: int | None = None


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What one machine may receive and send."""

    ingress: tuple[Rule, ...]
    egress: tuple[Rule, ...]
    routers: tuple[str, ...]  # addresses of this machine in VPCs: never a member of any rule
    services: str = ""  # this machine's public-network address, where the AWS API and the mirror answer
    service_ports: tuple[int, ...] = ()  # their ports: what 443 and 80 are on AWS


@dataclass(frozen=True, kw_only=True)
class Door:
    """A port at a public address, and who comes in: whatever else the machine's rules say."""

    address: str
    port: int
    ranges: tuple[str, ...]  # who may use it
    # machines of the VPC that may use it at the private address; None: as the rules say
    callers: tuple[str, ...] | None


def render(
    policy: Policy | None,
    *,
    metadata: tuple[str, int] | None,
    nat: dict[int, tuple[str, int]],
    door: Door | None = None,
) -> str:
    """Render the whole table, to be loaded in one transaction with `nft -f`."""
    return templates.render(
        "docker/templates/firewall.nft.j2",
        policy=policy,
        door=list(_door(door)) if door else [],
        ingress=[line for rule in _sorted(policy.ingress) for line in _lines(rule, "saddr")] if policy else [],
        egress=[line for rule in _sorted(policy.egress) for line in _lines(rule, "daddr", policy)] if policy else [],
        metadata_address=METADATA,
        metadata=metadata,
        nat=nat,
        set=_set,
    )


def _door(door: Door) -> Iterator[str]:
    port = f"tcp dport {door.port}"
    for who in _who(door.ranges):
        yield f"ip daddr {door.address} {who}{port} accept"
    yield f"ip daddr {door.address} drop"
    if door.callers is not None:
        for who in _who(door.callers):
            yield f"{who}{port} accept"
        yield f"{port} drop"


def _who(ranges: Iterable[str]) -> list[str]:
    """Return the words for senders of these ranges, as one list of one or none."""
    found = _collapse(ranges)
    if not found:
        return []
    return [""] if found == ["0.0.0.0/0"] else [f"ip saddr {_set(found)} "]


def _sorted(rules: Iterable[Rule]) -> list[Rule]:
    return sorted(rules, key=str)


def _lines(rule: Rule, side: str, services: Policy | None = None) -> Iterator[str]:
    ranges = _collapse(rule.ranges)
    if not ranges:
        return  # nobody is a member
    who = "" if ranges == ["0.0.0.0/0"] else f"ip {side} {_set(ranges)} "
    match PROTOCOLS.get(rule.protocol, rule.protocol):
        case "-1":
            yield f"{who or 'meta nfproto ipv4 '}accept"
        case "tcp" | "udp" as protocol:
            yield f"{who}{protocol} dport {_ports(rule)} accept"
            if services and _reaches_services(rule, ranges, services):
                yield f"ip daddr {services.services} tcp dport {_set(services.service_ports)} accept"
        case "icmp" if rule.first_port is not None and rule.first_port >= 0:
            yield f"{who}icmp type {rule.first_port} accept"
        case other:
            yield f"{who}meta l4proto {other} accept"


def _reaches_services(rule: Rule, ranges: Sequence[str], policy: Policy) -> bool:
    """Who may speak HTTPS to this machine's address may ask the AWS API and the mirror there (443 and 80 on AWS)."""
    if not policy.services or not policy.service_ports or rule.protocol not in ("tcp", "6"):
        return False
    first, last = rule.first_port or 0, rule.last_port or 0
    address = IPv4Address(policy.services)
    return first <= HTTPS <= last and any(address in IPv4Network(text) for text in ranges)


def _ports(rule: Rule) -> str:
    first = rule.first_port if rule.first_port is not None else 0
    last = rule.last_port if rule.last_port is not None else 65535
    return str(first) if first == last else f"{first}-{last}"


def _collapse(ranges: Iterable[str]) -> list[str]:
    networks = collapse_addresses(IPv4Network(text, strict=False) for text in ranges)
    return [str(network.network_address) if network.prefixlen == 32 else str(network) for network in networks]  # noqa: PLR2004


def _set(items: Iterable[object]) -> str:
    texts = [str(item) for item in items]
    return texts[0] if len(texts) == 1 else "{ " + ", ".join(texts) + " }"
