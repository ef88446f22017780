"""A real cluster that goes to the next version of Kubernetes and back: `python -m pytest -m docker localcloud/eks`.

The images of the older version are made on demand: `python -m mirror images control-plane-previous node-previous`.
"""

from __future__ import annotations

import base64
import json
import logging
import ssl
import threading
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from localcloud.docker.client import Engine
from localcloud.eks.controlplane import IMAGE
from localcloud.eks.tests.cluster import NAME, Local
from localcloud.eks.versions import NEWEST, PREVIOUS
from localcloud.tests.harness import until, up

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from localcloud.eks.versions import Version

pytestmark = pytest.mark.docker

LOG = logging.getLogger(__name__)  # what it took: --log-cli-level=INFO
UPDATE_SECONDS = 300.0
LONGEST_GAP = 60.0  # seconds without an answer of the API server: its only control plane is made anew
LABELS = {"app": "web"}
WEB: list[dict[str, Any]] = [
    {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": LABELS},
            "template": {
                "metadata": {"labels": LABELS},
                "spec": {
                    "terminationGracePeriodSeconds": 2,
                    "containers": [
                        {
                            "name": "web",
                            "image": "mirror.beacon/node-exporter:1",
                            "imagePullPolicy": "Never",
                            "readinessProbe": {"httpGet": {"path": "/", "port": 9100}, "periodSeconds": 1},
                        }
                    ],
                },
            },
        },
    },
    {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": LABELS}},
    },
]


@dataclass
class Watcher:
    """A client that asks the API server four times a second, and what it was answered."""

    ask: Callable[[str], Any]
    versions: list[str] = field(default_factory=list)  # each one that differs from the one before
    available: set[int] = field(default_factory=set)  # pods, whenever there was an answer
    answered: list[float] = field(default_factory=list)
    failed: int = 0

    def look(self) -> None:
        """Ask for the version, and for the Deployment's pods."""
        try:
            version = self.ask("/version")["gitVersion"]
            status = self.ask("/apis/apps/v1/namespaces/default/deployments/web")["status"]
        except (OSError, HTTPException):  # refused, no answer, or one that was cut off
            self.failed += 1
            return
        self.answered.append(time.monotonic())
        self.available.add(status.get("availableReplicas", 0))
        if self.versions[-1:] != [version]:
            self.versions.append(version)

    @property
    def gap(self) -> float:
        """The longest time between two answers."""
        return max((after - before for before, after in pairwise(self.answered)), default=0.0)


@contextmanager
def watched(local: Local, cluster: dict[str, Any]) -> Iterator[Watcher]:
    """Ask in the background, from this machine, by the public endpoint."""
    trusted = ssl.create_default_context(cadata=base64.b64decode(cluster["certificateAuthority"]["data"]).decode())
    token = local.kubectl("create", "token", "asker", "--duration=2h")["status"]["token"]

    def ask(path: str) -> Any:
        request = urllib.request.Request(cluster["endpoint"] + path, headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=2, context=trusted) as answer:
            return json.load(answer)

    watcher, over = Watcher(ask), threading.Event()

    def go_on() -> None:
        while not over.wait(0.25):
            watcher.look()

    thread = threading.Thread(target=go_on, daemon=True)
    thread.start()
    try:
        yield watcher
    finally:
        over.set()
        thread.join(timeout=10)


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Local]:
    made = Local(tmp_path, name="localcloud-versions", port=5700, public_range="198.18.45.0/25")
    with up(made):
        yield made


def ended(local: Local, update: dict[str, Any], **where: str) -> dict[str, Any]:
    """Wait for an update; return it."""
    asked = {"name": NAME, "updateId": update["id"], **where}
    describe = local.client("eks").describe_update
    return dict(
        until(lambda: (u := describe(**asked)["update"])["status"] != "InProgress" and u, seconds=UPDATE_SECONDS)
    )


def to(local: Local, version: Version) -> float:
    """Give the control plane a version; return the seconds it took."""
    begun = time.monotonic()
    update = local.client("eks").update_cluster_version(name=NAME, version=version.name)["update"]
    assert local.client("eks").describe_cluster(name=NAME)["cluster"]["status"] == "UPDATING"
    done = ended(local, update)
    assert done["status"] == "Successful", done
    assert served(local) == f"v{version.patch}"
    return time.monotonic() - begun


def nodes_to(local: Local, version: Version) -> float:
    """Give the nodes a version; return the seconds it took."""
    begun, before = time.monotonic(), nodes(local)
    eks = local.client("eks")
    update = eks.update_nodegroup_version(clusterName=NAME, nodegroupName="main", version=version.name)["update"]
    done = ended(local, update, nodegroupName="main")
    assert done["status"] == "Successful", done
    after = nodes(local)
    assert (list(after.values()), before.keys() & after.keys()) == ([f"v{version.patch}"] * 2, set())
    return time.monotonic() - begun


