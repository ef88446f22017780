"""The data says what it should: each verb has its template, each question its variable, and operators can't destroy."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from awx.workflow import PICTURE, draw, read
from plugins.filter.controller import REFERENCES, identity, references
from tests.awx.data import CHECKOUT, by_name, load
from tests.awx.survey import defaults, problems

DATA = load()
TEMPLATES = by_name(DATA["job_templates"])
# These can't run from AWX
LEFT_OUT = {
    "access": "leaves a tunnel open on the machine where it is played; a job's container ends with the job",
    "awx": "makes AWX's own objects, from outside",
}
KINDS = {"workflow_nodes": "workflow_job_template_nodes"}


def test_every_playbook_has_a_job_template() -> None:
    verbs = {path.stem for path in (CHECKOUT / "playbooks").glob("*.yml")} - LEFT_OUT.keys()
    assert {f"playbooks/{verb}.yml" for verb in verbs} == {entry["playbook"] for entry in TEMPLATES.values()}


def playbooks(name: str) -> list[str]:
    """Return what a template plays: one playbook, or those of the workflow's steps."""
    steps = [
        entry.get("unified_job_template") for entry in DATA["workflow_nodes"] if entry["workflow_job_template"] == name
    ]
    return [
        entry["playbook"] for entry in DATA["job_templates"] if entry["name"] in ([name], steps)[name not in TEMPLATES]
    ]


def surveys() -> list[tuple[str, dict[str, Any]]]:
    return [
        (entry["name"], entry["survey_spec"]) for entry in (*DATA["job_templates"], *DATA["workflow_job_templates"])
    ]


@pytest.mark.parametrize(("name", "spec"), surveys(), ids=lambda value: value if isinstance(value, str) else "")
def test_a_survey_asks_for_declared_variables(name: str, spec: dict[str, Any]) -> None:
    declared = {
        variable
        for file in (CHECKOUT / "inventories" / "sample" / "group_vars" / "all").glob("*.yml")
        for variable in yaml.safe_load(file.read_text())
    }
    played = "".join((CHECKOUT / playbook).read_text() for playbook in playbooks(name))
    for item in spec["spec"]:
        variable = item["variable"]
        assert variable in declared or re.search(rf"\b{variable}\b", played), (
            f"{name} asks for {variable}: who reads it?"
        )


@pytest.mark.parametrize(("name", "spec"), surveys(), ids=lambda value: value if isinstance(value, str) else "")
def test_a_surveys_defaults_are_answers(name: str, spec: dict[str, Any]) -> None:
    needed = ["'confirm' value missing"] if name in ("Beacon destroy", "Beacon removal", "Beacon restore") else []
    assert problems(spec, defaults(spec)) == needed


def test_every_name_leads_to_an_object() -> None:
    known = {
        KINDS.get(kind, kind): {entry.get(identity(KINDS.get(kind, kind))) for entry in DATA[kind]} for kind in DATA
    }
    lost = [
        f"{kind} {entry.get('name', entry.get('identifier', entry.get('team')))}: {field} {name}"
        for kind, entries in DATA.items()
        for entry in entries
        for field, name in references(entry)
        if not any(name in known.get(other, ()) for other in REFERENCES[field])
    ]
    assert lost == []


def reachable(team: str) -> set[str]:
    """Return what a team may launch: templates, and those that a workflow leads to."""
    found: set[str] = set()
    for grant in DATA["roles"]:
        if grant["team"] == team and grant["role"] in ("execute", "admin"):
            found |= set(grant.get("job_templates", []))
            led_to = set(grant.get("workflows", []))
            found |= {
                entry["unified_job_template"]
                for entry in DATA["workflow_nodes"]
                if "unified_job_template" in entry and entry["workflow_job_template"] in led_to
            }
    return found


def test_operators_deploy_and_verify_and_nothing_else() -> None:
    assert reachable("Beacon operators") == {"Beacon deploy", "Beacon verify"}


