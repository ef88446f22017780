"""EKS's model: clusters, what belongs to them, and the jobs that make them real.

Requests only change the model; a job per cluster, add-on or node group then makes it real and notes the outcome.
"""
# ruff: noqa: D102 - operations are documented by AWS

from __future__ import annotations

import secrets
from contextlib import ExitStack
from dataclasses import fields, replace
from functools import partial
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, cast

from moto.core.utils import utcnow
from moto.eks.exceptions import (
    EKSError,
    InvalidParameterException,
    InvalidRequestException,
    ResourceInUseException,
)
from moto.eks.models import eks_backends
from moto.kms.models import kms_backends
from moto.moto_api._internal import mock_random

from localcloud.core import runtime
from localcloud.docker.spec import Attachment, PublicPort
from localcloud.ec2 import zones
from localcloud.eks import controlplane, endpoint, jobs, nodegroups, pki, rolling
from localcloud.eks.access import AccessEntries
from localcloud.eks.base import asking_others, find, require_image, version_of
from localcloud.eks.pki import SERVICE_ACCOUNT_KEY
from localcloud.eks.resources import Cluster, ClusterSettings, Plane, VpcConfig, endpoint_host
from localcloud.eks.updates import ClusterUpdates
from localcloud.eks.versions import VERSIONS
from localcloud.eks.workloads import Workloads
from localcloud.iam.sources import assumable
from localcloud.servicequotas.models import applied
from localcloud.servicequotas.table import CLUSTERS, NODE_GROUPS, NODES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from moto.ec2.models.security_groups import SecurityGroup
    from moto.ec2.models.subnets import Subnet

    from localcloud.eks.resources import ClusterRequest, Nodegroup, Update

ZONES_NEEDED = 2
# https://docs.aws.amazon.com/eks/latest/APIReference/API_KubernetesNetworkConfigRequest.html
SERVICE_PREFIXES = range(12, 25)
ADMINISTRATOR = "AmazonEKSClusterAdminPolicy"


class ResourceLimitExceededError(EKSError):
    """One more than the account's quota."""

    TYPE = "ResourceLimitExceededException"
    STATUS = 400


class UnsupportedAvailabilityZoneError(EKSError):
    """EKS makes no control planes in a subnet's zone."""

    TYPE = "UnsupportedAvailabilityZoneException"
    STATUS = 400

    def __init__(self, *, clusterName: str, zone: str, valid: list[str]) -> None:  # noqa: N803 - the API's name
        super().__init__(
            clusterName=clusterName,
            validZones=valid,
            message=f"Cannot create cluster '{clusterName}' because {zone}, the targeted availability zone, does not "
            "currently have sufficient capacity to support the cluster. Retry and choose from these availability zones: "
            f"{', '.join(valid)}",
        )


