"""Upgrading Kubernetes: which steps with which versions, what is refused, and where it says that it stopped."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections import kubernetes

from tests.playbooks.stage import FACTS, OUTPUTS, PODS, Stage
from tests.playbooks.test_bad_input import play

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

UP = [
    {"part": "control_plane", "control_plane": "1.36", "addons": "1.35", "nodes": "1.35"},
    {"part": "addons", "control_plane": "1.36", "addons": "1.36", "nodes": "1.35"},
    {"part": "nodes", "control_plane": "1.36", "addons": "1.36", "nodes": "1.36"},
]


class Pages(BaseHTTPRequestHandler):
    """The pages, as behind a load balancer; those in `away` answer 503, in `late` at the first time."""

    away: frozenset[str] = frozenset()
    late: frozenset[str] = frozenset()

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(503 if self.path in self.away | self.late else 200)
        type(self).late = self.late - {self.path}
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Pages]]:
    """Serve the pages where the outputs say that the load balancer is."""
    handler = type("Handler", (Pages,), {})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setitem(OUTPUTS, "load_balancer_addresses", ["127.0.0.1"])
    monkeypatch.setitem(OUTPUTS, "http_port", server.server_port)
    yield handler
    server.shutdown()
    server.server_close()
    thread.join()


def staged(folder: Path, monkeypatch: pytest.MonkeyPatch, *, steps: list[dict[str, str]], problem: str = "") -> Stage:
    """Set up a stage whose cluster has these steps before it."""
    monkeypatch.setitem(FACTS, "preflight:upgrade", {"preflight_upgrade": {"steps": steps, "problem": problem}})
    stage = Stage(folder)
    stage.set_up()
    stage.shadow(kubernetes, "kubernetes/core", PODS)
    return stage


def changed(stage: Stage, *arguments: str) -> list[dict[str, str]]:
    """Return the versions that Terraform was given, one call after the other."""
    calls = stage.calls("upgrade", "-e", "upgrade_to=1.36", *arguments)
    given = [call for call in calls if (call.role, call.entry) == ("infrastructure", "main")]
    assert all(call.inputs["infrastructure_kubernetes_version"] == "1.36" for call in given)
    return [call.inputs["infrastructure_kubernetes_step"] for call in given]


def test_each_part_is_changed_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pages: type[Pages]) -> None:
    stage = staged(tmp_path, monkeypatch, steps=UP)
    assert changed(stage) == UP
    assert stage.done() == ["delete p"], "pods are spread once, when the last node is new"


def test_played_again_it_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pages: type[Pages]) -> None:
    pages.late = frozenset({"/gandalf", "/colombo"})  # pages that come back are waited for
    assert changed(staged(tmp_path, monkeypatch, steps=UP[2:])) == UP[2:]


def test_nothing_is_left_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pages: type[Pages]) -> None:
    pages.away = frozenset({"/gandalf", "/colombo"})
    assert changed(staged(tmp_path, monkeypatch, steps=[])) == []


def test_a_check_plans_the_first_step_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pages: type[Pages]) -> None:
    pages.away = frozenset({"/gandalf"})
    stage = staged(tmp_path, monkeypatch, steps=UP)
    assert changed(stage, "--check") == UP[:1]
    assert stage.done() == []


def test_the_account_is_checked_and_another_version_of_the_cluster_is_no_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pages: type[Pages]
) -> None:
    calls = staged(tmp_path, monkeypatch, steps=UP[2:]).calls("upgrade", "-e", "upgrade_to=1.36")
    order = [f"{call.role} {call.entry}" for call in calls]
    first = order.index("infrastructure main")
    assert order.index("preflight main") < order.index("preflight upgrade") < first
    (account,) = [call for call in calls if (call.role, call.entry) == ("preflight", "main")]
    assert account.inputs["preflight_kubernetes_change_allowed"] is True
    (readiness,) = [call for call in calls if (call.role, call.entry) == ("preflight", "upgrade")]
    assert readiness.inputs["preflight_cluster_state"]["nodes"] == [{"name": "a", "version": "1.35", "ready": True}]
    assert order[first + 1] == "cluster_access main", "the way is opened again after the control plane's step"


@pytest.mark.parametrize("verb", ["preflight", "provision"])
def test_other_verbs_refuse_another_version_of_the_cluster(stage: Stage, verb: str) -> None:
    (account,) = [call for call in stage.calls(verb) if (call.role, call.entry) == ("preflight", "main")]
    assert account.inputs["preflight_kubernetes_change_allowed"] is False


def test_pages_that_do_not_answer_before_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pages: type[Pages]
) -> None:
    pages.away = frozenset({"/colombo"})
    stage = staged(tmp_path, monkeypatch, steps=UP)
    code, text = stage.play("upgrade", "-e", "upgrade_to=1.36", "-e", "pages_patience=0")
    said = " ".join(text.split())
    assert code != 0
    assert "No page at 127.0.0.1/colombo for 0 s" in said
    assert "They did not answer before, so nothing was changed. beacon.platform.deploy brings the application." in said
    assert '"entry": "main", "host": "localhost", "inputs": {"infrastructure' not in stage.records.read_text()


def test_a_step_that_does_not_come_true_says_where_it_stopped_and_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pages: type[Pages]
) -> None:
    stage = staged(tmp_path, monkeypatch, steps=UP)
    code, text = stage.play("upgrade", "-e", "upgrade_to=1.36", "-e", "upgrade_patience=10", "-e", "stage_nodes=1.34")
    said = " ".join(text.split())
    assert code != 0
    assert "The upgrade to 1.36 stopped at control plane, step 1 of 3 (control plane, addons, nodes)." in said
    assert "API server 1.36; nodes" in said
    assert "Mend that, then play the same again: it goes on from here." in said
    assert "set infrastructure_kubernetes_version to the version before" in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            [],
            (
                "upgrade_to is '', and the inventory's infrastructure_kubernetes_version is '1.36'; allowed is the inventory's. "
                "Set the wanted version there first, then -e upgrade_to=1.36. Nothing was changed."
            ),
        ),
        (
            ["-e", "upgrade_to=1.35"],
            (
                "upgrade_to is '1.35', and the inventory's infrastructure_kubernetes_version is '1.36'; allowed is the inventory's. "
                "Set the wanted version there first, then -e upgrade_to=1.35. Nothing was changed."
            ),
        ),
    ],
    ids=["nothing", "another one"],
)
def test_another_version_than_the_inventory_says_is_refused(tmp_path: Path, arguments: list[str], message: str) -> None:
    assert message in play("upgrade", tmp_path, *arguments)


def test_another_part_than_there_is_is_refused(tmp_path: Path) -> None:
    message = "upgrade_what is 'everything'; allowed are kubernetes and hosts. Nothing was changed."
    assert message in play("upgrade", tmp_path, "-e", "upgrade_what=everything")
