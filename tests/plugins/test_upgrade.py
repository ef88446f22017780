"""What an upgrade of Kubernetes needs: steps and their order, each refusal with its words, and what EKS and the API server answer."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from botocore.exceptions import ClientError
from kubernetes.client import ApiClient, Configuration
from kubernetes.dynamic import DynamicClient

from plugins.module_utils import _upgrade as checks
from plugins.module_utils._cluster import Cluster
from plugins.module_utils._preflight import OK, PROBLEM, WARN, Unknown
from plugins.module_utils._upgrade_run import Asked, readiness
from tests.plugins.test_image_plugins import load

kubernetes_state_info = load("modules/kubernetes_state_info.py")
PINNED = {"1.36": {"kube-proxy": "v1.36.0"}, "1.35": {"kube-proxy": "v1.35.3"}}
NODES = [{"name": "a", "version": "1.35", "ready": True}, {"name": "b", "version": "1.35", "ready": True}]
NOW = datetime(2026, 11, 30, tzinfo=UTC)


def versions(control_plane: str, addons: str, nodes: str) -> checks.Versions:
    return checks.Versions(control_plane=control_plane, addons=addons, nodes=nodes)


@pytest.mark.parametrize(
    ("now", "wanted", "parts"),
    [
        (("1.35", "1.35", "1.35"), "1.36", ["control_plane", "addons", "nodes"]),
        (("1.36", "1.35", "1.35"), "1.36", ["addons", "nodes"]),
        (("1.36", "1.36", "1.35"), "1.36", ["nodes"]),
        (("1.36", "1.36", "1.36"), "1.36", []),
        (("1.36", "1.36", "1.36"), "1.35", ["nodes", "addons", "control_plane"]),
        (("1.36", "1.36", "1.35"), "1.35", ["addons", "control_plane"]),
        (("1.36", "1.35", "1.35"), "1.35", ["control_plane"]),
    ],
)
def test_steps_go_on_where_they_stopped_and_nothing_is_newer_than_the_control_plane(
    now: tuple[str, str, str], wanted: str, parts: list[str]
) -> None:
    left = checks.steps(versions(*now), wanted)
    assert [step["part"] for step in left] == parts
    assert all(max(step["addons"], step["nodes"]) <= step["control_plane"] for step in left)
    assert not left or {left[-1][part] for part in checks.PARTS} == {wanted}


def test_nodes_are_of_the_wanted_version_when_all_of_them_are() -> None:
    asked: dict[str, Any] = {"control_plane": "1.36", "proxy": "v1.35.3", "pinned": PINNED}
    assert checks.present(**asked, nodes=["1.36", "1.35"], wanted="1.36") == versions("1.36", "1.35", "1.35")
    assert checks.present(**asked, nodes=["1.35", "1.36"], wanted="1.35") == versions("1.36", "1.35", "1.36")
    assert checks.present(**asked, nodes=["1.36", "1.36"], wanted="1.36") == versions("1.36", "1.35", "1.36")


@pytest.mark.parametrize(("wanted", "between"), [("1.37", "1.36"), ("1.33", "1.34")])
def test_more_than_one_version_at_a_time_is_refused(wanted: str, between: str) -> None:
    row = checks.version_row(versions("1.35", "1.35", "1.35"), wanted)
    assert (row.state, row.needed) == (PROBLEM, between)
    assert row.found == f"control plane 1.35, addons 1.35, nodes 1.35; {wanted} is asked for"
    assert row.step == f"Set infrastructure_kubernetes_version to {between} first."
    assert checks.version_row(versions("1.35", "1.35", "1.35"), "1.36").state == OK


@pytest.mark.parametrize(
    ("upgraded_at", "state", "words"),
    [
        (NOW - timedelta(days=7), OK, "updated to 1.36 on 2026-11-23 00:00 UTC"),
        (NOW - timedelta(days=7, seconds=1), PROBLEM, "updated to 1.36 on 2026-11-22 23:59 UTC"),
        (None, PROBLEM, "the cluster was never updated to 1.36"),
        (Unknown("ListUpdates: AccessDenied"), WARN, "not asked (ListUpdates: AccessDenied)"),
    ],
)
def test_the_way_back_is_open_for_seven_days_after_an_update(upgraded_at: Any, state: str, words: str) -> None:
    row = checks.way_back_row(upgraded_at, now=NOW, version="1.36")
    assert (row.state, row.found) == (state, words)
    assert row.needed == "an update to 1.36 less than 7 days ago"


def test_what_is_under_way_or_ill_is_refused() -> None:
    issue = {"issues": [{"code": "NodeCreationFailure"}]}
    cluster, group = {"name": "beacon", "status": "UPDATING"}, {"nodegroupName": "workers", "status": "ACTIVE"}
    rows = checks.health_rows(cluster, [{**group, "health": issue}], [{"addonName": "coredns", "status": "DEGRADED"}])
    assert [row.state for row in rows] == [PROBLEM] * 3
    assert [row.found for row in rows] == [
        "beacon is UPDATING",
        "workers is ACTIVE with NodeCreationFailure",
        "coredns is DEGRADED",
    ]
    assert rows[0].step == "Wait for an update that is under way, or mend what the issue names; then play it again."
    assert checks.health_rows({**cluster, "status": "ACTIVE"}, [group], [])[1].found == "workers"


def test_add_ons_that_eks_does_not_offer_are_refused() -> None:
    def row(offered: Any) -> Any:
        return checks.offer_row({"kube-proxy": offered}, pinned=PINNED["1.35"], control_plane="1.36")

    assert row(["v1.36.0", "v1.35.3"]).state == OK
    assert (row(["v1.36.0"]).state, row(["v1.36.0"]).found) == (PROBLEM, "kube-proxy v1.35.3")
    assert "aws eks describe-addon-versions --kubernetes-version 1.36" in row([]).step
    assert row(Unknown("DescribeAddonVersions: AccessDenied")).state == WARN


def test_insights_of_eks_are_heard() -> None:
    found = [{"name": "Deprecated APIs", "insightStatus": {"status": "ERROR", "reason": "v1beta1 is in use"}}]
    assert checks.insights_row(found, back=False).state == PROBLEM
    assert checks.insights_row(found, back=False).found == "Deprecated APIs: v1beta1 is in use"
    assert checks.insights_row(found, back=True).state == WARN, "nodes that are newer go back first"
    assert checks.insights_row([], back=False).state == OK
    assert checks.insights_row(Unknown("ListInsights: InvalidAction"), back=False).state == WARN


def test_too_few_addresses_unready_old_or_single_nodes_and_blocking_budgets_are_refused() -> None:
    assert checks.addresses_row({"subnet-1": 5}).state == OK
    assert checks.addresses_row({"subnet-1": 200, "subnet-2": 4}).found == "subnet-1: 200 free, subnet-2: 4 free"
    assert checks.addresses_row({"subnet-1": 200, "subnet-2": 4}).state == PROBLEM
    assert checks.nodes_row(NODES, wanted="1.36").state == OK
    assert checks.nodes_row([{**NODES[0], "ready": False}, NODES[1]], wanted="1.36").found == "not ready: a"
    assert checks.nodes_row([{**NODES[0], "version": "1.32"}, NODES[1]], wanted="1.36").found == "too old: a 1.32"
    assert checks.nodes_row(NODES[:1], wanted="1.36").step.startswith("Raise infrastructure_node_count")
    budgets = [
        {"namespace": "web", "name": "webapp", "allowed": 0},
        {"namespace": "web", "name": "ingress", "allowed": 1},
    ]
    row = checks.budgets_row(budgets)
    assert (row.state, row.found) == (PROBLEM, "none allowed by web/webapp")
    assert row.step == "Wait until their pods are ready; or add a replica, or lower minAvailable."
    assert checks.budgets_row(budgets[1:]).state == OK


def test_apis_that_the_version_does_not_have_are_refused_and_later_ones_told() -> None:
    api = {"group": "autoscaling", "version": "v2beta2", "resource": "horizontalpodautoscalers", "removed": "1.36"}
    row = checks.apis_row([api], wanted="1.36")
    assert (row.state, row.found) == (PROBLEM, "autoscaling/v2beta2/horizontalpodautoscalers until 1.36")
    assert checks.apis_row([api], wanted="1.35").state == WARN
    assert checks.apis_row([{**api, "removed": ""}], wanted="1.36").state == WARN
    assert checks.apis_row([], wanted="1.36").state == OK


def test_a_run_that_checks_no_change_refuses_one() -> None:
    running = {"control plane": "1.35", "nodes workers": "1.35"}
    row = checks.running_row(running, wanted="1.36", allowed=False)
    assert (row.state, row.found) == (PROBLEM, "control plane 1.35, nodes workers 1.35; the inventory says 1.36")
    assert row.step.startswith("Play beacon.platform.upgrade with -e upgrade_to=1.36, or set ")
    assert checks.running_row(running, wanted="1.36", allowed=True).state == OK
    assert checks.running_row(running, wanted="1.35", allowed=False).state == OK
    assert checks.running_row({}, wanted="1.36", allowed=False).found == "none yet"
    assert checks.running_row(Unknown("DescribeCluster: AccessDenied"), wanted="1.36", allowed=False).state == WARN


class Eks:
    """EKS and EC2 of one cluster, as boto3's clients answer; `without` are operations that the caller may not use."""

    def __init__(self, *, version: str = "1.35", nodes: str = "1.35", proxy: str = "v1.35.3") -> None:
        self.version, self.nodes, self.proxy = version, nodes, proxy
        self.without: set[str] = set()
        self.there = True

    def __call__(self, _service: str) -> Any:
        return self

    def get_paginator(self, operation: str) -> Any:
        outer = self

        class Pages:
            def paginate(self, **asked: Any) -> Any:
                yield getattr(outer, operation)(**asked)

        return Pages()

    def _refuse(self, operation: str) -> None:
        if operation in self.without:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, operation)

    def describe_cluster(self, **_: Any) -> Any:
        self._refuse("DescribeCluster")
        if not self.there:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": "no"}}, "DescribeCluster")
        vpc = {"subnetIds": ["subnet-1"]}
        return {"cluster": {"name": "beacon", "status": "ACTIVE", "version": self.version, "resourcesVpcConfig": vpc}}

    def list_nodegroups(self, **_: Any) -> Any:
        self._refuse("ListNodegroups")
        return {"nodegroups": ["workers"]}

    def describe_nodegroup(self, **_: Any) -> Any:
        return {"nodegroup": {"nodegroupName": "workers", "status": "ACTIVE", "version": self.nodes}}

    def describe_addon(self, *, addonName: str, **_: Any) -> Any:  # noqa: N803 - AWS's name
        return {"addon": {"addonName": addonName, "status": "ACTIVE", "addonVersion": self.proxy}}

    def list_updates(self, **_: Any) -> Any:
        return {"updateIds": ["1", "2", "3"]}

    def describe_update(self, *, updateId: str, **_: Any) -> Any:  # noqa: N803 - AWS's name
        version, status = {"1": ("1.35", "Successful"), "2": ("1.36", "Failed"), "3": ("1.36", "Successful")}[updateId]
        params = [{"type": "Version", "value": version}]
        made = datetime.now(UTC) - timedelta(hours=int(updateId))
        return {"update": {"type": "VersionUpdate", "status": status, "params": params, "createdAt": made}}

    def list_insights(self, *, filter: dict[str, list[str]], **_: Any) -> Any:  # noqa: A002 - AWS's name
        self._refuse("ListInsights")
        assert filter["statuses"] == ["WARNING", "ERROR"]
        return {"insights": []}

    def describe_subnets(self, **_: Any) -> Any:
        return {"Subnets": [{"SubnetId": "subnet-1", "AvailableIpAddressCount": 200}]}

    def addon_versions(self, _name: str, *, version: str) -> list[str]:
        return ["v1.36.0", "v1.35.3"] if version == "1.36" else ["v1.35.3"]


