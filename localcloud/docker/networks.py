"""Docker networks: the public one (Elastic IPs, load balancers, this machine) and one per VPC with the VPC's CIDR."""

from __future__ import annotations

import threading
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import TYPE_CHECKING

from docker.errors import NotFound

from localcloud.core.errors import RangeTakenError
from localcloud.docker.client import failures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from localcloud.core.config import Config
    from localcloud.docker.api import Docker, Network

ROUTES = Path("/proc/net/route")
HOST_MASK = IPv4Address("255.255.255.255")
WHOLE_RANGE_UP_TO = 22  # larger VPCs leave their top /24 to Docker, smaller ones their top quarter


class Networks:
    """The only place that makes and removes Docker networks."""

    def __init__(self, *, config: Config, docker: Docker) -> None:
        self.config = config
        self.docker = docker
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
        found = self._known.get(name)
        if found is None:
            with self._lock, failures(f"looking for the network {name}"):
                found = self._find(name)
                if found is None:
                    raise NotFound(f"there is no network {name}")
        return found

    def of_peer(self, address: str) -> Network | None:
        """Return the network that an address belongs to, from memory; None for a stranger, whom listeners refuse.

        Machines without a public address reach the public gateway through their VPC's bridge: a socket that is bound to the
        public network's device alone (SO_BINDTODEVICE) does not hear them.
        """
        peer = IPv4Address(address)
        return next((network for network in list(self._known.values()) if peer in network.cidr), None)

    def vpcs(self) -> list[Network]:
        """All VPC networks that exist; others are forgotten, since a new one may have the range of one that is gone."""
        with self._lock, failures("listing networks"):
            found = [one for one in self.docker.networks(label=self.config.label) if one.name != self.public_name]
            for name in self._known.keys() - {self.public_name, *(network.name for network in found)}:
                del self._known[name]
            return [self._remember(network) for network in found]

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
                self.docker.remove_network(name)
            except NotFound:
                return

    def _ensure(self, name: str, cidr: IPv4Network, docker_range: IPv4Network) -> tuple[Network, bool]:
        """Return the network, and whether it was made just now: it may have been removed while its machines were stopped."""
        with self._lock:
            with failures(f"looking for the network {name}"):
                if found := self._find(name):
                    return found, False
                present = self.docker.networks()
            if other := conflict(cidr, present):
                raise RangeTakenError(f"{cidr} overlaps {other}: choose a range that is free on this machine")
            with failures(f"making the network {name} with {cidr}"):
                made = self.docker.create_network(name, cidr=cidr, dynamic=docker_range, label=self.config.label)
                return self._remember(made), True

    def _find(self, name: str) -> Network | None:
        found = [network for network in self.docker.networks(name=name) if network.name == name]
        return self._remember(found[0]) if found else None

    def _remember(self, network: Network) -> Network:
        self._known[network.name] = network
        return network


def conflict(wanted: IPv4Network, networks: Iterable[Network]) -> str | None:
    """Who has an overlapping range: a Docker network or a route of this machine; None when nobody."""
    for network in networks:
        if network.cidr.overlaps(wanted):
            return f"the Docker network {network.name} ({network.cidr})"
    for device, taken in host_routes(ROUTES.read_text().splitlines() if ROUTES.exists() else []):
        if taken.overlaps(wanted) and not device.startswith(("br-", "docker")):
            return f"this machine's own network on {device} ({taken})"
    return None


def host_routes(lines: Iterable[str]) -> list[tuple[str, IPv4Network]]:
    """Device and range of each route in the kernel's table (/proc/net/route), the default route left out."""
    routes = []
    for fields in (line.split() for line in list(lines)[1:]):
        destination, mask = (IPv4Address(int.from_bytes(bytes.fromhex(fields[i]), "little")) for i in (1, 7))
        if int(mask) and mask != HOST_MASK:  # a route to a single address takes nothing from a network but that address
            routes.append((fields[0], IPv4Network(f"{destination}/{mask}")))
    return routes
