"""The Docker engine: one lazy client, and its errors in our words."""
# ruff: noqa: D102 - the methods are documented by the protocol

from __future__ import annotations

import contextlib
import io
import socket as sockets
import tarfile
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING, Any

import docker
import requests
from docker.errors import DockerException, NotFound
from docker.types import IPAMConfig, IPAMPool

from localcloud.core.errors import DockerFailedError, DockerUnavailableError
from localcloud.docker.api import KIND, NAME, Container, Docker, Endpoint, Image, Network
from localcloud.docker.spec import Attachment, ExecResult, File, MachineSpec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

TIMEOUT = 60  # seconds that one call of the engine may take
PROBE_TIMEOUT = 5
BRIDGE = "com.docker.network.bridge.name"  # an option; without it the engine names the bridge after the network's ID


class Engine(Docker):
    """Made without a connection, so that importing and testing need no Docker."""

    def __init__(self, *, timeout: int = TIMEOUT) -> None:
        self.timeout = timeout

    @cached_property
    def client(self) -> docker.DockerClient:
        """The client; DockerUnavailableError when no engine answers."""
        probe()
        return docker.from_env(timeout=self.timeout, max_pool_size=20)

    @property
    def api(self) -> Any:
        """The low-level client: what a machine needs is finer than the high-level one offers."""
        return self.client.api

    def image(self, name: str) -> Image:
        config = self.api.inspect_image(name)["Config"]
        return Image(entrypoint=tuple(config.get("Entrypoint") or ()), command=tuple(config.get("Cmd") or ()))

    # -- containers
    def containers(self, *labels: str) -> list[Container]:
        found = self.api.containers(all=True, filters={"label": list(labels)})
        return [
            _container(each["Names"][0], each["State"], each["State"] == "running", each["Labels"], each)
            for each in found
        ]

    def container(self, name: str) -> Container | None:
        try:
            found = self.api.inspect_container(name)
        except NotFound:
            return None
        state = found["State"]
        return _container(found["Name"], state["Status"], state["Running"], found["Config"]["Labels"], found)

    def create(self, name: str, spec: MachineSpec, *, label: str, entrypoint: Sequence[str]) -> None:
        image = self.image(spec.image)
        labels = _labels(label)
        first = spec.attachments[0]
        for volume in spec.named_volumes:
            self.api.create_volume(volume, labels=labels)
        endpoint = self.api.create_endpoint_config(**_place(first))
        self.api.create_container(
            spec.image,
            list(spec.command if spec.command is not None else image.command),
            entrypoint=[*entrypoint, *image.entrypoint],
            name=name,
            hostname=spec.hostname,
            tty=spec.console,
            environment=dict(spec.env),
            volumes=[*spec.volumes, *spec.named_volumes.values()],
            labels={**spec.labels, **labels, KIND: spec.kind, NAME: spec.name},
            host_config=self._host_config(spec),
            networking_config=self.api.create_networking_config({first.network: endpoint}),
        )

    def _host_config(self, spec: MachineSpec) -> dict[str, Any]:
        config: dict[str, Any] = self.api.create_host_config(
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

    def start(self, name: str) -> None:
        self.api.start(name)

    def stop(self, name: str, *, seconds: int) -> None:
        self.api.stop(name, timeout=seconds)

    def restart(self, name: str, *, seconds: int) -> None:
        self.api.restart(name, timeout=seconds)

    def remove(self, name: str) -> None:
        self.api.remove_container(name, force=True, v=True)

    def execute(
        self, name: str, argv: Sequence[str], *, stdin: bytes | None, env: Mapping[str, str] | None
    ) -> ExecResult:
        made = self.api.exec_create(name, list(argv), stdin=stdin is not None, environment=dict(env) if env else None)
        if stdin is None:
            output: bytes = self.api.exec_start(made["Id"])
        else:
            output = talk(self.api.exec_start(made["Id"], socket=True), stdin)
        code = self.api.exec_inspect(made["Id"])["ExitCode"]
        return ExecResult(exit_code=code if code is not None else -1, output=output.decode(errors="replace"))

    def write(self, name: str, files: Mapping[str, File]) -> None:
        self.api.put_archive(name, "/", tar(files))

    def read(self, name: str, path: str) -> bytes:
        stream, _ = self.api.get_archive(name, path)
        with tarfile.open(fileobj=io.BytesIO(b"".join(stream))) as archive:
            member = archive.extractfile(archive.getmembers()[0])
            if member is None:
                raise IsADirectoryError(f"{name}: {path}")
            return member.read()

    def logs(self, name: str, *, lines: int) -> bytes:
        output: bytes = self.api.logs(name, tail=lines)
        return output

    # -- networks
    def networks(self, *, name: str | None = None, label: str | None = None) -> list[Network]:
        found = self.api.networks(names=[f"^{name}$"] if name else None, filters={"label": label} if label else None)
        return [network for attributes in found for network in as_networks(attributes)]

    def create_network(self, name: str, *, cidr: IPv4Network, dynamic: IPv4Network, label: str) -> Network:
        pool = IPAMPool(subnet=str(cidr), iprange=str(dynamic), gateway=str(cidr[1]))
        ipam = IPAMConfig(pool_configs=[pool])
        self.api.create_network(name, driver="bridge", ipam=ipam, labels=_labels(label), check_duplicate=True)
        return self.networks(name=name)[0]

    def remove_volume(self, name: str) -> None:
        self.api.remove_volume(name)

    def remove_network(self, name: str) -> None:
        for container in self.api.inspect_network(name).get("Containers") or {}:
            self.api.disconnect_container_from_network(container, name, force=True)
        self.api.remove_network(name)

    def connect(self, name: str, attachment: Attachment) -> None:
        self.api.connect_container_to_network(name, attachment.network, **_place(attachment))

    def disconnect(self, name: str, network: str) -> None:
        self.api.disconnect_container_from_network(name, network, force=True)


def probe() -> None:
    """Ask the engine for a sign of life."""
    try:
        client = docker.from_env(timeout=PROBE_TIMEOUT)
        client.ping()
        client.close()
    except (DockerException, requests.RequestException, OSError) as error:
        raise DockerUnavailableError(
            f"No Docker engine answers ({_first_line(error)}). Docker Engine 20.10 or newer must run and this user must be "
            "allowed to use it: start it (`systemctl start docker`), or set DOCKER_HOST, and try again."
        ) from error


@contextlib.contextmanager
def failures(doing: str) -> Iterator[None]:
    """Turn whatever the engine's client raises into DockerFailedError that says what was being done."""
    try:
        yield
    except (DockerException, requests.RequestException, OSError) as error:
        raise DockerFailedError(f"{doing}: {_first_line(error)}") from error


def _first_line(error: BaseException) -> str:
    explanation = getattr(error, "explanation", None) or str(error) or type(error).__name__
    return str(explanation).strip().splitlines()[0]


def as_networks(attributes: Mapping[str, Any]) -> Iterator[Network]:
    """Read what the engine says of a network: one for each IPv4 range."""
    identity = attributes.get("Id", "")
    device = (attributes.get("Options") or {}).get(BRIDGE) or f"br-{identity[:12]}"
    for pool in (attributes.get("IPAM") or {}).get("Config") or []:
        subnet = pool.get("Subnet") or ""
        if "." in subnet:
            yield Network(name=attributes["Name"], cidr=IPv4Network(subnet), id=identity, device=device)


def _container(name: str, state: str, running: bool, labels: Mapping[str, str], found: Mapping[str, Any]) -> Container:  # noqa: FBT001 - only here
    endpoints = {}
    for network, each in (found["NetworkSettings"]["Networks"] or {}).items():
        fixed = (each.get("IPAMConfig") or {}).get("IPv4Address")
        address = each.get("IPAddress") or fixed
        endpoints[network] = Endpoint(
            address=str(IPv4Address(address)) if address else None, fixed=fixed, network_id=each.get("NetworkID", "")
        )
    return Container(
        name=name.lstrip("/"),
        state=state,
        running=running,
        labels=labels,
        endpoints=endpoints,
        image=found.get("Config", {}).get("Image", ""),
    )


def _labels(label: str) -> dict[str, str]:
    key, _, value = label.partition("=")
    return {key: value}


def _place(attachment: Attachment) -> dict[str, Any]:
    return {"ipv4_address": attachment.address, "aliases": list(attachment.aliases) or None}


def tar(files: Mapping[str, File]) -> bytes:
    """Pack files as the engine takes them."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, file in files.items():
            info = tarfile.TarInfo(path.lstrip("/"))
            info.size, info.mode = len(file.data), file.mode
            archive.addfile(info, io.BytesIO(file.data))
    return buffer.getvalue()


def talk(connection: Any, stdin: bytes) -> bytes:
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
