"""Machines: containers by name. The only module that talks to Docker about containers."""

from __future__ import annotations

import io
import logging
import socket as sockets
import tarfile
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any

from docker.errors import NotFound

from localcloud.core.errors import DockerFailedError, ImageMissingError
from localcloud.docker import network_script, nftables
from localcloud.docker.client import Engine, failures
from localcloud.docker.security_groups import Group, Member, policy
from localcloud.docker.spec import Attachment, ExecResult, File, MachineSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from localcloud.core.config import Config
    from localcloud.docker.networks import Networks

LOG = logging.getLogger(__name__)
STOP_SECONDS = 10
CONSOLE_LINES = 2000  # what Docker is asked for: more than a boot prints
KIND = "beacon.kind"
NAME = "beacon.machine"


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
        self, *, config: Config, engine: Engine, networks: Networks, groups: Callable[[str], Mapping[str, Group]]
    ) -> None:
        self.config = config
        self.engine = engine
        self.networks = networks
        self._groups = groups
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
                self._start(spec, was_running=bool(container and container["State"]["Running"]))
            except ImageMissingError:
                raise ImageMissingError(image=spec.image) from None
            addresses = self._look_up_addresses(spec.name)
        with self._table:
            self._held.discard(spec.name)
        return addresses

    def start(self, name: str) -> dict[str, str]:
        """Start a machine that was made by `ensure`; its addresses."""
        with self._locks[name], failures(f"starting {name}"):
            self.engine.api.start(self.container(name))
            return self._look_up_addresses(name)

    def stop(self, name: str, *, seconds: int = STOP_SECONDS) -> None:
        """Stop a machine; not there is fine."""
        with self._locks[name], failures(f"stopping {name}"):
            try:
                self.engine.api.stop(self.container(name), timeout=seconds)
            except NotFound:
                return

    def restart(self, name: str, *, seconds: int = STOP_SECONDS) -> None:
        """Restart a machine."""
        with self._locks[name], failures(f"restarting {name}"):
            self.engine.api.restart(self.container(name), timeout=seconds)

    def remove(self, name: str) -> None:
        """Remove a machine with its anonymous volumes; not there is fine."""
        with self._locks[name], failures(f"removing {name}"):
            with self._table:
                self._specs.pop(name, None)
                self._addresses.pop(name, None)
                self._applied.pop(name, None)
                self._held.discard(name)
            try:
                self.engine.api.remove_container(self.container(name), force=True, v=True)
            except NotFound:
                return

    # -- inside
    def exec(
        self, name: str, argv: Sequence[str], *, stdin: bytes | None = None, env: Mapping[str, str] | None = None
    ) -> ExecResult:
        """Run a command in a machine. Secrets go through `stdin` or `env`, never through `argv`."""
        with failures(f"running {argv[0]} in {name}"):
            api = self.engine.api
            made = api.exec_create(
                self.container(name), list(argv), stdin=stdin is not None, environment=dict(env) if env else None
            )
            if stdin is None:
                output: bytes = api.exec_start(made["Id"])
            else:
                output = _talk(api.exec_start(made["Id"], socket=True), stdin)
            code = api.exec_inspect(made["Id"])["ExitCode"]
        return ExecResult(exit_code=code if code is not None else -1, output=output.decode(errors="replace"))

    def put_files(self, name: str, files: Mapping[str, File]) -> None:
        """Write files into a machine (created or running). Not below its tmpfs mounts."""
        with failures(f"writing files into {name}"):
            self._put(name, files)

    def read_file(self, name: str, path: str) -> bytes:
        """Read a file of a machine; FileNotFoundError when it has none."""
        with failures(f"reading {path} of {name}"):
            try:
                stream, _ = self.engine.api.get_archive(self.container(name), path)
            except NotFound:
                raise FileNotFoundError(f"{name}: {path}") from None
            with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as archive:
                member = archive.extractfile(archive.getmembers()[0])
                if member is None:
                    raise IsADirectoryError(f"{name}: {path}")
                return member.read()

    def console(self, name: str, *, size: int) -> bytes:
        """Return the last bytes of what a machine printed to its console; nothing when it is not there."""
        with failures(f"reading the console of {name}"):
            try:
                output: bytes = self.engine.api.logs(self.container(name), tail=CONSOLE_LINES)
            except NotFound:
                return b""
            return output[-size:]

    # -- looks
    def container(self, name: str) -> str:
        """Docker's name of a machine."""
        return f"{self.config.name}-{name}"

    def state(self, name: str) -> str:
        """Docker's state of a machine (running, exited, …), or "missing"."""
        with failures(f"looking at {name}"):
            container = self._inspect(name)
        return container["State"]["Status"] if container else "missing"

    def addresses(self, name: str) -> dict[str, str]:
        """Return a machine's addresses by network."""
        with self._table:
            return dict(self._addresses.get(name, {}))

    def list(self, kind: str | None = None) -> list[Machine]:
        """All machines of this local cloud, as Docker has them."""
        labels = [self.config.label] + ([f"{KIND}={kind}"] if kind else [])
        with failures("listing containers"):
            found = self.engine.api.containers(all=True, filters={"label": labels})
        return [
            Machine(
                name=container["Labels"].get(NAME, container["Names"][0].lstrip("/")),
                kind=container["Labels"].get(KIND, ""),
                state=container["State"],
                addresses=_addresses(container),
                region=container["Labels"].get("beacon.region", ""),
            )
            for container in found
        ]

    def names(self, kind: str | None = None) -> set[str]:
        """Names of all machines (of a kind) that exist."""
        return {machine.name for machine in self.list(kind)}

    def at(self, address: str) -> MachineSpec | None:
        """Find the machine that has this address: who asks the metadata service."""
        with self._table:
            return next((self._specs[name] for name, own in self._addresses.items() if address in own.values()), None)

    def require_image(self, image: str) -> None:
        """Raise ImageMissingError unless the engine has the image."""
        with failures(f"looking for the image {image}"):
            try:
                self.engine.api.inspect_image(image)
            except NotFound:
                raise ImageMissingError(image=image) from None

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
        with self._table:
            names = list(self._specs)
            regions = {spec.region or self.config.region for spec in self._specs.values()}
        known = {region: self._groups(region) for region in regions}
        problems = []
        for name in names:
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
            if container and container["State"]["Running"]:
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
                service_ports=(self.config.port, self.config.mirror_port),
            )
        metadata = (str(self.config.gateway), self.config.port) if spec.metadata else None
        text = nftables.render(rules, metadata=metadata, nat=dict(spec.nat))
        return network_script.files(networks=networks, routes=routes, rules=text)

    def _member(self, spec: MachineSpec) -> Member:
        private = [
            address
            for network, address in self._addresses.get(spec.name, {}).items()
            if network != self.networks.public_name
        ]
        return Member(groups=spec.security_groups or (), addresses=(*private, *spec.forwards))

    # -- Docker
    def _create(self, spec: MachineSpec) -> None:
        api = self.engine.api
        image = api.inspect_image(spec.image)["Config"]
        command = list(spec.command) if spec.command is not None else list(image.get("Cmd") or [])
        first, *others = spec.attachments
        for volume in spec.named_volumes:
            api.create_volume(volume, labels=dict([self.config.label.split("=")]))
        api.create_container(
            spec.image,
            command,
            entrypoint=["/bin/sh", network_script.START, *(image.get("Entrypoint") or [])],
            name=self.container(spec.name),
            hostname=spec.hostname,
            tty=spec.console,
            environment=dict(spec.env),
            volumes=[*spec.volumes, *spec.named_volumes.values()],
            labels={**spec.labels, **dict([self.config.label.split("=")]), KIND: spec.kind, NAME: spec.name},
            host_config=self._host_config(spec),
            networking_config=api.create_networking_config({first.network: self._endpoint(first)}),
        )
        for other in others:
            self._join(spec.name, other)
        files = self._network_files(spec)
        self._put(spec.name, {**spec.files, **files})
        self._applied[spec.name] = _digest(files)

    def _host_config(self, spec: MachineSpec) -> dict[str, Any]:
        config: dict[str, Any] = self.engine.api.create_host_config(
            cap_add=["ALL"] if spec.systemd else ["NET_ADMIN"],
            cap_drop=["SYS_RESOURCE"] if spec.systemd else None,
            security_opt=["seccomp=unconfined", "apparmor=unconfined"] if spec.systemd else None,
            tmpfs=dict.fromkeys(spec.tmpfs, ""),
            network_mode=spec.attachments[0].network,
            restart_policy={"Name": spec.restart},
            device_cgroup_rules=list(spec.device_cgroup_rules) or None,
            sysctls=dict(spec.sysctls) or None,
            binds={volume: {"bind": path} for volume, path in spec.named_volumes.items()} or None,
        )
        if spec.systemd:  # what `docker run --security-opt systempaths=unconfined --cgroupns private` sends
            config |= {"MaskedPaths": [], "ReadonlyPaths": [], "CgroupnsMode": "private"}
        return config

    def _endpoint(self, attachment: Attachment) -> dict[str, Any]:
        return self.engine.api.create_endpoint_config(
            ipv4_address=attachment.address, aliases=list(attachment.aliases) or None
        )

    def _join(self, name: str, attachment: Attachment) -> None:
        self.engine.api.connect_container_to_network(
            self.container(name),
            attachment.network,
            ipv4_address=attachment.address,
            aliases=list(attachment.aliases) or None,
        )

    def _connect(self, spec: MachineSpec, container: dict[str, Any]) -> None:
        """Make the container's networks those of the specification."""
        present = dict(container["NetworkSettings"]["Networks"])
        wanted = {attachment.network: attachment for attachment in spec.attachments}
        for network, endpoint in list(present.items()):
            fixed = (endpoint.get("IPAMConfig") or {}).get("IPv4Address")
            kept = network in wanted and (wanted[network].address or fixed) == fixed
            if not kept or self._is_of_another(endpoint, network):
                self.engine.api.disconnect_container_from_network(self.container(spec.name), network, force=True)
                self._applied.pop(spec.name, None)
                del present[network]
                with self._table:
                    if network not in wanted:
                        self._addresses.get(spec.name, {}).pop(network, None)
        for network, attachment in wanted.items():
            if network not in present:
                self._join(spec.name, attachment)
                self._applied.pop(spec.name, None)

    def _is_of_another(self, endpoint: Mapping[str, Any], network: str) -> bool:
        """Whether a stopped container's endpoint is of a network that was removed and made again: it could not start."""
        return endpoint.get("NetworkID", "") not in ("", self.networks.get(network).id)

    def _start(self, spec: MachineSpec, *, was_running: bool) -> None:
        if not was_running:
            if self._applied.get(spec.name) is None:
                self._put(spec.name, self._network_files(spec))
            self.engine.api.start(self.container(spec.name))
        self._apply(spec.name)

    def _look_up_addresses(self, name: str) -> dict[str, str]:
        container = self._inspect(name)
        if container is None:
            raise DockerFailedError(f"{name} is gone")
        found = _addresses(container)
        with self._table:
            self._addresses[name] = {**self._addresses.get(name, {}), **found}
        return found

    def _inspect(self, name: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self.engine.api.inspect_container(self.container(name))
        except NotFound:
            return None
        return found

    def _put(self, name: str, files: Mapping[str, File]) -> None:
        if files:
            self.engine.api.put_archive(self.container(name), "/", _tar(files))


def _addresses(container: dict[str, Any]) -> dict[str, str]:
    networks = container["NetworkSettings"]["Networks"] or {}
    found = {}
    for name, endpoint in networks.items():
        fixed = (endpoint.get("IPAMConfig") or {}).get("IPv4Address")
        if address := endpoint.get("IPAddress") or fixed:
            found[name] = str(IPv4Address(address))
    return found


def _digest(files: Mapping[str, File]) -> str:
    digest = sha256()
    for path, file in sorted(files.items()):
        digest.update(path.encode() + b"\0" + file.data + b"\0")
    return digest.hexdigest()


def _tar(files: Mapping[str, File]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, file in files.items():
            info = tarfile.TarInfo(path.lstrip("/"))
            info.size, info.mode = len(file.data), file.mode
            archive.addfile(info, io.BytesIO(file.data))
    return buffer.getvalue()


def _talk(connection: Any, stdin: bytes) -> bytes:
    """Send the input, close that side, collect the (multiplexed) output."""
    socket: sockets.socket = getattr(connection, "_sock", connection)
    socket.sendall(stdin)
    socket.shutdown(sockets.SHUT_WR)
    raw = b"".join(iter(lambda: socket.recv(65536), b""))
    if (response := getattr(connection, "_response", None)) is not None:
        response.close()  # before the socket goes: the garbage collector would complain later
    output, at = b"", 0
    while at + 8 <= len(raw):  # header: stream, three zeros, length
        length = int.from_bytes(raw[at + 4 : at + 8], "big")
        output += raw[at + 8 : at + 8 + length]
        at += 8 + length
    return output
