"""Add-ons after their creation, Pod Identity associations, and what lists say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from moto.eks.models import eks_backends

from localcloud.core.config import ACCOUNT
from localcloud.docker.spec import ExecResult
from localcloud.eks import jobs

if TYPE_CHECKING:
    from localcloud.eks.tests.conftest import Site

SHOP = {"clusterName": "demo", "namespace": "shop", "serviceAccount": "till"}
VIEW = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"


def described(site: Site, name: str) -> Any:
    return site.eks.describe_addon(clusterName="demo", addonName=name)["addon"]


# -- add-ons


def test_an_add_on_is_applied_again_with_its_new_configuration(site: Site) -> None:
    site.create()
    made = site.eks.create_addon(clusterName="demo", addonName="coredns")["addon"]
    site.settle()
    assert "replicas: 2" in site.applied[-1]
    update = site.eks.update_addon(clusterName="demo", addonName="coredns", configurationValues='{"replicaCount": 3}')
    site.settle()
    assert (update["update"]["type"], update["update"]["status"]) == ("AddonUpdate", "Successful")
    assert "replicas: 3" in site.applied[-1]
    addon = described(site, "coredns")
    assert (addon["addonArn"], addon["status"]) == (made["addonArn"], "ACTIVE")
    assert addon["configurationValues"] == '{"replicaCount": 3}'


def test_an_update_that_cannot_be_leaves_the_add_on_as_it_is(site: Site) -> None:
    site.create()
    site.eks.create_addon(clusterName="demo", addonName="coredns")
    site.settle()
    before = described(site, "coredns")
    with pytest.raises(ClientError, match="replicaCount must be a whole number from 1"):
        site.eks.update_addon(clusterName="demo", addonName="coredns", configurationValues='{"replicaCount": 0}')
    with pytest.raises(ClientError, match="No addon: vpc-cni found in cluster: demo"):
        site.eks.update_addon(clusterName="demo", addonName="vpc-cni")
    assert described(site, "coredns") == before


def test_an_add_on_is_created_once(site: Site) -> None:
    site.create()
    site.eks.create_addon(clusterName="demo", addonName="coredns")
    with pytest.raises(site.eks.exceptions.ResourceInUseException, match=r"Addon already exists\."):
        site.eks.create_addon(clusterName="demo", addonName="coredns")


def test_an_add_on_that_is_to_be_preserved_stays_in_the_cluster(site: Site) -> None:
    site.create()
    site.eks.create_addon(clusterName="demo", addonName="coredns")
    site.settle()
    answer = site.eks.delete_addon(clusterName="demo", addonName="coredns", preserve=True)
    site.settle()
    assert answer["addon"]["status"] == "DELETING"
    assert site.eks.list_addons(clusterName="demo")["addons"] == []
    assert not any("delete" in words for words in site.commands)


def test_an_add_on_that_is_part_of_the_node_is_active_without_a_manifest(site: Site) -> None:
    site.create()
    before = list(site.commands)
    site.eks.create_addon(clusterName="demo", addonName="kube-proxy")
    site.settle()
    assert described(site, "kube-proxy")["status"] == "ACTIVE"
    assert site.commands == before


@pytest.mark.parametrize(
    ("said", "reason"),
    [('daemonsets.apps "aws-node" not found', 'daemonsets.apps "aws-node" not found'), ("", "no answer")],
)
def test_why_an_add_on_lacks_replicas_is_said_in_the_api_servers_words(
    site: Site, monkeypatch: pytest.MonkeyPatch, said: str, reason: str
) -> None:
    site.create()
    monkeypatch.setattr(jobs, "ADDON_SECONDS", 0.0)
    failed = ExecResult(exit_code=1, output=said)
    site.cloud.docker.answer = lambda name, argv: failed if "daemonset" in argv else site.answer(name, argv)
    site.eks.create_addon(clusterName="demo", addonName="vpc-cni")
    site.settle()
    (issue,) = described(site, "vpc-cni")["health"]["issues"]
    assert issue["message"] == f"daemonset aws-node in kube-system is not ready after 0 s: {reason}"
    site.cloud.docker.answer = site.answer


def test_an_add_on_that_is_gone_is_not_watched(site: Site) -> None:
    site.create()
    backend: Any = eks_backends[ACCOUNT]["eu-west-1"]
    before = list(site.commands)
    assert jobs.watch_addon(backend, "demo", "coredns") is None
    assert jobs.watch_addon(backend, "gone", "coredns") is None
    jobs.converge_addon(backend, "gone", "coredns")
    assert site.commands == before


@pytest.mark.parametrize(
    ("addon", "properties"),
    [
        ("coredns", '{"type": "object", "properties": {"replicaCount": {"type": "integer"}}}'),
        ("vpc-cni", '{"type": "object"}'),
    ],
)
def test_an_add_ons_configuration_has_a_schema(site: Site, addon: str, properties: str) -> None:
    (offered,) = site.eks.describe_addon_versions(addonName=addon)["addons"]
    version = offered["addonVersions"][0]["addonVersion"]
    found = site.eks.describe_addon_configuration(addonName=addon, addonVersion=version)
    assert (found["addonVersion"], found["configurationSchema"]) == (version, properties)
    with pytest.raises(ClientError, match=f"Addon version specified is not supported: v0.0.1; {version} is"):
        site.eks.describe_addon_configuration(addonName=addon, addonVersion="v0.0.1")


# -- Pod Identity associations


def test_a_service_account_has_at_most_one_role(site: Site) -> None:
    site.create()
    made = site.eks.create_pod_identity_association(**SHOP, roleArn=site.roles[1], tags={"a": "1"})["association"]
    assert made["associationArn"].endswith(f":podidentityassociation/demo/{made['associationId']}")
    with pytest.raises(
        site.eks.exceptions.ResourceInUseException, match=f"Association already exists: {made['associationId']}"
    ):
        site.eks.create_pod_identity_association(**SHOP, roleArn=site.roles[0])
    found = site.eks.describe_pod_identity_association(clusterName="demo", associationId=made["associationId"])
    assert found["association"] == made


def test_associations_are_found_by_namespace_and_service_account(site: Site) -> None:
    site.create()
    for namespace, account in (("shop", "till"), ("shop", "stock"), ("bank", "till")):
        site.eks.create_pod_identity_association(
            clusterName="demo", namespace=namespace, serviceAccount=account, roleArn=site.roles[1]
        )

    def found(**asked: str) -> list[tuple[str, str]]:
        answer = site.eks.list_pod_identity_associations(clusterName="demo", **asked)["associations"]
        return [(each["namespace"], each["serviceAccount"]) for each in answer]

    assert len(found()) == 3
    assert found(namespace="shop") == [("shop", "till"), ("shop", "stock")]
    assert found(serviceAccount="till") == [("shop", "till"), ("bank", "till")]
    assert found(namespace="bank", serviceAccount="stock") == []


def test_an_association_takes_another_role_survives_a_kill_and_goes(site: Site) -> None:
    site.create()
    key = site.eks.create_pod_identity_association(**SHOP, roleArn=site.roles[1])["association"]["associationId"]
    asked = {"clusterName": "demo", "associationId": key}
    changed = site.eks.update_pod_identity_association(**asked, roleArn=site.roles[0], disableSessionTags=True)
    assert changed["association"]["roleArn"] == site.roles[0]
    site.cloud.boot()
    found = site.eks.describe_pod_identity_association(**asked)["association"]
    assert (found["roleArn"], found["disableSessionTags"], found["namespace"]) == (site.roles[0], True, "shop")
    site.eks.delete_pod_identity_association(**asked)
    with pytest.raises(ClientError, match=f"No pod identity association found for: {key}"):
        site.eks.delete_pod_identity_association(**asked)


@pytest.mark.parametrize("role", ["none", f"arn:aws:iam::{ACCOUNT}:role/none", f"arn:aws:iam::{ACCOUNT}:user/eks"])
def test_an_association_has_a_role_that_is_there(site: Site, role: str) -> None:
    site.create()
    with pytest.raises(ClientError, match=r"InvalidParameterException.*Role provided in the request does not exist\."):
        site.eks.create_pod_identity_association(**SHOP, roleArn=role)
    key = site.eks.create_pod_identity_association(**SHOP, roleArn=site.roles[1])["association"]["associationId"]
    with pytest.raises(ClientError, match=r"Role provided in the request does not exist\."):
        site.eks.update_pod_identity_association(clusterName="demo", associationId=key, roleArn=role)


# -- access entries


def test_an_access_entry_changes_what_is_given(site: Site) -> None:
    site.create()
    asked = {"clusterName": "demo", "principalArn": site.roles[1]}
    site.eks.create_access_entry(**asked, kubernetesGroups=["devs"], username="first")
    changed = site.eks.update_access_entry(**asked, username="second")["accessEntry"]
    assert (changed["username"], changed["kubernetesGroups"]) == ("second", ["devs"])
    changed = site.eks.update_access_entry(**asked, kubernetesGroups=[])["accessEntry"]
    assert (changed["username"], changed["kubernetesGroups"]) == ("second", [])


def test_an_access_entry_is_created_once(site: Site) -> None:
    site.create()
    site.eks.create_access_entry(clusterName="demo", principalArn=site.roles[1])
    with pytest.raises(site.eks.exceptions.ResourceInUseException, match="already in use on this cluster"):
        site.eks.create_access_entry(clusterName="demo", principalArn=site.roles[1])


def test_policies_that_an_entry_cannot_have_are_refused(site: Site) -> None:
    site.create()
    asked = {"clusterName": "demo", "principalArn": site.roles[1], "accessScope": {"type": "cluster"}}
    site.eks.create_access_entry(clusterName="demo", principalArn=site.roles[1], type="EC2_LINUX")
    with pytest.raises(ClientError, match="Only STANDARD access entries have policies"):
        site.eks.associate_access_policy(**asked, policyArn=VIEW)
    with pytest.raises(ClientError, match=r"AmazonEKSView is not offered by the local cloud: Amazon\w+, .* are\."):
        site.eks.associate_access_policy(**asked, policyArn=VIEW.removesuffix("Policy"))
    assert (
        site.eks.list_associated_access_policies(clusterName="demo", principalArn=site.roles[1])[
            "associatedAccessPolicies"
        ]
        == []
    )


def test_entries_are_found_by_the_policy_that_they_have(site: Site) -> None:
    site.create()
    assert VIEW in [policy["arn"] for policy in site.eks.list_access_policies()["accessPolicies"]]
    site.eks.create_access_entry(clusterName="demo", principalArn=site.roles[1])
    site.eks.associate_access_policy(
        clusterName="demo", principalArn=site.roles[1], policyArn=VIEW, accessScope={"type": "cluster"}
    )
    found = site.eks.list_access_entries(clusterName="demo", associatedPolicyArn=VIEW)["accessEntries"]
    assert found == [site.roles[1]]


# -- what is not there


def test_what_a_cluster_does_not_have_is_an_empty_list(site: Site) -> None:
    site.create()
    assert site.eks.list_identity_provider_configs(clusterName="demo")["identityProviderConfigs"] == []
    assert site.eks.list_fargate_profiles(clusterName="demo")["fargateProfileNames"] == []
    with pytest.raises(ClientError, match="No cluster found for name: other"):
        site.eks.list_fargate_profiles(clusterName="other")


def test_tags_of_what_is_not_there_are_refused(site: Site) -> None:
    site.create()
    arn = site.cluster()["arn"].replace("demo", "gone")
    with pytest.raises(ClientError, match=f"Resource {arn} was not found"):
        site.eks.list_tags_for_resource(resourceArn=arn)
