"""Machines: containers by name. The only module that talks to Docker about containers."""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING

from docker.errors import ImageNotFound, NotFound

from localcloud.core.errors import DockerFailedError, ImageMissingError
from localcloud.docker import network_script, nftables
from localcloud.docker.api import KIND, NAME, Container, Docker, Endpoint
from localcloud.docker.client import failures
from localcloud.docker.security_groups import Group, Member, policy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from localcloud.core.config import Config
    from localcloud.docker.networks import Networks
    from localcloud.docker.spec import ExecResult, File, MachineSpec, PublicPort

LOG = logging.getLogger(__name__)
STOP_SECONDS = 10
CONSOLE_LINES = 2000  # what Docker is asked for: more than a boot prints


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A container as Docker has it."""

    name: str
    kind: str
    state: str  # created | running | exited | …
    addresses: Mapping[str, str]  # network -> address
    region: str = ""


class Machines:
    """Ensure, look, remove. Every call is idempotent; calls for the same machine wait for each other."""

    def __init__(
        self,
        *,
        config: Config,
        docker: Docker,
        networks: Networks,
        groups: Callable[[str], Mapping[str, Group]],
        gateways: Callable[[str, str], Sequence[str]] = lambda *_: (),
    ) -> None:
        """Ask `groups` for a region's security groups, `gateways` for the public addresses of a VPC's NAT gateways."""
        self.config = config
        self.docker = docker
        self.networks = networks
        self._groups = groups
        self._gateways = gateways
        self._locks: defaultdict[str, threading.RLock] = defaultdict(threading.RLock)
        self._table = threading.Lock()
        self._specs: dict[str, MachineSpec] = {}
        self._addresses: dict[str, dict[str, str]] = {}
        self._applied: dict[str, str] = {}  # name -> digest of the network files that the machine has
        self._held: set[str] = set()
        self._held_until = 0.0

    # -- life
    def ensure(self, spec: MachineSpec) -> dict[str, str]:
        """Create, connect, fill and start what is missing; the addresses by network. Slow: not under the model's lock."""
        with self._locks[spec.name], failures(f"machine {spec.name}"):
            before = self._specs.get(spec.name)
            with self._table:
                self._specs[spec.name] = spec
                fixed = {a.network: a.address for a in spec.attachments if a.address}
                self._addresses[spec.name] = {**self._addresses.get(spec.name, {}), **fixed}
            container = self._inspect(spec.name)
            try:
                if container is None:
                    self._create(spec)
                else:
                    self._connect(spec, container)
                    if before is None or dict(before.files) != dict(spec.files):
                        self._put(spec.name, spec.files)
                self._start(spec, was_running=bool(container and container.running))
            except ImageNotFound:
                raise ImageMissingError(image=spec.image) from None
            addresses = self._look_up_addresses(spec.name)
        with self._table:
            self._held.discard(spec.name)
        return addresses

    def stop(self, name: str, *, seconds: int = STOP_SECONDS) -> None:
        """Stop a machine; not there is fine."""
        with self._locks[name], failures(f"stopping {name}"):
            try:
                self.docker.stop(self.container(name), seconds=seconds)
            except NotFound:
                return

    def restart(self, name: str, *, seconds: int = STOP_SECONDS) -> None:
        """Restart a machine."""
        with self._locks[name], failures(f"restarting {name}"):
            self.docker.restart(self.container(name), seconds=seconds)

    def remove(self, name: str, *, volumes: Sequence[str] = ()) -> None:
        """Remove a machine with its anonymous volumes, and these named ones; what is not there is fine."""
        with self._locks[name], failures(f"removing {name}"):
            with self._table:
                self._specs.pop(name, None)
                self._addresses.pop(name, None)
                self._applied.pop(name, None)
                self._held.discard(name)
            with suppress(NotFound):
                self.docker.remove(self.container(name))
            for volume in volumes:
                with suppress(NotFound):
                    self.docker.remove_volume(volume)

    # -- inside
    def exec(
        self, name: str, argv: Sequence[str], *, stdin: bytes | None = None, env: Mapping[str, str] | None = None
    ) -> ExecResult:
        """Run a command in a machine. Secrets go through `stdin` or `env`, never through `argv`."""
        with failures(f"running {argv[0]} in {name}"):
            return self.docker.execute(self.container(name), argv, stdin=stdin, env=env)

    def put_files(self, name: str, files: Mapping[str, File]) -> None:
        """Write files into a machine (created or running). Not below its tmpfs mounts."""
        with failures(f"writing files into {name}"):
            self._put(name, files)

    def read_file(self, name: str, path: str) -> bytes:
        """Read a file of a machine; FileNotFoundError when it has none."""
        with failures(f"reading {path} of {name}"):
            try:
                return self.docker.read(self.container(name), path)
            except NotFound:
                pass
        raise FileNotFoundError(f"{name}: {path}")  # not above: it is an OSError, which is a failure of Docker there

    def console(self, name: str, *, size: int) -> bytes:
        """Return the last bytes of what a machine printed to its console; nothing when it is not there."""
        with failures(f"reading the console of {name}"):
            try:
                return self.docker.logs(self.container(name), lines=CONSOLE_LINES)[-size:]
            except NotFound:
                return b""

    # -- looks
    def container(self, name: str) -> str:
        """Docker's name of a machine."""
        return f"{self.config.name}-{name}"

    def state(self, name: str) -> str:
        """Docker's state of a machine (running, exited, …), or "missing"."""
        with failures(f"looking at {name}"):
            container = self._inspect(name)
        return container.state if container else "missing"

    def image(self, name: str) -> str:
        """Return the image that a machine was made of; nothing when it is missing."""
        with failures(f"looking at {name}"):
            container = self._inspect(name)
        return container.image if container else ""

    def addresses(self, name: str) -> dict[str, str]:
        """Return a machine's addresses by network."""
        with self._table:
            return dict(self._addresses.get(name, {}))

    def list(self, kind: str | None = None) -> list[Machine]:
        """All machines of this local cloud, as Docker has them."""
        labels = [self.config.label] + ([f"{KIND}={kind}"] if kind else [])
        with failures("listing containers"):
            found = self.docker.containers(*labels)
        return [
            Machine(
                name=container.labels.get(NAME, container.name),
                kind=container.labels.get(KIND, ""),
                state=container.state,
                addresses=container.addresses,
                region=container.labels.get("beacon.region", ""),
            )
            for container in found
        ]

    def names(self, kind: str | None = None) -> set[str]:
        """Names of all machines (of a kind) that exist."""
        return {machine.name for machine in self.list(kind)}

    @property
    def specs(self) -> dict[str, MachineSpec]:
        """What each machine was asked to be last, by name."""
        with self._table:
            return dict(self._specs)

    def at(self, address: str) -> MachineSpec | None:
        """Find the machine that has this address: who asks the metadata service."""
        with self._table:
            return next((self._specs[name] for name, own in self._addresses.items() if address in own.values()), None)

    # -- packet filter and routes
    def hold(self, *, seconds: float) -> None:
        """Leave the networks of running machines alone until all of these are known again, or the time is over.

        After a restart of the server each machine comes back by its own `ensure`; rules rendered before the last one
        would lack members of security groups and refuse traffic that was allowed all the time.
        """
        names = {machine.name for machine in self.list() if machine.state == "running"}
        with self._table:
            self._held, self._held_until = names - self._specs.keys(), time.monotonic() + seconds

    def _on_hold(self) -> bool:
        with self._table:
            return bool(self._held) and time.monotonic() < self._held_until

    def refresh(self) -> None:
        """Render every machine's network files anew and apply those that changed. Needs no model lock: takes it itself."""
        specs = self.specs
        known = {region: self._groups(region) for region in {s.region or self.config.region for s in specs.values()}}
        problems = []
        for name in specs:
            try:
                with self._locks[name], failures(f"network of {name}"):
                    self._apply(name, known)
            except DockerFailedError as error:
                if self.state(name) == "running":
                    problems.append(str(error))
        if problems:
            raise DockerFailedError("; ".join(problems))

    def _apply(self, name: str, known: Mapping[str, Mapping[str, Group]] | None = None) -> None:
        with self._table:
            spec = self._specs.get(name)
        if spec is None or self._on_hold():
            return
        files = self._network_files(spec, known)
        if files and self._applied.get(name) != _digest(files):
            self._put(name, files)
            container = self._inspect(name)
            if container and container.running:
                result = self.exec(name, ["sh", network_script.SCRIPT])
                if result.exit_code != 0:
                    raise DockerFailedError(f"{name}: its network could not be set up: {result.output.strip()[-500:]}")
            self._applied[name] = _digest(files)

    def _network_files(
        self, spec: MachineSpec, known: Mapping[str, Mapping[str, Group]] | None = None
    ) -> dict[str, File]:
        networks = [self.networks.get(attachment.network) for attachment in spec.attachments]
        with self._table:
            others = [other for other in self._specs.values() if other.name != spec.name]
            members = [self._member(other) for other in self._specs.values() if other.security_groups]
            routes = {
                cidr: address
                for other in others
                if other.attachments[0].network == spec.attachments[0].network
                if (address := self._addresses.get(other.name, {}).get(other.attachments[0].network))
                for cidr in other.forwards
            }
        rules = None
        if spec.security_groups is not None:
            region = spec.region or self.config.region
            routers = [str(network.gateway) for network in networks if network.name != self.networks.public_name]
            rules = policy(
                spec.security_groups,
                known=known[region] if known is not None and region in known else self._groups(region),
                members=members,
                routers=routers,
                services=str(self.config.gateway),
                service_ports=(self.config.port, self.config.control_plane_port, self.config.mirror_port),
            )
        metadata = (str(self.config.gateway), self.config.metadata_port) if spec.metadata else None
        text = nftables.render(rules, metadata=metadata, nat=dict(spec.nat), door=self._door(spec))
        return network_script.files(networks=networks, routes=routes, rules=text)

    def _door(self, spec: MachineSpec) -> nftables.Door | None:
        public = self.addresses(spec.name).get(self.networks.public_name)
        if spec.public_port is None or public is None:
            return None
        open_to, vpc = spec.public_port, spec.public_port.vpc
        callers = None if vpc is None else tuple(self._callers(spec, open_to, vpc))
        return nftables.Door(address=public, port=open_to.port, ranges=open_to.ranges, callers=callers)

    def _callers(self, spec: MachineSpec, open_to: PublicPort, vpc: str) -> Iterator[str]:
        """Yield the VPC's machines that leave it with an address of the ranges: their own, or a NAT gateway's."""
        ranges = [IPv4Network(text) for text in open_to.ranges]
        network = spec.attachments[0].network
        if any(each.prefixlen == 0 for each in ranges):
            yield str(self.networks.get(network).cidr)
            return
        gateways = self._gateways(spec.region or self.config.region, vpc)
        with self._table:
            known = [dict(own) for own in self._addresses.values() if network in own]
        for own in known:
            leaves = [own[self.networks.public_name]] if self.networks.public_name in own else gateways
            if any(IPv4Address(address) in each for address in leaves for each in ranges):
                yield own[network]

    def _member(self, spec: MachineSpec) -> Member:
        private = [
            address
            for network, address in self._addresses.get(spec.name, {}).items()
            if network != self.networks.public_name
        ]
        return Member(groups=spec.security_groups or (), addresses=(*private, *spec.forwards))

    # -- Docker
    def _create(self, spec: MachineSpec) -> None:
        container = self.container(spec.name)
        entrypoint = ("/bin/sh", network_script.START)
        self.docker.create(container, spec, label=self.config.label, entrypoint=entrypoint)
        for other in spec.attachments[1:]:
            self.docker.connect(container, other)
        files = self._network_files(spec)
        self._put(spec.name, {**spec.files, **files})
        self._applied[spec.name] = _digest(files)

    def _connect(self, spec: MachineSpec, container: Container) -> None:
        """Make the container's networks those of the specification."""
        present = dict(container.endpoints)
        wanted = {attachment.network: attachment for attachment in spec.attachments}
        for network, endpoint in list(present.items()):
            kept = network in wanted and (wanted[network].address or endpoint.fixed) == endpoint.fixed
            if not kept or self._is_of_another(endpoint, network):
                self.docker.disconnect(self.container(spec.name), network)
                self._applied.pop(spec.name, None)
                del present[network]
                with self._table:
                    if network not in wanted:
                        self._addresses.get(spec.name, {}).pop(network, None)
        for network, attachment in wanted.items():
            if network not in present:
                self.docker.connect(self.container(spec.name), attachment)
                self._applied.pop(spec.name, None)

    def _is_of_another(self, endpoint: Endpoint, network: str) -> bool:
        """Whether a stopped container's endpoint is of a network that was removed and made again: it could not start."""
        return endpoint.network_id not in ("", self.networks.get(network).id)

    def _start(self, spec: MachineSpec, *, was_running: bool) -> None:
        if not was_running:
            if self._applied.get(spec.name) is None:
                self._put(spec.name, self._network_files(spec))
            self.docker.start(self.container(spec.name))
        self._apply(spec.name)

    def _look_up_addresses(self, name: str) -> dict[str, str]:
        container = self._inspect(name)
        if container is None:
            raise DockerFailedError(f"{name} is gone")
        with self._table:
            self._addresses[name] = {**self._addresses.get(name, {}), **container.addresses}
        return container.addresses

    def _inspect(self, name: str) -> Container | None:
        return self.docker.container(self.container(name))

    def _put(self, name: str, files: Mapping[str, File]) -> None:
        if files:
            self.docker.write(self.container(name), files)


def _digest(files: Mapping[str, File]) -> str:
    digest = sha256()
    for path, file in sorted(files.items()):
        digest.update(path.encode() + b"\0" + file.data + b"\0")
    return digest.hexdigest()
