"""Suspending and resuming an environment: what is refused, the order of what is done, and what every other verb says meanwhile."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from ansible_collections import amazon, community, kubernetes

from tests.playbooks import stage as stages
from tests.playbooks.stage import Stage
from tests.playbooks.test_upgrade import Pages, pages

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["pages"]
SUSPENDED = "suspended since 2026-11-30T19:00:00Z by ann"
LOG = "with Path('done').open('a') as file: print({}, file=file)\n        "
CHANGED = "return {'changed': not task_vars['ansible_check_mode']}"
OWN = {
    # what the parameter says is a file
    "ssm_parameter_info": (
        "mark = Path('mark')\n"
        "        found = {name: 'secret of ' + name for name in arguments['names'] if 'previous' not in name}\n"
        "        cut = task_vars.get('stage_rotation')\n"
        "        found |= {name: 'older' for name in arguments['names'] if cut and name.endswith('previous/' + cut)}\n"
        "        found |= {name: mark.read_text() if mark.exists() else '' for name in found if name.endswith('/suspended')}\n"
        "        resumed = mark.exists() and mark.read_text().startswith('resumed')  # and the first thing that verify needs is not there\n"
        "        found = {name: value for name, value in found.items() if not (resumed and 'ca-certificate' in name)}\n"
        "        return {'missing': [], 'parameters': {name: value for name, value in found.items() if value}}"
    ),
    "instances_state": LOG.format("arguments['state'], *arguments['instance_ids']") + CHANGED,
    "nodegroup_size": (
        "sizes = [arguments[key] for key in ('min', 'desired')]\n"
        "        check = task_vars['ansible_check_mode'] or self._task.check_mode\n"
        "        with Path('done').open('a') as file: print('look at' if check else 'nodes', *sizes, file=file)\n"
        "        status = task_vars.get('stage_status', 'ACTIVE')\n"
        "        return {'changed': True, 'groups': [{'name': 'workers', 'status': status}]}"
    ),
    "kubernetes_state_info": (
        "nodes = [{'name': n, 'version': task_vars.get('stage_nodes', '1.36'), 'ready': True} for n in 'ab']\n"
        "        return {'version': '1.36', 'nodes': nodes, 'budgets': []}"
    ),
}
FAKES: dict[str, dict[str, str]] = {
    "amazon/aws": {"ec2_instance_info": "return {'instances': []}"},
    "community/aws": {
        "ssm_parameter": (
            LOG.format("'mark', arguments['value'].split()[0]")
            + "Path('mark').write_text(arguments['value'])\n        return {'changed': True}"
        ),
        "elb_target_group_info": (
            LOG.format("'targets', *arguments['names']") + "healthy = [{'target_health': {'state': 'healthy'}}] * 2\n"
            "        return {'target_groups': [{'targets_health_description': healthy}]}"
        ),
    },
    "kubernetes/core": {"k8s_info": "return {'resources': []}"},
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pages: type[Pages]) -> Stage:
    """Set up a stage with two nodes; what is asked of the cloud is written down."""
    for name, body in OWN.items():
        monkeypatch.setitem(stages.MODULES, name, body)
    made = Stage(tmp_path)
    made.set_up()
    for name, package in {"amazon/aws": amazon, "community/aws": community, "kubernetes/core": kubernetes}.items():
        made.shadow(package, name, FAKES[name])
    return made


def played(stage: Stage, verb: str, *arguments: str) -> tuple[list[str], str]:
    """Play a verb that has to succeed; return the roles' entry points beside the beginning and what was asked of the cloud, and the text."""
    code, text = stage.play(verb, *arguments)
    assert code == 0, text
    return stage.done(), " ".join(text.split())


def entries(stage: Stage) -> list[str]:
    calls = [json.loads(line) for line in stage.records.read_text().splitlines()]
    return [f"{call['role']} {call['entry']}" for call in calls]


def test_suspend_checks_saves_marks_and_ends_nodes_before_hosts(place: Stage) -> None:
    asked, text = played(place, "suspend")
    assert asked == ["look at 0 0", "mark suspended", "nodes 0 0", "stopped i-monitoring", "stopped i-ops"]
    order = entries(place)
    assert order.index("infrastructure unlocked") < order.index("preflight savings") < order.index("prometheus save")
    assert order.index("prometheus save") < order.index("alertmanager silence") < order.index("cluster_access close")
    assert "beacon.platform.resume brings it back" in text
    assert "switch hears nothing meanwhile: pause it" in text