def asked(wanted: str, **more: Any) -> Asked:
    return Asked(**{"wanted": wanted, "pinned": PINNED, "nodes": NODES, "budgets": [], "deprecated": [], **more})


def ready(eks: Eks, wanted: str, **more: Any) -> tuple[dict[str, str], list[str]]:
    """Return each check's state, and the parts of the steps."""
    account: Any = eks
    rows, left = readiness(account, Cluster(eks, name="beacon"), asked(wanted, **more))
    return {row.check: row.state for row in rows}, [step["part"] for step in left]


def test_a_cluster_that_is_in_order_may_go_up_and_back() -> None:
    states, parts = ready(Eks(), "1.36")
    assert (set(states.values()), parts) == ({OK}, ["control_plane", "addons", "nodes"])
    newer = [{**node, "version": "1.36"} for node in NODES]
    states, parts = ready(Eks(version="1.36", nodes="1.36", proxy="v1.36.0"), "1.35", nodes=newer)
    assert (set(states.values()), parts) == ({OK}, ["nodes", "addons", "control_plane"])
    assert "way back" in states


def test_a_cluster_that_has_the_version_asks_nothing_more() -> None:
    states, parts = ready(Eks(), "1.35", budgets=[{"namespace": "web", "name": "webapp", "allowed": 0}])
    assert (states, parts) == (dict.fromkeys(["version", "cluster", "node groups", "add-ons"], OK), [])


