"""EKS add-ons: which there are, their manifests, and when they are ready. No Docker, no moto."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from localcloud.eks.versions import NEWEST, VERSIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MANIFESTS = Path(__file__).parent / "manifests"


class ConfigurationError(ValueError):
    """The add-on's configuration values can't be used; the message says what can."""


@dataclass(frozen=True, kw_only=True)
class Workload:
    """What must run for an add-on to be active."""

    kind: str  # deployment or daemonset
    namespace: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Release:
    """One add-on as it is offered here: one version, EKS's name for it; its programs are those in the node image."""

    name: str
    version: str
    kind: str  # of EKS's catalogue
    workload: Workload | None  # None: it is part of the node
    replicas: int | None = None  # default, where its configuration allows others
    publisher: str = "eks"
    owner: str = "aws"

    def versions_for(self, kubernetes: str) -> list[str]:
        """Return the versions for one of Kubernetes, the default first: kube-proxy's own, and older ones."""
        return VERSIONS[kubernetes].kube_proxies if self.name == "kube-proxy" else [self.version]

    def version_for(self, kubernetes: str) -> str:
        """Return the default version for one of Kubernetes."""
        return self.versions_for(kubernetes)[0]

    @property
    def path(self) -> Path | None:
        """The manifest, if there is one."""
        return MANIFESTS / f"{self.name}.yaml" if self.workload else None


def _deployment(namespace: str, name: str) -> Workload:
    return Workload(kind="deployment", namespace=namespace, name=name)


def _daemon_set(namespace: str, name: str) -> Workload:
    return Workload(kind="daemonset", namespace=namespace, name=name)


CATALOGUE = {
    addon.name: addon
    for addon in (
        Release(
            name="coredns",
            version="v1.14.3-eksbuild.3",
            kind="networking",
            workload=_deployment("kube-system", "coredns"),
            replicas=2,
        ),
        Release(name="kube-proxy", version=NEWEST.kube_proxy, kind="networking", workload=None),
        Release(
            name="vpc-cni",
            version="v1.22.1-eksbuild.2",
            kind="networking",
            workload=_daemon_set("kube-system", "aws-node"),
        ),
        Release(
            name="metrics-server",
            version="v0.8.1-eksbuild.10",
            kind="observability",
            workload=_deployment("kube-system", "metrics-server"),
            replicas=1,
            owner="community",
        ),
        Release(
            name="kube-state-metrics",
            version="v2.18.0-eksbuild.10",
            kind="observability",
            workload=_deployment("kube-state-metrics", "kube-state-metrics"),
            replicas=1,
            owner="community",
        ),
        Release(
            name="prometheus-node-exporter",
            version="v1.10.2-eksbuild.8",
            kind="observability",
            workload=_daemon_set("prometheus-node-exporter", "prometheus-node-exporter"),
            owner="community",
        ),
    )
}
# what a cluster has from the beginning, unless bootstrapSelfManagedAddons is false
SELF_MANAGED = ("vpc-cni", "kube-proxy", "coredns")
# accepted and without effect: what the official module's users commonly set for AWS's own pod network
CNI_SETTINGS = ("enableNetworkPolicy", "env", "init", "nodeAgent")


def replicas(addon: Release, configuration: str | None) -> int | None:
    """Read the number of replicas from the configuration values; refuse all that has no effect here."""
    try:
        values = json.loads(configuration or "{}")
    except ValueError as error:
        raise ConfigurationError(f"configurationValues of {addon.name} is not JSON: {error}") from error
    if not isinstance(values, dict):
        raise ConfigurationError(f"configurationValues of {addon.name} must be a JSON object")
    allowed = ("replicaCount", "replicas") if addon.replicas else CNI_SETTINGS if addon.name == "vpc-cni" else ()
    unknown = sorted(set(values) - set(allowed))
    if unknown:
        raise ConfigurationError(
            f"configurationValues of {addon.name}: {', '.join(unknown)} has no effect in the local cloud; "
            f"allowed here: {', '.join(allowed) or 'nothing'}"
        )
    number = values.get("replicaCount", values.get("replicas", addon.replicas))
    if addon.replicas and (not isinstance(number, int) or number < 1):
        raise ConfigurationError(f"configurationValues of {addon.name}: replicaCount must be a whole number from 1")
    return number if addon.replicas else None


def manifest(addon: Release, *, configuration: str | None, cluster_dns: str, endpoint_address: str) -> str:
    """Return what is applied in the cluster; empty for an add-on that is part of the node."""
    number = replicas(addon, configuration)
    if addon.path is None:
        return ""
    values = {"REPLICAS": str(number), "CLUSTER_DNS": cluster_dns, "ENDPOINT_ADDRESS": endpoint_address}
    return Template(addon.path.read_text()).substitute(values)


def is_ready(workload: Mapping[str, Any]) -> bool:
    """Tell whether a Deployment or DaemonSet, as the API server shows it, runs as it is written."""
    status, generation = workload.get("status", {}), workload["metadata"].get("generation", 0)
    if status.get("observedGeneration", 0) < generation:
        return False
    if workload["kind"] == "DaemonSet":
        wanted = status.get("desiredNumberScheduled", 0)
        return bool(status.get("numberReady", 0) >= wanted and status.get("updatedNumberScheduled", 0) >= wanted)
    wanted = workload["spec"].get("replicas", 1)
    return bool(status.get("availableReplicas", 0) >= wanted and status.get("updatedReplicas", 0) >= wanted)


def configuration_schema(addon: Release) -> str:
    """Return the JSON schema of the configuration values."""
    schema: dict[str, object] = {"type": "object"}
    if addon.replicas:
        schema["properties"] = {"replicaCount": {"type": "integer"}}
    return json.dumps(schema)


def versions(names: Sequence[str], kubernetes: Sequence[str]) -> list[dict[str, object]]:
    """Return the catalogue in the shape of DescribeAddonVersions, for these versions of Kubernetes."""
    return [
        {
            "addonName": addon.name,
            "type": addon.kind,
            "publisher": addon.publisher,
            "owner": addon.owner,
            "addonVersions": [
                {
                    "addonVersion": version,
                    "architecture": ["amd64"],
                    "computeTypes": ["ec2"],
                    "compatibilities": [
                        {
                            "clusterVersion": each,
                            "platformVersions": ["*"],
                            "defaultVersion": addon.version_for(each) == version,
                        }
                        for each in kubernetes
                        if version in addon.versions_for(each)
                    ],
                    "requiresConfiguration": False,
                    "requiresIamPermissions": False,
                }
                for version in dict.fromkeys(one for each in kubernetes for one in addon.versions_for(each))
            ],
        }
        for addon in CATALOGUE.values()
        if addon.name in names and kubernetes
    ]
