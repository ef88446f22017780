"""Each role's scenario is run once, and one that fails is named after all have run."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from setup import clean, paths, scenarios
from setup.phases import Phases

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_each_lane_ends_with_what_the_other_begins_with_but_for_the_cluster() -> None:
    machines, cloud = scenarios.lanes(scenarios.names())
    roles = sorted(path.name for path in (paths.CHECKOUT / "roles").iterdir() if (path / "meta").exists())
    assert sorted(set(machines + cloud)) == roles == sorted(cloud)
    assert [scenarios.needs(name) for name in ("prometheus", "images", "ingress")] == ["machine", "api", "cluster"]
    assert "ingress" not in machines
    assert machines.index("prometheus") < machines.index("images")
    assert cloud.index("ingress") < cloud.index("images") < cloud.index("prometheus")


def test_a_distribution_is_for_the_scenarios_that_have_a_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOLECULE_DISTRIBUTION", "debian12")
    on_hosts = [
        "alertmanager",
        "data_volume",
        "grafana",
        "host_baseline",
        "node_exporter",
        "prometheus",
        "release",
        "ssh_access",
    ]
    assert scenarios.names() == on_hosts
    assert clean.environment({"MOLECULE_DISTRIBUTION": "debian12"})["MOLECULE_DISTRIBUTION"] == "debian12"


def test_one_that_fails_is_named_with_its_last_words_and_all_run_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = fake(monkeypatch, tmp_path)
    program.write_text('#!/bin/sh\necho "this is $3"\ntest "$3" != release\n')
    assert scenarios.run_all(Phases(), ["prometheus", "ingress", "release"]) == ["release"]
    printed = capsys.readouterr().out
    assert "this is release\nrelease failed after" in printed
    told = ["destroy cloud: ok after", "create cloud: ok after", "ingress: ok after", "prometheus: ok after"]
    assert [printed.count(line) for line in told] == [2, 1, 1, 1]
    assert printed.rstrip().splitlines()[-1].strip().startswith("destroy cloud: ok after")


def test_own_machines_alone_need_no_cloud(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = fake(monkeypatch, tmp_path)
    program.write_text("#!/bin/sh\n")
    assert scenarios.run_all(Phases(), ["prometheus", "release"]) == []
    assert "cloud" not in capsys.readouterr().out


def test_the_question_for_ansibles_version_is_answered_at_once_and_all_others_by_ansible() -> None:
    quick = str(scenarios.FOLDER / "bin" / "ansible-playbook")
    answers = [
        subprocess.run([quick, argument], check=True, capture_output=True, text=True, timeout=60).stdout
        for argument in ("--version", "--help")
    ]
    assert answers[0] == ""
    assert "usage: ansible-playbook" in answers[1]


def fake(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Path:
    """Return the file that is run in the place of Molecule."""
    monkeypatch.setenv("BEACON_STATE", str(folder))
    program = folder / "program"
    program.touch(mode=0o755)
    monkeypatch.setattr(scenarios, "program", lambda _: str(program))
    return program
