"""A worker node: what is in its /etc, as plain data. No Docker, no moto."""

from __future__ import annotations

import base64
import dataclasses
import json
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING

from localcloud.core.templates import render
from localcloud.docker.spec import File

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from localcloud.docker.spec import MachineSpec
    from localcloud.eks.resources import Taint

# Pods live in the shared address space, as with AWS's custom networking. Each VPC address has a range of its own: 16 bits
# of host part (a VPC is at most a /16) and 6 bits of pods make the /10, so nothing is dealt, kept or given back.
ALL_PODS = IPv4Network("100.64.0.0/10")
POD_BITS = 6
MAX_PODS = 2**POD_BITS - 6
POD_DNS = "169.254.20.53"  # never on a wire: the node leads it to its own resolver (start.d/50-pods of the node image)
ROOT = "etc/kubernetes"
REGISTRIES = "etc/containerd/certs.d/_default"
CONFIGURATION = ("kubelet.conf", "kubelet.json", "kube-proxy.json", "credential-providers.json", "node.env")
EFFECTS = {
    "NO_SCHEDULE": "NoSchedule",
    "NO_EXECUTE": "NoExecute",
    "PREFER_NO_SCHEDULE": "PreferNoSchedule",
}


@dataclass(frozen=True, kw_only=True)
class NodeConfig:
    """All that a node needs to join its cluster."""

    cluster: str
    region: str
    endpoint: str
    certificate_authority: str  # PEM
    service_cidr: str
    name: str
    instance_id: str
    instance_type: str
    zone: str
    address: str
    vpc_cidr: str
    memory_mib: int  # of the instance type
    host_memory_mib: int  # of this machine, which is what the node sees
    labels: Mapping[str, str]
    taints: Sequence[Taint]
    api: str  # the local cloud's AWS API, for the credential provider
    registry_ca: str


def pod_range(address: str, vpc_cidr: str) -> str:
    """Return the range of the pods on the node with this address."""
    host_part = int(IPv4Address(address)) & int(IPv4Network(vpc_cidr).hostmask)
    base = int(ALL_PODS.network_address) + (host_part << POD_BITS)
    return str(IPv4Network((base, 32 - POD_BITS)))


def node_name(address: str, region: str) -> str:
    """Return the private DNS name of an address: the node's name (us-east-1 has an older form)."""
    domain = "ec2.internal" if region == "us-east-1" else f"{region}.compute.internal"
    return f"ip-{address.replace('.', '-')}.{domain}"


def cluster_dns(service_cidr: str) -> str:
    """Return the cluster DNS's address: the tenth of the services'."""
    return str(IPv4Network(service_cidr)[10])


def files(node: NodeConfig) -> dict[str, File]:
    """Return the node's own files."""
    labels = {
        "topology.kubernetes.io/region": node.region,
        "topology.kubernetes.io/zone": node.zone,
        "node.kubernetes.io/instance-type": node.instance_type,
        **node.labels,
    }
    values = {
        "node": node,
        "labels": ",".join(f"{key}={value}" for key, value in labels.items()),
        "taints": [{"key": each.key, "value": each.value, "effect": EFFECTS[each.effect]} for each in node.taints],
        "cluster_dns": cluster_dns(node.service_cidr),
        "pod_range": pod_range(node.address, node.vpc_cidr),
        "all_pods": ALL_PODS,
        "pod_dns": POD_DNS,
        "max_pods": MAX_PODS,
    }
    rendered = {f"{ROOT}/{name}": name for name in CONFIGURATION} | {
        "etc/cni/net.d/10-pods.conflist": "pods.conflist",
        f"{REGISTRIES}/hosts.toml": "hosts.toml",
    }
    return {
        **{path: File(content=render(f"eks/templates/{name}.j2", **values)) for path, name in rendered.items()},
        f"{ROOT}/pki/ca.crt": File(content=node.certificate_authority),
        f"{ROOT}/resolv.conf": File(content=f"nameserver {POD_DNS}\n"),
        f"{REGISTRIES}/ca.crt": File(content=node.registry_ca),
    }


def extend(spec: MachineSpec, node: NodeConfig) -> MachineSpec:
    """Turn an instance's machine into this node."""
    return dataclasses.replace(
        spec,
        files={**spec.files, **files(node)},
        hostname=node.name,
        labels={**spec.labels, "beacon.eks.cluster": node.cluster},
        volumes=(*spec.volumes, "/var"),  # overlayfs can't be stacked on Docker's own
        device_cgroup_rules=("a *:* rwm",),
        forwards=(pod_range(node.address, node.vpc_cidr),),
        metadata=True,
    )


def user_data(*, cluster: str, endpoint: str, ca: str, service_cidr: str) -> str:
    """Return what EKS puts into the launch template: nodeadm's configuration (our nodes get their files directly)."""
    encoded = base64.b64encode(ca.encode()).decode()
    body = {
        "apiVersion": "node.eks.aws/v1alpha1",
        "kind": "NodeConfig",
        "spec": {
            "cluster": {
                "name": cluster,
                "apiServerEndpoint": endpoint,
                "certificateAuthority": encoded,
                "cidr": service_cidr,
            }
        },
    }
    return json.dumps(body, indent=1)
