"""Instances that stop and start, node groups that shrink and grow: what is asked for once, what is waited for, and what ends it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from plugins.filter.savings import savings_table
from tests.plugins.test_image_plugins import load

instances_state = load("modules/instances_state.py")
nodegroup_size = load("modules/nodegroup_size.py")
PRICES: dict[str, Any] = yaml.safe_load((Path(__file__).parents[2] / "roles/preflight/files/prices.yml").read_text())


class EC2:
    """Instances that take a look or two for what they are asked."""

    def __init__(self, **states: str) -> None:
        self.states = states
        self.becomes: dict[str, list[str]] = {}
        self.reason: dict[str, str] = {"Code": "Client.UserInitiatedShutdown", "Message": "User initiated"}
        self.calls: list[tuple[str, list[str]]] = []

    def describe_instances(self, *, aws_retry: bool, InstanceIds: list[str]) -> dict[str, Any]:  # noqa: N803
        assert aws_retry
        for name, coming in self.becomes.items():
            self.states[name] = coming.pop(0) if coming else self.states[name]
        found = [
            {"InstanceId": name, "State": {"Name": self.states[name]}, "StateReason": self.reason}
            for name in InstanceIds
        ]
        return {"Reservations": [{"Instances": [one]} for one in found]}

    def start_instances(self, *, aws_retry: bool, InstanceIds: list[str]) -> None:  # noqa: N803
        assert aws_retry
        self._change("start", InstanceIds, ["pending", "running"])

    def stop_instances(self, *, aws_retry: bool, InstanceIds: list[str]) -> None:  # noqa: N803
        assert aws_retry
        self._change("stop", InstanceIds, ["running", "stopping", "stopped"])  # what EC2 shows follows after a moment

    def _change(self, what: str, names: list[str], states: list[str]) -> None:
        self.calls.append((what, names))
        self.becomes |= {name: list(states) for name in names}


def settled(ec2: EC2, wanted: str, *, seconds: float = 60) -> Any:
    instances = instances_state.Instances(ec2, list(ec2.states), wanted)
    instances.settle(seconds=seconds, sleep=lambda _: None)
    return instances


def test_what_runs_is_stopped_once_and_waited_for() -> None:
    ec2 = EC2(a="running", b="stopped")
    assert settled(ec2, "stopped").states == {"a": "stopped", "b": "stopped"}
    assert ec2.calls == [("stop", ["a"])]
    assert settled(ec2, "stopped").asked == set()
    assert len(ec2.calls) == 1


@pytest.mark.parametrize(
    ("state", "wanted", "calls"),
    [
        ("stopping", "stopped", []),
        ("stopping", "running", [("start", ["a"])]),
        ("pending", "running", []),
        ("pending", "stopped", [("stop", ["a"])]),
    ],
)
def test_what_a_run_left_half_way_is_gone_on_with(state: str, wanted: str, calls: list[Any]) -> None:
    ec2 = EC2(a=state)
    ec2.becomes = {"a": [state, {"stopping": "stopped", "pending": "running"}[state]]}
    assert settled(ec2, wanted).states == {"a": wanted}
    assert ec2.calls == calls


def test_a_start_that_fails_says_what_ec2_says_and_what_may_lack() -> None:
    ec2 = EC2(a="stopped")

    def fail(*, aws_retry: bool, InstanceIds: list[str]) -> None:  # noqa: N803
        ec2.becomes = {"a": ["stopped", "pending", "stopped"]}
        ec2.reason = {"Code": "Client.InternalError", "Message": "Client error on launch"}

    ec2.start_instances = fail  # type: ignore[method-assign]
    with pytest.raises(
        instances_state.UnreachableError,
        match=r"a was started and stopped again: Client error on launch\. .*CreateGrant",
    ):
        settled(ec2, "running")


def test_what_is_gone_or_takes_too_long_is_named() -> None:
    with pytest.raises(instances_state.UnreachableError, match=r"a: gone\. beacon\.platform\.provision makes"):
        settled(EC2(a="terminated", b="running"), "running")
    ec2 = EC2(a="stopping", b="stopped")
    with pytest.raises(
        instances_state.UnreachableError, match=r"After 0 s not running: a \(stopping\), b \(stopped\)\. Play the same"
    ):
        settled(ec2, "running", seconds=0)
    assert ec2.calls == [("start", ["b"])], "it was asked for all the same"


class EKS:
    """A cluster with one node group."""

    def __init__(self, *statuses: str, ends: str = "Successful") -> None:
        self.statuses = list(statuses) or ["ACTIVE"]
        self.sizes = {"minSize": 2, "desiredSize": 2, "maxSize": 3}
        self.ends = ["InProgress", ends]
        self.changes: list[dict[str, int]] = []

    def list_nodegroups(self, *, aws_retry: bool, clusterName: str) -> dict[str, list[str]]:  # noqa: N803
        assert (aws_retry, clusterName) == (True, "c")
        return {"nodegroups": ["workers"]}

    def describe_nodegroup(self, *, aws_retry: bool, clusterName: str, nodegroupName: str) -> dict[str, Any]:  # noqa: N803
        assert (aws_retry, clusterName, nodegroupName) == (True, "c", "workers")
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        return {"nodegroup": {"status": status, "scalingConfig": self.sizes}}

    def update_nodegroup_config(
        self,
        *,
        aws_retry: bool,
        clusterName: str,  # noqa: N803
        nodegroupName: str,  # noqa: N803
        scalingConfig: dict[str, int],  # noqa: N803
    ) -> dict[str, Any]:
        assert (aws_retry, clusterName, nodegroupName) == (True, "c", "workers")
        self.changes.append(scalingConfig)
        self.sizes = self.sizes | scalingConfig
        return {"update": {"id": "1"}}

    def describe_update(self, *, aws_retry: bool, name: str, nodegroupName: str, updateId: str) -> dict[str, Any]:  # noqa: N803
        assert (aws_retry, name, nodegroupName, updateId) == (True, "c", "workers", "1")
        return {"update": {"status": self.ends.pop(0), "errors": [{"errorMessage": "no addresses"}]}}


def groups(eks: EKS, *, seconds: float = 60) -> Any:
    return nodegroup_size.Groups(eks, "c", seconds=seconds, sleep=lambda _: None)


def test_a_group_keeps_the_sizes_that_are_not_given() -> None:
    eks = EKS("UPDATING", "UPDATING", "ACTIVE")
    assert groups(eks).look() == [{"name": "workers", "status": "UPDATING", "min": 2, "desired": 2, "max": 3}]
    groups(eks).resize("workers", {"min": 0, "desired": 0})
    assert eks.changes == [{"minSize": 0, "desiredSize": 0}]
    assert groups(eks).look() == [{"name": "workers", "status": "ACTIVE", "min": 0, "desired": 0, "max": 3}]


def test_a_change_that_is_refused_late_or_never_comes_is_named() -> None:
    with pytest.raises(nodegroup_size.SizeError, match=r"workers keeps its sizes: Failed\. no addresses Mend that"):
        groups(EKS(ends="Failed")).resize("workers", {"min": 0, "desired": 0})
    busy = EKS("UPDATING")
    with pytest.raises(
        nodegroup_size.SizeError, match=r"After 0 s workers is changed by somebody else\. Play the same again"
    ):
        groups(busy, seconds=0).resize("workers", {"min": 0, "desired": 0})
    assert busy.changes == []


def test_what_is_saved_is_what_the_instances_and_their_volumes_cost() -> None:
    table = savings_table(PRICES, "eu-west-1", ["t3.micro", "t3.medium", "t3.medium", "t3.medium"], volumes_gib=100)
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    assert [row[0] for row in rows[2:-1]] == [
        "3 x EC2 t3.medium",
        "1 x EC2 t3.micro",
        "100 x GiB of volumes (gp3)",
        "sum",
    ]
    assert rows[-2] == ["sum", "3.85", "116.99"]
    assert rows[-1][0].startswith("Prices of eu-west-1, as of ")
