"""Replacing a node or a host: what is refused before anything is changed, what is done in which order, and where a run goes on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections import amazon, kubernetes

from tests.playbooks import stage as stages
from tests.playbooks.stage import ACTION, Call, Stage
from tests.playbooks.test_upgrade import Pages, pages

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["pages"]
LOG = "with Path('done').open('a') as file: print('{}', arguments.get('name') or arguments.get('instance_ids'), file=file)\n        "
# What the verb asks of others. A node's end is a file: from then on another node is in its place
FAKES: dict[str, dict[str, str]] = {
    "amazon/aws": {
        "ec2_instance_info": (
            "name = arguments['filters']['instance-id']\n"
            "        state = 'running' if name in ('i-a', 'i-b') else 'terminated'\n"
            "        found = {'instance_id': name, 'state': {'name': state}, 'tags': {'aws:autoscaling:groupName': 'g'}}\n"
            "        return {'instances': [found] if name.startswith('i-') else []}"
        ),
        "autoscaling_instance": LOG.format("end") + "Path('ended').touch()\n        return {'changed': True}",
    },
    "kubernetes/core": {
        "k8s_drain": (
            LOG.format("{}").replace("'{}'", "arguments.get('state', 'drain')")
            + "stuck = task_vars.get('stage_stuck') and arguments.get('state') != 'uncordon'\n"
            "        return {'failed': True, 'msg': 'a budget'} if stuck else {'changed': True}"
        ),
        "k8s_info": (
            "spec = {'nodeName': 'b', 'topologySpreadConstraints': [1]}\n"
            "        apart = Path('spread').exists()\n"
            "        ready = {'phase': 'Running', 'conditions': [{'type': 'Ready', 'status': 'True'}]}\n"
            "        return {'resources': [{'metadata': {'name': n, 'namespace': 'web', 'ownerReferences': [{'uid': '1'}]}, "
            "'status': ready, 'spec': spec | {'nodeName': 'c' if apart and n == 'p' else 'b'}} for n in 'pq']}"
        ),
        "k8s": LOG.format("delete") + "Path('spread').touch()\n        return {'changed': True}",
    },
}
STATE = (
    "node = lambda name: {'name': name, 'instance': 'i-' + name, 'version': '1.36', 'ready': name != task_vars.get('stage_unready')}\n"
    "        budgets = [{'namespace': 'web', 'name': 'webapp', 'allowed': int(task_vars.get('stage_allowed', 1))}]\n"
    "        names = 'bc' if Path('ended').exists() else 'ab'\n"
    "        return {'version': '1.36', 'nodes': [node(name) for name in names], 'budgets': budgets}"
)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pages: type[Pages]) -> Stage:
    """Set up a stage with two nodes; what others' modules would do is written down."""
    monkeypatch.setitem(stages.MODULES, "kubernetes_state_info", STATE)
    made = Stage(tmp_path)
    made.set_up()
    for name, package in {"amazon/aws": amazon, "kubernetes/core": kubernetes}.items():
        shadow(folder(package) / name.partition("/")[2], tmp_path / "ansible_collections" / name, FAKES[name])
    return made


def folder(package: ModuleType) -> Path:
    return Path(next(iter(package.__path__)))


def shadow(real: Path, target: Path, actions: dict[str, str]) -> None:
    """Make a collection that is the real one but for some actions."""
    (target / "plugins" / "action").mkdir(parents=True)
    for source in [*real.iterdir(), *(real / "plugins").iterdir()]:
        if source.name not in ("plugins", "action"):
            (target / source.relative_to(real)).symlink_to(source)
    for name, body in actions.items():
        (target / "plugins" / "action" / f"{name}.py").write_text(ACTION.format(body=body))


def done(stage: Stage) -> list[str]:
    path = stage.folder / "done"
    return path.read_text().splitlines() if path.exists() else []


def refused(stage: Stage, what: str, *arguments: str) -> str:
    code, text = stage.play("replace", "-e", f"replace_what={what}", *arguments)
    assert code == 2, text
    assert "infrastructure_replace" not in stage.records.read_text()
    return " ".join(text.split())


@pytest.mark.parametrize("what", ["a", "i-a"])
def test_a_node_is_drained_and_ended_and_pods_are_spread(place: Stage, what: str) -> None:
    calls = place.calls("replace", "-e", f"replace_what={what}")
    assert done(place) == ["drain a", "end ['i-a']", "delete p"]
    assert not [
        call for call in calls if (call.role, call.entry) in {("infrastructure", "main"), ("prometheus", "save")}
    ]


