"""Replacing a node or a host: what is refused before anything is changed, what is done in which order, and where a run goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections import amazon, kubernetes

from tests.playbooks import stage as stages
from tests.playbooks.stage import LOG, PODS, Call, Stage
from tests.playbooks.test_upgrade import Pages, pages

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["pages"]
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
        **PODS,
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
        made.shadow(package, name, FAKES[name])
    return made


def refused(stage: Stage, what: str, *arguments: str) -> str:
    code, text = stage.play("replace", "-e", f"replace_what={what}", *arguments)
    assert code == 2, text
    assert "infrastructure_replace" not in stage.records.read_text()
    return " ".join(text.split())


@pytest.mark.parametrize("what", ["a", "i-a"])
def test_a_node_is_drained_and_ended_and_pods_are_spread(place: Stage, what: str) -> None:
    calls = place.calls("replace", "-e", f"replace_what={what}")
    assert place.done() == ["drain a", "end ['i-a']", "delete p"]
    assert order(calls) == []


def test_a_run_that_was_cut_short_waits_for_the_next_node_and_spreads(place: Stage) -> None:
    (place.folder / "ended").touch()
    place.calls("replace", "-e", "replace_what=i-a-gone")
    assert place.done() == ["delete p"]


def test_a_node_that_is_lost_is_ended_without_a_drain(place: Stage) -> None:
    place.calls("replace", "-e", "replace_what=a", "-e", "stage_unready=a", "-e", "stage_allowed=0")
    assert place.done() == ["end ['i-a']", "delete p"]


def test_a_drain_that_is_blocked_leaves_the_node_as_it_was(place: Stage) -> None:
    said = refused(place, "a", "-e", "stage_stuck=true")
    assert (
        "a was not drained in 300 s, so it stays, and takes pods again: a budget Mend that, then play the same again"
        in said
    )
    assert place.done() == ["drain a", "uncordon a"]


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
    assert place.done() == []


def test_pages_that_do_not_answer_before_are_refused(place: Stage, pages: type[Pages]) -> None:
    pages.away = frozenset({"/gandalf"})
    assert "They did not answer before, so nothing was changed." in refused(place, "a", "-e", "pages_patience=0")
    assert place.done() == []


def order(calls: list[Call]) -> list[str]:
    wanted = {("infrastructure", "main"), ("data_volume", "main"), ("prometheus", "main"), ("prometheus", "restore")}
    return [f"{call.role} {call.entry}" for call in calls if (call.role, call.entry) in wanted]


def given(calls: list[Call]) -> Any:
    return next(call for call in calls if (call.role, call.entry) == ("infrastructure", "main")).inputs[
        "infrastructure_replace"
    ]


def test_the_ops_host_is_made_anew_and_configured(place: Stage) -> None:
    calls = place.calls("replace", "-e", "replace_what=ops")
    assert given(calls) == ['aws_instance.host["ops"]']
    assert order(calls) == ["infrastructure main", "data_volume main", "prometheus main"]
    assert place.done() == []


@pytest.mark.parametrize(
    "has", [["prometheus.service", "var-lib-prometheus.mount"], []], ids=["configured", "cut short"]
)
def test_the_monitoring_host_is_made_anew_and_its_data_stays_on_its_volume(
    place: Stage, tmp_path: Path, has: list[str]
) -> None:
    for unit in has:
        (tmp_path / unit).touch()
    calls = place.calls("replace", "-e", "replace_what=monitoring", "-e", f"replace_units={tmp_path}")
    assert given(calls) == ['aws_instance.host["monitoring"]']
    assert order(calls) == ["infrastructure main", "data_volume main", "prometheus main"]


def test_a_monitoring_host_with_its_metrics_on_the_root_disk_is_not_ended(place: Stage, tmp_path: Path) -> None:
    (tmp_path / "prometheus.service").touch()
    said = refused(place, "monitoring", "-e", f"replace_units={tmp_path}")
    assert (
        "The metrics of beacon-local-monitoring are on its root disk, and would go with it. Play beacon.platform.provision"
        in said
    )


def test_a_check_shows_the_plan_and_changes_nothing(place: Stage) -> None:
    calls = place.calls("replace", "-e", "replace_what=monitoring", "--check")
    assert given(calls) == ['aws_instance.host["monitoring"]']
    assert order(calls) == ["infrastructure main"]
    place.calls("replace", "-e", "replace_what=a", "--check")
    assert place.done() == []