def test_a_node_that_an_update_left_behind_is_a_step() -> None:
    _, parts = ready(Eks(version="1.36", nodes="1.36", proxy="v1.36.0"), "1.36")
    assert parts == ["nodes"]


def test_what_may_not_be_asked_is_a_warning_and_a_cluster_that_is_not_there_a_problem() -> None:
    eks = Eks()
    eks.without = {"ListInsights"}
    assert ready(eks, "1.36")[0]["EKS insights"] == WARN
    eks.without = {"ListNodegroups"}
    assert ready(eks, "1.36") == ({"cluster": PROBLEM}, [])
    eks.without, eks.there = set(), False
    assert ready(eks, "1.36") == ({"cluster": PROBLEM}, [])
    assert ready(eks, "1.37") == ({"version": PROBLEM}, []), "nothing is pinned for it"


def test_versions_of_a_cluster_are_those_of_its_parts() -> None:
    eks = Eks()
    assert Cluster(eks, name="beacon").versions() == {"control plane": "1.35", "nodes workers": "1.35"}
    eks.without = {"ListNodegroups"}
    assert Cluster(eks, name="beacon").versions() == Unknown("ListNodegroups: AccessDeniedException")
    eks.there = False
    assert Cluster(eks, name="beacon").versions() == {}


METRICS = """\
# TYPE apiserver_requested_deprecated_apis gauge
apiserver_requested_deprecated_apis{group="",removed_release="",resource="endpoints",subresource="",version="v1"} 1
apiserver_requested_deprecated_apis{group="flowcontrol.apiserver.k8s.io",removed_release="1.32",resource="flowschemas",subresource="",version="v1beta3"} 1
apiserver_requested_deprecated_apis{group="flowcontrol.apiserver.k8s.io",removed_release="1.32",resource="flowschemas",subresource="status",version="v1beta3"} 1
apiserver_request_total{code="200"} 7
"""