def test_a_run_that_was_cut_short_waits_for_the_next_node_and_spreads(place: Stage) -> None:
    (place.folder / "ended").touch()
    place.calls("replace", "-e", "replace_what=i-a-gone")
    assert done(place) == ["delete p"]


def test_a_node_that_is_lost_is_ended_without_a_drain(place: Stage) -> None:
    place.calls("replace", "-e", "replace_what=a", "-e", "stage_unready=a", "-e", "stage_allowed=0")
    assert done(place) == ["end ['i-a']", "delete p"]


def test_a_drain_that_is_blocked_leaves_the_node_as_it_was(place: Stage) -> None:
    said = refused(place, "a", "-e", "stage_stuck=true")
    assert (
        "a was not drained in 300 s, so it stays, and takes pods again: a budget Mend that, then play the same again"
        in said
    )
    assert done(place) == ["drain a", "uncordon a"]


@pytest.mark.parametrize(
    ("what", "arguments", "message"),
    [
        (
            "nobody",
            [],
            (
                "replace_what is 'nobody'; allowed are ops, monitoring, and the nodes a, b, or their instances i-a, i-b. "
                "Name one: -e replace_what=NAME. Nothing was changed."
            ),
        ),
        ("a", ["-e", "stage_unready=b"], "No other node is ready, so the pods of a would have no place."),
        ("a", ["-e", "stage_allowed=0"], "Disruption budgets that allow nothing now: web/webapp. Wait until"),
    ],
    ids=["unknown", "alone", "budget"],
)
def test_what_can_not_be_replaced_is_refused_before_anything_is_changed(
    place: Stage, what: str, arguments: list[str], message: str
) -> None:
    assert message in refused(place, what, *arguments)
    assert done(place) == []


def test_pages_that_do_not_answer_before_are_refused(place: Stage, pages: type[Pages]) -> None:
    pages.away = frozenset({"/gandalf"})
    assert "They did not answer before, so nothing was changed." in refused(place, "a", "-e", "pages_patience=0")
    assert done(place) == []


def order(calls: list[Call]) -> list[str]:
    wanted = {("infrastructure", "main"), ("prometheus", "save"), ("prometheus", "main"), ("prometheus", "restore")}
    return [f"{call.role} {call.entry}" for call in calls if (call.role, call.entry) in wanted]


def given(calls: list[Call]) -> Any:
    return next(call for call in calls if (call.role, call.entry) == ("infrastructure", "main")).inputs[
        "infrastructure_replace"
    ]


def test_the_ops_host_is_made_anew_and_configured(place: Stage) -> None:
    calls = place.calls("replace", "-e", "replace_what=ops")
    assert given(calls) == ['aws_instance.host["ops"]']
    assert order(calls) == ["infrastructure main", "prometheus main"]
    assert done(place) == []


def test_a_monitoring_host_without_metrics_is_not_made_anew_and_gets_the_newest(place: Stage, tmp_path: Path) -> None:
    marker = tmp_path / "replaced"
    calls = place.calls("replace", "-e", "replace_what=monitoring", "-e", f"beacon_replaced_file={marker}")
    assert given(calls) == []
    assert order(calls) == ["infrastructure main", "prometheus main", "prometheus restore"]
    (restored,) = [call.inputs for call in calls if call.entry == "restore"]
    assert restored["prometheus_restore_snapshot"] == "latest"
    assert not marker.exists()


def test_the_monitoring_host_gets_back_what_was_saved(place: Stage, tmp_path: Path) -> None:
    unit, marker = tmp_path / "unit", tmp_path / "replaced"
    unit.touch()
    extra = {"replace_unit": str(unit), "beacon_replaced_file": str(marker), "prometheus_saved_snapshot": "0123abcd"}
    calls = place.calls("replace", "-e", "replace_what=monitoring", "-e", json.dumps(extra))
    assert given(calls) == ['aws_instance.host["monitoring"]']
    assert order(calls) == ["prometheus save", "infrastructure main", "prometheus main", "prometheus restore"]
    (restored,) = [call.inputs for call in calls if call.entry == "restore"]
    assert restored["prometheus_restore_snapshot"] == "0123abcd"


def test_a_check_shows_the_plan_and_changes_nothing(place: Stage) -> None:
    calls = place.calls("replace", "-e", "replace_what=monitoring", "--check")
    assert given(calls) == ['aws_instance.host["monitoring"]']
    assert order(calls) == ["infrastructure main"]
    place.calls("replace", "-e", "replace_what=a", "--check")
    assert done(place) == []