class LocalEKSBackend(AccessEntries, ClusterUpdates, Workloads):
    """EKS, backed by containers."""

    # -- clusters
    def create_cluster(self, asked: ClusterRequest) -> Cluster:
        """Create a cluster, with its creator as administrator if there is one; on failure nothing of it stays."""
        with asking_others(asked.name), ExitStack() as undo:
            subnets = self._check(asked)
            group = self._make_security_group(undo, asked.name, subnets[0].vpc_id)
            cluster = Cluster(
                **{each.name: getattr(asked, each.name) for each in fields(ClusterSettings)},
                arn=self.arn("cluster", asked.name),
                resources_vpc_config=VpcConfig(
                    subnet_ids=asked.subnet_ids,
                    security_group_ids=asked.security_group_ids,
                    cluster_security_group_id=group.id,
                    vpc_id=subnets[0].vpc_id,
                    endpoint_public_access=asked.endpoint_public_access,
                    endpoint_private_access=asked.endpoint_private_access,
                    public_access_cidrs=asked.public_access_cidrs,
                ),
                plane=self._plan(undo, asked, [group.id, *asked.security_group_ids]),
            )
            self.clusters[asked.name] = cluster
            undo.callback(self.clusters.pop, asked.name)
            if asked.creator is not None:
                self.create_access_entry(asked.name, asked.creator)
                self.associate_access_policy(asked.name, asked.creator, self.policy_arn(ADMINISTRATOR), "cluster")
            undo.pop_all()
        self.converge(asked.name)
        return cluster

    def associate_encryption_config(self, name: str, config: list[Mapping[str, Mapping[str, str]]]) -> Update:
        """Give the cluster a data key made by KMS; the plain key stays in the control plane."""
        cluster = self.describe_cluster(name)
        with asking_others(name):
            cluster.plane.encryption_key = self._data_key(config)
        cluster.encryption_config = config
        self.push(jobs.push_encryption, name)
        return self.record(cluster, "AssociateEncryptionConfig")

    def delete_cluster(self, name: str) -> Cluster:
        cluster = self.describe_cluster(name)
        if cluster.deletion_protection:
            raise InvalidRequestException(clusterName=name, message="Deletion protection is enabled: disable it first.")
        if cluster.updating:
            message = f"Cannot delete because cluster {name} currently has an update in progress"
            raise ResourceInUseException(clusterName=name, message=message)
        if cluster.nodegroups:
            raise ResourceInUseException(clusterName=name, message="Cluster has nodegroups attached")
        cluster.status = "DELETING"
        self.converge(name)
        return cluster

    def forget_cluster(self, name: str) -> None:
        """Remove the cluster from the model: its machine is gone."""
        cluster = self.clusters.pop(name)
        self.release(name)
        if cluster.plane.eni in self.ec2.enis:
            self.ec2.delete_network_interface(cluster.plane.eni)
        group = cluster.resources_vpc_config.cluster_security_group_id
        if any(group in groups for groups in self.ec2.groups.values()):
            self.ec2.delete_security_group(group_id=group)

    def control_plane(self, name: str) -> controlplane.ControlPlane:
        """Return the control plane as it must be."""
        cluster, now = self.clusters[name], runtime.current()
        plane, vpc = cluster.plane, cluster.resources_vpc_config
        public = self.public_address(name)
        judged = None if vpc.endpoint_private_access else vpc.vpc_id
        return controlplane.ControlPlane(
            name=name,
            version=VERSIONS[cluster.version],
            volume=controlplane.volume_name(now.config.name, controlplane.machine_name(name, self.region_name)),
            region=self.region_name,
            vpc_network=now.networks.vpc_name(vpc.vpc_id),
            address=plane.address,
            public=Attachment(network=now.networks.public_name, address=public) if public else None,
            public_port=PublicPort(port=controlplane.API_PORT, ranges=tuple(vpc.public_access_cidrs), vpc=judged)
            if public
            else None,
            endpoint_host=plane.endpoint_host,
            issuer=plane.issuer,
            service_cidr=cluster.service_cidr,
            security_groups=cluster.security_groups,
            server=f"https://{now.config.gateway}:{now.config.control_plane_port}/_eks/{self.region_name}/{name}",
            server_ca=now.registry.authority.certificate(),
            secret=plane.secret,
            secrets=plane.files,
            encryption_key=plane.encryption_key,
            log_types=cluster.enabled_log_types,
        )

    def reconcile(self) -> None:
        """After a start of the server: control planes and their pods' helpers as the model says."""
        for name, cluster in self.clusters.items():
            self.converge(name)
            if cluster.runs:
                for addon in cluster.addons:
                    self.converge_addon(name, addon)
                for nodegroup in cluster.nodegroups:
                    self.converge_nodegroup(name, nodegroup)
        runtime.current().queue.submit(f"eks-leftovers/{self.region_name}", partial(jobs.remove_leftovers, self))

    def figures(self) -> dict[str, float]:
        """Return how long the nodes of each node group took from its creation to Ready, in seconds."""
        return {
            f"nodes Ready after CreateNodegroup, {cluster.name}/{group.name}": group.ready_seconds
            for cluster in self.clusters.values()
            for group in cluster.nodegroups.values()
            if group.ready_seconds is not None
        }

    # -- node groups
    def create_nodegroup(self, group: Nodegroup, template: Mapping[str, str]) -> Nodegroup:
        """Create a node group; `template` names the user's launch template, if there is one."""
        cluster = self.describe_cluster(group.cluster_name)
        if group.name in cluster.nodegroups:
            message = f"NodeGroup already exists with name {group.name} and cluster name {cluster.name}"
            raise ResourceInUseException(clusterName=cluster.name, nodegroupName=group.name, message=message)
        if cluster.status != "ACTIVE":
            raise InvalidRequestException(message=f"Cluster '{cluster.name}' is not in ACTIVE status")
        if len(cluster.nodegroups) >= applied(self.account_id, self.region_name, NODE_GROUPS):
            message = "The maximum number of node groups per cluster has been reached."
            raise ResourceLimitExceededError(clusterName=cluster.name, nodegroupName=group.name, message=message)
        group.version = group.version or cluster.version
        group.release_version = group.release_version or version_of(cluster.name, group.version).release
        nodegroups.check(group, cluster.version)
        self._check_nodes(group.name, cluster, group.scaling_config.max_size)
        with asking_others(cluster.name):
            self._require_vpc(cluster, group.subnets)
        if template:
            nodegroups.check_template(group)
            with asking_others(cluster.name):
                group.launch_template = nodegroups.user_template(self.ec2, template)
        with asking_others(cluster.name), ExitStack() as undo:
            cluster.nodegroups[group.name] = group
            undo.callback(cluster.nodegroups.pop, group.name)
            nodegroups.create(self, cluster, group, undo)
            undo.pop_all()
        self.converge_nodegroup(cluster.name, group.name)
        return group

    def describe_nodegroup(self, cluster_name: str, name: str) -> Nodegroup:
        found, message = self.describe_cluster(cluster_name).nodegroups, f"No node group found for name: {name}."
        return find(found, name, message, clusterName=cluster_name, nodegroupName=name)

    def update_nodegroup_config(
        self,
        cluster: str,
        name: str,
        *,
        sizes: Mapping[str, int],
        update_config: Mapping[str, object] | None,
        node_repair_config: Mapping[str, object] | None,
        changes: nodegroups.Changes,
    ) -> Update:
        """Change what is given; `sizes` are fields of ScalingConfig."""
        group = self._updatable(cluster, name)
        if sizes:
            wanted = replace(group.scaling_config, **sizes)
            self._check_nodes(name, self.describe_cluster(cluster), wanted.max_size)
            with asking_others(cluster):
                nodegroups.resize(self, group, wanted)
        if update_config:
            group.update_config = update_config
        if node_repair_config:
            group.node_repair_config = node_repair_config
        if changes != nodegroups.Changes():
            nodegroups.relabel(self, group, changes)
        return self._updated(group, "ConfigUpdate")

    def update_nodegroup_version(
        self,
        cluster: str,
        name: str,
        *,
        version: str | None,
        release: str | None,
        template: Mapping[str, str],
        force: bool,
    ) -> Update:
        """Replace the group's nodes, one after the other, by such with another version or launch template."""
        group = self._updatable(cluster, name)
        plane = self.describe_cluster(cluster).version
        wanted = version_of(cluster, version or (group.version if template and not release else plane))
        nodegroups.check_versions(cluster, wanted, release or wanted.release, plane=plane)
        nodegroups.require_image(self, cluster, wanted)
        with asking_others(cluster):
            changed = nodegroups.replace_template(self, group, wanted, template)
            if not changed and not nodegroups.outdated(self, group):
                return self._updated(group, "VersionUpdate")
        versions = {"Version": group.version, "ReleaseVersion": group.release_version}
        update = self.begin(self.describe_cluster(cluster), "VersionUpdate", versions)
        group.status, group.rolling, group.force = "UPDATING", update.id, force
        self.converge_nodegroup(cluster, name)
        return update

    def delete_nodegroup(self, cluster: str, name: str) -> Nodegroup:
        group = self.describe_nodegroup(cluster, name)
        group.status = "DELETING"
        nodegroups.delete(self, group)
        self.converge_nodegroup(cluster, name)
        return group

    def converge_nodegroup(self, cluster: str, name: str) -> None:
        """Have the node group's status follow its nodes."""
        group = self.clusters[cluster].nodegroups.get(name)
        what = rolling.roll_nodegroup if group and group.status == "UPDATING" else jobs.converge_nodegroup
        job = partial(what, self, cluster, name)
        runtime.current().queue.submit(jobs.nodegroup_key(self, cluster, name), job)

    def _updatable(self, cluster: str, name: str) -> Nodegroup:
        group = self.describe_nodegroup(cluster, name)
        if group.status not in ("ACTIVE", "DEGRADED"):
            message = "Nodegroup cannot be updated as it is currently not in Active State"
            raise ResourceInUseException(clusterName=cluster, nodegroupName=name, message=message)
        return group

    def _check_nodes(self, name: str, cluster: Cluster, size: int) -> None:
        """Refuse more nodes than the account's quota of a node group."""
        quota = int(applied(self.account_id, self.region_name, NODES))
        if size > quota:
            message = f"The maximum number of nodes per managed node group is {quota}: maxSize {size} is more."
            raise ResourceLimitExceededError(clusterName=cluster.name, nodegroupName=name, message=message)

    def _require_vpc(self, cluster: Cluster, subnets: list[str]) -> None:
        """Refuse nodes in another VPC; words: https://github.com/rancher/rancher/issues/28144."""
        vpc = cluster.resources_vpc_config.vpc_id
        if any(self.ec2.get_subnet(subnet).vpc_id != vpc for subnet in subnets):
            message = f"Specified subnets must belong to cluster's vpc {vpc}"
            raise InvalidParameterException(clusterName=cluster.name, message=message)

    def _updated(self, group: Nodegroup, kind: str) -> Update:
        group.modified_at = utcnow()
        self.converge_nodegroup(group.cluster_name, group.name)
        return self.record(self.describe_cluster(group.cluster_name), kind)

    # -- helpers
    def _check(self, asked: ClusterRequest) -> list[Subnet]:
        """Refuse what can't be made, before anything is changed; the subnets."""

        def refuse(message: str) -> None:
            raise InvalidParameterException(clusterName=asked.name, message=message)

        if asked.name in self.clusters:
            message = f"Cluster already exists with name: {asked.name}"
            raise ResourceInUseException(clusterName=asked.name, message=message)
        if len(self.clusters) >= applied(self.account_id, self.region_name, CLUSTERS):
            message = "The maximum number of clusters has been reached."
            raise ResourceLimitExceededError(clusterName=asked.name, message=message)
        version = version_of(asked.name, asked.version)
        endpoint.check(
            asked.name,
            public=asked.endpoint_public_access,
            private=asked.endpoint_private_access,
            cidrs=asked.public_access_cidrs,
        )
        if asked.authentication_mode == "CONFIG_MAP":
            refuse("authenticationMode CONFIG_MAP is not offered by the local cloud: API and API_AND_CONFIG_MAP are")
        for setting in asked.not_offered:
            refuse(f"{setting} is not offered by the local cloud: leave it out")
        if asked.ip_family != "ipv4":
            refuse(f"ipFamily {asked.ip_family} is not offered by the local cloud: ipv4 is")
        _check_service_range(asked)
        subnets = [self.ec2.get_subnet(subnet_id) for subnet_id in asked.subnet_ids]
        if len({subnet.vpc_id for subnet in subnets}) > 1:
            refuse("Subnets specified must be in the same VPC")
        self._require_zones(asked.name, {subnet.availability_zone for subnet in subnets})
        if asked.encryption_config:
            self._key_of(asked.encryption_config)
        if not assumable(asked.role_arn, "eks.amazonaws.com"):
            refuse(nodegroups.NOT_ASSUMABLE % asked.role_arn)
        require_image(asked.name, version.image(controlplane.IMAGE))
        return subnets

    def _require_zones(self, name: str, used: set[str]) -> None:
        if len(used) < ZONES_NEEDED:
            raise InvalidParameterException(
                clusterName=name, message="Subnets specified must be in at least two different AZs"
            )
        valid = zones.taken_by_eks(self.region_name)
        for zone in sorted(used - set(valid)):
            raise UnsupportedAvailabilityZoneError(clusterName=name, zone=zone, valid=valid)

    def _make_security_group(self, undo: ExitStack, name: str, vpc_id: str) -> SecurityGroup:
        tags = {
            "Name": f"eks-cluster-sg-{name}",
            f"kubernetes.io/cluster/{name}": "owned",
            "aws:eks:cluster-name": name,
        }
        group = self.ec2.create_security_group(
            f"eks-cluster-sg-{name}-{mock_random.get_random_hex(8)}",
            "EKS created security group applied to ENI that is attached to EKS Control Plane master nodes, "
            "as well as any managed workloads.",
            vpc_id=vpc_id,
            tags=tags,
        )
        undo.callback(self.ec2.delete_security_group, group_id=group.id)
        self.ec2.authorize_security_group_ingress(
            group.id,
            "-1",
            None,  # type: ignore[arg-type]  # as moto's own response class passes them on
            None,  # type: ignore[arg-type]
            [],
            source_groups=[{"GroupId": group.id}],
            vpc_id=vpc_id,
        )
        return group

    def _plan(self, undo: ExitStack, asked: ClusterRequest, groups: list[str]) -> Plane:
        eni = self.ec2.create_network_interface(
            asked.subnet_ids[0], "", group_ids=groups, description=f"Amazon EKS {asked.name}"
        )
        undo.callback(self.ec2.delete_network_interface, eni.id)
        if asked.endpoint_public_access:
            undo.callback(self.release, asked.name)
            self.reserve(asked.name)
        key, address = mock_random.get_random_hex(32).upper(), str(eni.private_ip_address)
        authority, files = pki.cluster_files(
            endpoint_host=endpoint_host(key, self.region_name),
            address=address,
            service_cidr=asked.service_cidr,
        )
        return Plane(
            id=key,
            region=self.region_name,
            address=address,
            eni=eni.id,
            secret=secrets.token_urlsafe(32),
            certificate_authority=authority,
            files=files,
            encryption_key=self._data_key(asked.encryption_config) if asked.encryption_config else None,
        )

    def _key_of(self, encryption_config: list[Mapping[str, Mapping[str, str]]]) -> str:
        arn = encryption_config[0]["provider"]["keyArn"]
        key = arn.rpartition("/")[2]
        if key not in kms_backends[self.account_id][self.region_name].keys:
            raise InvalidParameterException(
                message=f"The keyArn in encryptionConfig provider is not valid: {arn} is not there"
            )
        return key

    def _data_key(self, encryption_config: list[Mapping[str, Mapping[str, str]]]) -> bytes:
        kms = kms_backends[self.account_id][self.region_name]
        plain, _, _ = kms.generate_data_key(self._key_of(encryption_config), {}, 32, "")
        return plain


def _check_service_range(asked: ClusterRequest) -> None:
    try:
        network = IPv4Network(asked.service_cidr)
    except ValueError:
        network = None
    if (
        network is None
        or not any(map(network.subnet_of, endpoint.PRIVATE))
        or network.prefixlen not in SERVICE_PREFIXES
    ):
        message = (
            f"The serviceIpv4Cidr {asked.service_cidr} is not valid: give a block of /24 to /12 within "
            f"{', '.join(map(str, endpoint.PRIVATE))}."
        )
        raise InvalidParameterException(clusterName=asked.name, message=message)


def issuer_key(issuer: str) -> str:
    """Return the public key, as PEM, by which a cluster's service accounts are verified; "" for another's issuer."""
    for _, _, found in eks_backends.iter_backends():
        for cluster in cast("LocalEKSBackend", found).clusters.values():
            if cluster.plane.issuer == issuer:
                return cluster.plane.files[SERVICE_ACCOUNT_KEY]
    return ""
