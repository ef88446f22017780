"""What EKS keeps of clusters and of what belongs to them.

moto serializes attributes under the API's names (`principalArn` is `principal_arn`, an AccessEntry's `accessEntryArn` its
`arn`); attributes that the API doesn't have are not shown. All of it is pickled: no clients, no locks.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypedDict

from moto.core.utils import utcnow

from localcloud.eks import addons, controlplane

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

PLATFORM_VERSION = "eks.1"
KEEP_UPDATES = 50


@dataclass(frozen=True, kw_only=True)
class Issue:
    """What is wrong, with EKS's code for it."""

    code: str
    message: str
    resource_ids: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Health:
    """Health of a cluster, an add-on or a node group."""

    issues: list[Issue] = field(default_factory=list)


@dataclass(kw_only=True)
class Resource:
    """What belongs to a cluster and has an ARN."""

    cluster_name: str
    arn: str
    tags: dict[str, str] = field(default_factory=dict)
    created_at: datetime = field(default_factory=utcnow)
    modified_at: datetime = field(default_factory=utcnow)


@dataclass(frozen=True, kw_only=True)
class AccessScope:
    """Where an access policy holds: in the cluster, or in namespaces."""

    type: str
    namespaces: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class AssociatedPolicy:
    """An access policy that a principal has."""

    policy_arn: str
    access_scope: AccessScope
    associated_at: datetime = field(default_factory=utcnow)
    modified_at: datetime = field(default_factory=utcnow)

    @property
    def name(self) -> str:
        """The policy's name."""
        return self.policy_arn.rpartition("/")[2]


@dataclass(kw_only=True)
class AccessEntry(Resource):
    """An IAM principal that the cluster lets in."""

    principal_arn: str
    type: str
    username: str
    kubernetes_groups: list[str] = field(default_factory=list)
    policies: dict[str, AssociatedPolicy] = field(default_factory=dict)  # by ARN


@dataclass(kw_only=True)
class Addon(Resource):
    """An add-on in a cluster."""

    name: str
    version: str
    configuration_values: str | None = None
    service_account_role_arn: str | None = None
    status: str = "CREATING"
    health: Health = field(default_factory=Health)


class AddonSettings(TypedDict, total=False):
    """What is asked of an add-on."""

    version: str
    configuration_values: str
    service_account_role_arn: str


@dataclass(kw_only=True)
class PodIdentityAssociation(Resource):
    """A service account's IAM role: a record, as the agent that serves them is not offered."""

    association_id: str
    namespace: str
    service_account: str
    role_arn: str
    target_role_arn: str | None = None
    disable_session_tags: bool | None = None

    @property
    def association_arn(self) -> str:
        """The API's name of its ARN."""
        return self.arn


class RoleSettings(TypedDict, total=False):
    """What is asked of a service account's role."""

    role_arn: str
    target_role_arn: str
    disable_session_tags: bool


@dataclass(frozen=True, kw_only=True)
class Update:
    """Record of a change, for DescribeUpdate: it is made at once, or by a job."""

    id: str
    type: str
    status: str = "Successful"
    created_at: datetime = field(default_factory=utcnow)
    params: list[Mapping[str, str]] = field(default_factory=list)
    errors: list[Mapping[str, str]] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class ScalingConfig:
    """Sizes of a node group."""

    min_size: int = 1
    max_size: int = 2
    desired_size: int = 2


@dataclass(frozen=True, kw_only=True)
class Taint:
    """A taint of nodes, with EKS's name of its effect."""

    key: str
    effect: str
    value: str = ""


@dataclass(frozen=True, kw_only=True)
class LaunchTemplate:
    """A user's launch template for a node group."""

    id: str
    name: str
    version: str


