"""EKS's operations: read the parameters, ask the backend, shape the answer.

An operation is a method: moto finds its name in botocore's model of the service, parses the request by that model, and
serializes what the method returns by it too. What has no method here is answered with a 4xx that names it.
"""
# ruff: noqa: D102 - operations are documented by AWS

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote

from botocore import xform_name
from moto.core.responses import ActionResult, BaseResponse, EmptyResult
from moto.core.utils import utcnow
from moto.eks.models import eks_backends, paginated_list
from moto.moto_api._internal import mock_random

from localcloud.eks import addons, endpoint, identity, insights, nodegroups
from localcloud.eks.resources import (
    AddonSettings,
    ClusterRequest,
    EndpointSettings,
    Nodegroup,
    RoleSettings,
    ScalingConfig,
    Taint,
    VpcSettings,
)
from localcloud.eks.versions import NEWEST, VERSIONS
from localcloud.http import principals

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from localcloud.eks.models import LocalEKSBackend
    from localcloud.eks.resources import Update

NOT_OFFERED = ("outpostConfig", "computeConfig", "storageConfig", "remoteNetworkConfig")
VPC_SETTINGS = ("subnetIds", "securityGroupIds")
ENDPOINT_SETTINGS = ("endpointPublicAccess", "endpointPrivateAccess", "publicAccessCidrs")
DEFAULT_SERVICE_CIDR = "172.20.0.0/16"
DEFAULT_DISK_GIB = 20
PAGE = 100
STANDARD = "STANDARD_SUPPORT"


