"""A worker node: what is in its /etc, as plain data. No Docker, no moto."""

from __future__ import annotations

import base64
import dataclasses
import json
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING

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
ECR_IMAGES = "*.dkr.ecr.*.amazonaws.com"
ROOT = "etc/kubernetes"
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
    registry: str
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
    return {
        f"{ROOT}/pki/ca.crt": File(content=node.certificate_authority),
        f"{ROOT}/kubelet.conf": _json(kubeconfig(node)),
        f"{ROOT}/kubelet.json": _json(kubelet(node)),
        f"{ROOT}/kube-proxy.json": _json(kube_proxy()),
        f"{ROOT}/credential-providers.json": _json(credential_providers(node)),
        f"{ROOT}/node.env": File(content=environment(node)),
        f"{ROOT}/resolv.conf": File(content=f"nameserver {POD_DNS}\n"),
        "etc/cni/net.d/10-pods.conflist": _json(cni(node)),
        f"etc/containerd/certs.d/{node.registry}/hosts.toml": File(content=registry_hosts(node.registry)),
        f"etc/containerd/certs.d/{node.registry}/ca.crt": File(content=node.registry_ca),
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


def kubeconfig(node: NodeConfig) -> dict[str, object]:
    """Return how kubelet and kube-proxy log in: with an EKS token of the instance's role."""
    plugin = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "interactiveMode": "Never",
        "command": "/usr/local/bin/eks-token",
        "args": [node.cluster, node.region],
    }
    cluster = {"server": node.endpoint, "certificate-authority": f"/{ROOT}/pki/ca.crt"}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": node.cluster, "cluster": cluster}],
        "users": [{"name": "node", "user": {"exec": plugin}}],
        "contexts": [{"name": node.cluster, "context": {"cluster": node.cluster, "user": "node"}}],
        "current-context": node.cluster,
    }


def kubelet(node: NodeConfig) -> dict[str, object]:
    """Return the kubelet's configuration."""
    reserved = max(0, node.host_memory_mib - node.memory_mib)
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": f"/{ROOT}/pki/ca.crt"},
        },
        "authorization": {"mode": "Webhook"},
        "serverTLSBootstrap": True,
        "rotateCertificates": False,  # the client side is a token
        "providerID": f"aws:///{node.zone}/{node.instance_id}",
        "registerWithTaints": [
            {"key": taint.key, "value": taint.value, "effect": EFFECTS[taint.effect]} for taint in node.taints
        ],
        "clusterDomain": "cluster.local",
        "clusterDNS": [cluster_dns(node.service_cidr)],
        "resolvConf": f"/{ROOT}/resolv.conf",
        "maxPods": MAX_PODS,
        "cgroupDriver": "cgroupfs",
        "failCgroupV1": False,  # since 1.35 the kubelet refuses cgroup v1 otherwise
        "failSwapOn": False,
        "oomScoreAdj": 0,  # a container has no CAP_SYS_RESOURCE
        "nodeStatusUpdateFrequency": "2s",  # Ready 2 s after the registration rather than 10
        # the node sees the whole machine: what its instance type has not is taken away
        "systemReserved": {"memory": f"{reserved}Mi"},
        "enforceNodeAllocatable": [],
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        # baked-in images must never be collected: there is no registry to get them back from
        "imageGCHighThresholdPercent": 100,
        "imageMaximumGCAge": "0s",
    }


def kube_proxy() -> dict[str, object]:
    """Return kube-proxy's configuration."""
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": f"/{ROOT}/kubelet.conf"},
        "mode": "iptables",
        "nodePortAddresses": ["primary"],
        "clusterCIDR": str(ALL_PODS),
        "conntrack": {"maxPerCore": 0},  # nf_conntrack_max can't be written in a container's namespace
        "oomScoreAdj": 0,
        "metricsBindAddress": "0.0.0.0:10249",
    }


def credential_providers(node: NodeConfig) -> dict[str, object]:
    """Return how the kubelet gets passwords for ECR: AWS's own provider, asking the local cloud."""
    return {
        "apiVersion": "kubelet.config.k8s.io/v1",
        "kind": "CredentialProviderConfig",
        "providers": [
            {
                "name": "ecr-credential-provider",
                "apiVersion": "credentialprovider.kubelet.k8s.io/v1",
                "matchImages": [ECR_IMAGES],
                "defaultCacheDuration": "10m",
                "args": ["get-credentials"],
                "env": [
                    {"name": "AWS_ENDPOINT_URL", "value": node.api},
                    {"name": "AWS_REGION", "value": node.region},
                ],
            }
        ],
    }


def environment(node: NodeConfig) -> str:
    """Return the variables of the units and of start.d/50-pods."""
    labels = {
        "topology.kubernetes.io/region": node.region,
        "topology.kubernetes.io/zone": node.zone,
        "node.kubernetes.io/instance-type": node.instance_type,
        **node.labels,
    }
    values = {
        "NODE_NAME": node.name,
        "NODE_ADDRESS": node.address,
        "NODE_LABELS": ",".join(f"{key}={value}" for key, value in labels.items()),
        "POD_RANGE": pod_range(node.address, node.vpc_cidr),
        "ALL_PODS": str(ALL_PODS),
        "POD_DNS": POD_DNS,
    }
    return "".join(f"{key}={value}\n" for key, value in values.items())


def cni(node: NodeConfig) -> dict[str, object]:
    """Return the pod network's configuration.

    `ptp` and not `bridge`, so that traffic between pods of one node passes the FORWARD hook (network policies) too.
    Leases are in /run: after a restart no sandbox is left, so none may stay reserved.
    """
    addresses = {
        "type": "host-local",
        "dataDir": "/run/cni-ipam-state",
        "ranges": [[{"subnet": pod_range(node.address, node.vpc_cidr)}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    return {
        "cniVersion": "1.0.0",
        "name": "pods",
        "plugins": [
            {"type": "ptp", "ipMasq": False, "mtu": 1500, "ipam": addresses},
            {"type": "portmap", "capabilities": {"portMappings": True}},
        ],
    }


def registry_hosts(registry: str) -> str:
    """Return containerd's configuration for ECR: the host as it is, with the local cloud's authority."""
    return (
        f'server = "https://{registry}"\n\n[host."https://{registry}"]\n'
        f'  capabilities = ["pull", "resolve"]\n  ca = "/etc/containerd/certs.d/{registry}/ca.crt"\n'
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


def _json(data: Mapping[str, object]) -> File:
    return File(content=json.dumps(data, indent=1) + "\n")