@dataclass(kw_only=True)
class Nodegroup(Resource):
    """A managed node group; its nodes are instances of an Auto Scaling group."""

    name: str
    uuid: str
    node_role: str
    subnets: list[str]
    version: str = ""  # from its creation on: the cluster's, unless another one is asked for
    release_version: str = ""
    capacity_type: str = "ON_DEMAND"
    ami_type: str = "AL2023_x86_64_STANDARD"
    disk_size: int | None = None
    instance_types: list[str] = field(default_factory=list)
    remote_access: Mapping[str, object] | None = None
    scaling_config: ScalingConfig = field(default_factory=ScalingConfig)
    labels: dict[str, str] = field(default_factory=dict)
    taints: list[Taint] = field(default_factory=list)
    launch_template: LaunchTemplate | None = None
    update_config: Mapping[str, object] = field(default_factory=lambda: {"maxUnavailable": 1})
    node_repair_config: Mapping[str, object] | None = None
    status: str = "CREATING"
    health: Health = field(default_factory=Health)
    # what the API does not show
    template_id: str = ""  # of EKS's own launch template
    instances: list[str] = field(default_factory=list)  # that it had when it was deleted
    rolling: str = ""  # the update that replaces its nodes
    force: bool = False  # it does, whatever keeps a node's pods
    ready_seconds: float | None = None  # from its creation until its nodes were Ready

    @property
    def internal_name(self) -> str:
        """Name of its instance profile and of EKS's launch template for it."""
        return f"eks-{self.uuid}"

    @property
    def auto_scaling_group(self) -> str:
        """Name of its Auto Scaling group."""
        return f"eks-{self.name}-{self.uuid}"

    @property
    def resources(self) -> Mapping[str, object]:
        """What it is made of, as the API has it."""
        return {"autoScalingGroups": [{"name": self.auto_scaling_group}]}


@dataclass(kw_only=True)
class VpcConfig:
    """Where a cluster's control plane is, and who reaches its API server."""

    subnet_ids: list[str]
    security_group_ids: list[str]
    cluster_security_group_id: str
    vpc_id: str
    public_access_cidrs: list[str]
    endpoint_public_access: bool
    endpoint_private_access: bool


class VpcSettings(TypedDict, total=False):
    """What is asked of a cluster's place."""

    subnet_ids: list[str]
    security_group_ids: list[str]


class EndpointSettings(TypedDict, total=False):
    """What is asked of who reaches a cluster's API server."""

    endpoint_public_access: bool
    endpoint_private_access: bool
    public_access_cidrs: list[str]


def endpoint_host(plane: str, region: str) -> str:
    """Return the host name of a control plane's API server."""
    return f"{plane}.gr7.{region}.eks.amazonaws.com"


@dataclass(kw_only=True)
class Plane:
    """What only the local cloud knows of a cluster's control plane."""

    id: str
    region: str
    address: str
    eni: str
    secret: str
    certificate_authority: str
    files: dict[str, str]
    encryption_key: bytes | None = None
    applied: set[str] = field(default_factory=set)  # self-managed add-ons that are in the cluster

    @property
    def endpoint_host(self) -> str:
        """The API server's host name."""
        return endpoint_host(self.id, self.region)

    @property
    def issuer(self) -> str:
        """The OIDC issuer's URL."""
        return f"https://oidc.eks.{self.region}.amazonaws.com/id/{self.id}"


@dataclass(kw_only=True)
class ClusterSettings:
    """What a cluster keeps of CreateCluster as it was asked."""

    name: str
    role_arn: str
    version: str
    service_cidr: str
    authentication_mode: str
    log_types: set[str]
    encryption_config: list[Mapping[str, Mapping[str, str]]]
    upgrade_policy: Mapping[str, str]
    deletion_protection: bool
    self_managed_addons: bool
    tags: dict[str, str]


@dataclass(kw_only=True)
class ClusterRequest(ClusterSettings):
    """What CreateCluster asks for."""

    subnet_ids: list[str]
    security_group_ids: list[str]
    ip_family: str
    endpoint_public_access: bool
    endpoint_private_access: bool
    public_access_cidrs: list[str]
    creator: str | None  # who is to be its administrator
    not_offered: tuple[str, ...]  # settings that are used and that the local cloud does not have


