"""playbooks/awx.yml against the double of AWX's API: creates, then changes nothing, then only what changed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.awx.data import CHECKOUT, load
from tests.awx.double.server import Double
from tests.awx.double.state import State

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.awx
HOME = CHECKOUT / ".venv-awx"
DATA = load()
VALUES = {
    **{
        f"BEACON_PRODUCTION_{right}_{part}": f"made-up-{right}-{part}".lower()
        for right in ("VERIFIER", "DEPLOYER", "ADMINISTRATOR")
        for part in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "ROLE_ARN")
    },
    "BEACON_PRODUCTION_STATE_BUCKET": "made-up-bucket",
    "BEACON_WEBHOOK_URL": "https://people.invalid/hook",
}
MODULES = {
    "organizations": "organization",
    "execution_environments": "execution_environment",
    "teams": "team",
    "credential_types": "credential_type",
    "credentials": "credential",
    "notification_templates": "notification_template",
    "projects": "project",
    "inventories": "inventory",
    "inventory_sources": "inventory_source",
    "job_templates": "job_template",
    "workflow_job_templates": "workflow_job_template",
    "workflow_nodes": "workflow_job_template_node",
    "schedules": "schedule",
    "roles": "role",
}


@pytest.fixture(scope="session")
def programs() -> Path:
    if not (HOME / "bin" / "ansible-playbook").exists():
        pytest.fail("These tests need the environment with awx.awx: `make awx-test` makes it")
    return HOME / "bin"


@pytest.fixture(scope="module")
def double(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Double]:
    server = Double(0, State(tmp_path_factory.mktemp("double") / "state.json"), "made-up")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def apply(programs: Path, double: Double | None, *arguments: str, **variables: str) -> tuple[int, str]:
    """Play awx.yml; return its exit code, and what it printed as one line."""
    environment = {
        "PATH": os.pathsep.join([str(programs), os.environ["PATH"]]),
        "HOME": os.environ["HOME"],
        "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"),
        "ANSIBLE_NOCOLOR": "1",
        "CONTROLLER_USERNAME": "admin",
        "CONTROLLER_PASSWORD": "made-up",
        **({"CONTROLLER_HOST": double.url} if double else {}),
        **variables,
    }
    command = [str(programs / "ansible-playbook"), "playbooks/awx.yml", *arguments]
    answer = subprocess.run(
        command, cwd=CHECKOUT, env=environment, check=False, capture_output=True, text=True, timeout=900
    )
    return answer.returncode, re.sub(r"\s+", " ", answer.stdout + answer.stderr)


def writes(double: Double) -> list[list[str]]:
    """Return what was written since the last time."""
    found = list(double.state.content["writes"])
    double.state.content["writes"].clear()
    return found


def check(programs: Path, data: dict[str, Any]) -> list[str]:
    command = [str(programs / "python"), str(Path(__file__).with_name("specs.py"))]
    answer = subprocess.run(
        command, input=json.dumps(data), check=True, capture_output=True, text=True, timeout=120, cwd=CHECKOUT
    )
    found: list[str] = json.loads(answer.stdout)
    return found


def test_the_data_is_what_the_modules_take(programs: Path) -> None:
    assert MODULES.keys() == DATA.keys()
    assert check(programs, {module: DATA[kind] for kind, module in MODULES.items()}) == []


@pytest.mark.parametrize(
    ("module", "entry", "message"),
    [
        ("job_template", {"name": "x", "playbok": "y"}, "job_template 'x': playbok. Supported parameters include"),
        ("job_template", {"name": "x", "timeout": "soon"}, "job_template 'x': argument 'timeout' is of type str"),
        ("schedule", {"name": "x", "job_type": "dry"}, "job_type must be one of: run, check"),
        ("credential", {"name": "x"}, "credential 'x': missing required arguments: credential_type"),
    ],
)
def test_a_wrong_key_is_named(programs: Path, module: str, entry: dict[str, Any], message: str) -> None:
    assert message in " ".join(check(programs, {module: [entry]}))


def test_without_an_address_nothing_is_asked(programs: Path) -> None:
    code, text = apply(programs, None, **VALUES)
    assert code != 0
    assert "CONTROLLER_HOST is '', which is no address of a controller" in text


def test_a_wrong_password_is_told(programs: Path, double: Double) -> None:
    code, text = apply(programs, double, **VALUES | {"CONTROLLER_PASSWORD": "other"})
    assert code != 0
    assert "Authentication to the controller at " in text
    assert writes(double) == []


def test_missing_values_are_named_before_anything_is_changed(programs: Path, double: Double) -> None:
    code, text = apply(programs, double)
    assert code != 0
    text = text.replace("''", "'")  # as YAML quotes them
    assert "'Beacon production deployer' is new and has no access_key, role_arn, secret_key" in text
    assert "'Beacon people' is new and has no url" in text
    assert writes(double) == []


# From here on each test goes on where the one before ended.


def test_a_check_of_an_empty_awx_tells_and_changes_nothing(programs: Path, double: Double) -> None:
    code, text = apply(programs, double, "--check", **VALUES)
    assert code == 0, text
    assert "Would create workflow job templates: Beacon" in text
    assert writes(double) == []


def test_the_first_run_creates_everything(programs: Path, double: Double) -> None:
    code, text = apply(programs, double, **VALUES)
    assert code == 0, text
    written = writes(double)
    created = {kind: {name for what, of, name in written if (what, of) == ("create", kind)} for _, kind, _ in written}
    for kind in MODULES.keys() - {"workflow_nodes", "roles"}:
        assert created[kind] == {entry["name"] for entry in DATA[kind]}, kind
    assert created["workflow_job_template_nodes"] == {entry["identifier"] for entry in DATA["workflow_nodes"]}
    assert ("Beacon operators", "execute_role", "job_templates", "Beacon deploy") in set(double.state.grants())
    assert not any(text.count(value) for name, value in VALUES.items() if "SECRET" in name or "KEY" in name), (
        "a secret in the log"
    )


def test_operators_may_not_destroy(double: Double) -> None:
    launchable = {
        name for team, role, _, name in double.state.grants() if team == "Beacon operators" and role == "execute_role"
    }
    assert launchable == {"Beacon deploy", "Beacon verify"}


def test_the_second_run_changes_nothing_and_needs_no_secrets(programs: Path, double: Double) -> None:
    before = json.dumps(double.state.content["objects"])
    code, text = apply(programs, double)
    assert code == 0, text
    assert re.search(r"changed=0\b", text), text
    assert writes(double) == []
    assert json.dumps(double.state.content["objects"]) == before


def test_a_check_changes_nothing_and_predicts_nothing(programs: Path, double: Double) -> None:
    code, text = apply(programs, double, "--check", "--tags", "templates")
    assert code == 0, text
    assert re.search(r"changed=0\b", text), text
    assert writes(double) == []


def test_a_field_that_was_changed_changes_one_object(programs: Path, double: Double) -> None:
    template = next(entry for entry in double.state.objects("job_templates") if entry["name"] == "Beacon verify")
    template["timeout"] = 1
    code, text = apply(programs, double, "--tags", "templates")
    assert code == 0, text
    assert writes(double) == [["update", "job_templates", "Beacon verify"]]
    assert template["timeout"] == 1800


def test_what_the_data_does_not_name_goes_only_when_asked(programs: Path, double: Double) -> None:
    templates = {entry["name"]: entry for entry in double.state.objects("job_templates")}
    destroy = templates["Beacon destroy"]
    old = {"name": "Old", "playbook": "x.yml", "organization": destroy["organization"], "project": destroy["project"]}
    double.state.create("job_templates", old)
    operators = next(entry for entry in double.state.objects("teams") if entry["name"] == "Beacon operators")
    double.state.link("roles", destroy["roles"]["execute_role"], "teams", {"id": operators["id"]})
    writes(double)
    code, text = apply(programs, double, "--tags", "remove")
    assert code == 0, text
    assert writes(double) == []
    code, text = apply(programs, double, "--tags", "remove", "-e", "controller_remove_unknown=true")
    assert code == 0, text
    assert [what for what, *_ in writes(double)] == ["link", "delete"]
    assert "Old" not in {entry["name"] for entry in double.state.objects("job_templates")}
    test_operators_may_not_destroy(double)


def test_the_double_keeps_its_state(double: Double) -> None:
    again = State(double.state.file)
    assert again.content["objects"] == double.state.content["objects"]


def test_absent_removes_all_of_it(programs: Path, double: Double) -> None:
    code, text = apply(programs, double, "-e", "controller_state=absent")
    assert code == 0, text
    left = {kind: names for kind, names in double.state.content["objects"].items() if names}
    assert left.keys() == {"users", "workflow_approval_templates"}
