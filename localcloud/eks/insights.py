"""What EKS finds out about a cluster before its version changes: whether nodes and add-ons go with the other one. Pure."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from localcloud.eks import addons
from localcloud.eks.versions import SKEW, VERSIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from localcloud.eks.resources import Cluster
    from localcloud.eks.versions import Version

CATEGORIES = {1: "UPGRADE_READINESS", -1: "ROLLBACK_READINESS"}  # by the step that leads to the version


@dataclass(frozen=True, kw_only=True)
class Insight:
    """One check of a cluster for a version, and what it found wrong."""

    cluster: str
    name: str
    category: str
    version: str
    wrong: tuple[str, ...]

    @property
    def status(self) -> str:
        """Whether it is passed."""
        return "ERROR" if self.wrong else "PASSING"

    def is_wanted(self, only: Mapping[str, Sequence[str]]) -> bool:
        """Tell whether a filter of ListInsights lets it through."""
        has = {"categories": self.category, "kubernetesVersions": self.version, "statuses": self.status}
        return all(value in (only.get(name) or [value]) for name, value in has.items())

    def summary(self, now: datetime) -> dict[str, object]:
        """Return it in the shape of ListInsights."""
        return {
            "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.cluster}/{self.version}/{self.name}")),
            "name": self.name,
            "category": self.category,
            "kubernetesVersion": self.version,
            "lastRefreshTime": now,
            "lastTransitionTime": now,
            "description": f"{self.name} with Kubernetes {self.version}",
            "insightStatus": {"status": self.status, "reason": "; ".join(self.wrong)},
        }


def insights(cluster: Cluster) -> list[Insight]:
    """Return those for the versions beside the cluster's.

    https://docs.aws.amazon.com/eks/latest/userguide/cluster-insights.html
    """
    steps = {version: version.number - VERSIONS[cluster.version].number for version in VERSIONS.values()}
    return [
        Insight(cluster=cluster.arn, name=name, category=CATEGORIES[step], version=version.name, wrong=wrong)
        for version, step in steps.items()
        if step in CATEGORIES
        for name, wrong in (
            ("Kubelet version skew", _nodes(cluster, version)),
            ("EKS add-on version compatibility", _addons(cluster, version)),
        )
    ]


def _nodes(cluster: Cluster, version: Version) -> tuple[str, ...]:
    """Return the node groups whose kubelets are newer than a control plane of this version, or too old for it."""
    return tuple(
        f"node group {group.name} has {group.version}"
        for group in cluster.nodegroups.values()
        if not 0 <= version.number - VERSIONS[group.version].number <= SKEW
    )


def _addons(cluster: Cluster, version: Version) -> tuple[str, ...]:
    """Return the add-ons that a control plane of this version does not go with."""
    return tuple(
        f"{addon.name} has {addon.version}"
        for addon in cluster.addons.values()
        if addon.version not in addons.CATALOGUE[addon.name].versions_for(version.name)
    )
