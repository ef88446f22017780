"""Launches by members of teams, of the data as it stands: what AWX starts, what it leaves out, what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from tests.awx.data import load
from tests.awx.double.models import KINDS
from tests.awx.double.state import BadRequest, Forbidden, Object, State
from tests.awx.test_data import reachable

DATA = load()
OPERATORS, MAINTAINERS = "Beacon operators", "Beacon maintainers"
TEMPLATES = {entry["name"]: entry for entry in DATA["job_templates"]}
ANSWERS = {"confirm": "production"}


class Awx:
    """The double with the data's templates, credentials and grants; names lead to ids."""

    def __init__(self) -> None:
        self.state = State()
        self.ids: dict[tuple[str, str], int] = {}
        for kind in ("organizations", "credential_types", "credentials", "teams", "projects", "inventories"):
            for entry in DATA[kind]:
                self.create(kind, entry)
        for kind in ("job_templates", "workflow_job_templates"):
            for entry in DATA[kind]:
                made = self.create(kind, entry)
                self.state.survey(kind, made["id"], entry["survey_spec"])
                for name in entry.get("credentials", []):
                    self.state.link(kind, made["id"], "credentials", {"id": self.ids["credentials", name]})
        for grant in DATA["roles"]:
            for kind, field in (("job_templates", "job_templates"), ("workflow_job_templates", "workflows")):
                for name in grant.get(field, []):
                    role = self.state.get(kind, self.ids[kind, name])["roles"][f"{grant['role']}_role"]
                    self.state.link("roles", role, "teams", {"id": self.ids["teams", grant["team"]]})

    def create(self, kind: str, entry: Object) -> Object:
        shape = KINDS[kind]
        known = {name: value for name, value in entry.items() if name in {"name", *shape.fields}}
        for field, other in shape.references.items():
            if field in entry and (other, entry[field]) in self.ids:
                known[field] = self.ids[other, entry[field]]
        made = self.state.create(kind, known)
        self.ids[kind, entry["name"]] = made["id"]
        return made

    def launch(self, team: str, name: str, kind: str = "job_templates", **given: Any) -> Object:
        return self.state.launch(kind, self.ids[kind, name], given, team=self.ids["teams", team])


@pytest.fixture(scope="module")
def awx() -> Awx:
    return Awx()


@pytest.mark.parametrize("name", sorted(set(TEMPLATES) - reachable(OPERATORS)))
def test_an_operator_does_not_launch_other_templates(awx: Awx, name: str) -> None:
    with pytest.raises(Forbidden, match="You do not have permission"):
        awx.launch(OPERATORS, name, extra_vars=ANSWERS)


@pytest.mark.parametrize("name", [entry["name"] for entry in DATA["workflow_job_templates"]])
def test_an_operator_launches_no_workflow(awx: Awx, name: str) -> None:
    with pytest.raises(Forbidden):
        awx.launch(OPERATORS, name, "workflow_job_templates", extra_vars=ANSWERS)


def test_a_maintainer_destroys_by_the_workflow_only(awx: Awx) -> None:
    with pytest.raises(Forbidden):
        awx.launch(MAINTAINERS, "Beacon destroy", extra_vars=ANSWERS)
    with pytest.raises(BadRequest, match="'confirm' value missing"):
        awx.launch(MAINTAINERS, "Beacon removal", "workflow_job_templates")
    assert awx.launch(MAINTAINERS, "Beacon removal", "workflow_job_templates", extra_vars=ANSWERS)


@pytest.mark.parametrize("team", [OPERATORS, MAINTAINERS])
@pytest.mark.parametrize(
    "field", ["inventory", "credentials", "scm_branch", "job_type", "limit", "job_tags", "skip_tags"]
)
def test_what_a_launch_says_besides_the_survey_changes_nothing(awx: Awx, team: str, field: str) -> None:
    plain = awx.launch(team, "Beacon deploy")
    other = awx.launch(team, "Beacon deploy", **{field: "another"})
    assert other.pop("ignored_fields") == {field: "another"}
    assert plain.pop("ignored_fields") == {}
    assert other == plain
    deployer, state = (awx.ids["credentials", f"Beacon production {name}"] for name in ("deployer", "state"))
    assert plain["credentials"] == [deployer, state]


def test_a_variable_that_is_no_question_is_left_out(awx: Awx) -> None:
    job = awx.launch(OPERATORS, "Beacon verify", extra_vars={"infrastructure_state_bucket": "mine"})
    assert job["ignored_fields"] == {"extra_vars": {"infrastructure_state_bucket": "mine"}}
    assert "infrastructure_state_bucket" not in job["extra_vars"]


def test_an_answer_out_of_range_starts_nothing(awx: Awx) -> None:
    with pytest.raises(BadRequest, match="expected to be one of"):
        awx.launch(OPERATORS, "Beacon verify", extra_vars={"beacon_region": "eu-moon-1"})


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"job_type": "check"}, "Field is not configured to prompt on launch"),
        ({"scm_branch": "mine"}, "Field is not configured to prompt on launch"),
        ({"extra_data": {"other": "x"}}, "Variables other are not allowed on launch"),
    ],
)
def test_a_schedule_says_no_more_than_a_launch(awx: Awx, more: Object, message: str) -> None:
    entry = {"name": "Mine", "rrule": "x", "unified_job_template": awx.ids["job_templates", "Beacon verify"]}
    with pytest.raises(BadRequest, match=message):
        awx.state.create("schedules", entry | more)


@pytest.mark.parametrize("entry", DATA["schedules"], ids=[entry["name"] for entry in DATA["schedules"]])
def test_the_datas_schedules_are_taken(awx: Awx, entry: Object) -> None:
    template = awx.ids["job_templates", entry["unified_job_template"]]
    given = {"name": entry["name"], "rrule": entry["rrule"], "extra_data": entry["extra_data"]}
    assert awx.state.create("schedules", given | {"unified_job_template": template})