def test_maintainers_may_launch_everything() -> None:  # destroy by its workflow
    assert reachable("Beacon maintainers") == set(TEMPLATES)


def test_only_a_workflow_of_its_own_leads_to_destroy_and_begins_with_an_approval() -> None:
    leading = {
        entry["workflow_job_template"]
        for entry in DATA["workflow_nodes"]
        if entry.get("unified_job_template") == "Beacon destroy"
    }
    assert leading == {"Beacon removal"}
    nodes = read("Beacon removal")
    before = {node.name for node in nodes for _, other in node.links if other == "destroy"}
    assert before == {node.name for node in nodes if node.approval} == {"approve"}
    assert [node.name for node in read()][-1] == "verify"
    assert not any("Beacon destroy" in grant.get("job_templates", []) for grant in DATA["roles"])


LAUNCHABLE = sorted({name for team in DATA["teams"] for name in reachable(team["name"])})


@pytest.mark.parametrize("name", LAUNCHABLE)
def test_who_launches_changes_nothing_of_a_template_but_its_survey(name: str) -> None:
    """Whoever may only execute could else play any branch with its credentials, or bring a state of their own."""
    asked = {key for key, value in TEMPLATES[name].items() if key.startswith("ask_") and value}
    assert asked == set()
    assert {"ask_credential_on_launch", "ask_inventory_on_launch", "ask_scm_branch_on_launch"} <= TEMPLATES[name].keys()


def test_no_workflow_takes_another_inventory_and_no_project_another_branch() -> None:
    for workflow in DATA["workflow_job_templates"]:
        assert not any(value for key, value in workflow.items() if key.startswith("ask_")), workflow["name"]
    for project in DATA["projects"]:
        assert project["allow_override"] is False
        assert project["scm_branch"] == "main"


def test_no_team_may_use_a_credential_or_change_a_template() -> None:
    assert {grant["role"] for grant in DATA["roles"]} == {"execute", "approval", "read"}
    assert not any(grant.get("credentials") for grant in DATA["roles"])


RIGHTS = {
    "verify": "verifier",
    "site": "administrator",
    "preflight": "administrator",
    "provision": "administrator",
    "upgrade": "administrator",
    "replace": "administrator",
    "destroy": "administrator",
}


@pytest.mark.parametrize("template", DATA["job_templates"], ids=[entry["name"] for entry in DATA["job_templates"]])
def test_each_template_has_the_one_right_that_it_needs(template: dict[str, Any]) -> None:
    verb = template["playbook"].removeprefix("playbooks/").removesuffix(".yml")
    right = RIGHTS.get(verb, "deployer")
    assert template["credentials"] == [f"Beacon production {right}", "Beacon production state"]


def test_each_right_is_a_role_with_a_key_of_its_own() -> None:
    roles = [entry for entry in DATA["credentials"] if entry["credential_type"] == "Beacon AWS role"]
    assert [entry["name"].split()[-1] for entry in roles] == ["verifier", "deployer", "administrator"]
    values = [value for entry in roles for value in entry["inputs"].values()]
    assert len(set(values)) == len(values) == 9
    assert not any("ssh" in entry["name"] for entry in (*DATA["credentials"], *DATA["credential_types"]))


def test_a_drift_fails_the_job_that_looks_for_it() -> None:
    drift = TEMPLATES["Beacon drift"]
    assert (drift["job_type"], drift["extra_vars"]) == ("check", {"infrastructure_drift_is_failure": True})
    assert drift["notification_templates_error"]
    weekly = by_name(DATA["schedules"])["Beacon drift weekly"]
    assert weekly["unified_job_template"] == "Beacon drift"
    assert "job_type" not in weekly  # AWX refuses a schedule that answers what is not asked


