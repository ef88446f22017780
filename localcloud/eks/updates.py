"""Changes of clusters: one at a time, and those that a job makes real are in progress until it has."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, cast

from moto.core.utils import utcnow
from moto.eks.exceptions import EKSError, InvalidParameterException, ResourceInUseException

from localcloud.core import runtime
from localcloud.eks import controlplane, endpoint, jobs
from localcloud.eks.base import Clusters, asking_others, require_image, version_of
from localcloud.eks.versions import ROLLBACK, VERSIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localcloud.eks.models import LocalEKSBackend
    from localcloud.eks.resources import Cluster, EndpointSettings, Update, VpcSettings

AUTHENTICATION_MODES = ("CONFIG_MAP", "API_AND_CONFIG_MAP", "API")  # in this direction only


class InvalidStateError(EKSError):
    """Something of the cluster's stands in the way."""

    TYPE = "InvalidStateException"
    STATUS = 400


class ClusterUpdates(Clusters):
    """Clusters that change."""

    def update_cluster_config(
        self,
        name: str,
        *,
        endpoint_access: EndpointSettings,
        vpc: VpcSettings,
        authentication_mode: str | None,
        upgrade_policy: Mapping[str, str] | None,
        deletion_protection: bool | None,
        logs: Mapping[str, bool],
    ) -> Update:
        """Change one thing; `logs` says which types are shipped and which are not."""
        cluster = self.describe_cluster(name)
        given = {
            "EndpointAccessUpdate": bool(endpoint_access),
            "VpcConfigUpdate": bool(vpc),
            "AccessConfigUpdate": authentication_mode is not None,
            "UpgradePolicyUpdate": upgrade_policy is not None,
            "DeletionProtectionUpdate": deletion_protection is not None,
            "LoggingUpdate": bool(logs),
        }
        kinds = [kind for kind, is_given in given.items() if is_given] or ["ConfigUpdate"]
        if len(kinds) > 1:
            raise InvalidParameterException(clusterName=name, message="Only one type of update can be allowed.")
        _check_idle(cluster, kinds[0])
        if endpoint_access:
            return self._change_endpoint(cluster, endpoint_access)
        if authentication_mode is not None:
            _check_mode(cluster, authentication_mode)
            cluster.authentication_mode = authentication_mode
        if vpc:
            cluster.resources_vpc_config = replace(cluster.resources_vpc_config, **vpc)
            self.converge(name)
        if upgrade_policy is not None:
            cluster.upgrade_policy = upgrade_policy
        if deletion_protection is not None:
            cluster.deletion_protection = deletion_protection
        if logs:
            cluster.log_types = {each for each in controlplane.LOG_TYPES if logs.get(each, each in cluster.log_types)}
            self.push(jobs.push_log_types, name)
        return self.record(cluster, kinds[0])

    def _change_endpoint(self, cluster: Cluster, asked: EndpointSettings) -> Update:
        """Have a job open and close what is asked for: the cluster is updating until it is done."""
        present = cluster.resources_vpc_config
        wanted = replace(present, **asked)
        endpoint.check_change(cluster.name, present, wanted)
        if wanted.endpoint_public_access:
            self.reserve(cluster.name)
        cluster.before = (("resources_vpc_config", present),)
        cluster.resources_vpc_config = wanted
        return self._start(cluster, "EndpointAccessUpdate", endpoint.parameters(wanted))

    def reserve(self, name: str) -> None:
        """Give the cluster a public address."""
        with asking_others(name):
            self.local_ec2.reserve_public_address(_address_owner(name))

    def release(self, name: str) -> None:
        """Take the cluster's public address back; none is fine."""
        self.local_ec2.release_public_address(_address_owner(name))

    def _start(self, cluster: Cluster, kind: str, parameters: Mapping[str, str]) -> Update:
        cluster.status = "UPDATING"
        self.converge(cluster.name)
        return self.begin(cluster, kind, parameters)

    def update_cluster_version(self, name: str, version: str, *, force: bool) -> Update:
        """Have a job make the control plane of another version's image: the next one, or back within seven days."""
        cluster, wanted = self.describe_cluster(name), version_of(name, version)
        step = wanted.number - VERSIONS[cluster.version].number
        may_go_back = cluster.upgraded_at is not None and utcnow() - cluster.upgraded_at <= ROLLBACK
        if step != 1 and not (step == -1 and may_go_back):
            message = f"Unsupported Kubernetes minor version update from {cluster.version} to {version}"
            raise InvalidParameterException(clusterName=name, message=message)
        kind = "VersionUpdate" if step > 0 else "VersionRollback"
        _check_idle(cluster, kind)
        newer = [group.name for group in cluster.nodegroups.values() if VERSIONS[group.version].number > wanted.number]
        if newer and not force:
            message = (
                f"Nodegroups newer than {version}: {', '.join(newer)}. Give them this version first, or set force."
            )
            raise InvalidStateError(clusterName=name, message=message)
        require_image(name, wanted.image(controlplane.IMAGE))
        cluster.before = (("version", cluster.version), ("upgraded_at", cluster.upgraded_at))
        cluster.version, cluster.upgraded_at = version, utcnow() if step > 0 else None
        return self._start(cluster, kind, {"Version": version})

    def end_update(self, cluster: Cluster, update: Update, problem: str = "") -> None:
        """Note how an update ended; after a failure the cluster is what it was before."""
        cluster.end(update.id, code="OperationNotPermitted", problem=problem)
        if problem:
            for name, value in cluster.before:
                setattr(cluster, name, value)
            self.converge(cluster.name)
        if (
            not cluster.resources_vpc_config.endpoint_public_access
        ):  # until now it could fail, and need its address again
            self.release(cluster.name)
        if cluster.status == "UPDATING":
            cluster.status = "ACTIVE"

    def converge(self, name: str) -> None:
        """Have the cluster's control plane made what the model says."""
        backend = cast("LocalEKSBackend", self)
        runtime.current().queue.submit(jobs.cluster_key(backend, name), partial(jobs.converge_cluster, backend, name))

    def public_address(self, name: str) -> str | None:
        """Return the public address of a cluster's API server, if it is to have one."""
        is_public = self.clusters[name].resources_vpc_config.endpoint_public_access
        return self.local_ec2.service_addresses.get(_address_owner(name)) if is_public else None

    def public_names(self) -> dict[str, str]:
        """Return the addresses of public API servers by their names."""
        found = {cluster.plane.endpoint_host: self.public_address(name) for name, cluster in self.clusters.items()}
        return {host: address for host, address in found.items() if address}


def _address_owner(cluster: str) -> str:
    return f"eks/{cluster}"


def _check_idle(cluster: Cluster, kind: str) -> None:
    """Refuse a second update at a time."""
    if (running := cluster.updating) is not None:
        message = f"Cannot {kind} because cluster {cluster.name} currently has update {running.id} in progress"
        raise ResourceInUseException(clusterName=cluster.name, message=message)


def _check_mode(cluster: Cluster, wanted: str) -> None:
    """Refuse the way back: https://docs.aws.amazon.com/eks/latest/userguide/setting-up-access-entries.html."""
    present = cluster.authentication_mode
    if AUTHENTICATION_MODES.index(wanted) < AUTHENTICATION_MODES.index(present):
        message = f"Unsupported authentication mode update from {present} to {wanted}"
        raise InvalidParameterException(clusterName=cluster.name, message=message)
