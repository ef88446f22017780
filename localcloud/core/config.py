"""Settings of the local cloud, all from the environment (LOCALCLOUD_*), so that a second one can run beside the first."""

from __future__ import annotations

import os
import zlib
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import TYPE_CHECKING

from localcloud.core import regions
from localcloud.core.errors import LocalCloudError

if TYPE_CHECKING:
    from collections.abc import Mapping

ACCOUNT = "123456789012"
DEFAULT_NAME = "localcloud"
DEFAULT_REGION = "eu-west-1"
FIRST_PUBLIC_OFFSET = 64  # Docker's own choices are below, Elastic IPs and load balancers from here on
SMALLEST_PUBLIC_PREFIX = 25


@dataclass(frozen=True, kw_only=True)
class Config:
    """Where this local cloud lives and what it is made of."""

    name: str
    port: int
    registry_port: int
    metadata_port: int
    control_plane_port: int  # of what control planes ask, over TLS
    mirror_port: int  # of the file server that machines download from
    state: Path
    public_range: IPv4Network
    region: str
    host_image: str
    node_image: str
    registry_image: str
    registry_account: str  # in the host names of ECR's registries
    hosts_file: Path  # where this machine finds names of the local cloud

    @property
    def label(self) -> str:
        """Docker label of all that belongs to this local cloud."""
        return f"beacon.localcloud={self.name}"

    @property
    def gateway(self) -> IPv4Address:
        """This machine's address on the public network: the AWS API is served there for containers."""
        return self.public_range[1]

    @property
    def registry(self) -> str:
        """Host name of the image registry of the local cloud's region."""
        return self.registry_of(self.region)

    def registry_of(self, region: str) -> str:
        """Return the host name of a region's image registry; always port 443."""
        return f"{self.registry_account}.dkr.ecr.{region}.amazonaws.com"

    def registries(self) -> dict[str, str]:
        """Return the region of each image registry, by its host name."""
        return {self.registry_of(region): region for region in regions.commercial()}

    @property
    def docker_range(self) -> IPv4Network:
        """Where Docker deals the public network's addresses that nobody asked for."""
        return IPv4Network((self.public_range.network_address, 26))

    @property
    def node_previous_image(self) -> str:
        """The image of nodes with the previous version of Kubernetes."""
        return with_suffix(self.node_image, "-previous")

    def public_addresses(self) -> tuple[str, ...]:
        """Elastic IPs and addresses of load balancers, in the order in which they are dealt."""
        hosts = self.public_range.num_addresses - 1
        return tuple(str(self.public_range[offset]) for offset in range(FIRST_PUBLIC_OFFSET, hosts))

    @property
    def endpoint(self) -> str:
        """The AWS API's address for this machine."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def endpoint_inside(self) -> str:
        """The AWS API's address for containers."""
        return f"http://{self.gateway}:{self.port}"


def from_environment(environ: Mapping[str, str] | None = None) -> Config:
    """Read the settings; a value that cannot be is refused with what is allowed."""
    env = os.environ if environ is None else environ
    state = Path(env.get("BEACON_STATE") or Path(env.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "beacon")
    name = _name(env.get("LOCALCLOUD_NAME", DEFAULT_NAME))
    port = _port(env, "LOCALCLOUD_PORT", 5600)
    return Config(
        name=name,
        port=port,
        mirror_port=_port(env, "MIRROR_PORT", 5680),
        registry_port=_port(env, "LOCALCLOUD_REGISTRY_PORT", min(port + 50, 65535)),
        metadata_port=_port(env, "LOCALCLOUD_METADATA_PORT", min(port + 51, 65535)),
        control_plane_port=_port(env, "LOCALCLOUD_CONTROL_PLANE_PORT", min(port + 52, 65535)),
        state=Path(env.get("LOCALCLOUD_STATE") or state / "localcloud"),
        public_range=_range(env.get("LOCALCLOUD_PUBLIC_RANGE", "198.51.100.0/24")),
        region=_region(env.get("LOCALCLOUD_REGION", DEFAULT_REGION)),
        host_image=env.get("LOCALCLOUD_HOST_IMAGE", "mirror.beacon/host:1"),
        node_image=env.get("LOCALCLOUD_NODE_IMAGE", "mirror.beacon/node:1"),
        registry_image=env.get("LOCALCLOUD_REGISTRY_IMAGE", "mirror.beacon/registry:1"),
        registry_account=_registry_account(name),
        hosts_file=Path(env.get("LOCALCLOUD_HOSTS_FILE", "/etc/hosts")),
    )


def with_suffix(image: str, suffix: str) -> str:
    """Return the name of an image's variant: the suffix stands before the tag."""
    repository, _, tag = image.rpartition(":")
    return f"{repository}{suffix}:{tag}"


def _name(value: str) -> str:
    if not value or not value.replace("-", "").isalnum() or not value[0].isalpha() or value != value.lower():
        raise LocalCloudError(
            f"LOCALCLOUD_NAME={value!r} is no name: lower-case letters, digits and hyphens, a letter first."
        )
    return value


def _region(value: str) -> str:
    if value != DEFAULT_REGION and value not in regions.commercial():
        raise LocalCloudError(
            f"LOCALCLOUD_REGION={value!r} is no commercial region of AWS: {', '.join(regions.commercial())} are allowed."
        )
    return value


def _registry_account(name: str) -> str:
    """Give a second local cloud's registries host names of their own; clients insist on twelve digits."""
    return ACCOUNT if name == DEFAULT_NAME else f"9{zlib.crc32(name.encode()):011d}"


def _port(env: Mapping[str, str], key: str, default: int) -> int:
    value = env.get(key, str(default))
    if not value.isdecimal() or not 1024 <= int(value) <= 65535:  # noqa: PLR2004 - the range of unprivileged ports
        raise LocalCloudError(f"{key}={value!r} is no port: a number from 1024 to 65535 is allowed.")
    return int(value)


def _range(value: str) -> IPv4Network:
    try:
        network = IPv4Network(value)
    except ValueError as error:
        raise LocalCloudError(
            f"LOCALCLOUD_PUBLIC_RANGE={value!r} is no range: {error}. An example: 198.51.100.0/24."
        ) from error
    if network.prefixlen > SMALLEST_PUBLIC_PREFIX:
        raise LocalCloudError(
            f"LOCALCLOUD_PUBLIC_RANGE={value!r} is too small: /{SMALLEST_PUBLIC_PREFIX} or larger is needed."
        )
    return network
