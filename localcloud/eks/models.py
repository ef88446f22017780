"""EKS's model: clusters, what belongs to them, and the jobs that make them real.

Requests only change the model; a job per cluster, add-on or node group then makes it real and notes the outcome.
"""
# ruff: noqa: D102 - operations are documented by AWS, overridden methods by moto

from __future__ import annotations

import logging
import secrets
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

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
from moto.eks.models import EKSBackend
from moto.kms.models import kms_backends
from moto.moto_api._internal import mock_random

from localcloud.core import runtime
from localcloud.ec2 import zones
from localcloud.eks import addons, controlplane, identity, jobs, nodegroups, pki
from localcloud.iam.sources import assumable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LOG = logging.getLogger(__name__)
PLATFORM_VERSION = "eks.1"
DEFAULT_SERVICE_CIDR = "172.20.0.0/16"
ZONES_NEEDED = 2
KEEP_UPDATES = 50
ITEM_ARNS = ("accessEntryArn", "addonArn", "associationArn")


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


@dataclass(kw_only=True)
class Plane:
    """What only the local cloud knows of a cluster's control plane."""

    id: str
    address: str
    eni: str
    vpc: str
    secret: str
    certificate_authority: str
    files: dict[str, str]
    encryption_key: bytes | None = None
    applied: set[str] = field(default_factory=set)  # self-managed add-ons that are in the cluster


