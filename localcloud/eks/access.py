"""Access entries: whom a cluster lets in, and with which policies."""
# ruff: noqa: D102 - operations are documented by AWS

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from moto.core.utils import utcnow
from moto.eks.exceptions import InvalidParameterException, ResourceInUseException
from moto.iam.models import iam_backends
from moto.moto_api._internal import mock_random

from localcloud.eks import identity, jobs
from localcloud.eks.base import Clusters, find
from localcloud.eks.resources import AccessEntry, AccessScope, AssociatedPolicy
from localcloud.iam.sources import entity_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PRINCIPAL = re.compile(
    r"arn:aws[a-z-]*:iam::(?P<account>\d{12}):(?P<kind>role|user)/(?:[\x21-\x7e]+/)?(?P<name>[\w+=,.@-]+)"
)
# words: https://github.com/aws-samples/appmod-blueprints/pull/319, https://github.com/terraform-aws-modules/terraform-aws-eks/issues/2969
NO_PRINCIPAL_ARN = "The principalArn parameter format is not valid"
NO_PRINCIPAL = "The specified principalArn is invalid: invalid principal."
NO_ENTRY = (
    "The specified principalArn could not be found. You can view your available access entries with "
    "'list access entries'."
)


class AccessEntries(Clusters):
    """Access entries of clusters."""

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
        found = PRINCIPAL.fullmatch(principal)
        if found is None:
            raise InvalidParameterException(clusterName=cluster_name, message=NO_PRINCIPAL_ARN)
        if not self._is_there(principal, account=found["account"], kind=kind):
            raise InvalidParameterException(clusterName=cluster_name, message=NO_PRINCIPAL)
        if principal in cluster.access_entries:
            message = "The specified access entry resource is already in use on this cluster."
            raise ResourceInUseException(clusterName=cluster_name, message=message)
        parts = (cluster_name, found["kind"], found["account"], found["name"], str(mock_random.uuid4()))
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

    def _is_there(self, principal: str, *, account: str, kind: str) -> bool:
        """Say whether a user or role exists; those of other accounts can't be known, and only STANDARD entries have them."""
        if account != self.account_id:
            return kind == "STANDARD"
        return entity_of(iam_backends[account]["aws"], principal) is not None

    def describe_access_entry(self, cluster: str, principal: str) -> AccessEntry:
        return find(self.describe_cluster(cluster).access_entries, principal, NO_ENTRY, clusterName=cluster)

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
