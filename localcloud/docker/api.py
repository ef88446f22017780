"""What this package needs of Docker: implemented by the client, and by one fake for tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from ipaddress import IPv4Address, IPv4Network

    from localcloud.docker.spec import Attachment, ExecResult, File, MachineSpec

KIND = "beacon.kind"
NAME = "beacon.machine"


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A container's place in a network."""

    address: str | None  # that it has, or asks for at its start
    fixed: str | None = None  # that it asks for
    network_id: str = ""  # "" before the first start


@dataclass(frozen=True, kw_only=True)
class Container:
    """A container as Docker has it."""

    name: str
    state: str  # created | running | exited | …
    running: bool  # also while Docker restarts it
    labels: Mapping[str, str]
    endpoints: Mapping[str, Endpoint]  # by network
    image: str = ""  # as its creation named it; "" in lists

    @property
    def addresses(self) -> dict[str, str]:
        """Addresses by network."""
        return {network: endpoint.address for network, endpoint in self.endpoints.items() if endpoint.address}


@dataclass(frozen=True, kw_only=True)
class Image:
    """What an image starts."""

    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()


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


class Docker(Protocol):
    """A Docker engine. Labels are `key=value`; what fails raises Docker's own errors: see `client.failures`."""

    def image(self, name: str) -> Image:
        """Look at an image; ImageNotFound."""

    # -- containers
    def containers(self, *labels: str) -> list[Container]:
        """All containers with these labels."""

    def container(self, name: str) -> Container | None:
        """Look at a container."""

    def create(self, name: str, spec: MachineSpec, *, label: str, entrypoint: Sequence[str]) -> None:
        """Create the machine's container in its first network; its entrypoint comes before the image's own."""

    def start(self, name: str) -> None:
        """Start a container."""

    def stop(self, name: str, *, seconds: int) -> None:
        """Stop a container; after so long it is killed."""

    def restart(self, name: str, *, seconds: int) -> None:
        """Stop and start a container."""

    def remove(self, name: str) -> None:
        """Remove a container, running or not, with its anonymous volumes."""

    def remove_volume(self, name: str) -> None:
        """Remove a named volume; NotFound."""

    def execute(
        self, name: str, argv: Sequence[str], *, stdin: bytes | None, env: Mapping[str, str] | None
    ) -> ExecResult:
        """Run a command in a container."""

    def write(self, name: str, files: Mapping[str, File]) -> None:
        """Write files into a container."""

    def read(self, name: str, path: str) -> bytes:
        """Read a file of a container; NotFound."""

    def logs(self, name: str, *, lines: int) -> bytes:
        """Return the last lines of what a container printed."""

    # -- networks
    def networks(self, *, name: str | None = None, label: str | None = None) -> list[Network]:
        """All networks with IPv4 ranges, one entry a range."""

    def create_network(self, name: str, *, cidr: IPv4Network, dynamic: IPv4Network, label: str) -> Network:
        """Create a bridge network; containers that ask for no address get one of `dynamic`."""

    def remove_network(self, name: str) -> None:
        """Remove a network with whatever is still connected to it."""

    def connect(self, name: str, attachment: Attachment) -> None:
        """Connect a container to a network."""

    def disconnect(self, name: str, network: str) -> None:
        """Disconnect a container from a network."""
