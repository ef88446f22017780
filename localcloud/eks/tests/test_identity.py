from __future__ import annotations

from typing import Any

import pytest

from localcloud.eks import identity
from localcloud.eks.resources import AccessEntry, AccessScope, AssociatedPolicy

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/team/dev"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/dev/alice@example"
USER = f"arn:aws:iam::{ACCOUNT}:user/bob"
NODE_SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/node/i-0abc"
POLICY = "arn:aws:eks::aws:cluster-access-policy/"


def entry(arn: str, **more: Any) -> AccessEntry:
    kind = more.pop("type", "STANDARD")
    given = {"username": identity.default_username(arn, kind)} | more
    return AccessEntry(cluster_name="demo", arn="", principal_arn=arn, type=kind, **given)


def policy(name: str, *namespaces: str) -> dict[str, AssociatedPolicy]:
    scope = AccessScope(type="namespace" if namespaces else "cluster", namespaces=list(namespaces))
    return {POLICY + name: AssociatedPolicy(policy_arn=POLICY + name, access_scope=scope)}


def test_a_role_session_is_its_role_whatever_the_roles_path() -> None:
    user = identity.user_of(SESSION, [entry(ROLE, kubernetes_groups=["devs"])], {})
    assert user.username == f"arn:aws:sts::{ACCOUNT}:assumed-role/dev/alice-example"
    assert user.groups == ("devs",)


def test_a_user_is_itself() -> None:
    assert identity.user_of(USER, [entry(USER)], {}).username == USER
    assert identity.user_of(USER, [entry(USER, username="bob")], {}).username == "bob"


def test_without_an_entry_nobody_gets_in() -> None:
    with pytest.raises(identity.NoAccessError, match=f"{USER} has no access entry"):
        identity.user_of(USER, [entry(ROLE)], {})


def test_a_node_is_named_after_its_instance() -> None:
    entries = [entry(f"arn:aws:iam::{ACCOUNT}:role/node", type="EC2_LINUX")]
    user = identity.user_of(NODE_SESSION, entries, {"i-0abc": "ip-10-42-1-5.eu-west-1.compute.internal"})
    assert user == identity.User(
        username="system:node:ip-10-42-1-5.eu-west-1.compute.internal", groups=("system:nodes",)
    )


def test_a_node_role_without_a_running_instance_gets_nothing() -> None:
    entries = [entry(f"arn:aws:iam::{ACCOUNT}:role/node", type="EC2_LINUX")]
    with pytest.raises(identity.NoAccessError, match="not a session of a running instance"):
        identity.user_of(NODE_SESSION, entries, {})


def test_a_policy_of_the_whole_cluster_is_a_group_that_is_bound_from_the_beginning() -> None:
    user = identity.user_of(USER, [entry(USER, policies=policy("AmazonEKSClusterAdminPolicy"))], {})
    assert user.groups == ("eks:access:AmazonEKSClusterAdminPolicy",)


def test_a_policy_of_namespaces_is_a_group_of_the_principals_own() -> None:
    given = policy("AmazonEKSViewPolicy", "shop")
    entries = [entry(USER, policies=given), entry(ROLE, policies=given)]
    (group,) = identity.user_of(USER, entries, {}).groups
    assert group != identity.user_of(SESSION, entries, {}).groups[0]
    assert {"group": group, "role": "view", "namespaces": ["shop"]} in identity.namespaced_scopes(entries)


def test_policies_of_the_whole_cluster_are_not_bound_in_namespaces() -> None:
    assert identity.namespaced_scopes([entry(USER, policies=policy("AmazonEKSViewPolicy"))]) == []
