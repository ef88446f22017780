from __future__ import annotations

from typing import Any

import pytest
import yaml

from localcloud.eks import addons
from localcloud.eks.tests.conftest import IMAGES

DNS, ADDRESS = "10.100.0.10", "10.42.1.4"


def documents(name: str, configuration: str | None = None) -> list[dict[str, Any]]:
    text = addons.manifest(
        addons.CATALOGUE[name], configuration=configuration, cluster_dns=DNS, endpoint_address=ADDRESS
    )
    return [document for document in yaml.safe_load_all(text) if document]


@pytest.mark.parametrize("name", [name for name, addon in addons.CATALOGUE.items() if addon.workload])
def test_an_add_ons_manifest_has_its_workload_with_an_image_of_the_node(name: str) -> None:
    workload = addons.CATALOGUE[name].workload
    assert workload is not None
    (found,) = [d for d in documents(name) if d["kind"].lower() == workload.kind]
    assert (found["metadata"]["namespace"], found["metadata"]["name"]) == (workload.namespace, workload.name)
    for container in found["spec"]["template"]["spec"]["containers"]:
        recipe = container["image"].removeprefix("mirror.beacon/").removesuffix(":1")
        assert (IMAGES / recipe / "recipe.toml").exists()
        assert container["securityContext"]["readOnlyRootFilesystem"]


def test_cluster_dns_has_the_address_that_kubelets_tell_pods() -> None:
    (service,) = [d for d in documents("coredns") if d["kind"] == "Service"]
    assert service["spec"]["clusterIP"] == DNS


def test_replicas_can_be_configured() -> None:
    (deployment,) = [d for d in documents("coredns", '{"replicaCount": 3}') if d["kind"] == "Deployment"]
    assert deployment["spec"]["replicas"] == 3


@pytest.mark.parametrize(
    ("name", "configuration", "reason"),
    [
        (
            "coredns",
            '{"tolerations": []}',
            "tolerations has no effect in the local cloud; allowed here: replicaCount, replicas",
        ),
        ("coredns", "{", "is not JSON"),
        ("coredns", "[]", "must be a JSON object"),
        ("coredns", '{"replicaCount": 0}', "must be a whole number from 1"),
        ("kube-proxy", '{"mode": "ipvs"}', "allowed here: nothing"),
    ],
)
def test_what_has_no_effect_is_refused(name: str, configuration: str, reason: str) -> None:
    with pytest.raises(addons.ConfigurationError, match=reason):
        addons.replicas(addons.CATALOGUE[name], configuration)


@pytest.mark.parametrize(
    ("workload", "ready"),
    [
        (
            {"kind": "Deployment", "spec": {"replicas": 2}, "status": {"availableReplicas": 2, "updatedReplicas": 2}},
            True,
        ),
        (
            {"kind": "Deployment", "spec": {"replicas": 2}, "status": {"availableReplicas": 1, "updatedReplicas": 2}},
            False,
        ),
        ({"kind": "Deployment", "spec": {"replicas": 1}, "status": {}}, False),
        ({"kind": "DaemonSet", "spec": {}, "status": {"desiredNumberScheduled": 0}}, True),
        ({"kind": "DaemonSet", "spec": {}, "status": {"desiredNumberScheduled": 2, "numberReady": 1}}, False),
    ],
)
def test_an_add_on_is_active_when_its_workload_runs(workload: dict[str, Any], ready: bool) -> None:  # noqa: FBT001
    workload |= {"metadata": {"generation": 1}}
    workload["status"] |= {"observedGeneration": 1}
    assert addons.is_ready(workload) is ready


def test_a_workload_that_was_just_changed_is_not_ready() -> None:
    workload = {"kind": "DaemonSet", "metadata": {"generation": 2}, "spec": {}, "status": {"observedGeneration": 1}}
    assert not addons.is_ready(workload)