class LocalEKSBackend(EKSBackend, TaggableResourcesMixin):
    """moto's EKS with a body."""

    SERVICE_NAMESPACE = "eks"

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        # what belongs to a cluster: {cluster: {collection: {key: item}}}, items as in the API
        self.items: dict[str, dict[str, dict[str, Any]]] = defaultdict(collections)
        self.planes: dict[str, Plane] = {}

    # -- clusters
    def create_cluster(
        self, name: str, role_arn: str, resources_vpc_config: Any, *args: Any, creator: str | None = None, **kwargs: Any
    ) -> Any:
        """Create a cluster, with its creator as administrator if there is one; on failure nothing of it stays."""
        settings: dict[str, Any] = kwargs.pop("settings", {})
        version = kwargs.get("version") or addons.KUBERNETES_VERSION
        kwargs["version"] = version
        subnets = self._check(name, version, resources_vpc_config, kwargs, settings)
        if not assumable(role_arn, "eks.amazonaws.com"):
            raise InvalidParameterException(clusterName=name, message=nodegroups.NOT_ASSUMABLE % role_arn)
        with ExitStack() as undo:
            cluster: Any = super().create_cluster(name, role_arn, resources_vpc_config, *args, **kwargs)
            undo.callback(self._drop, name)
            vpc_id = subnets[0].vpc_id
            group = self._make_security_group(undo, name, vpc_id)
            cluster.resources_vpc_config = {
                "subnetIds": list(resources_vpc_config["subnetIds"]),
                "securityGroupIds": list(resources_vpc_config.get("securityGroupIds") or []),
                "endpointPublicAccess": False,
                "endpointPrivateAccess": True,
                "publicAccessCidrs": list(resources_vpc_config.get("publicAccessCidrs") or ["0.0.0.0/0"]),
                "vpcId": vpc_id,
                "clusterSecurityGroupId": group.id,
            }
            network = {k: v for k, v in (kwargs.get("kubernetes_network_config") or {}).items() if v is not None}
            cluster.kubernetes_network_config = {
                "serviceIpv4Cidr": DEFAULT_SERVICE_CIDR,
                "ipFamily": "ipv4",
                **network,
            }
            cluster.access_config = {
                "authenticationMode": (settings.get("accessConfig") or {}).get("authenticationMode") or "API"
            }
            cluster.upgrade_policy = settings.get("upgradePolicy") or {"supportType": "EXTENDED"}
            cluster.deletion_protection = bool(settings.get("deletionProtection"))
            cluster.platformVersion = PLATFORM_VERSION
            cluster.health = {"issues": []}
            cluster.status = "CREATING"
            plane = self._plan(undo, cluster, [group.id, *cluster.resources_vpc_config["securityGroupIds"]])
            cluster.endpoint = f"https://{self.endpoint_host(plane)}"
            cluster.certificate_authority = {"data": pki.encoded(plane.certificate_authority)}
            cluster.identity = {"oidc": {"issuer": self.issuer(plane)}}
            cluster.beacon_self_managed = settings.get("bootstrapSelfManagedAddons") is not False
            if creator is not None:
                self.create_access_entry(name, creator, {})
                policy = f"arn:{self.partition}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
                self.associate_policy(name, creator, policy, {"type": "cluster"})
            undo.pop_all()
        self.converge(name)
        return cluster

    def delete_cluster(self, name: str) -> Any:
        cluster = self.describe_cluster(name)
        if getattr(cluster, "deletion_protection", False):
            raise InvalidRequestException(clusterName=name, message="Deletion protection is enabled: disable it first.")
        if cluster.nodegroups:
            raise ResourceInUseException(clusterName=name, message="Cluster has nodegroups attached")
        cluster.status = "DELETING"
        self.converge(name)
        return cluster

    def forget_cluster(self, name: str) -> None:
        """Remove the cluster from the model: its machine is gone."""
        cluster, plane = self.clusters.get(name), self.planes.get(name)
        self._drop(name)
        ec2 = self.ec2
        if plane and plane.eni in ec2.enis:
            ec2.delete_network_interface(plane.eni)
        group = cluster.resources_vpc_config.get("clusterSecurityGroupId") if cluster else None
        if group in ec2_groups(ec2):
            ec2.delete_security_group(group_id=group)

    def _drop(self, name: str) -> None:
        for table in (self.clusters, self.planes, self.items):
            table.pop(name, None)

    def converge(self, name: str) -> None:
        """Have the cluster's control plane made what the model says."""
        job = partial(jobs.converge_cluster, self.account_id, self.region_name, name)
        runtime.current().queue.submit(jobs.cluster_key(self.region_name, name), job)

    def control_plane(self, name: str) -> controlplane.ControlPlane:
        """Return the control plane as it must be."""
        cluster, plane, now = self.clusters[name], self.planes[name], runtime.current()
        vpc_config = cluster.resources_vpc_config
        return controlplane.ControlPlane(
            name=name,
            region=self.region_name,
            vpc_network=now.networks.vpc_name(plane.vpc),
            address=plane.address,
            endpoint_host=self.endpoint_host(plane),
            issuer=self.issuer(plane),
            service_cidr=cluster.kubernetes_network_config["serviceIpv4Cidr"],
            security_groups=(vpc_config["clusterSecurityGroupId"], *vpc_config["securityGroupIds"]),
            server=f"{now.config.endpoint_inside}/_eks/{self.region_name}/{name}",
            secret=plane.secret,
            secrets=plane.files,
            encryption_key=plane.encryption_key,
            log_types=controlplane.enabled_log_types(cluster.logging),
        )

    def endpoint_host(self, plane: Plane) -> str:
        """Return the API server's host name."""
        return f"{plane.id}.gr7.{self.region_name}.eks.amazonaws.com"

    def issuer(self, plane: Plane) -> str:
        """Return the OIDC issuer's URL."""
        return f"https://oidc.eks.{self.region_name}.amazonaws.com/id/{plane.id}"

    def encrypt_secrets(self, name: str, encryption_config: list[dict[str, Any]]) -> None:
        """Give the cluster a data key made by KMS; the plain key stays in the control plane."""
        cluster, plane = self.clusters[name], self.planes[name]
        cluster.encryption_config = encryption_config
        plane.encryption_key = self._data_key(encryption_config)

    def reconcile(self) -> None:
        """After a start of the server: control planes and their pods' helpers as the model says."""
        for name, cluster in self.clusters.items():
            self.converge(name)
            if cluster.status == "ACTIVE":
                for addon in self.items[name]["addon"]:
                    self.converge_addon(name, addon)
                for nodegroup in cluster.nodegroups:
                    self.converge_nodegroup(name, nodegroup)
        job = partial(jobs.remove_leftovers, self.account_id, self.region_name)
        runtime.current().queue.submit(f"eks-leftovers/{self.region_name}", job)

    def figures(self) -> dict[str, float]:
        """Return how long the nodes of each node group took from its creation to Ready, in seconds."""
        return {
            f"nodes Ready after CreateNodegroup, {cluster}/{name}": group.beacon_ready_seconds
            for cluster, found in self.clusters.items()
            for name, group in found.nodegroups.items()
            if hasattr(group, "beacon_ready_seconds")
        }

    @property
    def ec2(self) -> Any:
        """EC2 of the same account and region."""
        return ec2_backends[self.account_id][self.region_name]

    # -- node groups
    def create_nodegroup(self, cluster_name: str, *args: Any, **kwargs: Any) -> Any:
        settings: dict[str, Any] = kwargs.pop("settings", {})
        nodegroups.check(cluster_name, kwargs)
        group = super().create_nodegroup(cluster_name, *args, **kwargs)
        cluster = self.clusters[cluster_name]
        with ExitStack() as undo:
            undo.callback(cluster.nodegroups.pop, group.nodegroup_name)
            nodegroups.create(self, cluster, group, settings, undo)
            undo.pop_all()
        self.converge_nodegroup(cluster_name, group.nodegroup_name)
        return group

    def delete_nodegroup(self, cluster_name: str, nodegroup_name: str) -> Any:
        group = self.describe_nodegroup(cluster_name, nodegroup_name)
        group.status = "DELETING"
        nodegroups.delete(self, group)
        self.converge_nodegroup(cluster_name, nodegroup_name)
        return group

    def converge_nodegroup(self, cluster: str, nodegroup: str) -> None:
        """Have the node group's status follow its nodes."""
        job = partial(jobs.converge_nodegroup, self.account_id, self.region_name, cluster, nodegroup)
        runtime.current().queue.submit(jobs.nodegroup_key(self.region_name, cluster, nodegroup), job)

    # -- access
    def create_access_entry(self, cluster: str, arn: str, settings: dict[str, Any]) -> dict[str, Any]:
        """Let an IAM principal in."""
        kind = settings.get("type") or "STANDARD"
        if kind not in identity.ENTRY_TYPES:
            allowed = ", ".join(identity.ENTRY_TYPES)
            raise InvalidParameterException(
                clusterName=cluster,
                message=f"The access entry type {kind} is not offered by the local cloud: {allowed} are.",
            )
        *_, account, resource = arn.split(":")
        resource_kind, _, principal = resource.partition("/")
        if resource_kind not in ("user", "role"):
            raise InvalidParameterException(
                clusterName=cluster,
                message=f"The principalArn {arn} is not allowed: give the ARN of an IAM user or role.",
            )
        parts = (cluster, resource_kind, account, principal.rpartition("/")[2], str(mock_random.uuid4()))
        entry = {
            "principalArn": arn,
            "accessEntryArn": self.arn("access-entry", *parts),
            "kubernetesGroups": settings.get("kubernetesGroups") or [],
            "username": settings.get("username") or identity.default_username(arn, kind),
            "type": kind,
            "tags": settings.get("tags") or {},
            "policies": {},
        }
        return self.create_item(cluster, "access entry", arn, entry)

    def associate_policy(self, cluster: str, principal: str, policy_arn: str, scope: dict[str, Any]) -> dict[str, Any]:
        """Give a principal an access policy."""
        entry = self.get_item(cluster, "access entry", principal)
        if identity.policy_name(policy_arn) not in identity.POLICY_ROLES:
            allowed = ", ".join(identity.POLICY_ROLES)
            raise InvalidParameterException(
                clusterName=cluster,
                message=f"The policy {policy_arn} is not offered by the local cloud: {allowed} are.",
            )
        if entry["type"] != "STANDARD":
            raise InvalidParameterException(clusterName=cluster, message="Only STANDARD access entries have policies.")
        before = entry["policies"].get(policy_arn, {"policyArn": policy_arn, "associatedAt": utcnow()})
        association = {**before, "accessScope": {"namespaces": [], **scope}, "modifiedAt": utcnow()}
        entry["policies"][policy_arn] = association
        self.push_scopes(cluster)
        return association

    def push(self, what: Callable[[str, str, str], float | None], cluster: str) -> None:
        """Have a job tell the control plane about a change (jobs.push_*)."""
        job = partial(what, self.account_id, self.region_name, cluster)
        runtime.current().queue.submit(f"{what.__name__}/{self.region_name}/{cluster}", job)

    def push_scopes(self, cluster: str) -> None:
        """Have the control plane bind policies that are limited to namespaces."""
        self.push(jobs.push_scopes, cluster)

    def entries(self, cluster: str) -> list[dict[str, Any]]:
        """Return the cluster's access entries."""
        return list(self.items[cluster]["access entry"].values())

    # -- add-ons
    def converge_addon(self, cluster: str, name: str) -> None:
        """Have the add-on made what the model says (absent there: removed)."""
        job = partial(jobs.converge_addon, self.account_id, self.region_name, cluster, name)
        runtime.current().queue.submit(jobs.addon_key(self.region_name, cluster, name), job)

    # -- what belongs to a cluster
    def arn(self, kind: str, *parts: str) -> str:
        """Return an ARN of this service."""
        return f"arn:{self.partition}:eks:{self.region_name}:{self.account_id}:{kind}/{'/'.join(parts)}"

    def create_item(self, cluster: str, collection: str, key: str, item: dict[str, Any]) -> dict[str, Any]:
        """Add something to a cluster."""
        self.describe_cluster(cluster)
        items = self.items[cluster][collection]
        if key in items:
            message = f"The specified {collection} resource is already in use on this cluster."
            raise ResourceInUseException(clusterName=cluster, message=message)
        items[key] = {"clusterName": cluster, "createdAt": utcnow(), "modifiedAt": utcnow(), **item}
        made: dict[str, Any] = items[key]
        return made

    def get_item(self, cluster: str, collection: str, key: str) -> dict[str, Any]:
        """Return something of a cluster."""
        self.describe_cluster(cluster)
        found: dict[str, Any] | None = self.items[cluster][collection].get(key)
        if found is None:
            message = f"No {collection} resource found for: {key}"
            raise ResourceNotFoundException(clusterName=cluster, message=message)
        return found

    def list_items(self, cluster: str, collection: str) -> list[dict[str, Any]]:
        """Return all of one kind."""
        self.describe_cluster(cluster)
        return list(self.items[cluster][collection].values())

    def update_item(self, cluster: str, collection: str, key: str, changes: dict[str, Any]) -> dict[str, Any]:
        """Change what is given."""
        item = self.get_item(cluster, collection, key)
        item.update({k: v for k, v in changes.items() if v is not None}, modifiedAt=utcnow())
        return item

    def delete_item(self, cluster: str, collection: str, key: str) -> dict[str, Any]:
        """Remove something from a cluster."""
        item = self.get_item(cluster, collection, key)
        del self.items[cluster][collection][key]
        return item

    def record_update(self, cluster: str, kind: str) -> dict[str, Any]:
        """Note a change: it is made at once or by a job; the record is for DescribeUpdate."""
        update: dict[str, Any] = {
            "id": str(mock_random.uuid4()),
            "status": "Successful",
            "type": kind,
            "params": [],
            "errors": [],
        }
        updates = self.items[cluster]["updates"]
        for old in list(updates)[:-KEEP_UPDATES]:
            del updates[old]
        return self.create_item(cluster, "updates", update["id"], update)

    # -- tags, of clusters, node groups and items
    def iter_tagged_resources(self) -> Iterator[TaggedResource]:
        """Yield clusters, and what belongs to them."""
        for cluster in self.clusters.values():
            things: list[Any] = [cluster, *cluster.nodegroups.values()]
            found = [(thing.arn, thing.tags) for thing in things]
            found += [
                (arn, item.setdefault("tags", {}))
                for items in self.items[cluster.name].values()
                for item in items.values()
                for arn in (item.get(name) for name in ITEM_ARNS)
                if arn
            ]
            for arn, tags in found:
                kind = arn.split(":")[5].partition("/")[0]
                yield TaggedResource(arn=arn, tags=tags, resource_type=f"eks:{kind}")

    def tags_of(self, arn: str) -> dict[str, str]:
        """Return the tags of whatever has this ARN."""
        for resource in self.iter_tagged_resources():
            if resource.arn == arn:
                return resource.tags
        raise ResourceNotFoundException(message=f"Resource {arn} was not found")

    def tag_resource(self, resource_arn: str, tags: dict[str, str]) -> None:
        self.tags_of(resource_arn).update(tags)

    def untag_resource(self, resource_arn: str, tag_keys: list[str]) -> None:
        for key in [tag_keys] if isinstance(tag_keys, str) else tag_keys:
            self.tags_of(resource_arn).pop(key, None)

    def list_tags_for_resource(self, resource_arn: str) -> dict[str, str]:
        return self.tags_of(resource_arn)

    # -- helpers
    def _check(
        self, name: str, version: str, vpc_config: dict[str, Any], kwargs: dict[str, Any], settings: dict[str, Any]
    ) -> list[Any]:
        """Refuse what can't be made, before anything is changed; the subnets."""

        def refuse(message: str) -> None:
            raise InvalidParameterException(clusterName=name, message=message)

        if version != addons.KUBERNETES_VERSION:
            refuse(f"unsupported Kubernetes version {version}: the local cloud runs {addons.KUBERNETES_VERSION}")
        if vpc_config.get("endpointPublicAccess"):
            refuse(
                "endpointPublicAccess=true is not offered by the local cloud: the API server is private, set it to false"
            )
        mode = (settings.get("accessConfig") or {}).get("authenticationMode") or "API"
        if mode == "CONFIG_MAP":
            refuse("authenticationMode CONFIG_MAP is not offered by the local cloud: API and API_AND_CONFIG_MAP are")
        for unsupported in ("outpostConfig", "computeConfig", "storageConfig", "remoteNetworkConfig"):
            given = settings.get(unsupported)
            if given and any(
                value not in (None, False, [], {}) for value in given.values() if not isinstance(value, dict)
            ):
                refuse(f"{unsupported} is not offered by the local cloud: leave it out")
        if ((kwargs.get("kubernetes_network_config") or {}).get("ipFamily") or "ipv4") != "ipv4":
            refuse("ipFamily ipv6 is not offered by the local cloud: ipv4 is")
        subnets = [self.ec2.get_subnet(subnet_id) for subnet_id in vpc_config.get("subnetIds") or []]
        self._require_zones(name, {subnet.availability_zone for subnet in subnets})
        if kwargs.get("encryption_config"):
            self._key_of(kwargs["encryption_config"])
        return subnets

    def _require_zones(self, name: str, used: set[str]) -> None:
        if len(used) < ZONES_NEEDED:
            raise InvalidParameterException(
                clusterName=name, message="Subnets specified must be in at least two different AZs"
            )
        valid = zones.taken_by_eks(self.region_name)
        for zone in sorted(used - set(valid)):
            raise UnsupportedAvailabilityZoneError(clusterName=name, zone=zone, valid=valid)

    def _make_security_group(self, undo: ExitStack, name: str, vpc_id: str) -> Any:
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
            group.id, "-1", None, None, [], source_groups=[{"GroupId": group.id}], vpc_id=vpc_id
        )
        return group

    def _plan(self, undo: ExitStack, cluster: Any, groups: list[str]) -> Plane:
        subnet_id = cluster.resources_vpc_config["subnetIds"][0]
        eni = self.ec2.create_network_interface(
            subnet_id, None, group_ids=groups, description=f"Amazon EKS {cluster.name}"
        )
        undo.callback(self.ec2.delete_network_interface, eni.id)
        plane_id = mock_random.get_random_hex(32).upper()
        authority, files = pki.cluster_files(
            endpoint_host=f"{plane_id}.gr7.{self.region_name}.eks.amazonaws.com",
            address=eni.private_ip_address,
            service_cidr=cluster.kubernetes_network_config["serviceIpv4Cidr"],
        )
        plane = Plane(
            id=plane_id,
            address=eni.private_ip_address,
            eni=eni.id,
            vpc=cluster.resources_vpc_config["vpcId"],
            secret=secrets.token_urlsafe(32),
            certificate_authority=authority,
            files=files,
            encryption_key=self._data_key(cluster.encryption_config) if cluster.encryption_config else None,
        )
        self.planes[cluster.name] = plane
        return plane

    def _key_of(self, encryption_config: list[dict[str, Any]]) -> str:
        arn = str(encryption_config[0]["provider"]["keyArn"])
        key = arn.rpartition("/")[2]
        if key not in kms_backends[self.account_id][self.region_name].keys:
            raise InvalidParameterException(
                message=f"The keyArn in encryptionConfig provider is not valid: {arn} is not there"
            )
        return key

    def _data_key(self, encryption_config: list[dict[str, Any]]) -> bytes:
        kms: Any = kms_backends[self.account_id][self.region_name]
        plain, _, _ = kms.generate_data_key(self._key_of(encryption_config), {}, 32, None)
        return bytes(plain)


def collections() -> dict[str, dict[str, Any]]:
    """Return what a new cluster has of everything: nothing."""
    return defaultdict(dict)


def ec2_groups(ec2: Any) -> set[str]:
    """Return the ids of all security groups."""
    return {group_id for groups in ec2.groups.values() for group_id in groups}
