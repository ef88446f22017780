"""What EKS tells of a cluster, by calls that only read. An answer that is refused is `Unknown`, never an empty one."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ._preflight import Unknown
from ._preflight_aws import refused

with suppress(ImportError):  # the module names a missing package
    from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

GONE = "ResourceNotFoundException"


class Cluster:
    """A cluster's answers; `client` makes a boto3 client of a service in the region."""

    def __init__(self, client: Callable[[str], Any], *, name: str) -> None:
        self.client = client
        self.name = name

    def describe(self) -> dict[str, Any] | Unknown | None:
        """Return the cluster; None where there is none."""
        try:
            return dict(self.client("eks").describe_cluster(name=self.name)["cluster"])
        except ClientError as error:
            return None if error.response["Error"]["Code"] == GONE else refused(error)

    def nodegroups(self) -> list[dict[str, Any]] | Unknown:
        """Return the managed node groups."""
        eks = self.client("eks")
        try:
            return [
                eks.describe_nodegroup(clusterName=self.name, nodegroupName=name)["nodegroup"]
                for name in self._pages("list_nodegroups", "nodegroups", clusterName=self.name)
            ]
        except ClientError as error:
            return refused(error)

    def versions(self) -> dict[str, str] | Unknown:
        """Return the Kubernetes version of the control plane, and of each node group; empty where there is no cluster."""
        cluster = self.describe()
        if not isinstance(cluster, dict):
            return cluster or {}
        groups = self.nodegroups()
        if isinstance(groups, Unknown):
            return groups
        return {
            "control plane": str(cluster["version"]),
            **{f"nodes {g['nodegroupName']}": str(g["version"]) for g in groups},
        }

    def addon(self, name: str) -> dict[str, Any] | None:
        """Return an add-on; None where the cluster does not have it."""
        try:
            return dict(self.client("eks").describe_addon(clusterName=self.name, addonName=name)["addon"])
        except ClientError as error:
            if error.response["Error"]["Code"] == GONE:
                return None
            raise

    def upgraded_at(self, version: str) -> datetime | Unknown | None:
        """Return when the control plane got this version by its last update; None where it was none."""
        eks = self.client("eks")
        try:
            updates = [
                eks.describe_update(name=self.name, updateId=key)["update"]
                for key in self._pages("list_updates", "updateIds", name=self.name)
            ]
        except ClientError as error:
            return refused(error)
        done = [u for u in updates if u["type"] == "VersionUpdate" and u["status"] == "Successful"]
        wanted = [u["createdAt"] for u in done if {"type": "Version", "value": version} in u["params"]]
        return max(wanted, default=None)

    def insights(self, category: str, version: str) -> list[dict[str, Any]] | Unknown:
        """Return EKS' own findings for a version that is not passed."""
        only = {"categories": [category], "kubernetesVersions": [version], "statuses": ["WARNING", "ERROR"]}
        try:
            return list(self._pages("list_insights", "insights", clusterName=self.name, filter=only))
        except ClientError as error:
            return refused(error)

    def free_addresses(self, subnets: Sequence[str]) -> dict[str, int]:
        """Return how many addresses are free in each subnet."""
        told = self.client("ec2").describe_subnets(SubnetIds=list(subnets))["Subnets"]
        return {subnet["SubnetId"]: int(subnet["AvailableIpAddressCount"]) for subnet in told}

    def _pages(self, operation: str, key: str, **asked: Any) -> Iterator[Any]:
        for page in self.client("eks").get_paginator(operation).paginate(**asked):
            yield from page[key]
