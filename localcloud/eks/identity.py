"""From an IAM principal to a Kubernetes user: access entries and access policies. No Docker, no moto."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from localcloud.eks.resources import AccessEntry, AssociatedPolicy

# access policy -> ClusterRole that says the same (bootstrap.yaml of the control-plane image has the cluster-wide ones)
POLICY_ROLES = {
    "AmazonEKSClusterAdminPolicy": "cluster-admin",
    "AmazonEKSAdminPolicy": "admin",
    "AmazonEKSAdminViewPolicy": "eks:admin-view",
    "AmazonEKSEditPolicy": "edit",
    "AmazonEKSViewPolicy": "view",
}
NODE_TYPE = "EC2_LINUX"
ENTRY_TYPES = ("STANDARD", NODE_TYPE)
NODE_GROUPS = ("system:nodes",)


class NoAccessError(Exception):
    """The principal is known, but the cluster has no access entry for it."""


@dataclass(frozen=True, kw_only=True)
class User:
    """Who a principal is in the cluster."""

    username: str
    groups: tuple[str, ...]


def principal_of(arn: str) -> tuple[str, str]:
    """Return the IAM principal behind a caller's ARN, and the session's name (roles only)."""
    head, _, resource = arn.rpartition(":")
    if not resource.startswith("assumed-role/"):
        return arn, ""
    _, role, session = resource.split("/", 2)
    return f"{head.replace(':sts:', ':iam:')}:role/{role}", session


def same_principal(entry_arn: str, principal_arn: str) -> bool:
    """Compare an entry's principal with a caller's: a role session's ARN has lost the role's path."""
    if entry_arn == principal_arn:
        return True
    head, _, resource = entry_arn.rpartition(":")
    return resource.startswith("role/") and f"{head}:role/{resource.rpartition('/')[2]}" == principal_arn


def policy_group(policy: AssociatedPolicy, principal_arn: str) -> str:
    """Return the group by which a policy is bound: the cluster's, or one of the principal in its namespaces."""
    if policy.access_scope.type != "namespace":
        return f"eks:access:{policy.name}"
    digest = hashlib.sha256(principal_arn.encode()).hexdigest()[:16]
    return f"eks:access:{policy.name}:{digest}"


def user_of(arn: str, entries: Iterable[AccessEntry], private_dns_names: Mapping[str, str]) -> User:
    """Return who the caller is; NoAccessError without an entry. Node roles need the instance's private DNS name."""
    principal, session = principal_of(arn)
    entry = next((entry for entry in entries if same_principal(entry.principal_arn, principal)), None)
    if entry is None:
        raise NoAccessError(f"AccessDenied: {principal} has no access entry in this cluster")
    if entry.type == NODE_TYPE:
        if session not in private_dns_names:
            raise NoAccessError(f"AccessDenied: {arn} is not a session of a running instance")
        return User(username=f"system:node:{private_dns_names[session]}", groups=NODE_GROUPS)
    account = principal.split(":")[4]
    username = entry.username
    for template, value in (
        ("{{SessionName}}", session.replace("@", "-")),
        ("{{SessionNameRaw}}", session),
        ("{{AccountID}}", account),
    ):
        username = username.replace(template, value)
    policies = tuple(policy_group(policy, entry.principal_arn) for policy in entry.policies.values())
    return User(username=username, groups=(*entry.kubernetes_groups, *policies))


def namespaced_scopes(entries: Iterable[AccessEntry]) -> list[dict[str, object]]:
    """Return what the control plane binds in namespaces (controller.py of the control-plane image)."""
    return [
        {
            "group": policy_group(policy, entry.principal_arn),
            "role": POLICY_ROLES[policy.name],
            "namespaces": policy.access_scope.namespaces,
        }
        for entry in entries
        for policy in entry.policies.values()
        if policy.access_scope.type == "namespace"
    ]


def default_username(principal_arn: str, entry_type: str) -> str:
    """Return the user name that EKS gives to an entry without one."""
    if entry_type == NODE_TYPE:
        return "system:node:{{EC2PrivateDNSName}}"
    head, _, resource = principal_arn.rpartition(":")
    if not resource.startswith("role/"):
        return principal_arn
    return f"{head.replace(':iam:', ':sts:')}:assumed-role/{resource.rpartition('/')[2]}/{{{{SessionName}}}}"
