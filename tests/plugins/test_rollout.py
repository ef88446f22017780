"""A rollout is complete when nothing older is left; a failed one is explained by pod, event and log line."""

from typing import Any

import pytest

from plugins.filter.rollout import pods_in_trouble, pods_to_spread, rollout_complete, rollout_problem


def deployment(**status: int) -> dict[str, Any]:
    complete = {"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}
    return {"metadata": {"generation": 2}, "spec": {"replicas": 2}, "status": {**complete, **status}}


def pod(name: str, *, ready: bool, **state: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": name},
        "spec": {"nodeName": "node-a"},
        "status": {
            "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
            "containerStatuses": [{"name": "webapp", "ready": ready, "restartCount": 3, "state": state}],
        },
    }


BROKEN = pod("new", ready=False, waiting={"reason": "ImagePullBackOff", "message": "not found"})


def test_a_rollout_is_complete() -> None:
    assert rollout_complete(deployment())


@pytest.mark.parametrize(
    "status",
    [{"observedGeneration": 1}, {"replicas": 3}, {"updatedReplicas": 1}, {"availableReplicas": 1}],
    ids=lambda status: next(iter(status)),
)
def test_a_rollout_is_not_complete_yet(status: dict[str, int]) -> None:
    assert not rollout_complete(deployment(**status))


def test_a_new_deployment_has_no_status() -> None:
    assert not rollout_complete({"metadata": {"generation": 1}, "spec": {}})


def test_pods_that_end_are_not_in_trouble() -> None:
    ending = {**BROKEN, "metadata": {"name": "old", "deletionTimestamp": "now"}}
    assert pods_in_trouble([ending, BROKEN, pod("fine", ready=True)]) == [BROKEN]


def test_one_pod_of_each_deployment_that_is_on_one_node_only_is_to_be_spread() -> None:
    def on(node: str, owner: str, *, apart: bool = True, **more: str) -> dict[str, Any]:
        metadata = {"name": f"{owner}-{node}", "ownerReferences": [{"uid": owner}], **more}
        return {"metadata": metadata, "spec": {"nodeName": node, "topologySpreadConstraints": [{}] if apart else None}}

    together = [on("a", "web"), on("a", "web")]
    assert pods_to_spread([*together, on("a", "dns"), on("b", "dns"), on("a", "alone")]) == together[:1]
    assert pods_to_spread([on("a", "any", apart=False), on("a", "any", apart=False)]) == []
    assert pods_to_spread([on("a", "web"), on("a", "web", deletionTimestamp="now")]) == []


def test_the_explanation_names_pod_state_events_and_log() -> None:
    events = [
        {
            "involvedObject": {"name": "new"},
            "reason": "Failed",
            "message": f"try {n}",
            "metadata": {},
            "lastTimestamp": f"{n}",
        }
        for n in range(7)
    ]
    other = {"involvedObject": {"name": "fine"}, "reason": "Pulled", "message": "ok", "metadata": {}}
    logs = [{"item": BROKEN, "log_lines": ["WEBAPP_PORTS is no variable", ""]}]
    text = rollout_problem(
        [BROKEN, pod("fine", ready=True)],
        events=[other, *events],
        logs=logs,
        name="webapp/webapp",
        seconds=180,
        back=True,
    )
    assert text.splitlines() == [
        "The rollout of webapp/webapp was not complete after 180 s.",
        "Pod new on node-a: container webapp is waiting, ImagePullBackOff (not found), 3 restarts.",
        *[f"  event: Failed: try {n}" for n in range(2, 7)],
        "  log: WEBAPP_PORTS is no variable",
        "Went back to the version before, which never stopped serving.",
        "Correct the image or its settings, then run the playbook again.",
    ]


def test_without_a_version_before_the_pods_stay() -> None:
    waiting = {
        "metadata": {"name": "new"},
        "spec": {},
        "status": {"conditions": [{"type": "PodScheduled", "status": "False", "message": "0/2 nodes are available"}]},
    }
    text = rollout_problem([waiting], events=[], logs=[], name="webapp/webapp", seconds=5, back=False)
    assert "Pod new on no node: PodScheduled is False: 0/2 nodes are available." in text
    assert "The Deployment was left as it is, to be looked at." in text


def test_the_first_errors_of_a_long_log_are_shown_before_its_last_lines() -> None:
    lines = ["started", "ConfigMap key x isn't implemented", *(f"waiting {n}" for n in range(30))]
    logs = [{"item": {"metadata": {"name": "a"}}, "log_lines": lines}]
    text = rollout_problem([pod("a", ready=False)], events=[], logs=logs, name="n/d", seconds=1, back=False, last=2)
    shown = [line.strip() for line in text.splitlines() if line.startswith("  ")]
    assert shown == ["first error: ConfigMap key x isn't implemented", "log: waiting 28", "log: waiting 29"]
    assert "first error" not in rollout_problem(
        [pod("a", ready=False)], events=[], logs=logs, name="n/d", seconds=1, back=False, last=40
    )
