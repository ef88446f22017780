"""A tag plays its part and what that needs; a limit without the controller is refused with what to add."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.playbooks.stage import CHECKOUT, Stage

TABLE = (CHECKOUT / "docs/configuration.md").read_text().partition("## Tags")[2].partition("## Limits")[0]
ROWS = [
    (tag, playbook, set(names.partition(":")[0].split(", ")))
    for tags, playbook, names in re.findall(r"^\| (`.*`) \| `(\w+)` \| (.*) \|$", TABLE, re.MULTILINE)
    for tag in re.findall(r"`(\w+)`", tags)
]
PARTS = ("ssh", "firewall", "time", "updates", "journal")
BEGINNING = {("infrastructure", entry) for entry in ("name", "credentials", "outputs")}


@pytest.mark.parametrize(("tag", "playbook", "expected"), [row for row in ROWS if row[0] not in PARTS[1:]])
def test_a_tag_plays_its_part(stage: Stage, tag: str, playbook: str, expected: set[str]) -> None:
    calls = stage.calls(playbook, "--tags", tag)
    assert {call.role for call in calls if (call.role, call.entry) not in BEGINNING} == expected


def test_the_table_has_every_tag() -> None:
    used = {
        tag
        for file in (CHECKOUT / "playbooks").rglob("*.yml")
        for tag in re.findall(r"\w+", " ".join(re.findall(r"tags: (?:&\w+ )?\[(.*)\]", file.read_text())))
    }
    assert used - {"always"} == {tag for tag, _, _ in ROWS}


def test_the_parts_of_the_baseline_have_their_tags(tmp_path: Path) -> None:
    task = {"ansible.builtin.import_role": {"name": "beacon.platform.host_baseline", "tasks_from": "present"}}
    (tmp_path / "play.yml").write_text(yaml.safe_dump([{"hosts": "localhost", "tasks": [task]}]))
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    answer = subprocess.run(
        [program, str(tmp_path / "play.yml"), "-i", "localhost,", "--list-tasks"],
        cwd=CHECKOUT,
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    tagged = re.findall(r"host_baseline : (\w+) \| .*TAGS: \[(.*)\]", answer.stdout)
    assert {name for name, tags in tagged if name in PARTS and tags == name} == set(PARTS), answer.stdout
    assert {tags for name, tags in tagged if name == "validate"} == {"always"}


@pytest.mark.parametrize("playbook", ["site", "monitor", "restore", "deploy"])
def test_a_limit_without_the_controller_is_refused(stage: Stage, playbook: str) -> None:
    code, text = stage.play(playbook, "--limit", "ops")
    assert code == 2, text
    assert (
        "This run is limited to ops, so the plays on localhost, which ask the APIs and read what the hosts need, were left out. "
        "Add it: --limit localhost,ops. Nothing was changed."
    ) in re.sub(r"\s+", " ", text)
    assert stage.records.read_text() == ""


@pytest.mark.parametrize("path", sorted((CHECKOUT / "playbooks").glob("*.yml")), ids=lambda path: path.stem)
def test_each_playbook_looks_at_the_limit_first(path: Path) -> None:
    first, *_ = yaml.safe_load(path.read_text())
    wanted = "preflight.yml" if path.stem == "site" else "plays/limit.yml"  # site only imports playbooks
    assert first.get("ansible.builtin.import_playbook") == wanted, f"{path.name} begins without {wanted}"


@pytest.mark.parametrize("path", sorted((CHECKOUT / "playbooks").glob("*.yml")), ids=lambda path: path.stem)
def test_no_play_lists_roles(path: Path) -> None:
    """Ansible checks the inputs of a role that a play lists whatever tag is meant: `site --tags grafana` would need all of them."""
    listed = [play["name"] for play in yaml.safe_load(path.read_text()) if "roles" in play]
    assert not listed, f"{path.name}: {', '.join(listed)} lists roles. Use include_role with apply: tags."


def test_a_limit_with_the_controller_reaches_its_host(stage: Stage) -> None:
    calls = stage.calls("monitor", "--limit", "localhost,ops")
    assert {call.host for call in calls} == {"localhost", "beacon-local-ops"}


@pytest.mark.parametrize(("limit", "code"), [("localhost,ops", 0), ("ops", 2), ("ops:!localhost", 2)])
def test_an_inventory_need_not_name_the_controller(tmp_path: Path, limit: str, code: int) -> None:
    host = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    hosts = tmp_path / "hosts.yml"
    hosts.write_text(yaml.safe_dump({"ops": {"hosts": {"one": host}}}))
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    command = [program, "playbooks/plays/limit.yml", "-i", str(hosts), "--limit", limit]
    assert subprocess.run(command, cwd=CHECKOUT, check=False, capture_output=True, timeout=300).returncode == code


@pytest.mark.parametrize(
    "task", ["Ensure passwords", "monitor | grafana | Ensure it", "Ask for a password that Prometheus takes"]
)
def test_a_start_in_the_middle_is_told_to_take_a_tag(stage: Stage, task: str) -> None:
    code, text = stage.play("monitor", "--start-at-task", task)
    assert code == 2, text
    assert (
        "what does so was left out, as --start-at-task does. Play a part by its tag instead, such as --tags grafana"
        in text
    )
