"""The control plane's container: what is in its /etc, as plain data. No Docker, no moto."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from localcloud.docker.spec import Attachment, File, MachineSpec, PublicPort

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from localcloud.eks.versions import Version

IMAGE = "mirror.beacon/control-plane:1"
API_PORT = 443
ETCD = "/var/lib/etcd"
LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")
SCOPES_FILE = "etc/eks/namespaced-access.json"
LOG_TYPES_FILE = "etc/eks/log-types.json"
ENCRYPTION_FILE = "etc/kubernetes/encryption.json"


@dataclass(frozen=True, kw_only=True)
class ControlPlane:
    """What distinguishes one control plane from another."""

    name: str
    version: Version
    volume: str  # of etcd: what the cluster knows outlives its machine
    region: str
    vpc_network: str
    address: str
    public: Attachment | None  # where the API server is public
    public_port: PublicPort | None  # who reaches it there
    endpoint_host: str
    issuer: str
    service_cidr: str
    security_groups: tuple[str, ...]
    server: str  # where its services ask the local cloud
    server_ca: str  # who vouches for that
    secret: str  # by which the local cloud knows them
    secrets: Mapping[str, str]  # path -> content: certificates, keys, kubeconfigs
    encryption_key: bytes | None
    log_types: tuple[str, ...]

    @property
    def machine(self) -> str:
        """Name of the machine."""
        return machine_name(self.name, self.region)


def machine_name(cluster: str, region: str) -> str:
    """Return the name of a cluster's control-plane machine."""
    return f"eks-{region}-{cluster}"


def volume_name(local_cloud: str, machine: str) -> str:
    """Return the name of the volume with what a control plane's cluster knows."""
    return f"{local_cloud}-{machine}-etcd"


def spec(plane: ControlPlane) -> MachineSpec:
    """Return the machine."""
    environment = "".join(
        f"{name}={value}\n"
        for name, value in (("ADDRESS", plane.address), ("ISSUER", plane.issuer), ("SERVICE_CIDR", plane.service_cidr))
    )
    service = {"cluster": plane.name, "region": plane.region, "server": plane.server, "secret": plane.secret}
    files = {
        **{path: File(content=content, mode=0o600) for path, content in plane.secrets.items()},
        "etc/kubernetes/cluster.env": File(content=environment),
        "etc/eks/server-ca.crt": File(content=plane.server_ca),
        "etc/eks/cluster.json": File(content=json.dumps(service), mode=0o600),
        ENCRYPTION_FILE: File(content=encryption(plane.encryption_key), mode=0o600),
        LOG_TYPES_FILE: log_types_file(plane.log_types),
    }
    private = Attachment(network=plane.vpc_network, address=plane.address, aliases=(plane.endpoint_host,))
    return MachineSpec(
        name=plane.machine,
        image=plane.version.image(IMAGE),
        kind="control-plane",
        hostname=f"control-plane-{plane.name}"[:63].rstrip("-"),
        attachments=(private, plane.public) if plane.public else (private,),
        files=files,
        labels={"beacon.eks.cluster": plane.name},
        named_volumes={plane.volume: ETCD},
        security_groups=plane.security_groups,
        public_port=plane.public_port,
        region=plane.region,
    )


def log_types_file(types: Sequence[str]) -> File:
    """Return the file by which the log shipper knows what to ship."""
    return File(content=json.dumps(list(types)))


def encryption(key: bytes | None) -> str:
    """Render the API server's encryption configuration; without a key, secrets are stored as they are."""
    providers: list[dict[str, object]] = [{"identity": {}}]
    if key is not None:
        secret = base64.b64encode(key).decode()
        providers.insert(0, {"secretbox": {"keys": [{"name": "kms-data-key", "secret": secret}]}})
    return json.dumps(
        {
            "apiVersion": "apiserver.config.k8s.io/v1",
            "kind": "EncryptionConfiguration",
            "resources": [{"resources": ["secrets"], "providers": providers}],
        }
    )
