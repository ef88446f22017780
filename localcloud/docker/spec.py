"""What a machine is asked to be: plain, frozen data, so that it can be compared, tested and handed over."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class File:
    """A file put into a container before it starts (and by `put_files` later)."""

    content: str | bytes
    mode: int = 0o644

    @property
    def data(self) -> bytes:
        """The content as bytes."""
        return self.content.encode() if isinstance(self.content, str) else self.content


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A place in a Docker network. The first attachment of a machine carries its default route."""

    network: str  # Docker's name: Networks.public_name or Networks.vpc_name(vpc_id)
    address: str | None = None  # None: Docker chooses, from a part of the range that the services do not deal from
    aliases: tuple[str, ...] = ()  # host names that the network's DNS answers, as private DNS does


@dataclass(frozen=True, kw_only=True)
class PublicPort:
    """A TCP port that is open to ranges on the public network, where nothing else is: security groups have no say there."""

    port: int
    ranges: tuple[str, ...]
    # whose machines are judged there by the address that they leave with; None: by security groups
    vpc: str | None = None


@dataclass(frozen=True, kw_only=True)
class MachineSpec:
    """A container that behaves like a machine (systemd) or like an appliance (a single daemon)."""

    name: str  # unique within this local cloud; the container is called <LOCALCLOUD_NAME>-<name>
    image: str
    attachments: tuple[Attachment, ...]
    kind: str  # label beacon.kind: instance | node | control-plane | balancer | registry | volume
    hostname: str | None = None
    files: Mapping[str, File] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] | None = None  # None: the image's own
    systemd: bool = True  # the rights that systemd (and nested containers) need; False: only NET_ADMIN
    volumes: tuple[str, ...] = ()  # anonymous, removed with the machine: "/var" for nodes (no overlay on overlay)
    named_volumes: Mapping[str, str] = field(default_factory=dict)  # volume -> path, kept when the machine is removed
    tmpfs: tuple[str, ...] = ("/run", "/tmp")  # noqa: S108 - paths in the container
    device_cgroup_rules: tuple[str, ...] = ()  # nodes: ("a *:* rwm",)
    sysctls: Mapping[str, str] = field(default_factory=dict)
    security_groups: tuple[str, ...] | None = None  # None: no packet filter; (): nothing may come in or go out
    public_port: PublicPort | None = None
    region: str | None = None  # of the security groups; None: the local cloud's region
    forwards: tuple[str, ...] = ()  # ranges behind this machine (pods): its network's machines get routes to them
    metadata: bool = False  # 169.254.169.254 leads to the instance metadata service
    nat: Mapping[int, tuple[str, int]] = field(default_factory=dict)  # own TCP port -> address and port elsewhere
    restart: str = "unless-stopped"
    console: bool = False  # has /dev/console, whose output is kept


@dataclass(frozen=True, kw_only=True)
class ExecResult:
    """What a command in a machine answered (standard output and error together)."""

    exit_code: int
    output: str
