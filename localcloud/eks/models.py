"""EKS's model: clusters, what belongs to them, and the jobs that make them real.

Requests only change the model; a job per cluster, add-on or node group then makes it real and notes the outcome.
"""
# ruff: noqa: D102 - operations are documented by AWS

from __future__ import annotations

import secrets
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from moto.core.base_backend import BaseBackend
from moto.core.resource_tagging import TaggableResourcesMixin, TaggedResource
from moto.core.utils import utcnow
from moto.ec2.models import ec2_backends
from moto.eks.exceptions import (
    EKSError,
    InvalidParameterException,
    InvalidRequestException,
    ResourceInUseException,
    ResourceNotFoundException,
)
from moto.kms.models import kms_backends
from moto.moto_api._internal import mock_random

from localcloud.core import runtime
from localcloud.ec2 import zones
from localcloud.eks import addons, controlplane, identity, jobs, nodegroups, pki
from localcloud.eks.resources import (
    AccessEntry,
    AccessScope,
    Addon,
    AddonSettings,
    AssociatedPolicy,
    Cluster,
    Plane,
    PodIdentityAssociation,
    Update,
    VpcConfig,
    endpoint_host,
)
from localcloud.iam.sources import assumable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from moto.ec2.models import EC2Backend
    from moto.ec2.models.security_groups import SecurityGroup
    from moto.ec2.models.subnets import Subnet

    from localcloud.eks.resources import ClusterRequest, Nodegroup, RoleSettings, VpcSettings

ZONES_NEEDED = 2
NO_PUBLIC_ENDPOINT = (
    "endpointPublicAccess=true is not offered by the local cloud: the API server is private, set it to false"
)
ADMINISTRATOR = "AmazonEKSClusterAdminPolicy"


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


