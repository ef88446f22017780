"""Changes of clusters and node groups: each has its record, and reaches what runs."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from moto.autoscaling.models import autoscaling_backends
from moto.ec2.models import ec2_backends
from moto.eks.models import eks_backends

from localcloud.core.config import ACCOUNT
from localcloud.core.errors import DockerFailedError
from localcloud.docker.spec import ExecResult
from localcloud.eks import jobs, nodegroups

if TYPE_CHECKING:
    from collections.abc import Sequence

    from localcloud.eks.tests.conftest import Site

SETTINGS = {"addOrUpdateTaints": [{"key": "only", "value": "jobs", "effect": "NO_SCHEDULE"}]}


def templates(site: Site) -> dict[str, Any]:
    """Return the data of every launch template, by name."""
    ec2 = site.cloud.client("ec2")
    found = {}
    for each in ec2.describe_launch_templates()["LaunchTemplates"]:
        (version,) = ec2.describe_launch_template_versions(
            LaunchTemplateId=each["LaunchTemplateId"], Versions=["$Default"]
        )["LaunchTemplateVersions"]
        found[each["LaunchTemplateName"]] = version["LaunchTemplateData"]
    return found


def users_template(site: Site, name: str, kind: str) -> str:
    made = site.cloud.client("ec2").create_launch_template(
        LaunchTemplateName=name, LaunchTemplateData={"InstanceType": kind}
    )
    return str(made["LaunchTemplate"]["LaunchTemplateId"])


# -- clusters


@pytest.mark.parametrize(
    ("asked", "kind", "path", "value"),
    [
        (
            {"accessConfig": {"authenticationMode": "API"}},
            "AccessConfigUpdate",
            ("accessConfig", "authenticationMode"),
            "API",
        ),
        (
            {"upgradePolicy": {"supportType": "STANDARD"}},
            "UpgradePolicyUpdate",
            ("upgradePolicy", "supportType"),
            "STANDARD",
        ),
        ({"deletionProtection": True}, "DeletionProtectionUpdate", ("deletionProtection",), True),
        (
            {"logging": {"clusterLogging": [{"types": ["api", "audit"], "enabled": True}]}},
            "LoggingUpdate",
            ("logging", "clusterLogging", 0, "types"),
            ["api", "audit"],
        ),
        ({}, "ConfigUpdate", ("status",), "ACTIVE"),
    ],
)
def test_an_update_of_a_cluster_says_its_kind_and_changes_no_more(
    site: Site, asked: dict[str, Any], kind: str, path: tuple[str | int, ...], value: object
) -> None:
    site.create(accessConfig={"authenticationMode": "API_AND_CONFIG_MAP"})
    before = site.cluster()
    update = site.eks.update_cluster_config(name="demo", **asked)["update"]
    assert (update["type"], update["status"]) == (kind, "Successful")
    assert site.eks.list_updates(name="demo")["updateIds"] == [update["id"]]
    found: Any = site.cluster()
    for key in path:
        found = found[key]
    assert found == value
    changed = {name for name, each in site.cluster().items() if each != before[name]}
    assert changed <= {path[0]}


def test_other_security_groups_reach_the_control_plane(site: Site) -> None:
    site.create()
    own = site.cluster()["resourcesVpcConfig"]["clusterSecurityGroupId"]
    more = site.cloud.client("ec2").create_security_group(GroupName="x", Description="x", VpcId=site.vpc)["GroupId"]
    site.eks.update_cluster_config(name="demo", resourcesVpcConfig={"securityGroupIds": [more]})
    site.settle()
    assert site.cloud.machines.specs["eks-eu-west-1-demo"].security_groups == (own, more)


@pytest.mark.parametrize("wanted", ["CONFIG_MAP", "API_AND_CONFIG_MAP"])
def test_access_entries_are_not_given_up_again(site: Site, wanted: str) -> None:
    site.create()
    with pytest.raises(ClientError, match=f"Unsupported authentication mode update from API to {wanted}"):
        site.eks.update_cluster_config(name="demo", accessConfig={"authenticationMode": wanted})
    assert site.cluster()["accessConfig"]["authenticationMode"] == "API"


def test_a_protected_cluster_is_deleted_only_after_its_protection(site: Site) -> None:
    site.create(deletionProtection=True)
    with pytest.raises(ClientError, match="Deletion protection is enabled: disable it first"):
        site.eks.delete_cluster(name="demo")
    assert site.cluster()["status"] == "ACTIVE"
    site.eks.update_cluster_config(name="demo", deletionProtection=False)
    site.eks.delete_cluster(name="demo")
    site.settle()
    assert site.eks.list_clusters()["clusters"] == []


def test_a_cluster_gets_its_key_later_and_every_secret_is_written_anew(site: Site) -> None:
    site.create()
    path = "etc/kubernetes/encryption.json"
    assert "secretbox" not in site.plane_files[path]
    key = site.cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    config = [{"resources": ["secrets"], "provider": {"keyArn": key}}]
    update = site.eks.associate_encryption_config(clusterName="demo", encryptionConfig=config)["update"]
    site.settle()
    assert update["type"] == "AssociateEncryptionConfig"
    assert site.cluster()["encryptionConfig"] == config
    (resource,) = json.loads(site.plane_files[path])["resources"]
    assert "secretbox" in resource["providers"][0], "what is written is encrypted"
    assert "identity" in resource["providers"][1], "what was written before can still be read"
    restart = site.commands.index(("systemctl", "restart", "kube-apiserver"))
    (rewrite,) = (number for number, words in enumerate(site.commands) if "replace -f -" in words[-1])
    assert restart < rewrite


def test_secrets_wait_for_the_api_server_with_its_new_key(site: Site) -> None:
    site.create()
    backend: Any = eks_backends[ACCOUNT]["eu-west-1"]
    site.api_ready = False
    assert jobs.rewrite_secrets(backend, "demo") == jobs.POLL_SECONDS
    assert not any("replace -f -" in words[-1] for words in site.commands)
    site.api_ready = True
    assert jobs.rewrite_secrets(backend, "demo") is None


@pytest.mark.parametrize(("said", "refused"), [("error: no objects passed to replace", False), ("etcd is full", True)])
def test_secrets_that_cannot_be_written_anew_are_tried_again(site: Site, said: str, *, refused: bool) -> None:
    site.create()
    backend: Any = eks_backends[ACCOUNT]["eu-west-1"]

    def answer(name: str, argv: Sequence[str]) -> ExecResult:
        return ExecResult(exit_code=1, output=said) if "replace -f -" in argv[-1] else site.answer(name, argv)

    site.cloud.docker.answer = answer
    if refused:
        with pytest.raises(
            jobs.RefusedError, match="secrets of demo could not be written with the new key: etcd is full"
        ):
            jobs.rewrite_secrets(backend, "demo")
    else:
        assert jobs.rewrite_secrets(backend, "demo") is None, "there is no secret yet"


def test_an_api_server_that_does_not_start_with_its_new_key_is_said(site: Site) -> None:
    site.create()
    backend: Any = eks_backends[ACCOUNT]["eu-west-1"]
    site.cloud.docker.answer = lambda _, argv: ExecResult(
        exit_code=int(argv[0] == "systemctl"), output="Job for kube-apiserver.service failed"
    )
    with pytest.raises(
        DockerFailedError, match=r"does not start with its new key: Job for kube-apiserver\.service failed"
    ):
        jobs.push_encryption(backend, "demo")
    site.cloud.docker.answer = site.answer


@pytest.mark.parametrize("push", [jobs.push_scopes, jobs.push_log_types, jobs.push_encryption, jobs.rewrite_secrets])
def test_a_cluster_that_is_gone_is_told_nothing(site: Site, push: Any) -> None:
    backend: Any = eks_backends[ACCOUNT]["eu-west-1"]
    before = len(site.cloud.docker.calls)
    assert push(backend, "gone") is None
    assert site.cloud.docker.calls[before:] == []


def test_a_control_plane_that_no_cluster_has_is_removed_at_the_next_start(site: Site) -> None:
    site.create()
    backend: Any = eks_backends[ACCOUNT]["eu-west-1"]
    with site.cloud.now.model.transaction():
        backend.forget_cluster("demo")
    site.cloud.boot()
    assert "eks-eu-west-1-demo" not in site.cloud.docker.machines


# -- node groups


def test_a_node_group_takes_another_launch_template(site: Site) -> None:
    first, second = users_template(site, "first", "t3.small"), users_template(site, "second", "t3.large")
    site.create()
    site.create_nodes(launchTemplate={"id": first})
    update = site.eks.update_nodegroup_version(
        clusterName="demo", nodegroupName="main", launchTemplate={"name": "second", "version": "1"}
    )["update"]
    site.settle()
    assert update["type"] == "VersionUpdate"
    group = site.nodegroup()
    assert group["launchTemplate"] == {"id": second, "name": "second", "version": "1"}
    (own,) = (data for name, data in templates(site).items() if name.startswith("eks-"))
    assert own["InstanceType"] == "t3.large"
    backend: Any = autoscaling_backends[ACCOUNT]["eu-west-1"]
    scaling = backend.autoscaling_groups[group["resources"]["autoScalingGroups"][0]["name"]]
    assert scaling.ec2_launch_template.name in templates(site), "coming nodes start from one that exists"


def test_another_version_of_the_same_launch_template_needs_no_name(site: Site) -> None:
    template = users_template(site, "mine", "t3.small")
    site.create()
    site.create_nodes(launchTemplate={"id": template})
    site.cloud.client("ec2").create_launch_template_version(
        LaunchTemplateId=template, LaunchTemplateData={"InstanceType": "t3.xlarge"}
    )
    site.eks.update_nodegroup_version(clusterName="demo", nodegroupName="main", launchTemplate={"version": "2"})
    assert site.nodegroup()["launchTemplate"] == {"id": template, "name": "mine", "version": "2"}


def test_a_launch_template_without_id_and_name_is_refused(site: Site) -> None:
    site.create()
    reason = "launchTemplate names no launch template: give its id or its name"
    with pytest.raises(ClientError, match=rf"\(InvalidParameterException\).*{reason}"):
        site.create_nodes(launchTemplate={"version": "1"})
    site.create_nodes()
    with pytest.raises(ClientError, match=rf"\(InvalidParameterException\).*{reason}"):
        site.eks.update_nodegroup_version(clusterName="demo", nodegroupName="main", launchTemplate={"version": "2"})
    assert "launchTemplate" not in site.nodegroup()


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"diskSize": 30}, "Disk size must be specified within the launch template"),
        (
            {"remoteAccess": {"ec2SshKey": "k"}},
            "Remote access configuration cannot be specified with a launch template",
        ),
    ],
)
def test_what_belongs_into_a_launch_template_is_refused_beside_it(
    site: Site, more: dict[str, Any], reason: str
) -> None:
    template = users_template(site, "mine", "t3.small")
    site.create()
    with pytest.raises(ClientError, match=reason):
        site.create_nodes(launchTemplate={"id": template}, **more)
    assert site.eks.list_nodegroups(clusterName="demo")["nodegroups"] == []


def test_taints_come_and_go_in_kubernetes_words(site: Site) -> None:
    site.create()
    site.create_nodes(taints=[{"key": "old", "effect": "NO_EXECUTE"}])
    site.eks.update_nodegroup_config(
        clusterName="demo",
        nodegroupName="main",
        taints={**SETTINGS, "removeTaints": [{"key": "old", "effect": "NO_EXECUTE"}]},
    )
    site.settle()
    (taint,) = site.nodegroup()["taints"]
    assert taint == {"key": "only", "value": "jobs", "effect": "NO_SCHEDULE"}
    (command,) = (words for words in site.commands if "taint" in words)
    assert command[command.index("taint") :] == (
        *("taint", "nodes", "--selector=eks.amazonaws.com/nodegroup=main"),
        *("only=jobs:NoSchedule", "old:NoExecute-", "--overwrite"),
    )
    assert not any("label" in words for words in site.commands)


def test_how_nodes_are_updated_and_repaired_is_kept(site: Site) -> None:
    site.create()
    site.create_nodes()
    site.eks.update_nodegroup_config(
        clusterName="demo",
        nodegroupName="main",
        updateConfig={"maxUnavailable": 2},
        nodeRepairConfig={"enabled": True},
    )
    group = site.nodegroup()
    assert (group["updateConfig"], group["nodeRepairConfig"]) == ({"maxUnavailable": 2}, {"enabled": True})


def test_a_node_group_of_the_same_name_or_in_a_cluster_that_is_not_ready_is_refused(site: Site) -> None:
    site.api_ready = False
    site.eks.create_cluster(
        name="demo", roleArn=site.roles[0], resourcesVpcConfig={"subnetIds": site.subnets}, version="1.36"
    )
    with pytest.raises(ClientError, match="Cluster 'demo' is not in ACTIVE status"):
        site.create_nodes()
    site.api_ready = True
    site.settle()
    site.create_nodes()
    with pytest.raises(ClientError, match="NodeGroup already exists with name main and cluster name demo"):
        site.create_nodes()


def test_a_cluster_of_the_same_name_is_refused(site: Site) -> None:
    site.create()
    with pytest.raises(ClientError, match="Cluster already exists with name: demo"):
        site.create()


def test_a_node_group_whose_auto_scaling_group_was_deleted_says_so_and_goes(site: Site) -> None:
    site.create()
    site.create_nodes()
    name = site.nodegroup()["resources"]["autoScalingGroups"][0]["name"]
    site.cloud.client("autoscaling").delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)
    with pytest.raises(ClientError, match="The Auto Scaling group of main is gone: delete the node group"):
        site.eks.update_nodegroup_config(clusterName="demo", nodegroupName="main", scalingConfig={"desiredSize": 3})
    site.eks.delete_nodegroup(clusterName="demo", nodegroupName="main")
    site.settle()
    assert site.eks.list_nodegroups(clusterName="demo")["nodegroups"] == []


def test_nodes_that_are_not_ready_any_more_degrade_their_group_until_they_are(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.create()
    site.create_nodes()
    monkeypatch.setattr(jobs, "NODES_SECONDS", 0.0)
    site.unready.add("main")
    backend: Any = eks_backends[ACCOUNT]["eu-west-1"]
    assert jobs.converge_nodegroup(backend, "demo", "main") == jobs.RECHECK_SECONDS
    group = site.nodegroup()
    assert group["status"] == "DEGRADED"
    (issue,) = group["health"]["issues"]
    assert (issue["code"], issue["message"]) == (
        "NodeCreationFailure",
        "the nodes are not ready after 0 s: 0 of 2 are",
    )
    site.unready.clear()
    assert jobs.converge_nodegroup(backend, "demo", "main") is None
    assert (site.nodegroup()["status"], site.nodegroup()["health"]["issues"]) == ("ACTIVE", [])


def test_a_node_group_that_is_resized_while_its_nodes_are_counted_is_looked_at_again(site: Site) -> None:
    site.create()
    site.create_nodes()
    backend: Any = eks_backends[ACCOUNT]["eu-west-1"]
    group = backend.clusters["demo"].nodegroups["main"]

    def resized(name: str, argv: Sequence[str]) -> ExecResult:
        with site.cloud.now.model.transaction():
            group.scaling_config = replace(group.scaling_config, desired_size=3)
        return site.answer(name, argv)

    site.cloud.docker.answer = resized
    assert jobs.converge_nodegroup(backend, "demo", "main") == 0.0
    site.cloud.docker.answer = site.answer


def test_an_image_for_nodes_that_is_missing_is_named(site: Site) -> None:
    site.create()
    with site.cloud.now.model.transaction():
        ec2 = ec2_backends[ACCOUNT]["eu-west-1"]
        (node,) = (key for key, ami in ec2.amis.items() if ami.image_location == nodegroups.AMI_LOCATION)
        del ec2.amis[node]
    with pytest.raises(ClientError, match=r"has no AMI for EKS nodes of 1\.36: ec2/amis\.json must have one"):
        site.create_nodes()
