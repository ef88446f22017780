"""EKS's operations: read the parameters, ask the backend, shape the answer.

An operation is a method: moto finds its name in botocore's model of the service, parses the request by that model, and
serializes what the method returns by it too. What has no method here is answered with a 4xx that names it.
"""
# ruff: noqa: D102 - operations are documented by AWS, overridden methods by moto

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.eks.exceptions import InvalidParameterException
from moto.eks.responses import EKSResponse
from moto.moto_api._internal import mock_random

from localcloud.eks import addons, identity, jobs, nodegroups
from localcloud.http import principals

CLUSTER_SETTINGS = (
    "accessConfig",
    "upgradePolicy",
    "deletionProtection",
    "bootstrapSelfManagedAddons",
    "outpostConfig",
    "computeConfig",
    "storageConfig",
    "remoteNetworkConfig",
)
NODEGROUP_SETTINGS = ("releaseVersion", "updateConfig", "nodeRepairConfig", "remoteAccess", "scalingConfig")


class LocalEKSResponse(EKSResponse):
    """moto's EKS and what it lacks."""

    def __init__(self) -> None:
        super().__init__()
        self.automated_parameter_parsing = True

    def _ask(self, *names: str) -> dict[str, Any]:
        return {name: self._get_param(name) for name in names}

    @property
    def backend(self) -> Any:
        """Our backend."""
        return self.eks_backend

    @property
    def cluster_name(self) -> str:
        """The cluster that the request is about."""
        name: str = self._get_param("name") or self._get_param("clusterName")
        return name

    # -- clusters
    def create_cluster(self) -> ActionResult:
        cluster = self.backend.create_cluster(
            name=self._get_param("name"),
            version=self._get_param("version"),
            role_arn=self._get_param("roleArn"),
            resources_vpc_config=self._get_param("resourcesVpcConfig") or {},
            kubernetes_network_config=self._get_param("kubernetesNetworkConfig"),
            logging=self._get_param("logging"),
            client_request_token=self._get_param("clientRequestToken"),
            tags=self._get_param("tags"),
            encryption_config=self._get_param("encryptionConfig"),
            settings=self._ask(*CLUSTER_SETTINGS),
            creator=self._creator(),
        )
        return ActionResult({"cluster": cluster})

    def _creator(self) -> str | None:
        """Return the caller, who is to be the cluster's administrator; None when the request says otherwise."""
        access = self._get_param("accessConfig") or {}
        caller = principals.find(self.access_key)
        if caller is None or access.get("bootstrapClusterCreatorAdminPermissions") is False:
            return None
        return caller.role_arn or caller.arn

    def update_cluster_config(self) -> ActionResult:
        cluster = self.backend.describe_cluster(self.cluster_name)
        kind = "ConfigUpdate"
        vpc_config = {k: v for k, v in (self._get_param("resourcesVpcConfig") or {}).items() if v is not None}
        if vpc_config.get("endpointPublicAccess"):
            raise InvalidParameterException(
                clusterName=cluster.name,
                message="endpointPublicAccess=true is not offered by the local cloud: the API server is private.",
            )
        if vpc_config:
            known = ("subnetIds", "securityGroupIds")
            cluster.resources_vpc_config.update({k: vpc_config[k] for k in known if k in vpc_config})
            self.backend.converge(cluster.name)
            kind = "VpcConfigUpdate"
        if access := self._get_param("accessConfig"):
            cluster.access_config.update({k: v for k, v in access.items() if v is not None})
            kind = "AccessConfigUpdate"
        if policy := self._get_param("upgradePolicy"):
            cluster.upgrade_policy = policy
            kind = "UpgradePolicyUpdate"
        if (protection := self._get_param("deletionProtection")) is not None:
            cluster.deletion_protection = protection
            kind = "DeletionProtectionUpdate"
        if logging := self._get_param("logging"):
            cluster.logging = logging
            kind = "LoggingUpdate"
            self.backend.push(jobs.push_log_types, cluster.name)
        return self._update(kind)

    def update_cluster_version(self) -> ActionResult:
        version = self._get_param("version")
        if version != addons.KUBERNETES_VERSION:
            message = f"unsupported Kubernetes version {version}: the local cloud runs {addons.KUBERNETES_VERSION}"
            raise InvalidParameterException(clusterName=self.cluster_name, message=message)
        self.backend.describe_cluster(self.cluster_name)
        return self._update("VersionUpdate")

    def associate_encryption_config(self) -> ActionResult:
        cluster = self.backend.describe_cluster(self.cluster_name)
        self.backend.encrypt_secrets(cluster.name, self._get_param("encryptionConfig"))
        self.backend.push(jobs.push_encryption, cluster.name)
        return self._update("AssociateEncryptionConfig")

    def describe_cluster_versions(self) -> ActionResult:
        version = {
            "clusterVersion": addons.KUBERNETES_VERSION,
            "clusterType": "eks",
            "defaultPlatformVersion": "eks.1",
            "defaultVersion": True,
            "status": "standard-support",
            "versionStatus": "STANDARD_SUPPORT",
            "kubernetesPatchVersion": f"{addons.KUBERNETES_VERSION}.3",
        }
        asked = self._get_param("clusterVersions") or [addons.KUBERNETES_VERSION]
        return ActionResult({"clusterVersions": [version] if addons.KUBERNETES_VERSION in asked else []})

    def describe_update(self) -> ActionResult:
        return self._describe("updates", "updateId", "update")

    def list_updates(self) -> ActionResult:
        return ActionResult(
            {"updateIds": [item["id"] for item in self.backend.list_items(self.cluster_name, "updates")]}
        )

    # -- node groups
    def create_nodegroup(self) -> ActionResult:
        group = self.backend.create_nodegroup(
            cluster_name=self.cluster_name,
            nodegroup_name=self._get_param("nodegroupName"),
            scaling_config=self._get_param("scalingConfig"),
            disk_size=self._get_param("diskSize"),
            subnets=self._get_param("subnets"),
            instance_types=self._get_param("instanceTypes"),
            ami_type=self._get_param("amiType"),
            remote_access=self._get_param("remoteAccess"),
            node_role=self._get_param("nodeRole"),
            labels=self._get_param("labels"),
            taints=self._get_param("taints"),
            tags=self._get_param("tags"),
            client_request_token=self._get_param("clientRequestToken"),
            launch_template=self._get_param("launchTemplate"),
            capacity_type=self._get_param("capacityType"),
            version=self._get_param("version") or addons.KUBERNETES_VERSION,
            release_version=self._get_param("releaseVersion"),
            settings=self._ask(*NODEGROUP_SETTINGS),
        )
        return ActionResult({"nodegroup": group})

    def update_nodegroup_config(self) -> ActionResult:
        group = self._nodegroup()
        if scaling := self._get_param("scalingConfig"):
            nodegroups.check_sizes(self.cluster_name, {**group.scaling_config, **scaling})
            nodegroups.resize(self.backend, group, scaling)
        if update := self._get_param("updateConfig"):
            group.update_config = update
        if repair := self._get_param("nodeRepairConfig"):
            group.node_repair_config = repair
        labels, taints = self._get_param("labels") or {}, self._get_param("taints") or {}
        if labels or taints:
            nodegroups.relabel(self.backend, group, labels=labels, taints=taints)
        group.modified_at = utcnow()
        self.backend.converge_nodegroup(self.cluster_name, group.nodegroup_name)
        return self._update("ConfigUpdate")

    def update_nodegroup_version(self) -> ActionResult:
        group = self._nodegroup()
        version = self._get_param("version")
        if version and version != addons.KUBERNETES_VERSION:
            message = f"unsupported Kubernetes version {version}: the local cloud runs {addons.KUBERNETES_VERSION}"
            raise InvalidParameterException(clusterName=self.cluster_name, message=message)
        nodegroups.check_release(self.cluster_name, self._get_param("releaseVersion"))
        nodegroups.replace_template(self.backend, group, self._get_param("launchTemplate"))
        group.release_version = self._get_param("releaseVersion") or group.release_version
        group.modified_at = utcnow()
        self.backend.converge_nodegroup(self.cluster_name, group.nodegroup_name)
        return self._update("VersionUpdate")

    def _nodegroup(self) -> Any:
        return self.backend.describe_nodegroup(self.cluster_name, self._get_param("nodegroupName"))

    # -- access entries and their policies
    def create_access_entry(self) -> ActionResult:
        settings = self._ask("kubernetesGroups", "username", "type", "tags")
        entry = self.backend.create_access_entry(self.cluster_name, self._get_param("principalArn"), settings)
        return ActionResult({"accessEntry": entry})

    def describe_access_entry(self) -> ActionResult:
        return self._describe("access entry", "principalArn", "accessEntry")

    def list_access_entries(self) -> ActionResult:
        policy = self._get_param("associatedPolicyArn")
        entries = self.backend.list_items(self.cluster_name, "access entry")
        wanted = [entry["principalArn"] for entry in entries if not policy or policy in entry["policies"]]
        return ActionResult({"accessEntries": wanted})

    def update_access_entry(self) -> ActionResult:
        return self._change("access entry", "principalArn", "accessEntry", self._ask("kubernetesGroups", "username"))

    def delete_access_entry(self) -> ActionResult:
        self._delete("access entry", "principalArn")
        self.backend.push_scopes(self.cluster_name)
        return EmptyResult()

    def associate_access_policy(self) -> ActionResult:
        principal = self._get_param("principalArn")
        association = self.backend.associate_policy(
            self.cluster_name, principal, self._get_param("policyArn"), self._get_param("accessScope")
        )
        return ActionResult(
            {"clusterName": self.cluster_name, "principalArn": principal, "associatedAccessPolicy": association}
        )

    def disassociate_access_policy(self) -> ActionResult:
        self._item("access entry", "principalArn")["policies"].pop(self._get_param("policyArn"), None)
        self.backend.push_scopes(self.cluster_name)
        return EmptyResult()

    def list_associated_access_policies(self) -> ActionResult:
        entry = self._item("access entry", "principalArn")
        return ActionResult(
            {
                "clusterName": self.cluster_name,
                "principalArn": entry["principalArn"],
                "associatedAccessPolicies": list(entry["policies"].values()),
            }
        )

    def list_access_policies(self) -> ActionResult:
        prefix = f"arn:{self.partition}:eks::aws:cluster-access-policy"
        policies = [{"name": name, "arn": f"{prefix}/{name}"} for name in identity.POLICY_ROLES]
        return ActionResult({"accessPolicies": policies})

    # -- add-ons
    def create_addon(self) -> ActionResult:
        name = self._get_param("addonName")
        settings = self._checked_addon(name)
        addon = {
            "addonVersion": addons.CATALOGUE[name].version,
            "tags": {},
            **settings,
            "status": "CREATING",
            "health": {"issues": []},
            "addonArn": self.backend.arn("addon", self.cluster_name, name, str(mock_random.uuid4())),
            "addonName": name,
        }
        made = self.backend.create_item(self.cluster_name, "addon", name, addon)
        self.backend.converge_addon(self.cluster_name, name)
        return ActionResult({"addon": made})

    def describe_addon(self) -> ActionResult:
        item = self._item("addon", "addonName")
        if item["status"] == "DEGRADED":  # it may run by now
            self.backend.converge_addon(self.cluster_name, item["addonName"])
        return ActionResult({"addon": item})

    def list_addons(self) -> ActionResult:
        return ActionResult(
            {"addons": [item["addonName"] for item in self.backend.list_items(self.cluster_name, "addon")]}
        )

    def update_addon(self) -> ActionResult:
        item = self._item("addon", "addonName")
        item.update(self._checked_addon(item["addonName"]), status="UPDATING", modifiedAt=utcnow())
        self.backend.converge_addon(self.cluster_name, item["addonName"])
        return self._update("AddonUpdate")

    def delete_addon(self) -> ActionResult:
        item = self._item("addon", "addonName")
        item["status"] = "DELETING"
        if self._get_param("preserve"):
            self._delete("addon", "addonName")
        else:
            self.backend.converge_addon(self.cluster_name, item["addonName"])
        return ActionResult({"addon": item})

    def describe_addon_versions(self) -> ActionResult:
        wanted, version = self._get_param("addonName"), self._get_param("kubernetesVersion")
        names = [wanted] if wanted else list(addons.CATALOGUE)
        if version and version != addons.KUBERNETES_VERSION:
            names = []
        return ActionResult({"addons": addons.versions(names)})

    def describe_addon_configuration(self) -> ActionResult:
        name = self._get_param("addonName")
        self._checked_addon(name)
        known = addons.CATALOGUE[name]
        schema = (
            '{"type":"object","properties":{"replicaCount":{"type":"integer"}}}'
            if known.replicas
            else '{"type":"object"}'
        )
        return ActionResult(
            {
                "addonName": name,
                "addonVersion": known.version,
                "configurationSchema": schema,
                "podIdentityConfiguration": [],
            }
        )

    def _checked_addon(self, name: str) -> dict[str, Any]:
        """Read an add-on's settings; refuse what is not offered."""
        if name not in addons.CATALOGUE:
            offered = ", ".join(addons.CATALOGUE)
            raise InvalidParameterException(
                addonName=name, message=f"The add-on {name} is not offered by the local cloud: {offered} are."
            )
        known = addons.CATALOGUE[name]
        asked = self._ask("addonVersion", "serviceAccountRoleArn", "configurationValues", "tags")
        settings = {key: value for key, value in asked.items() if value is not None}
        if settings.get("addonVersion", known.version) != known.version:
            raise InvalidParameterException(
                addonName=name,
                message=f"Addon version specified is not supported: {settings['addonVersion']}; {known.version} is.",
            )
        try:
            addons.replicas(known, settings.get("configurationValues"))
        except addons.ConfigurationError as error:
            raise InvalidParameterException(addonName=name, message=str(error)) from error
        return settings

    # -- pod identity associations: records, as the agent that serves them is not offered
    def create_pod_identity_association(self) -> ActionResult:
        key = "a-" + mock_random.get_random_hex(17)
        association = {
            "associationId": key,
            "associationArn": self.backend.arn("podidentityassociation", self.cluster_name, key),
            **self._ask("namespace", "serviceAccount", "roleArn", "targetRoleArn", "disableSessionTags"),
            "tags": self._get_param("tags") or {},
        }
        return ActionResult(
            {"association": self.backend.create_item(self.cluster_name, "pod identity", key, association)}
        )

    def describe_pod_identity_association(self) -> ActionResult:
        return self._describe("pod identity", "associationId", "association")

    def list_pod_identity_associations(self) -> ActionResult:
        wanted = {key: value for key, value in self._ask("namespace", "serviceAccount").items() if value}
        items = self.backend.list_items(self.cluster_name, "pod identity")
        return ActionResult({"associations": [item for item in items if wanted.items() <= item.items()]})

    def update_pod_identity_association(self) -> ActionResult:
        changes = self._ask("roleArn", "targetRoleArn", "disableSessionTags")
        return self._change("pod identity", "associationId", "association", changes)

    def delete_pod_identity_association(self) -> ActionResult:
        return ActionResult({"association": self._delete("pod identity", "associationId")})

    # -- identity providers: none here
    def list_identity_provider_configs(self) -> ActionResult:
        self.backend.describe_cluster(self.cluster_name)
        return ActionResult({"identityProviderConfigs": []})

    # -- not offered
    def create_fargate_profile(self) -> ActionResult:
        raise NotImplementedError

    # -- the same for all that belongs to a cluster
    def _item(self, collection: str, param: str) -> dict[str, Any]:
        found: dict[str, Any] = self.backend.get_item(self.cluster_name, collection, self._get_param(param))
        return found

    def _describe(self, collection: str, param: str, result: str) -> ActionResult:
        return ActionResult({result: self._item(collection, param)})

    def _change(self, collection: str, param: str, result: str, changes: dict[str, Any]) -> ActionResult:
        item = self.backend.update_item(self.cluster_name, collection, self._get_param(param), changes)
        return ActionResult({result: item})

    def _delete(self, collection: str, param: str) -> Any:
        return self.backend.delete_item(self.cluster_name, collection, self._get_param(param))

    def _update(self, kind: str) -> ActionResult:
        return ActionResult({"update": self.backend.record_update(self.cluster_name, kind)})
