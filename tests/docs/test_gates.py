"""The gates stand once, in setup/checks.py: what runs before a commit and in workflows is held to them."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from setup import checks, gate, phases
from tests.docs.commands import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path

WORKFLOW = CHECKOUT / ".github/workflows/checks.yml"
PINNED = re.compile(r"uses: (?:\./\S+|[\w/.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$")


def read(name: str) -> Any:
    return yaml.safe_load((CHECKOUT / name).read_text())


def test_each_gate_is_a_hook_before_a_commit() -> None:
    (repository,) = read(".pre-commit-config.yaml")["repos"]
    assert {hook["id"]: hook["entry"] for hook in repository["hooks"]} == {
        name: f".venv/bin/python -m setup.gate {name}" for name in checks.gates()
    }


def test_each_gate_is_a_job_and_the_last_job_waits_for_all() -> None:
    jobs = read(".github/workflows/checks.yml")["jobs"]
    assert sorted(jobs["gates"]["strategy"]["matrix"]["gate"]) == sorted(checks.gates())
    assert sorted(jobs["all"]["needs"]) == sorted(set(jobs) - {"all"})
    asked = jobs["all"]["steps"][-1]["env"].values()
    assert sorted(asked) == [f"${{{{ needs.{name}.result }}}}" for name in sorted(jobs["all"]["needs"])]
    assert jobs["gates"]["name"] == "gate ${{ matrix.gate }}", "the last job lists the gates by these names"


def test_each_verb_of_make_is_run_by_a_workflow() -> None:
    """All but those that write files of the repository, or that other jobs are made of."""
    run = set()
    for name in ("checks", "nightly"):
        jobs = read(f".github/workflows/{name}.yml")["jobs"]
        run |= set(" ".join(jobs["tests"]["strategy"]["matrix"]["verbs"]).split())
    by_people = {"permissions", "bench-webapp", "lock"}
    elsewhere = {"setup", "lint"}  # each job begins with it; a job for each of its gates
    targets = set(re.findall(r"^([a-z0-9-]+):.*##", (CHECKOUT / "Makefile").read_text(), re.MULTILINE))
    assert targets - run == by_people | elsewhere | {"help"}
    assert run <= targets


def test_a_release_is_checked_built_and_published_in_that_order() -> None:
    jobs = read(".github/workflows/release.yml")["jobs"]
    assert jobs["checks"]["uses"] == "./.github/workflows/checks.yml"
    assert (jobs["archive"]["needs"], jobs["publish"]["needs"]) == ("checks", "archive")
    assert "secrets." in str(jobs["publish"])
    assert "secrets." not in str(jobs["archive"])


@pytest.mark.parametrize("path", sorted(CHECKOUT.glob(".github/**/*.yml")), ids=lambda path: path.stem)
def test_actions_are_pinned_by_commit(path: Any) -> None:
    used = [line.strip(" -") for line in path.read_text().splitlines() if "uses:" in line]
    assert [line for line in used if not PINNED.match(line)] == []


def test_a_gate_that_is_none_is_refused_with_those_that_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert gate.main(["ruf"]) == 2
    assert "not ['ruf']; gates: ansible-lint, ruff, " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("twice", "gate", "told"),
    [
        ("{a: 1, a: 2}", "yamllint", 'duplication of key "a" in mapping'),
        ("[&b {a: 1}, {<<: *b, <<: *b}]", "yamllint", 'duplication of key "<<" in mapping'),
        ("[&b {a: 1}, {<<: *b, a: 2}]", "ansible", "Found duplicate mapping key 'a'"),
    ],
)
def test_a_key_that_stands_twice_is_refused(twice: str, gate: str, told: str, tmp_path: Path) -> None:
    file = tmp_path / "vars.yml"
    file.write_text(f"value: {twice}\n")
    commands = {
        "yamllint": ("yamllint", "--strict", "--config-file", ".yamllint.yml", str(file)),
        "ansible": ("ansible", "localhost", "--inventory", "localhost,", "--extra-vars", f"@{file}", "--list-hosts"),
    }
    command = [phases.program(commands[gate][0]), *commands[gate][1:]]
    answer = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=60)
    assert answer.returncode != 0
    assert told in " ".join((answer.stdout + answer.stderr).split())