class LocalEKSBackend(BaseBackend, TaggableResourcesMixin):
    """EKS, backed by containers."""

    SERVICE_NAMESPACE = "eks"

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.clusters: dict[str, Cluster] = {}

    @property
    def ec2(self) -> EC2Backend:
        """EC2 of the same account and region."""
        return ec2_backends[self.account_id][self.region_name]

    # -- clusters
    def create_cluster(self, asked: ClusterRequest) -> Cluster:
        """Create a cluster, with its creator as administrator if there is one; on failure nothing of it stays."""
        subnets = self._check(asked)
        with ExitStack() as undo:
            group = self._make_security_group(undo, asked.name, subnets[0].vpc_id)
            cluster = Cluster(
                name=asked.name,
                arn=self.arn("cluster", asked.name),
                version=asked.version,
                role_arn=asked.role_arn,
                resources_vpc_config=VpcConfig(
                    subnet_ids=asked.subnet_ids,
                    security_group_ids=asked.security_group_ids,
                    cluster_security_group_id=group.id,
                    vpc_id=subnets[0].vpc_id,
                    public_access_cidrs=asked.public_access_cidrs,
                ),
                service_cidr=asked.service_cidr,
                authentication_mode=asked.authentication_mode,
                log_types=asked.log_types,
                encryption_config=asked.encryption_config,
                upgrade_policy=asked.upgrade_policy,
                deletion_protection=asked.deletion_protection,
                tags=asked.tags,
                self_managed_addons=asked.self_managed_addons,
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

    def describe_cluster(self, name: str) -> Cluster:
        if name not in self.clusters:
            raise ResourceNotFoundException(message=f"No cluster found for name: {name}.")
        return self.clusters[name]

    def update_cluster_config(
        self,
        name: str,
        *,
        public_access: bool,
        vpc: VpcSettings,
        authentication_mode: str | None,
        upgrade_policy: Mapping[str, str] | None,
        deletion_protection: bool | None,
        logs: Mapping[str, bool],
    ) -> Update:
        """Change what is given; `logs` says which types are shipped and which are not."""
        cluster, kind = self.describe_cluster(name), "ConfigUpdate"
        if public_access:
            raise InvalidParameterException(clusterName=name, message=NO_PUBLIC_ENDPOINT)
        if vpc:
            cluster.resources_vpc_config = replace(cluster.resources_vpc_config, **vpc)
            self.converge(name)
            kind = "VpcConfigUpdate"
        if authentication_mode is not None:
            cluster.authentication_mode = authentication_mode
            kind = "AccessConfigUpdate"
        if upgrade_policy is not None:
            cluster.upgrade_policy = upgrade_policy
            kind = "UpgradePolicyUpdate"
        if deletion_protection is not None:
            cluster.deletion_protection = deletion_protection
            kind = "DeletionProtectionUpdate"
        if logs:
            cluster.log_types = {each for each in controlplane.LOG_TYPES if logs.get(each, each in cluster.log_types)}
            self.push(jobs.push_log_types, name)
            kind = "LoggingUpdate"
        return self._record(cluster, kind)

    def update_cluster_version(self, name: str, version: str) -> Update:
        nodegroups.check_version(name, version)
        return self._record(self.describe_cluster(name), "VersionUpdate")

    def associate_encryption_config(self, name: str, config: list[Mapping[str, Mapping[str, str]]]) -> Update:
        """Give the cluster a data key made by KMS; the plain key stays in the control plane."""
        cluster = self.describe_cluster(name)
        cluster.plane.encryption_key = self._data_key(config)
        cluster.encryption_config = config
        self.push(jobs.push_encryption, name)
        return self._record(cluster, "AssociateEncryptionConfig")

    def delete_cluster(self, name: str) -> Cluster:
        cluster = self.describe_cluster(name)
        if cluster.deletion_protection:
            raise InvalidRequestException(clusterName=name, message="Deletion protection is enabled: disable it first.")
        if cluster.nodegroups:
            raise ResourceInUseException(clusterName=name, message="Cluster has nodegroups attached")
        cluster.status = "DELETING"
        self.converge(name)
        return cluster

    def forget_cluster(self, name: str) -> None:
        """Remove the cluster from the model: its machine is gone."""
        cluster = self.clusters.pop(name)
        if cluster.plane.eni in self.ec2.enis:
            self.ec2.delete_network_interface(cluster.plane.eni)
        group = cluster.resources_vpc_config.cluster_security_group_id
        if any(group in groups for groups in self.ec2.groups.values()):
            self.ec2.delete_security_group(group_id=group)

    def converge(self, name: str) -> None:
        """Have the cluster's control plane made what the model says."""
        runtime.current().queue.submit(jobs.cluster_key(self, name), partial(jobs.converge_cluster, self, name))

    def push(self, what: Callable[[LocalEKSBackend, str], float | None], cluster: str) -> None:
        """Have a job tell the control plane about a change (jobs.push_*)."""
        key = f"{what.__name__}/{self.region_name}/{cluster}"
        runtime.current().queue.submit(key, partial(what, self, cluster))

    def control_plane(self, name: str) -> controlplane.ControlPlane:
        """Return the control plane as it must be."""
        cluster, now = self.clusters[name], runtime.current()
        plane = cluster.plane
        return controlplane.ControlPlane(
            name=name,
            region=self.region_name,
            vpc_network=now.networks.vpc_name(cluster.resources_vpc_config.vpc_id),
            address=plane.address,
            endpoint_host=plane.endpoint_host,
            issuer=plane.issuer,
            service_cidr=cluster.service_cidr,
            security_groups=cluster.security_groups,
            server=f"{now.config.endpoint_inside}/_eks/{self.region_name}/{name}",
            secret=plane.secret,
            secrets=plane.files,
            encryption_key=plane.encryption_key,
            log_types=cluster.enabled_log_types,
        )

    def reconcile(self) -> None:
        """After a start of the server: control planes and their pods' helpers as the model says."""
        for name, cluster in self.clusters.items():
            self.converge(name)
            if cluster.status == "ACTIVE":
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
        nodegroups.check(group)
        if template:
            nodegroups.check_template(group)
            group.launch_template = nodegroups.user_template(self.ec2, template)
        with ExitStack() as undo:
            cluster.nodegroups[group.name] = group
            undo.callback(cluster.nodegroups.pop, group.name)
            nodegroups.create(self, cluster, group, undo)
            undo.pop_all()
        self.converge_nodegroup(cluster.name, group.name)
        return group

    def describe_nodegroup(self, cluster_name: str, name: str) -> Nodegroup:
        cluster = self.describe_cluster(cluster_name)
        if name not in cluster.nodegroups:
            message = f"No node group found for name: {name}."
            raise ResourceNotFoundException(clusterName=cluster_name, nodegroupName=name, message=message)
        return cluster.nodegroups[name]

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
            nodegroups.resize(self, group, replace(group.scaling_config, **sizes))
        if update_config:
            group.update_config = update_config
        if node_repair_config:
            group.node_repair_config = node_repair_config
        if changes != nodegroups.Changes():
            nodegroups.relabel(self, group, changes)
        return self._updated(group, "ConfigUpdate")

    def update_nodegroup_version(
        self, cluster: str, name: str, *, version: str | None, release: str | None, template: Mapping[str, str]
    ) -> Update:
        group = self._updatable(cluster, name)
        nodegroups.check_version(cluster, version)
        nodegroups.check_release(cluster, release)
        if template:
            nodegroups.replace_template(self, group, template)
        group.release_version = release or group.release_version
        return self._updated(group, "VersionUpdate")

    def delete_nodegroup(self, cluster: str, name: str) -> Nodegroup:
        group = self.describe_nodegroup(cluster, name)
        group.status = "DELETING"
        nodegroups.delete(self, group)
        self.converge_nodegroup(cluster, name)
        return group

    def converge_nodegroup(self, cluster: str, name: str) -> None:
        """Have the node group's status follow its nodes."""
        job = partial(jobs.converge_nodegroup, self, cluster, name)
        runtime.current().queue.submit(jobs.nodegroup_key(self, cluster, name), job)

    def _updatable(self, cluster: str, name: str) -> Nodegroup:
        group = self.describe_nodegroup(cluster, name)
        if group.status not in ("ACTIVE", "DEGRADED"):
            message = "Nodegroup cannot be updated as it is currently not in Active State"
            raise InvalidRequestException(clusterName=cluster, nodegroupName=name, message=message)
        return group

    def _updated(self, group: Nodegroup, kind: str) -> Update:
        group.modified_at = utcnow()
        self.converge_nodegroup(group.cluster_name, group.name)
        return self._record(self.describe_cluster(group.cluster_name), kind)

    # -- access
    def create_access_entry(
        self,
        cluster_name: str,
        principal: str,
        *,
        kind: str = "STANDARD",
        username: str | None = None,
        groups: Sequence[str] = (),
        tags: Mapping[str, str] | None = None,
    ) -> AccessEntry:
        """Let an IAM principal in."""
        cluster = self.describe_cluster(cluster_name)
        if kind not in identity.ENTRY_TYPES:
            allowed = ", ".join(identity.ENTRY_TYPES)
            message = f"The access entry type {kind} is not offered by the local cloud: {allowed} are."
            raise InvalidParameterException(clusterName=cluster_name, message=message)
        *_, account, resource = principal.split(":")
        resource_kind, _, name = resource.partition("/")
        if resource_kind not in ("user", "role"):
            message = f"The principalArn {principal} is not allowed: give the ARN of an IAM user or role."
            raise InvalidParameterException(clusterName=cluster_name, message=message)
        if principal in cluster.access_entries:
            message = "The specified access entry resource is already in use on this cluster."
            raise ResourceInUseException(clusterName=cluster_name, message=message)
        parts = (cluster_name, resource_kind, account, name.rpartition("/")[2], str(mock_random.uuid4()))
        entry = AccessEntry(
            cluster_name=cluster_name,
            arn=self.arn("access-entry", *parts),
            principal_arn=principal,
            type=kind,
            username=username or identity.default_username(principal, kind),
            kubernetes_groups=list(groups),
            tags=dict(tags or {}),
        )
        cluster.access_entries[principal] = entry
        return entry

    def describe_access_entry(self, cluster: str, principal: str) -> AccessEntry:
        entry = self.describe_cluster(cluster).access_entries.get(principal)
        if entry is None:
            message = (
                "The specified principalArn could not be found. You can view your available access entries with "
                "'list access entries'."
            )
            raise ResourceNotFoundException(clusterName=cluster, message=message)
        return entry

    def update_access_entry(
        self, cluster: str, principal: str, *, username: str | None, groups: Sequence[str] | None
    ) -> AccessEntry:
        entry = self.describe_access_entry(cluster, principal)
        entry.username = entry.username if username is None else username
        entry.kubernetes_groups = entry.kubernetes_groups if groups is None else list(groups)
        entry.modified_at = utcnow()
        return entry

    def delete_access_entry(self, cluster: str, principal: str) -> None:
        self.describe_access_entry(cluster, principal)
        del self.clusters[cluster].access_entries[principal]
        self.push(jobs.push_scopes, cluster)

    def associate_access_policy(
        self, cluster: str, principal: str, policy_arn: str, scope: str, namespaces: Sequence[str] = ()
    ) -> AssociatedPolicy:
        """Give a principal an access policy."""
        entry = self.describe_access_entry(cluster, principal)
        policy = AssociatedPolicy(
            policy_arn=policy_arn, access_scope=AccessScope(type=scope, namespaces=list(namespaces))
        )
        if policy.name not in identity.POLICY_ROLES:
            allowed = ", ".join(identity.POLICY_ROLES)
            message = f"The policy {policy_arn} is not offered by the local cloud: {allowed} are."
            raise InvalidParameterException(clusterName=cluster, message=message)
        if entry.type != "STANDARD":
            raise InvalidParameterException(clusterName=cluster, message="Only STANDARD access entries have policies.")
        before = entry.policies.get(policy_arn, policy)
        entry.policies[policy_arn] = replace(policy, associated_at=before.associated_at)
        self.push(jobs.push_scopes, cluster)
        return entry.policies[policy_arn]

    def disassociate_access_policy(self, cluster: str, principal: str, policy_arn: str) -> None:
        self.describe_access_entry(cluster, principal).policies.pop(policy_arn, None)
        self.push(jobs.push_scopes, cluster)

    def policy_arn(self, name: str) -> str:
        """Return the ARN of an access policy."""
        return f"arn:{self.partition}:eks::aws:cluster-access-policy/{name}"

    # -- add-ons
    def create_addon(self, cluster_name: str, name: str, settings: AddonSettings, tags: Mapping[str, str]) -> Addon:
        """Add an add-on."""
        cluster, release = self.describe_cluster(cluster_name), self.checked_release(name, settings)
        if name in cluster.addons:
            raise ResourceInUseException(clusterName=cluster_name, addonName=name, message="Addon already exists.")
        wanted = settings.copy()
        wanted.setdefault("version", release.version)
        addon = Addon(
            cluster_name=cluster_name,
            arn=self.arn("addon", cluster_name, name, str(mock_random.uuid4())),
            name=name,
            tags=dict(tags),
            **wanted,
        )
        cluster.addons[name] = addon
        self.converge_addon(cluster_name, name)
        return addon

    def describe_addon(self, cluster: str, name: str) -> Addon:
        addon = self.describe_cluster(cluster).addons.get(name)
        if addon is None:
            message = f"No addon: {name} found in cluster: {cluster}"
            raise ResourceNotFoundException(clusterName=cluster, addonName=name, message=message)
        return addon

    def update_addon(self, cluster: str, name: str, settings: AddonSettings) -> Update:
        addon = self.describe_addon(cluster, name)
        self.checked_release(name, settings)
        self.clusters[cluster].addons[name] = replace(addon, **settings, status="UPDATING", modified_at=utcnow())
        self.converge_addon(cluster, name)
        return self._record(self.clusters[cluster], "AddonUpdate")

    def delete_addon(self, cluster: str, name: str, *, preserve: bool) -> Addon:
        """Delete an add-on; `preserve` leaves its objects in the cluster."""
        addon = self.describe_addon(cluster, name)
        addon.status = "DELETING"
        if preserve:
            del self.clusters[cluster].addons[name]
        else:
            self.converge_addon(cluster, name)
        return addon

    def converge_addon(self, cluster: str, name: str) -> None:
        """Have the add-on made what the model says (absent there: removed)."""
        job = partial(jobs.converge_addon, self, cluster, name)
        runtime.current().queue.submit(jobs.addon_key(self, cluster, name), job)

    def checked_release(self, name: str, settings: AddonSettings) -> addons.Release:
        """Return what is offered of an add-on; refuse what is not."""
        release = addons.CATALOGUE.get(name)
        if release is None:
            message = f"The add-on {name} is not offered by the local cloud: {', '.join(addons.CATALOGUE)} are."
            raise InvalidParameterException(addonName=name, message=message)
        version = settings.get("version", release.version)
        if version != release.version:
            message = f"Addon version specified is not supported: {version}; {release.version} is."
            raise InvalidParameterException(addonName=name, message=message)
        try:
            addons.replicas(release, settings.get("configuration_values"))
        except addons.ConfigurationError as error:
            raise InvalidParameterException(addonName=name, message=str(error)) from error
        return release

    # -- pod identity associations
    def create_pod_identity_association(
        self,
        cluster_name: str,
        namespace: str,
        service_account: str,
        settings: RoleSettings,
        tags: Mapping[str, str],
    ) -> PodIdentityAssociation:
        """Give a service account a role."""
        cluster = self.describe_cluster(cluster_name)
        for found in cluster.pod_identities.values():
            if (found.namespace, found.service_account) == (namespace, service_account):
                message = f"Association already exists: {found.association_id}"
                raise ResourceInUseException(clusterName=cluster_name, message=message)
        key = "a-" + mock_random.get_random_hex(17)
        made = PodIdentityAssociation(
            cluster_name=cluster_name,
            arn=self.arn("podidentityassociation", cluster_name, key),
            association_id=key,
            namespace=namespace,
            service_account=service_account,
            tags=dict(tags),
            **settings,
        )
        cluster.pod_identities[key] = made
        return made

    def describe_pod_identity_association(self, cluster: str, key: str) -> PodIdentityAssociation:
        found = self.describe_cluster(cluster).pod_identities.get(key)
        if found is None:
            message = f"No pod identity association found for: {key}"
            raise ResourceNotFoundException(clusterName=cluster, message=message)
        return found

    def update_pod_identity_association(self, cluster: str, key: str, settings: RoleSettings) -> PodIdentityAssociation:
        changed = replace(self.describe_pod_identity_association(cluster, key), **settings, modified_at=utcnow())
        self.clusters[cluster].pod_identities[key] = changed
        return changed

    def delete_pod_identity_association(self, cluster: str, key: str) -> PodIdentityAssociation:
        self.describe_pod_identity_association(cluster, key)
        return self.clusters[cluster].pod_identities.pop(key)

    # -- updates
    def describe_update(self, cluster: str, key: str) -> Update:
        update = self.describe_cluster(cluster).updates.get(key)
        if update is None:
            raise ResourceNotFoundException(clusterName=cluster, message=f"No update found for ID: {key}")
        return update

    def _record(self, cluster: Cluster, kind: str) -> Update:
        return cluster.record(Update(id=str(mock_random.uuid4()), type=kind))

    # -- tags
    def iter_tagged_resources(self) -> Iterator[TaggedResource]:
        """Yield clusters, and what belongs to them."""
        for cluster in self.clusters.values():
            for each in cluster.tagged:
                kind = each.arn.split(":")[5].partition("/")[0]
                yield TaggedResource(arn=each.arn, tags=each.tags, resource_type=f"eks:{kind}")

    def tags_of(self, arn: str) -> dict[str, str]:
        """Return the tags of whatever has this ARN."""
        for resource in self.iter_tagged_resources():
            if resource.arn == arn:
                return resource.tags
        raise ResourceNotFoundException(message=f"Resource {arn} was not found")

    def tag_resource(self, resource_arn: str, tags: dict[str, str]) -> None:
        self.tags_of(resource_arn).update(tags)

    def untag_resource(self, resource_arn: str, tag_keys: list[str]) -> None:
        for key in tag_keys:
            self.tags_of(resource_arn).pop(key, None)

    # -- helpers
    def arn(self, kind: str, *parts: str) -> str:
        """Return an ARN of this service."""
        return f"arn:{self.partition}:eks:{self.region_name}:{self.account_id}:{kind}/{'/'.join(parts)}"

    def _check(self, asked: ClusterRequest) -> list[Subnet]:
        """Refuse what can't be made, before anything is changed; the subnets."""

        def refuse(message: str) -> None:
            raise InvalidParameterException(clusterName=asked.name, message=message)

        if asked.name in self.clusters:
            message = f"Cluster already exists with name: {asked.name}"
            raise ResourceInUseException(clusterName=asked.name, message=message)
        nodegroups.check_version(asked.name, asked.version)
        if asked.public_access:
            refuse(NO_PUBLIC_ENDPOINT)
        if asked.authentication_mode == "CONFIG_MAP":
            refuse("authenticationMode CONFIG_MAP is not offered by the local cloud: API and API_AND_CONFIG_MAP are")
        for setting in asked.not_offered:
            refuse(f"{setting} is not offered by the local cloud: leave it out")
        if asked.ip_family != "ipv4":
            refuse(f"ipFamily {asked.ip_family} is not offered by the local cloud: ipv4 is")
        subnets = [self.ec2.get_subnet(subnet_id) for subnet_id in asked.subnet_ids]
        self._require_zones(asked.name, {subnet.availability_zone for subnet in subnets})
        if asked.encryption_config:
            self._key_of(asked.encryption_config)
        if not assumable(asked.role_arn, "eks.amazonaws.com"):
            refuse(nodegroups.NOT_ASSUMABLE % asked.role_arn)
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