def test_the_text_of_a_path_is_read_by_the_kubernetes_package_itself() -> None:
    class Metrics(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/metrics" else 404)
            self.end_headers()
            self.wfile.write(METRICS.encode())

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Metrics) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings = Configuration(host=f"http://127.0.0.1:{server.server_port}")
        client = DynamicClient(ApiClient(settings), discoverer=lambda *_: None)  # type: ignore[no-untyped-call]  # it ships no types
        assert kubernetes_state_info.get(client, "/metrics") == METRICS
        server.shutdown()


def test_the_api_server_says_what_an_upgrade_needs() -> None:
    condition = {"type": "Ready", "status": "True"}
    node = {
        "metadata": {"name": "a"},
        "spec": {"providerID": "aws:///eu-west-1a/i-a"},
        "status": {"conditions": [condition], "nodeInfo": {"kubeletVersion": "v1.35.4"}},
    }
    unready = {"metadata": {"name": "b"}, "status": {"nodeInfo": {"kubeletVersion": "v1.36.3-eks-1"}}}
    budget = {
        "metadata": {"namespace": "web", "name": "webapp"},
        "status": {"expectedPods": 2, "disruptionsAllowed": 1},
    }
    empty = {"metadata": {"namespace": "web", "name": "nobody"}, "status": {"expectedPods": 0}}
    answers = {
        "/version": json.dumps({"gitVersion": "v1.36.3"}),
        "/api/v1/nodes": json.dumps({"items": [node, unready]}),
        "/apis/policy/v1/poddisruptionbudgets": json.dumps({"items": [budget, empty]}),
        "/metrics": METRICS,
    }
    assert kubernetes_state_info.state(answers.__getitem__) == {
        "version": "1.36",
        "nodes": [
            {"name": "a", "instance": "i-a", "version": "1.35", "ready": True},
            {"name": "b", "instance": "", "version": "1.36", "ready": False},
        ],
        "budgets": [{"namespace": "web", "name": "webapp", "allowed": 1}],
        "deprecated": [
            {"group": "", "version": "v1", "resource": "endpoints", "removed": ""},
            {
                "group": "flowcontrol.apiserver.k8s.io",
                "version": "v1beta3",
                "resource": "flowschemas",
                "removed": "1.32",
            },
        ],
    }