class LocalEKSResponse(BaseResponse):
    """Translates between EKS's JSON and the backend's calls."""

    def __init__(self) -> None:
        super().__init__(service_name="eks")
        self.automated_parameter_parsing = True

    @property
    def backend(self) -> LocalEKSBackend:
        """The backend of the request's account and region."""
        return cast("LocalEKSBackend", eks_backends[self.current_account][self.region])

    @property
    def cluster_name(self) -> str:
        """The cluster that the request is about."""
        name: str = self._get_param("name") or self._get_param("clusterName")
        return name

    def _structure(self, name: str) -> dict[str, Any]:
        """Return a parameter that is a structure or a map: what is given of it."""
        return given(self._get_param(name))

    def _fields(self, *names: str) -> dict[str, Any]:
        """Return the given ones of these parameters, by their names in Python."""
        return snake({name: self._get_param(name) for name in names})

    def _page(self, member: str, names: Iterable[str]) -> ActionResult:
        size = self._get_int_param("maxResults", PAGE)
        page, following = paginated_list(list(names), size, self._get_param("nextToken"))
        return ActionResult({member: page, "nextToken": following})

    # -- clusters
    def create_cluster(self) -> ActionResult:
        vpc, network, access = (
            self._structure(name) for name in ("resourcesVpcConfig", "kubernetesNetworkConfig", "accessConfig")
        )
        asked = ClusterRequest(
            name=self.cluster_name,
            role_arn=self._get_param("roleArn"),
            subnet_ids=vpc.get("subnetIds", []),
            security_group_ids=vpc.get("securityGroupIds", []),
            version=self._get_param("version") or NEWEST.name,
            service_cidr=network.get("serviceIpv4Cidr", DEFAULT_SERVICE_CIDR),
            ip_family=network.get("ipFamily", "ipv4"),
            endpoint_public_access=vpc.get("endpointPublicAccess", True),
            endpoint_private_access=vpc.get("endpointPrivateAccess", False),
            public_access_cidrs=vpc.get("publicAccessCidrs") or endpoint.EVERYBODY,
            authentication_mode=access.get("authenticationMode", "API"),
            log_types={name for name, enabled in self._logs().items() if enabled},
            encryption_config=self._get_param("encryptionConfig") or [],
            upgrade_policy=self._get_param("upgradePolicy") or {"supportType": "EXTENDED"},
            deletion_protection=bool(self._get_param("deletionProtection")),
            self_managed_addons=self._get_param("bootstrapSelfManagedAddons") is not False,
            tags=self._structure("tags"),
            creator=None if access.get("bootstrapClusterCreatorAdminPermissions") is False else self._caller(),
            not_offered=tuple(name for name in NOT_OFFERED if any(map(used, self._structure(name).values()))),
        )
        return ActionResult({"cluster": self.backend.create_cluster(asked)})

    def _caller(self) -> str | None:
        """Return the ARN of the caller, or of the caller's role."""
        caller = principals.find(self.access_key)
        return (caller.role_arn or caller.arn) if caller else None

    def _logs(self) -> dict[str, bool]:
        """Return which types of logs are to be shipped, and which not."""
        setups = self._structure("logging").get("clusterLogging", [])
        return {name: bool(setup.get("enabled")) for setup in setups for name in setup.get("types") or []}

    def describe_cluster(self) -> ActionResult:
        return ActionResult({"cluster": self.backend.describe_cluster(self.cluster_name)})

    def list_clusters(self) -> ActionResult:
        return self._page("clusters", self.backend.clusters)

    def delete_cluster(self) -> ActionResult:
        return ActionResult({"cluster": self.backend.delete_cluster(self.cluster_name)})

    def update_cluster_config(self) -> ActionResult:
        vpc = self._structure("resourcesVpcConfig")
        return updated(
            self.backend.update_cluster_config(
                self.cluster_name,
                endpoint_access=cast("EndpointSettings", snake({name: vpc.get(name) for name in ENDPOINT_SETTINGS})),
                vpc=cast("VpcSettings", snake({name: vpc.get(name) for name in VPC_SETTINGS})),
                authentication_mode=self._structure("accessConfig").get("authenticationMode"),
                upgrade_policy=self._get_param("upgradePolicy"),
                deletion_protection=self._get_param("deletionProtection"),
                logs=self._logs(),
            )
        )

    def update_cluster_version(self) -> ActionResult:
        return updated(
            self.backend.update_cluster_version(
                self.cluster_name, self._get_param("version"), force=bool(self._get_param("force"))
            )
        )

    def associate_encryption_config(self) -> ActionResult:
        config = self._get_param("encryptionConfig")
        return updated(self.backend.associate_encryption_config(self.cluster_name, config))

    def describe_cluster_versions(self) -> ActionResult:
        asked = self._get_param("clusterVersions") or list(VERSIONS)
        status = self._get_param("versionStatus") or self._get_param("status") or STANDARD
        found = [
            {
                "clusterVersion": version.name,
                "clusterType": "eks",
                "defaultPlatformVersion": "eks.1",
                "defaultVersion": version is NEWEST,
                "status": STANDARD.lower().replace("_", "-"),
                "versionStatus": STANDARD,
                "kubernetesPatchVersion": version.patch,
            }
            for version in VERSIONS.values()
            if version.name in asked and (version is NEWEST or not self._get_param("defaultOnly"))
        ]
        return ActionResult({"clusterVersions": found if status.upper().replace("-", "_") == STANDARD else []})

    def describe_update(self) -> ActionResult:
        return updated(self.backend.describe_update(self.cluster_name, self._get_param("updateId")))

    def list_updates(self) -> ActionResult:
        return self._page("updateIds", self.backend.describe_cluster(self.cluster_name).updates)

    def list_insights(self) -> ActionResult:
        only, now = self._structure("filter"), utcnow()
        found = insights.insights(self.backend.describe_cluster(self.cluster_name))
        return ActionResult({"insights": [each.summary(now) for each in found if each.is_wanted(only)]})

    # -- node groups
    def create_nodegroup(self) -> ActionResult:
        name, template = self._get_param("nodegroupName"), self._structure("launchTemplate")
        uuid = str(mock_random.uuid4())
        settings = self._fields(
            "diskSize",
            "capacityType",
            "amiType",
            "remoteAccess",
            "updateConfig",
            "nodeRepairConfig",
            "version",
            "releaseVersion",
        )
        if not template:
            settings.setdefault("disk_size", DEFAULT_DISK_GIB)
        group = Nodegroup(
            cluster_name=self.cluster_name,
            arn=self.backend.arn("nodegroup", self.cluster_name, name, uuid),
            name=name,
            uuid=uuid,
            node_role=self._get_param("nodeRole"),
            subnets=self._get_param("subnets"),
            instance_types=self._get_param("instanceTypes") or [nodegroups.DEFAULT_TYPE],
            scaling_config=ScalingConfig(**snake(self._structure("scalingConfig"))),
            labels=self._structure("labels"),
            taints=taints(self._get_param("taints")),
            tags=self._structure("tags"),
            **settings,
        )
        return ActionResult({"nodegroup": self.backend.create_nodegroup(group, template)})

    def describe_nodegroup(self) -> ActionResult:
        group = self.backend.describe_nodegroup(self.cluster_name, self._get_param("nodegroupName"))
        return ActionResult({"nodegroup": group})

    def list_nodegroups(self) -> ActionResult:
        return self._page("nodegroups", self.backend.describe_cluster(self.cluster_name).nodegroups)

    def delete_nodegroup(self) -> ActionResult:
        group = self.backend.delete_nodegroup(self.cluster_name, self._get_param("nodegroupName"))
        return ActionResult({"nodegroup": group})

    def update_nodegroup_config(self) -> ActionResult:
        labels, given_taints = self._structure("labels"), self._structure("taints")
        changes = nodegroups.Changes(
            labels=labels.get("addOrUpdateLabels", {}),
            labels_gone=tuple(labels.get("removeLabels", ())),
            taints=tuple(taints(given_taints.get("addOrUpdateTaints"))),
            taints_gone=tuple(taints(given_taints.get("removeTaints"))),
        )
        return updated(
            self.backend.update_nodegroup_config(
                self.cluster_name,
                self._get_param("nodegroupName"),
                sizes=snake(self._structure("scalingConfig")),
                update_config=self._get_param("updateConfig"),
                node_repair_config=self._get_param("nodeRepairConfig"),
                changes=changes,
            )
        )

    def update_nodegroup_version(self) -> ActionResult:
        return updated(
            self.backend.update_nodegroup_version(
                self.cluster_name,
                self._get_param("nodegroupName"),
                version=self._get_param("version"),
                release=self._get_param("releaseVersion"),
                template=self._structure("launchTemplate"),
                force=bool(self._get_param("force")),
            )
        )

    # -- access entries and their policies
    def create_access_entry(self) -> ActionResult:
        entry = self.backend.create_access_entry(
            self.cluster_name,
            self._get_param("principalArn"),
            kind=self._get_param("type") or "STANDARD",
            username=self._get_param("username"),
            groups=self._get_param("kubernetesGroups") or (),
            tags=self._structure("tags"),
        )
        return ActionResult({"accessEntry": entry})

    def describe_access_entry(self) -> ActionResult:
        entry = self.backend.describe_access_entry(self.cluster_name, self._get_param("principalArn"))
        return ActionResult({"accessEntry": entry})

    def list_access_entries(self) -> ActionResult:
        policy = self._get_param("associatedPolicyArn")
        entries = self.backend.describe_cluster(self.cluster_name).access_entries
        return self._page(
            "accessEntries", [arn for arn, entry in entries.items() if not policy or policy in entry.policies]
        )

    def update_access_entry(self) -> ActionResult:
        entry = self.backend.update_access_entry(
            self.cluster_name,
            self._get_param("principalArn"),
            username=self._get_param("username"),
            groups=self._get_param("kubernetesGroups"),
        )
        return ActionResult({"accessEntry": entry})

    def delete_access_entry(self) -> ActionResult:
        self.backend.delete_access_entry(self.cluster_name, self._get_param("principalArn"))
        return EmptyResult()

    def associate_access_policy(self) -> ActionResult:
        principal, scope = self._get_param("principalArn"), self._structure("accessScope")
        policy = self.backend.associate_access_policy(
            self.cluster_name, principal, self._get_param("policyArn"), scope["type"], scope.get("namespaces", ())
        )
        return ActionResult(
            {"clusterName": self.cluster_name, "principalArn": principal, "associatedAccessPolicy": policy}
        )

    def disassociate_access_policy(self) -> ActionResult:
        principal, policy = self._get_param("principalArn"), self._get_param("policyArn")
        self.backend.disassociate_access_policy(self.cluster_name, principal, policy)
        return EmptyResult()

    def list_associated_access_policies(self) -> ActionResult:
        entry = self.backend.describe_access_entry(self.cluster_name, self._get_param("principalArn"))
        return ActionResult(
            {
                "clusterName": self.cluster_name,
                "principalArn": entry.principal_arn,
                "associatedAccessPolicies": list(entry.policies.values()),
            }
        )

    def list_access_policies(self) -> ActionResult:
        policies = [{"name": name, "arn": self.backend.policy_arn(name)} for name in identity.POLICY_ROLES]
        return ActionResult({"accessPolicies": policies})

    # -- add-ons
    def _addon_settings(self) -> AddonSettings:
        settings = cast("AddonSettings", self._fields("serviceAccountRoleArn", "configurationValues"))
        if version := self._get_param("addonVersion"):
            settings["version"] = version
        return settings

    def create_addon(self) -> ActionResult:
        addon = self.backend.create_addon(
            self.cluster_name, self._get_param("addonName"), self._addon_settings(), self._structure("tags")
        )
        return ActionResult({"addon": addon})

    def describe_addon(self) -> ActionResult:
        return ActionResult({"addon": self.backend.describe_addon(self.cluster_name, self._get_param("addonName"))})

    def list_addons(self) -> ActionResult:
        return self._page("addons", self.backend.describe_cluster(self.cluster_name).addons)

    def update_addon(self) -> ActionResult:
        name = self._get_param("addonName")
        return updated(self.backend.update_addon(self.cluster_name, name, self._addon_settings()))

    def delete_addon(self) -> ActionResult:
        addon = self.backend.delete_addon(
            self.cluster_name, self._get_param("addonName"), preserve=bool(self._get_param("preserve"))
        )
        return ActionResult({"addon": addon})

    def describe_addon_versions(self) -> ActionResult:
        wanted, version = self._get_param("addonName"), self._get_param("kubernetesVersion")
        names = [wanted] if wanted else list(addons.CATALOGUE)
        offered = [each for each in VERSIONS if version in (None, each)]
        return ActionResult({"addons": addons.versions(names, offered)})

    def describe_addon_configuration(self) -> ActionResult:
        release = self.backend.checked_release(self._get_param("addonName"), self._addon_settings())
        return ActionResult(
            {
                "addonName": release.name,
                "addonVersion": release.version,
                "configurationSchema": addons.configuration_schema(release),
                "podIdentityConfiguration": [],
            }
        )

    # -- pod identity associations
    def _role_settings(self) -> RoleSettings:
        return cast("RoleSettings", self._fields("roleArn", "targetRoleArn", "disableSessionTags"))

    def create_pod_identity_association(self) -> ActionResult:
        made = self.backend.create_pod_identity_association(
            self.cluster_name,
            self._get_param("namespace"),
            self._get_param("serviceAccount"),
            self._role_settings(),
            self._structure("tags"),
        )
        return ActionResult({"association": made})

    def describe_pod_identity_association(self) -> ActionResult:
        found = self.backend.describe_pod_identity_association(self.cluster_name, self._get_param("associationId"))
        return ActionResult({"association": found})

    def list_pod_identity_associations(self) -> ActionResult:
        namespace, account = self._get_param("namespace"), self._get_param("serviceAccount")
        found = [
            each
            for each in self.backend.describe_cluster(self.cluster_name).pod_identities.values()
            if namespace in (None, each.namespace) and account in (None, each.service_account)
        ]
        return ActionResult({"associations": found})

    def update_pod_identity_association(self) -> ActionResult:
        changed = self.backend.update_pod_identity_association(
            self.cluster_name, self._get_param("associationId"), self._role_settings()
        )
        return ActionResult({"association": changed})

    def delete_pod_identity_association(self) -> ActionResult:
        gone = self.backend.delete_pod_identity_association(self.cluster_name, self._get_param("associationId"))
        return ActionResult({"association": gone})

    # -- identity providers and Fargate: none here
    def list_identity_provider_configs(self) -> ActionResult:
        self.backend.describe_cluster(self.cluster_name)
        return ActionResult({"identityProviderConfigs": []})

    def list_fargate_profiles(self) -> ActionResult:
        self.backend.describe_cluster(self.cluster_name)
        return ActionResult({"fargateProfileNames": []})

    # -- tags
    def tag_resource(self) -> ActionResult:
        self.backend.tag_resource(self._arn(), self._get_param("tags"))
        return EmptyResult()

    def untag_resource(self) -> ActionResult:
        self.backend.untag_resource(self._arn(), self._get_param("tagKeys"))
        return EmptyResult()

    def list_tags_for_resource(self) -> ActionResult:
        return ActionResult({"tags": self.backend.tags_of(self._arn())})

    def _arn(self) -> str:
        """Return the ARN at the path's end: it has slashes of its own."""
        return unquote(self.path).removeprefix("/tags/")


def updated(update: Update) -> ActionResult:
    """Answer with an update's record."""
    return ActionResult({"update": update})


def given(structure: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what is given of a structure: some clients send null for what is not."""
    return {name: value for name, value in (structure or {}).items() if value is not None}


def snake(structure: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what is given of a structure, by its names in Python."""
    return {xform_name(name): value for name, value in given(structure).items()}


def taints(listed: list[dict[str, Any]] | None) -> list[Taint]:
    """Read taints."""
    return [Taint(**given(taint)) for taint in listed or []]


def used(setting: object) -> bool:
    """Tell whether a setting that is not offered is used: structures in it have switches of their own."""
    return not isinstance(setting, dict) and setting not in (None, False, [])