@dataclass(kw_only=True)
class Cluster(ClusterSettings):
    """A cluster, and all that belongs to it."""

    arn: str
    resources_vpc_config: VpcConfig
    status: str = "CREATING"
    health: Health = field(default_factory=Health)
    platform_version: str = PLATFORM_VERSION
    created_at: datetime = field(default_factory=utcnow)
    # what the API does not show
    plane: Plane
    nodegroups: dict[str, Nodegroup] = field(default_factory=dict)
    access_entries: dict[str, AccessEntry] = field(default_factory=dict)  # by their principal's ARN
    addons: dict[str, Addon] = field(default_factory=dict)
    pod_identities: dict[str, PodIdentityAssociation] = field(default_factory=dict)  # by their ID
    updates: dict[str, Update] = field(default_factory=dict)
    upgraded_at: datetime | None = None  # from the version before
    before: tuple[tuple[str, object], ...] = ()  # what the update in progress changes: attribute, value

    @property
    def endpoint(self) -> str:
        """The API server's URL."""
        return f"https://{self.plane.endpoint_host}"

    @property
    def runs(self) -> bool:
        """Tell whether its API server is there to be asked."""
        return self.status in ("ACTIVE", "UPDATING")

    @property
    def updating(self) -> Update | None:
        """The update that is in progress."""
        return next((each for each in self.updates.values() if each.status == "InProgress"), None)

    @property
    def certificate_authority(self) -> Mapping[str, str]:
        """The cluster's CA certificate, as the API has it."""
        return {"data": base64.b64encode(self.plane.certificate_authority.encode()).decode()}

    @property
    def identity(self) -> Mapping[str, object]:
        """The OIDC issuer, as the API has it."""
        return {"oidc": {"issuer": self.plane.issuer}}

    @property
    def kubernetes_network_config(self) -> Mapping[str, str]:
        """The services' network, as the API has it."""
        return {"serviceIpv4Cidr": self.service_cidr, "ipFamily": "ipv4"}

    @property
    def access_config(self) -> Mapping[str, str]:
        """Who decides about access, as the API has it."""
        return {"authenticationMode": self.authentication_mode}

    @property
    def logging(self) -> Mapping[str, object]:
        """Which logs are shipped and which are not, as the API has it."""
        enabled, disabled = (
            self.enabled_log_types,
            [each for each in controlplane.LOG_TYPES if each not in self.log_types],
        )
        groups = [{"types": list(enabled), "enabled": True}, {"types": disabled, "enabled": False}]
        return {"clusterLogging": [group for group in groups if group["types"]]}

    @property
    def enabled_log_types(self) -> tuple[str, ...]:
        """Types of logs that are shipped, in EKS's order."""
        return tuple(each for each in controlplane.LOG_TYPES if each in self.log_types)

    @property
    def security_groups(self) -> tuple[str, ...]:
        """Security groups of the control plane."""
        vpc_config = self.resources_vpc_config
        return (vpc_config.cluster_security_group_id, *vpc_config.security_group_ids)

    @property
    def tagged(self) -> list[Cluster | Resource]:
        """The cluster and what belongs to it, as far as it has tags."""
        tables = (self.nodegroups, self.access_entries, self.addons, self.pod_identities)
        return [self, *(resource for table in tables for resource in table.values())]

    def needs(self, addon: str) -> bool:
        """Tell whether a self-managed add-on is still to be put into the cluster."""
        managed = addon in self.addons or addon not in addons.SELF_MANAGED
        return self.self_managed_addons and not managed and addon not in self.plane.applied

    def record(self, update: Update) -> Update:
        """Keep an update's record, and let the oldest go."""
        for old in list(self.updates)[: 1 - KEEP_UPDATES]:
            del self.updates[old]
        self.updates[update.id] = update
        return update

    def end(self, key: str, *, code: str = "", problem: str = "") -> None:
        """Note how an update in progress has ended: well, without a problem."""
        errors: list[Mapping[str, str]] = [{"errorCode": code, "errorMessage": problem}] if problem else []
        status = "Failed" if problem else "Successful"
        self.updates[key] = replace(self.updates[key], status=status, errors=errors)
