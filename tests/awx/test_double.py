"""The double refuses what AWX would, and keeps what it is told; otherwise tests against it would say little."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.awx.double.answers import PAGE, page, shown
from tests.awx.double.models import NODES, SECRET
from tests.awx.double.state import BadRequest, NotFound, Object, State

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def state() -> State:
    return State()


@pytest.fixture
def template(state: State) -> Object:
    organization = state.create("organizations", {"name": "Us"})
    project = state.create("projects", {"name": "P", "organization": organization["id"]})
    return state.create("job_templates", {"name": "T", "project": project["id"], "playbook": "x.yml"})


@pytest.mark.parametrize(
    ("kind", "given", "word"),
    [
        ("organizations", {"name": "x", "colour": "red"}, "colour"),
        ("organizations", {"description": "no name"}, "This field is required"),
        ("teams", {"name": "x", "organization": 99}, "Invalid pk"),
        ("job_templates", {"name": "x", "playbook": "y"}, "project"),
        ("credential_types", {"name": "x", "kind": "cloud", "injectors": {"env": {"ANSIBLE_X": "y"}}}, "ANSIBLE_X"),
    ],
)
def test_what_awx_would_not_take_is_refused(state: State, kind: str, given: Object, word: str) -> None:
    with pytest.raises(BadRequest, match=word):
        state.create(kind, given)


def test_a_name_is_taken_once(state: State) -> None:
    state.create("organizations", {"name": "Us"})
    with pytest.raises(BadRequest, match="already exists"):
        state.create("organizations", {"name": "Us"})


def test_a_secret_is_never_shown(state: State) -> None:
    fields = [{"id": "word", "type": "string", "label": "W", "secret": True}]
    kind = state.create("credential_types", {"name": "K", "kind": "cloud", "inputs": {"fields": fields}})
    entry = state.create("credentials", {"name": "C", "credential_type": kind["id"], "inputs": {"word": "made-up"}})
    assert shown(state, entry)["inputs"] == {"word": SECRET}
    state.update("credentials", entry, {"inputs": {"word": SECRET}})
    assert entry["inputs"] == {"word": "made-up"}


def test_a_workflow_has_no_circle(state: State) -> None:
    workflow = state.create("workflow_job_templates", {"name": "W"})["id"]
    first, second = (
        state.create(NODES, {"identifier": name, "workflow_job_template": workflow})["id"] for name in "ab"
    )
    state.link(NODES, first, "success_nodes", {"id": second})
    with pytest.raises(BadRequest, match="Cycle"):
        state.link(NODES, second, "success_nodes", {"id": first})


def test_lists_come_in_pages(state: State) -> None:
    for number in range(PAGE + 1):
        state.create("organizations", {"name": f"O{number}"})
    first = page(state, state.objects("organizations"), "/api/v2/organizations/", {})
    assert (first["count"], len(first["results"])) == (PAGE + 1, PAGE)
    rest = page(state, state.objects("organizations"), "/api/v2/organizations/", {"page": "2"})
    assert (len(rest["results"]), rest["next"]) == (1, None)


def test_what_is_removed_leaves_no_link(state: State, template: Object) -> None:
    kind = state.create("credential_types", {"name": "K", "kind": "cloud"})
    credential = state.create("credentials", {"name": "C", "credential_type": kind["id"]})
    state.link("job_templates", template["id"], "credentials", {"id": credential["id"]})
    state.delete("credentials", credential["id"])
    assert state.linked("job_templates", template["id"], "credentials") == []
    with pytest.raises(NotFound):
        state.get("credentials", credential["id"])


def test_the_state_is_kept_in_its_file(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    State(file).create("organizations", {"name": "Us"})
    assert [entry["name"] for entry in State(file).objects("organizations")] == ["Us"]
    assert json.loads(file.read_text())["writes"] == [["create", "organizations", "Us"]]
