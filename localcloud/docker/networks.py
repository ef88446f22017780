"""Docker networks: the public one (Elastic IPs, load balancers, this machine) and one per VPC with the VPC's CIDR."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docker.errors import NotFound
from docker.types import IPAMConfig, IPAMPool

from localcloud.core.errors import RangeTakenError
from localcloud.docker.client import Engine, failures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from localcloud.core.config import Config

ROUTES = Path("/proc/net/route")
BRIDGE = "com.docker.network.bridge.name"  # an option; without it the engine names the bridge after the network's ID
HOST_MASK = IPv4Address("255.255.255.255")
WHOLE_RANGE_UP_TO = 22  # larger VPCs leave their top /24 to Docker, smaller ones their top quarter


@dataclass(frozen=True, kw_only=True)
class Network:
    """A Docker network as it is."""

    name: str
    cidr: IPv4Network
    id: str = ""
    device: str = ""  # this machine's bridge, by which packets of the network come in

    @property
    def gateway(self) -> IPv4Address:
        """This machine's address in it (in a VPC: what AWS keeps for the router)."""
        return self.cidr[1]


class Networks:
    """The only place that makes and removes Docker networks."""

    def __init__(self, *, config: Config, engine: Engine) -> None:
        self.config = config
        self.engine = engine
        self._lock = threading.Lock()
        self._known: dict[str, Network] = {}  # as last seen: `ensure_…` looks whether it is still there
        self.on_created: list[Callable[[Network], None]] = []  # asked after a VPC's network was made

    @property
    def public_name(self) -> str:
        """Docker's name of the public network."""
        return f"{self.config.name}-public"

    def vpc_name(self, vpc_id: str) -> str:
        """Docker's name of a VPC's network."""
        return f"{self.config.name}-{vpc_id}"

    def get(self, name: str) -> Network:
        """Return a network that exists already."""
        if name not in self._known:
            with failures(f"looking for the network {name}"):
                self._remember(self.engine.client.networks.get(name).attrs)
        return self._known[name]

    def of_peer(self, address: str) -> Network | None:
        """Return the network that an address belongs to, from memory; None for a stranger, whom listeners refuse.

        Machines without a public address reach the public gateway through their VPC's bridge: a socket that is bound to the
        public network's device alone (SO_BINDTODEVICE) does not hear them.
        """
        peer = IPv4Address(address)
        return next((network for network in list(self._known.values()) if peer in network.cidr), None)

    def vpcs(self) -> list[Network]:
        """All VPC networks that exist."""
        return [network for network in self._list() if network.name != self.public_name]

    def ensure_public(self) -> Network:
        """Make the public network if it isn't there."""
        return self._ensure(self.public_name, self.config.public_range, self.config.docker_range)[0]

    def ensure_vpc(self, vpc_id: str, cidr: str) -> Network:
        """Make the VPC's network if it isn't there; RangeTakenError when another network overlaps."""
        network = IPv4Network(cidr)
        prefix = 24 if network.prefixlen <= WHOLE_RANGE_UP_TO else network.prefixlen + 2
        top = int(network.broadcast_address) - 2 ** (32 - prefix) + 1
        found, is_new = self._ensure(self.vpc_name(vpc_id), network, IPv4Network((top, prefix)))
        if is_new:
            for callback in self.on_created:
                callback(found)
        return found

    def remove_vpc(self, vpc_id: str) -> None:
        """Remove the VPC's network; not there is fine."""
        self.remove(self.vpc_name(vpc_id))

    def remove(self, name: str) -> None:
        """Remove a network with whatever is still connected to it."""
        with self._lock, failures(f"removing the network {name}"):
            try:
                self._known.pop(name, None)
                network = self.engine.client.networks.get(name)
                network.reload()
                for container in network.attrs.get("Containers") or {}:
                    network.disconnect(container, force=True)
                network.remove()
            except NotFound:
                return

    def conflict(self, cidr: str, *, own: str = "") -> str | None:
        """Who has an overlapping range: a Docker network's or a route of this machine; None when nobody."""
        wanted = IPv4Network(cidr)
        with failures("listing networks"):
            for attributes in self.engine.api.networks():
                for pool in (attributes.get("IPAM") or {}).get("Config") or []:
                    taken = _network(pool.get("Subnet"))
                    if taken and attributes["Name"] != own and taken.overlaps(wanted):
                        return f"the Docker network {attributes['Name']} ({taken})"
        mine = self._known.get(own)
        for device, taken in host_routes(ROUTES.read_text().splitlines() if ROUTES.exists() else []):
            if (
                taken.overlaps(wanted)
                and not (mine and taken == mine.cidr)
                and not device.startswith(("br-", "docker"))
            ):
                return f"this machine's own network on {device} ({taken})"
        return None

    def _ensure(self, name: str, cidr: IPv4Network, docker_range: IPv4Network) -> tuple[Network, bool]:
        """Return the network, and whether it was made just now: it may have been removed while its machines were stopped."""
        with self._lock:
            with failures(f"looking for the network {name}"):
                for attributes in self.engine.api.networks(names=[f"^{name}$"]):
                    if attributes["Name"] == name:
                        return self._remember(attributes), False
            if other := self.conflict(str(cidr), own=name):
                raise RangeTakenError(f"{cidr} overlaps {other}: choose a range that is free on this machine")
            pool = IPAMPool(subnet=str(cidr), iprange=str(docker_range), gateway=str(cidr[1]))
            with failures(f"making the network {name} with {cidr}"):
                made = self.engine.client.networks.create(
                    name,
                    driver="bridge",
                    ipam=IPAMConfig(pool_configs=[pool]),
                    labels=dict([self.config.label.split("=")]),
                    check_duplicate=True,
                )
                made.reload()
                return self._remember(made.attrs), True

    def _list(self) -> list[Network]:
        with failures("listing networks"):
            found = self.engine.api.networks(filters={"label": self.config.label})
        return [self._remember(attributes) for attributes in found]

    def _remember(self, attributes: dict[str, Any]) -> Network:
        cidr = IPv4Network(attributes["IPAM"]["Config"][0]["Subnet"])
        identity = attributes.get("Id", "")
        device = (attributes.get("Options") or {}).get(BRIDGE) or f"br-{identity[:12]}"
        network = Network(name=attributes["Name"], cidr=cidr, id=identity, device=device)
        self._known[network.name] = network
        return network


def host_routes(lines: Iterable[str]) -> list[tuple[str, IPv4Network]]:
    """Device and range of each route in the kernel's table (/proc/net/route), the default route left out."""
    routes = []
    for fields in (line.split() for line in list(lines)[1:]):
        destination, mask = (IPv4Address(int.from_bytes(bytes.fromhex(fields[i]), "little")) for i in (1, 7))
        if int(mask) and mask != HOST_MASK:  # a route to a single address takes nothing from a network but that address
            routes.append((fields[0], IPv4Network(f"{destination}/{mask}")))
    return routes


def _network(text: str | None) -> IPv4Network | None:
    try:
        return IPv4Network(text or "")
    except ValueError:  # IPv6
        return None
