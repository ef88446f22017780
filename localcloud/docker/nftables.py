"""Security groups as nftables rules: pure rendering, no Docker, no moto.

The rules look at packets as they are on the wire (before DNAT on their way in, after SNAT on their way out), as AWS does at
the network interface; so NodePorts and pods are filtered by what was really addressed.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, collapse_addresses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

TABLE = "beacon"
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


def render(policy: Policy | None, *, metadata: tuple[str, int] | None, nat: dict[int, tuple[str, int]]) -> str:
    """Render the whole table, to be loaded in one transaction with `nft -f`."""
    lines = [f"add table inet {TABLE}", f"delete table inet {TABLE}", f"table inet {TABLE} {{"]
    if policy is not None:
        lines += _chain("ingress", "prerouting", -150, "iifname", "saddr", policy.ingress, policy)
        lines += _chain("egress", "postrouting", 150, "oifname", "daddr", policy.egress, policy)
    if metadata is not None:
        address, port = metadata
        lines += [
            "  chain metadata {",
            "    type nat hook output priority -100; policy accept;",
            f"    ip daddr {METADATA} tcp dport 80 dnat ip to {address}:{port}",
            "  }",
        ]
    if nat:
        lines += ["  chain forwarded {", "    type nat hook prerouting priority -100; policy accept;"]
        lines += [f'    iifname "eth*" tcp dport {port} dnat ip to {to[0]}:{to[1]}' for port, to in sorted(nat.items())]
        lines += ["  }", "  chain hidden {", "    type nat hook postrouting priority 100; policy accept;"]
        lines += [
            f"    ip daddr {to[0]} tcp dport {to[1]} ct status dnat masquerade" for to in sorted(set(nat.values()))
        ]
        lines += ["  }"]
    return "\n".join([*lines, "}", ""])


def _chain(
    name: str, hook: str, priority: int, device: str, side: str, rules: Iterable[Rule], policy: Policy
) -> Iterable[str]:
    yield f"  chain {name} {{"
    yield f"    type filter hook {hook} priority {priority}; policy accept;"
    yield f'    {device} != "eth*" accept'  # loopback and pods' own interfaces
    yield "    ct state established,related accept"
    if name == "ingress":
        yield "    ct state invalid drop"
        if policy.routers:
            yield f"    ip saddr {_set(policy.routers)} drop"
    else:
        # AWS lets the metadata service and its DNS through whatever the rules say
        yield f"    ct original ip daddr {METADATA} accept"
        yield "    meta l4proto { tcp, udp } th dport 53 ip daddr 127.0.0.0/8 accept"
    for rule in sorted(rules, key=str):
        if line := _permission(rule, side, policy if name == "egress" else None):
            yield f"    {line}"
    yield "    meta nfproto ipv6 accept" if name == "egress" else "    meta l4proto ipv6-icmp accept"
    yield "    counter drop"
    yield "  }"


def _permission(rule: Rule, side: str, services: Policy | None) -> str | None:
    ranges = _collapse(rule.ranges)
    if not ranges:
        return None  # nobody is a member
    who = "" if ranges == ["0.0.0.0/0"] else f"ip {side} {_set(ranges)} "
    match PROTOCOLS.get(rule.protocol, rule.protocol):
        case "-1":
            what = "" if who else "meta nfproto ipv4 "
        case "tcp" | "udp" as protocol:
            what = f"{protocol} dport {_ports(rule)} "
            if services and _reaches_services(rule, ranges, services):
                return f"{who}{what}accept\n    ip daddr {services.services} tcp dport {_set(services.service_ports)} accept"
        case "icmp":
            what = "meta l4proto icmp "
            if rule.first_port is not None and rule.first_port >= 0:
                what = f"icmp type {rule.first_port} "
        case other:
            what = f"meta l4proto {other} "
    return f"{who}{what}accept"


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
