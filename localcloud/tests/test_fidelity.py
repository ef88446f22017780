"""The table of localcloud/README.md is true: each of its operations is asked for, and what runs is looked at."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from localcloud.docker.spec import ExecResult
from localcloud.eks import jobs
from localcloud.tests.fidelity import README, STEPS, Kind, Step, World, written

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

    from localcloud.conftest import Cloud
    from localcloud.docker.spec import MachineSpec

CHANGES = {
    *("create", "start", "stop", "restart", "remove", "remove_volume", "write"),
    *("connect", "disconnect", "create_network", "remove_network"),
}
READY = {"conditions": [{"type": "Ready", "status": "True"}]}
WORKLOAD = {
    "kind": "Deployment",
    "metadata": {"generation": 1},
    "spec": {"replicas": 1},
    "status": {"observedGeneration": 1, "availableReplicas": 9, "updatedReplicas": 9},
}


def node(spec: MachineSpec) -> dict[str, Any]:
    """Return a machine as a node that is ready."""
    return {"metadata": {"name": spec.hostname}, "status": READY}


def answer(cloud: Cloud, _: str, argv: Sequence[str]) -> ExecResult:
    """Answer as an API server to which all is well."""
    words = list(argv)
    if "nodes" in words and "get" in words:
        specs = (cloud.docker.created[name] for name in cloud.docker.machines)
        return ExecResult(exit_code=0, output=json.dumps({"items": [node(spec) for spec in specs]}))
    if "deployment" in words or "daemonset" in words:
        return ExecResult(exit_code=0, output=json.dumps(WORKLOAD))
    return ExecResult(exit_code=0, output="")


def changed(cloud: Cloud) -> int:
    """Return how often what runs was changed: containers, networks, files, what was applied to a cluster."""
    calls = sum(method in CHANGES for method, _ in cloud.docker.calls)
    return calls + sum(executed.stdin is not None for executed in cloud.docker.executed)


def observed(cloud: Cloud, world: World, step: Step, asked: list[str]) -> Kind:
    """Ask for an operation; what came of it."""
    before = changed(cloud)
    asked.clear()
    refused = ""
    try:
        step.ask(world)
    except ClientError as error:
        refused = error.operation_name
    assert step.operation == (refused or step.operation)
    assert step.operation in asked
    if refused:
        return Kind.REFUSED
    for _ in range(2):  # one's jobs may ask for the other's
        assert cloud.now.queue.settle(seconds=20), cloud.now.queue.pending()
    return Kind.EFFECT if changed(cloud) > before else Kind.STATE


def test_operations_do_what_the_table_says(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NODES_SECONDS", "ADDON_SECONDS", "API_SECONDS"):
        monkeypatch.setattr(jobs, name, 5.0)
    cloud.docker.answer = functools.partial(answer, cloud)
    asked: list[str] = []

    @functools.cache
    def client(service: str) -> Any:
        made = cloud.client(service)
        made.meta.events.register("before-call", lambda model, **_: asked.append(model.name))
        return made

    world = World(client, {})
    found = [(step.operation, step.kind, observed(cloud, world, step, asked)) for step in STEPS]
    wrong = [f"{name}: told {told.value}, is {real.value}" for name, told, real in found if told is not real]
    assert not wrong, "\n".join(wrong)


def test_the_table_of_the_readme_is_the_steps() -> None:
    text = README.read_text()
    assert text == written(text)