def test_what_runs_is_scanned_again_and_a_finding_fails_the_job() -> None:
    scan = TEMPLATES["Beacon scan"]
    assert scan["playbook"] == "playbooks/build.yml"
    assert scan["extra_vars"] == {"image_scan_max_age": 12, "images_scan_max_age": 12, "images_scan_action": "fail"}
    assert scan["notification_templates_error"]
    daily = by_name(DATA["schedules"])["Beacon scan on working days"]
    assert (daily["unified_job_template"], daily["enabled"]) == ("Beacon scan", True)
    assert "BYDAY=MO,TU,WE,TH,FR" in daily["rrule"]  # an environment that is suspended at weekends would refuse it


def test_nights_are_suspended_only_where_an_inventory_says_so() -> None:
    for at_night in (False, True):
        schedules = by_name(load(at_night=at_night)["schedules"])
        named = ("Beacon suspend in the evening", "Beacon resume in the morning")
        assert [schedules[name]["enabled"] for name in named] == [at_night] * 2
        assert schedules["Beacon verify at night"]["enabled"] is not at_night, "a suspended environment would refuse it"
        assert ["T190000" in schedules[named[0]]["rrule"], "T060000" in schedules[named[1]]["rrule"]] == [True, True]
        for name in ("Beacon drift weekly", "Beacon monitor weekly", "Beacon scan on working days"):
            told = re.search(r"T(\d\d)\d{4} ", schedules[name]["rrule"])
            assert told
            assert schedules[name]["enabled"]
            assert int(told[1]) in range(6 + 1, 19), name


def test_certificates_are_renewed_without_anybody_s_thought() -> None:
    weekly = by_name(DATA["schedules"])["Beacon monitor weekly"]
    assert TEMPLATES[weekly["unified_job_template"]]["playbook"] == "playbooks/monitor.yml"
    assert "FREQ=WEEKLY;INTERVAL=1;" in weekly["rrule"]
    assert weekly["enabled"]
    # at least once between the first day on which a run renews, and the alert that nothing did
    renewed = yaml.safe_load((CHECKOUT / "roles/certificate/defaults/main.yml").read_text())["certificate_renew_days"]
    rules = (CHECKOUT / "roles/prometheus/files/rules/monitoring.yml").read_text()
    told = re.search(r"certificate_not_after_timestamp_seconds - time\(\) < (\d+) \* 86400 >=", rules)
    assert told
    assert renewed - int(told[1]) > 7


def test_credentials_hold_no_value() -> None:
    for entry in DATA["credentials"]:
        for name, value in entry["inputs"].items():
            assert re.fullmatch(r"{{ lookup\('ansible.builtin.env', '[A-Z_]+'\) }}", value), f"{entry['name']}: {name}"


def test_injectors_set_the_environment_and_no_extra_variables() -> None:
    for entry in DATA["credential_types"]:
        assert entry["injectors"].keys() <= {"env", "file"}, entry["name"]
        secret = {item["id"] for item in entry["inputs"]["fields"] if item.get("secret")}
        assert {"secret_key", "session_token"} & {f["id"] for f in entry["inputs"]["fields"]} <= secret


def test_the_image_carries_the_collections_version() -> None:
    version = yaml.safe_load((CHECKOUT / "galaxy.yml").read_text())["version"]
    assert DATA["execution_environments"][0]["image"].endswith(f":{version}")


def test_the_image_has_the_versions_of_the_projects_environment() -> None:
    def pins(file: str) -> dict[str, str]:
        return dict(re.findall(r"^([\w.-]+)==(\S+)", (CHECKOUT / file).read_text(), re.MULTILINE))

    ours, theirs = pins("requirements.txt"), pins("awx/execution-environment/requirements.txt")
    assert {name: ours[name] for name in theirs if name in ours} == {
        name: theirs[name] for name in theirs if name in ours
    }


def test_the_picture_is_current() -> None:
    assert PICTURE.read_text() == draw(read()), "run `python -m awx.workflow`"
