"""The image registries: a container with Docker's registry, which keeps all regions' layers, behind this process (ecr/proxy.py).

Clients speak TLS to port 443 of the container, under a host name for each region on every network; the container's kernel
passes that port to this process, and this process passes what is about layers to the registry in the container.
"""

from __future__ import annotations

import os
import secrets
import urllib.request
from functools import cached_property
from hashlib import sha256
from typing import IO, TYPE_CHECKING

import bcrypt
from urllib3.util import make_headers

from localcloud.core.pki import Authority
from localcloud.docker.spec import Attachment, File, MachineSpec

if TYPE_CHECKING:
    from pathlib import Path

    from moto.ecr.models import Repository

    from localcloud.core.config import Config
    from localcloud.core.queue import Queue
    from localcloud.docker.machines import Machines
    from localcloud.docker.networks import Networks

NAME = "registry"
SECONDS = 60.0  # until a layer goes on
PORT = 5000  # plain HTTP inside, with a password that only this process knows
USER = "gate"
ADDRESS_OFFSET = 2  # in the public network: the first after this machine's
HTPASSWD = "/etc/beacon/htpasswd"
DATA = "/var/lib/docker-registry"


class Registry:
    """The container and what leads to it."""

    def __init__(self, *, config: Config, machines: Machines, networks: Networks, queue: Queue) -> None:
        self.config = config
        self.machines = machines
        self.networks = networks
        self.queue = queue
        self.authority = Authority(folder=config.state / "pki")

    @property
    def address(self) -> str:
        """Address of the container on the public network."""
        return str(self.config.public_range[ADDRESS_OFFSET])

    @cached_property
    def password(self) -> str:
        """The password between this process and the registry."""
        return _secret(self.config.state / "registry.secret")

    @cached_property
    def token_key(self) -> bytes:
        """The key that signs authorization tokens."""
        return _secret(self.config.state / "token.secret").encode()

    def layer(self, place: str, digest: str) -> IO[bytes]:
        """Open a layer of what is kept at a place. Raises OSError when the container does not have it, or does not answer."""
        request = urllib.request.Request(
            f"http://{self.address}:{PORT}/v2/{place}/blobs/{digest}",
            headers=make_headers(basic_auth=f"{USER}:{self.password}"),
        )
        opened: IO[bytes] = urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=SECONDS)
        return opened

    def ensure(self) -> None:
        """Start the container and connect it to every network."""
        self.networks.ensure_public()
        self.machines.ensure(self.specification())

    def networks_changed(self) -> None:
        """Connect to new networks soon."""
        self.queue.submit("registry", self.ensure)

    def specification(self) -> MachineSpec:
        """Describe the container."""
        hosts = tuple(self.config.registries())
        hashed = bcrypt.hashpw(self.password.encode(), bcrypt.gensalt(4, prefix=b"2a"))
        public = Attachment(network=self.networks.public_name, address=self.address, aliases=hosts)
        vpcs = sorted(network.name for network in self.networks.vpcs())
        return MachineSpec(
            name=NAME,
            kind="registry",
            image=self.config.registry_image,
            systemd=False,
            tmpfs=(),
            attachments=(public, *(Attachment(network=name, aliases=hosts) for name in vpcs)),
            files={HTPASSWD: File(content=f"{USER}:{hashed.decode()}\n", mode=0o644)},
            env={
                "REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY": DATA,
                "REGISTRY_STORAGE_DELETE_ENABLED": "true",
                "REGISTRY_AUTH": "htpasswd",
                "REGISTRY_AUTH_HTPASSWD_REALM": "gate",
                "REGISTRY_AUTH_HTPASSWD_PATH": HTPASSWD,
                "REGISTRY_LOG_LEVEL": "warn",
                "REGISTRY_LOG_ACCESSLOG_DISABLED": "true",
            },
            named_volumes={f"{self.config.name}-registry": DATA},
            sysctls={"net.ipv4.ip_forward": "1"},
            nat={443: (str(self.config.gateway), self.config.registry_port)},
        )


def place_of(repository: Repository) -> str:
    """Return the name under which the container keeps a repository's layers: one made anew has none of the one before it.

    A digest, since ECR's names may be longer than the container's; but a digest alone is no name there.
    """
    identity = sha256(f"{repository.arn} {repository.created_at.isoformat()}".encode()).hexdigest()
    return f"{repository.region_name}/{identity}"


def _secret(path: Path) -> str:
    """Return a random secret that is made once and kept in a file that only its owner reads."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32))
    return path.read_text()
