"""Versions of Kubernetes: each has its images, a control plane goes one step at a time, its nodes are replaced one by one."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from moto.eks.models import eks_backends
from moto.elbv2.models import elbv2_backends

from localcloud.core.config import ACCOUNT
from localcloud.core.errors import HopelessError
from localcloud.docker.spec import ExecResult
from localcloud.eks import jobs, nodegroups, rolling

if TYPE_CHECKING:
    from collections.abc import Sequence

    from localcloud.eks.tests.conftest import Site

MACHINE = "eks-eu-west-1-demo"
PLANE, PLANE_BEFORE = "mirror.beacon/control-plane:1", "mirror.beacon/control-plane-previous:1"
NODE, NODE_BEFORE = "mirror.beacon/node:1", "mirror.beacon/node-previous:1"
UNSUPPORTED = "Unsupported Kubernetes minor version update from {} to {}"


def upgrade(site: Site, version: str, **more: Any) -> Any:
    update = site.eks.update_cluster_version(name="demo", version=version, **more)["update"]
    assert update["status"] == "InProgress"
    site.settle()
    return site.eks.describe_update(name="demo", updateId=update["id"])["update"]


def upgrade_nodes(site: Site, **more: Any) -> Any:
    update = site.eks.update_nodegroup_version(clusterName="demo", nodegroupName="main", **more)["update"]
    site.settle()
    asked = {"name": "demo", "nodegroupName": "main", "updateId": update["id"]}
    return site.eks.describe_update(**asked)["update"]


def images(site: Site) -> list[str]:
    return sorted(spec.image for spec in site.node_specs())


def plane_image(site: Site) -> str:
    return site.cloud.docker.machines[MACHINE].image


def test_versions_are_those_that_have_images(site: Site) -> None:
    newest, before = site.eks.describe_cluster_versions()["clusterVersions"]
    assert (newest["clusterVersion"], newest["kubernetesPatchVersion"], newest["defaultVersion"]) == (
        "1.36",
        "1.36.3",
        True,
    )
    assert (before["clusterVersion"], before["defaultVersion"]) == ("1.35", False)
    assert site.eks.describe_cluster_versions(defaultOnly=True)["clusterVersions"] == [newest]
    assert site.eks.describe_cluster_versions(clusterVersions=["1.35"])["clusterVersions"] == [before]
    for asked in ({"clusterVersions": ["1.29"]}, {"versionStatus": "EXTENDED_SUPPORT"}):
        assert site.eks.describe_cluster_versions(**asked)["clusterVersions"] == []


def test_a_cluster_of_a_version_is_made_of_its_images_and_has_its_add_ons(site: Site) -> None:
    assert site.create(version="1.35")["version"] == "1.35"
    site.create_nodes()
    assert (plane_image(site), images(site)) == (PLANE_BEFORE, [NODE_BEFORE] * 2)
    assert (site.nodegroup()["version"], site.nodegroup()["releaseVersion"]) == ("1.35", "1.35.4-20260512")
    proxy = site.eks.create_addon(clusterName="demo", addonName="kube-proxy")["addon"]
    assert proxy["addonVersion"] == "v1.35.3-eksbuild.13"
    with pytest.raises(ClientError, match=r"v1.36.0-eksbuild.14; v1.35.3-eksbuild.13 is\."):
        site.eks.update_addon(clusterName="demo", addonName="kube-proxy", addonVersion="v1.36.0-eksbuild.14")
    (offered,) = site.eks.describe_addon_versions(addonName="kube-proxy", kubernetesVersion="1.35")["addons"]
    assert [each["addonVersion"] for each in offered["addonVersions"]] == ["v1.35.3-eksbuild.13"]


def test_a_kube_proxy_may_be_older_than_its_control_plane(site: Site) -> None:
    (offered,) = site.eks.describe_addon_versions(addonName="kube-proxy", kubernetesVersion="1.36")["addons"]
    defaults = {v["addonVersion"]: v["compatibilities"][0]["defaultVersion"] for v in offered["addonVersions"]}
    assert defaults == {"v1.36.0-eksbuild.14": True, "v1.35.3-eksbuild.13": False}
    site.create()
    site.eks.create_addon(clusterName="demo", addonName="kube-proxy")
    site.eks.update_addon(clusterName="demo", addonName="kube-proxy", addonVersion="v1.35.3-eksbuild.13")
    site.settle()
    proxy = site.eks.describe_addon(clusterName="demo", addonName="kube-proxy")["addon"]
    assert (proxy["addonVersion"], proxy["status"]) == ("v1.35.3-eksbuild.13", "ACTIVE")


def insights(site: Site, **only: list[str]) -> list[tuple[str, str, str]]:
    found = site.eks.list_insights(clusterName="demo", filter=only)["insights"]
    return [(each["name"], each["insightStatus"]["status"], each["insightStatus"]["reason"]) for each in found]


def test_insights_name_what_keeps_a_version_from_changing(site: Site) -> None:
    site.create(version="1.35")
    site.create_nodes()
    site.eks.create_addon(clusterName="demo", addonName="kube-proxy")
    site.settle()
    skew, compatibility = "Kubelet version skew", "EKS add-on version compatibility"
    assert insights(site, categories=["UPGRADE_READINESS"], kubernetesVersions=["1.36"]) == [
        (skew, "PASSING", ""),
        (compatibility, "PASSING", ""),
    ]
    assert insights(site, statuses=["ERROR"]) == []
    upgrade(site, "1.36")
    upgrade_nodes(site)
    site.eks.update_addon(clusterName="demo", addonName="kube-proxy", addonVersion="v1.36.0-eksbuild.14")
    assert insights(site, categories=["UPGRADE_READINESS"]) == []
    assert insights(site, categories=["ROLLBACK_READINESS"], kubernetesVersions=["1.35"]) == [
        (skew, "ERROR", "node group main has 1.36"),
        (compatibility, "ERROR", "kube-proxy has v1.36.0-eksbuild.14"),
    ]


@pytest.mark.parametrize("image", [PLANE_BEFORE, NODE_BEFORE])
def test_a_version_without_an_image_is_refused_with_the_command_that_makes_it(site: Site, image: str) -> None:
    site.create(name="other", version="1.35")
    site.cloud.docker.images_missing.add(image)
    recipe = image.partition("/")[2].partition(":")[0]
    asked = {"version": "1.35"} if image == PLANE_BEFORE else {"clusterName": "other"}
    make = site.create if image == PLANE_BEFORE else site.create_nodes
    with pytest.raises(ClientError, match=rf"Parameter.*{image} is not.*`python -m mirror images {recipe}`"):
        make(**asked)
    assert site.eks.list_clusters()["clusters"] == ["other"]
    assert site.eks.list_nodegroups(clusterName="other")["nodegroups"] == []


def test_a_control_plane_goes_to_the_next_version_with_all_that_it_knows(site: Site) -> None:
    site.create(version="1.35")
    (volume,) = site.cloud.docker.volumes - {"test-registry"}
    assert site.cloud.machines.specs[MACHINE].named_volumes == {volume: "/var/lib/etcd"}
    update = upgrade(site, "1.36")
    assert (update["type"], update["status"]) == ("VersionUpdate", "Successful")
    assert update["params"] == [{"type": "Version", "value": "1.36"}]
    assert (site.cluster()["version"], site.cluster()["status"], plane_image(site)) == ("1.36", "ACTIVE", PLANE)
    assert site.cloud.machines.specs[MACHINE].named_volumes == {volume: "/var/lib/etcd"}
    assert "etc/kubernetes/pki/ca.crt" in site.plane_files
    site.eks.delete_cluster(name="demo")
    site.settle()
    assert volume not in site.cloud.docker.volumes, "another cluster of its name begins with nothing"


def test_a_version_goes_back_for_seven_days_after_an_update(site: Site) -> None:
    site.create(version="1.35")
    upgrade(site, "1.36")
    update = upgrade(site, "1.35")
    assert (update["type"], plane_image(site)) == ("VersionRollback", PLANE_BEFORE)
    upgrade(site, "1.36")
    backend: Any = eks_backends[ACCOUNT]["eu-west-1"]
    backend.clusters["demo"].upgraded_at -= timedelta(days=7, seconds=1)
    with pytest.raises(ClientError, match=UNSUPPORTED.format("1.36", "1.35")):
        site.eks.update_cluster_version(name="demo", version="1.35")


@pytest.mark.parametrize("wanted", ["1.36", "1.35"])
def test_the_same_version_and_one_that_it_never_had_are_refused(site: Site, wanted: str) -> None:
    site.create()
    with pytest.raises(ClientError, match=rf"\(InvalidParameterException\).*{UNSUPPORTED.format('1.36', wanted)}"):
        site.eks.update_cluster_version(name="demo", version=wanted)


def test_an_unknown_version_and_one_without_an_image_are_refused(site: Site) -> None:
    site.create(version="1.35")
    with pytest.raises(ClientError, match=r"unsupported Kubernetes version 1.37: the local cloud has 1.36 and 1.35"):
        site.eks.update_cluster_version(name="demo", version="1.37")
    site.cloud.docker.images_missing.add(PLANE)
    with pytest.raises(ClientError, match=rf"{PLANE} is not in the Docker engine"):
        site.eks.update_cluster_version(name="demo", version="1.36")
    assert (site.cluster()["version"], site.cluster()["status"]) == ("1.35", "ACTIVE")


def test_after_a_failed_update_it_has_the_version_that_it_had(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.create(version="1.35")

    def fail(*_: Any, **__: Any) -> str:
        monkeypatch.undo()
        raise HopelessError("the disk is full")

    monkeypatch.setattr(jobs, "_start", fail)
    update = upgrade(site, "1.36")
    assert (update["status"], update["errors"][0]["errorMessage"]) == ("Failed", "the disk is full")
    assert (site.cluster()["version"], plane_image(site)) == ("1.35", PLANE_BEFORE)


def test_nodes_are_replaced_one_by_one_after_their_control_plane(site: Site) -> None:
    site.create(version="1.35")
    site.create_nodes()
    newer = r"Nodegroup Kubernetes version 1.36 can't be newer than the cluster's, which is 1.35"
    with pytest.raises(ClientError, match=newer):
        upgrade_nodes(site, version="1.36")
    with pytest.raises(ClientError, match=newer):
        site.create_nodes(nodegroupName="second", version="1.36")
    upgrade(site, "1.36")
    assert images(site) == [NODE_BEFORE] * 2
    update = upgrade_nodes(site)
    assert (update["type"], update["status"]) == ("VersionUpdate", "Successful")
    group = site.nodegroup()
    assert (group["version"], group["releaseVersion"], group["status"]) == ("1.36", "1.36.3-20260903", "ACTIVE")
    assert images(site) == [NODE] * 2
    done = [words[words.index("drain") + 1] for words in site.commands if "drain" in words]
    assert len(set(done)) == 2, "each node was drained first"
    assert all("--force" in words for words in site.commands if "drain" in words), "pods without a controller go, too"


def test_nodes_that_are_not_ready_are_replaced_first_and_hold_nothing_up(site: Site) -> None:
    site.create(version="1.35")
    site.create_nodes()
    upgrade(site, "1.36")
    broken = max(spec.hostname for spec in site.node_specs())

    def answer(name: str, argv: Sequence[str]) -> ExecResult:
        given = site.answer(name, argv)
        if "nodes" not in argv or "get" not in argv:
            return given
        found = json.loads(given.output)["items"]
        for node in found:
            if node["metadata"]["name"] == broken:
                node["status"] = {"conditions": []}
        return ExecResult(exit_code=0, output=json.dumps({"items": found}))

    site.cloud.docker.answer = answer
    assert (upgrade_nodes(site)["status"], images(site)) == ("Successful", [NODE] * 2)
    drained = [words[words.index("drain") + 1] for words in site.commands if "drain" in words]
    assert drained[0] == broken


def test_load_balancers_send_a_node_nothing_more_before_it_goes(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.create(version="1.35")
    site.create_nodes()
    asked = {"Name": "http", "Protocol": "TCP", "Port": 80, "VpcId": site.vpc}
    arn = site.cloud.client("elbv2").create_target_group(**asked)["TargetGroups"][0]["TargetGroupArn"]
    group = site.nodegroup()["resources"]["autoScalingGroups"][0]["name"]
    site.cloud.client("autoscaling").attach_load_balancer_target_groups(
        AutoScalingGroupName=group, TargetGroupARNs=[arn]
    )
    upgrade(site, "1.36")
    targets = elbv2_backends[ACCOUNT]["eu-west-1"].target_groups[arn].targets
    before, replace, left = set(targets), nodegroups.replace_node, []

    def watched(backend: Any, group: Any, state: Any) -> None:
        left.append((state.instance.id in targets, len(targets)))
        replace(backend, group, state)

    monkeypatch.setattr(nodegroups, "replace_node", watched)
    monkeypatch.setattr(rolling, "ANSWERED_SECONDS", 0.05)
    assert upgrade_nodes(site)["status"] == "Successful"
    assert left == [(False, 1), (False, 1)]
    assert len(targets) == 2
    assert not before & set(targets)


def test_nodes_newer_than_a_version_keep_their_control_plane_from_going_back(site: Site) -> None:
    site.create(version="1.35")
    site.create_nodes()
    upgrade(site, "1.36")
    upgrade_nodes(site)
    message = (
        r"\(InvalidStateException\).*Nodegroups newer than 1.35: main\. Give them this version first, or set force\."
    )
    with pytest.raises(ClientError, match=message):
        site.eks.update_cluster_version(name="demo", version="1.35")
    assert upgrade_nodes(site, version="1.35")["status"] == "Successful"
    assert images(site) == [NODE_BEFORE] * 2
    assert upgrade(site, "1.35")["type"] == "VersionRollback"


@pytest.mark.parametrize("force", [False, True])
def test_a_node_that_cannot_be_drained_stays_unless_it_is_forced(site: Site, *, force: bool) -> None:
    site.create(version="1.35")
    site.create_nodes()
    upgrade(site, "1.36")

    def answer(name: str, argv: Sequence[str]) -> ExecResult:
        kept = ExecResult(exit_code=1, output="Cannot evict pod as it would violate the pod's disruption budget")
        return kept if "drain" in argv else site.answer(name, argv)

    site.cloud.docker.answer = answer
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jobs, "NODES_SECONDS", 5.0 if force else 0.0)
        update = upgrade_nodes(site, force=force)
    if force:
        assert (update["status"], images(site)) == ("Successful", [NODE] * 2)
        return
    assert (update["status"], update["errors"][0]["errorCode"]) == ("Failed", "PodEvictionFailure")
    assert "disruption budget" in update["errors"][0]["errorMessage"]
    assert images(site) == [NODE_BEFORE] * 2
    site.cloud.docker.answer = site.answer
    assert (upgrade_nodes(site)["status"], images(site)) == ("Successful", [NODE] * 2)


def test_an_update_of_nodes_to_what_they_are_replaces_none(site: Site) -> None:
    site.create()
    site.create_nodes()
    before = [spec.name for spec in site.node_specs()]
    assert upgrade_nodes(site)["status"] == "Successful"
    assert [spec.name for spec in site.node_specs()] == before
