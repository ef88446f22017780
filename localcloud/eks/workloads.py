"""What runs in clusters, or belongs to what runs there: add-ons, Pod Identity associations."""
# ruff: noqa: D102 - operations are documented by AWS

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from moto.core.utils import utcnow
from moto.eks.exceptions import InvalidParameterException, ResourceInUseException
from moto.iam.models import iam_backends
from moto.moto_api._internal import mock_random

from localcloud.core import runtime
from localcloud.eks import addons, jobs
from localcloud.eks.base import Clusters, find
from localcloud.eks.resources import Addon, PodIdentityAssociation
from localcloud.eks.versions import VERSIONS
from localcloud.iam.sources import entity_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from localcloud.eks.resources import AddonSettings, RoleSettings, Update

# words: https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/eks/pod_identity_association.go
NO_ROLE = "Role provided in the request does not exist."


class Workloads(Clusters):
    """Add-ons and Pod Identity associations of clusters."""

    # -- add-ons
    def create_addon(self, cluster_name: str, name: str, settings: AddonSettings, tags: Mapping[str, str]) -> Addon:
        """Add an add-on."""
        cluster = self.describe_cluster(cluster_name)
        release = self.checked_release(name, settings, [cluster.version])
        if name in cluster.addons:
            raise ResourceInUseException(clusterName=cluster_name, addonName=name, message="Addon already exists.")
        wanted = settings.copy()
        wanted.setdefault("version", release.version_for(cluster.version))
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
        found, message = self.describe_cluster(cluster).addons, f"No addon: {name} found in cluster: {cluster}"
        return find(found, name, message, clusterName=cluster, addonName=name)

    def update_addon(self, cluster: str, name: str, settings: AddonSettings) -> Update:
        addon = self.describe_addon(cluster, name)
        self.checked_release(name, settings, [self.clusters[cluster].version], [addon.version])
        self.clusters[cluster].addons[name] = replace(addon, **settings, status="UPDATING", modified_at=utcnow())
        self.converge_addon(cluster, name)
        return self.record(self.clusters[cluster], "AddonUpdate")

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

    def checked_release(
        self, name: str, settings: AddonSettings, kubernetes: Iterable[str] = VERSIONS, present: Iterable[str] = ()
    ) -> addons.Release:
        """Return what is offered of an add-on for these versions of Kubernetes; refuse what is not, and is not there."""
        release = addons.CATALOGUE.get(name)
        if release is None:
            message = f"The add-on {name} is not offered by the local cloud: {', '.join(addons.CATALOGUE)} are."
            raise InvalidParameterException(addonName=name, message=message)
        offered = list(dict.fromkeys(one for each in kubernetes for one in release.versions_for(each)))
        version = settings.get("version", offered[0])
        if version not in (*offered, *present):
            message = f"Addon version specified is not supported: {version}; {' and '.join(offered)} {'is' if len(offered) == 1 else 'are'}."
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
        self._require_role(cluster_name, settings)
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
        found, message = self.describe_cluster(cluster).pod_identities, f"No pod identity association found for: {key}"
        return find(found, key, message, clusterName=cluster)

    def update_pod_identity_association(self, cluster: str, key: str, settings: RoleSettings) -> PodIdentityAssociation:
        self._require_role(cluster, settings)
        changed = replace(self.describe_pod_identity_association(cluster, key), **settings, modified_at=utcnow())
        self.clusters[cluster].pod_identities[key] = changed
        return changed

    def _require_role(self, cluster: str, settings: RoleSettings) -> None:
        """Refuse a role that is not there; the target role may be another account's, which can't be known."""
        arn = settings.get("role_arn")
        if arn and (":role/" not in arn or entity_of(iam_backends[self.account_id]["aws"], arn) is None):
            raise InvalidParameterException(clusterName=cluster, message=NO_ROLE)

    def delete_pod_identity_association(self, cluster: str, key: str) -> PodIdentityAssociation:
        self.describe_pod_identity_association(cluster, key)
        return self.clusters[cluster].pod_identities.pop(key)