def test_a_check_of_suspend_says_what_would_be_and_does_nothing(place: Stage) -> None:
    asked, _ = played(place, "suspend", "--check")
    assert asked == ["look at 0 0", "mark suspended", "look at 0 0", "stopped i-monitoring", "stopped i-ops"]
    assert "prometheus save" not in entries(place)


def test_a_suspend_that_was_cut_short_goes_on_without_checks_and_without_another_backup(place: Stage) -> None:
    (place.folder / "mark").write_text(SUSPENDED)
    asked, text = played(place, "suspend")
    assert asked == ["nodes 0 0", "stopped i-monitoring", "stopped i-ops"]
    assert {"prometheus save", "infrastructure unlocked"} & set(entries(place)) == set()
    assert f"is {SUSPENDED}. beacon.platform.resume" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["stage_rotation=remote-write"],
            "A rotation was cut short, of remote_write. Play beacon.platform.rotate -e rotate_what=remote_write first",
        ),
        (
            ["stage_nodes=1.35"],
            "An upgrade is not over: control plane and nodes have 1.35, 1.36, the inventory says 1.36. Play beacon.platform.upgrade",
        ),
        (["stage_status=UPDATING"], "have 1.36, the inventory says 1.36; node groups workers: UPDATING. Play"),
    ],
    ids=["rotation", "upgrade", "node group"],
)
def test_what_is_under_way_is_refused(place: Stage, arguments: Sequence[str], message: str) -> None:
    code, text = place.play("suspend", *(part for one in arguments for part in ("-e", one)))
    said = " ".join(text.split())
    assert code == 2, text
    assert message in said
    assert "Nothing was changed." in said
    assert [line for line in place.done() if not line.startswith("look at")] == []
    assert "prometheus save" not in entries(place)


def test_resume_starts_hosts_asks_them_and_then_brings_the_nodes_back(place: Stage) -> None:
    (place.folder / "mark").write_text(SUSPENDED)
    _, text = place.play("resume")
    assert "Parameter Store in eu-west-1 has no value for /beacon/local/ca-certificate" in " ".join(text.split()), (
        "verify asks"
    )
    assert place.done() == [
        *("running i-ops", "running i-monitoring", "nodes 2 2"),
        *("targets beacon-local-http", "targets beacon-local-grafana", "mark resumed"),
    ]
    order = entries(place)
    silences = [i for i, entry in enumerate(order) if entry == "alertmanager silence"]
    assert len(silences) == 2
    assert silences[0] < order.index("prometheus main") < order.index("grafana main") < silences[1]


def test_an_environment_that_is_not_suspended_is_left_as_it_is(place: Stage) -> None:
    asked, text = played(place, "resume", "--check")
    assert asked == []
    assert "Environment 'local' is not suspended, so it is left as it is." in text


def test_a_check_of_resume_says_what_would_be(place: Stage) -> None:
    (place.folder / "mark").write_text(SUSPENDED)
    asked, _ = played(place, "resume", "--check")
    assert asked == ["running i-ops", "running i-monitoring", "look at 2 2", "mark resumed"]


@pytest.mark.parametrize(
    "verb",
    [
        *("site", "preflight", "provision", "build", "cluster", "deploy", "monitor", "verify", "access", "backup"),
        *(
            "restore -e confirm=local",
            "rotate -e rotate_what=ssh",
            "upgrade -e upgrade_to=1.36",
            "replace -e replace_what=ops",
        ),
    ],
)
def test_every_other_verb_says_in_one_line_that_it_is_suspended(place: Stage, verb: str) -> None:
    (place.folder / "mark").write_text(SUSPENDED)
    code, text = place.play(*verb.split())
    said = " ".join(text.split())
    assert code == 2, text
    assert (
        f"Environment 'local' is {SUSPENDED}: it has no nodes, and its hosts are stopped. Next: beacon.platform.resume."
        in said
    )
    assert not {"infrastructure main", "prometheus save", "cluster_access main", "image main"} & set(entries(place))
    assert place.done() == []


def test_an_environment_that_is_suspended_can_be_destroyed(place: Stage) -> None:
    (place.folder / "mark").write_text(SUSPENDED)
    code, text = place.play("destroy", "-e", "confirm=local", "--check")
    assert "is suspended" not in " ".join(text.split())
    assert "infrastructure main" in entries(place), (code, text)