def served(local: Local) -> str:
    """Return the version that the API server says it has."""
    return str(local.kubectl("version")["serverVersion"]["gitVersion"])


def nodes(local: Local) -> dict[str, str]:
    """Return each instance that is a node, with its kubelet's version."""
    found = local.kubectl("get", "nodes")["items"]
    return {node["spec"]["providerID"]: node["status"]["nodeInfo"]["kubeletVersion"] for node in found}


def kept(local: Local) -> dict[str, tuple[str, str]]:
    """Return what was written: the identity and the data of each object."""
    found = local.kubectl("get", "configmap,secret", "-n", "default", "-l", "kept=yes")["items"]
    return {each["metadata"]["name"]: (each["metadata"]["uid"], json.dumps(each["data"])) for each in found}


def write(local: Local, name: str) -> None:
    """Write a ConfigMap and a Secret, which is encrypted in etcd."""
    value = base64.b64encode(name.encode()).decode()
    metadata = {"namespace": "default", "labels": {"kept": "yes"}}
    local.apply(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}, "data": {"key": name}},
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": f"{name}-s", **metadata}, "data": {"key": value}},
    )


def restarts(local: Local) -> dict[str, list[int]]:
    """Return the restarts of the web pods' containers, by the pods' identities."""
    found = local.kubectl("get", "pods", "-n", "default", "-l", "app=web")["items"]
    return {p["metadata"]["uid"]: [c["restartCount"] for c in p["status"]["containerStatuses"]] for p in found}


def test_a_cluster_goes_to_the_next_version_and_back(local: Local) -> None:
    for recipe in ("control-plane", "node"):
        image = PREVIOUS.image(IMAGE.replace("control-plane", recipe))
        if not Engine().client.images.list(name=image):
            pytest.skip(f"the image {image} is made on demand: `python -m mirror images {recipe}-previous`")
    made = local.make(PREVIOUS)
    eks = local.client("eks")
    account = {"metadata": {"name": "asker", "namespace": "default"}}
    subject = {"kind": "ServiceAccount", "name": "asker", "namespace": "default"}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}
    binding = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "roleRef": role}
    local.apply(
        {"apiVersion": "v1", "kind": "ServiceAccount", **account},
        {**binding, "metadata": {"name": "asker"}, "subjects": [subject]},
        *WEB,
    )
    web = ("get", "deployment", "-n", "default", "web")
    assert until(lambda: local.kubectl(*web)["status"].get("availableReplicas") == 2, seconds=60)
    assert (served(local), [*nodes(local).values()]) == (f"v{PREVIOUS.patch}", [f"v{PREVIOUS.patch}"] * 2)
    write(local, "before")
    written = kept(local)

    def refused(words: str, version: str) -> None:
        with pytest.raises(ClientError, match=words):
            eks.update_cluster_version(name=NAME, version=version)

    took: dict[str, float] = {}
    with watched(local, made.cluster) as watcher:
        refused("Unsupported Kubernetes minor version update from 1.35 to 1.35", PREVIOUS.name)
        refused("unsupported Kubernetes version 1.37", "1.37")
        with pytest.raises(ClientError, match=r"1\.36 can't be newer than the cluster's, which is 1\.35"):
            eks.update_nodegroup_version(clusterName=NAME, nodegroupName="main", version=NEWEST.name)

        pods = restarts(local)
        took["control plane up"] = to(local, NEWEST)
        assert (kept(local), restarts(local)) == (written, pods), "neither an object nor a container was touched"
        assert set(nodes(local).values()) == {f"v{PREVIOUS.patch}"}
        took["nodes up"] = nodes_to(local, NEWEST)
        write(local, "after")
        written |= kept(local)

        refused(r"Nodegroups newer than 1\.35: main", PREVIOUS.name)
        took["nodes back"] = nodes_to(local, PREVIOUS)
        pods = restarts(local)
        took["control plane back"] = to(local, PREVIOUS)
        assert (kept(local), restarts(local)) == (written, pods)
        refused("Unsupported Kubernetes minor version update from 1.35 to 1.34|unsupported Kubernetes version", "1.34")
        assert until(lambda: local.kubectl(*web)["status"].get("availableReplicas") == 2, seconds=60)

    figures = {step: f"{seconds:.0f} s" for step, seconds in took.items()}
    asked = f"{len(watcher.answered)} answers, {watcher.failed} without, longest gap {watcher.gap:.1f} s"
    LOG.info("%s; %s", figures, asked)
    assert watcher.versions == [f"v{PREVIOUS.patch}", f"v{NEWEST.patch}", f"v{PREVIOUS.patch}"]
    assert min(watcher.available) >= 1, "the disruption budget held"
    assert 0 < watcher.gap < LONGEST_GAP
