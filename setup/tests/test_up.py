"""`make up` begins with what is slowest, and what waits for nothing is not waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from setup import checks, paths, summary, up
from setup.phases import Phases

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[list[tuple[str, str]], list[str]]:
    """What is run instead of the steps: their names as they are shown, and their commands."""
    ran: list[tuple[str, str]] = []
    commands: list[str] = []

    def run(_: Phases, name: str, *command: str, shown_as: str = "", **__: Any) -> None:
        ran.append((name, shown_as))
        commands.append(" ".join(command))
        (paths.state() / "local").mkdir(parents=True, exist_ok=True)

    monkeypatch.setenv("BEACON_STATE", str(tmp_path))
    monkeypatch.setattr(Phases, "run", run)
    for module in (up, checks):
        monkeypatch.setattr(module, "local_cloud_environment", dict)
    monkeypatch.setattr(summary, "of_the_stack", lambda _: "the end")
    return ran, commands


def test_the_steps_and_how_long_they_are_expected_to_take(steps: tuple[list[tuple[str, str]], list[str]]) -> None:
    ran, _ = steps
    up.up(Phases())
    builds, begin = ["images", "artefacts", "terraform"], ["local cloud", "serve"]
    assert ran == [*((name, "") for name in (*builds, *begin)), ("site", "site (new)"), ("verify", "verify")]
    ran.clear()
    up.up(Phases())
    assert ("site", "site") in ran


def test_day2_begins_with_the_previous_version_where_no_stack_runs(
    steps: tuple[list[tuple[str, str]], list[str]],
) -> None:
    ran, commands = steps
    checks.day2(Phases())
    assert next(name for name, _ in ran) == "previous"
    assert next(command for command in commands if "playbooks/site.yml" in command).endswith(
        f"-e infrastructure_kubernetes_version={up.PREVIOUS_KUBERNETES}"
    )
    ran.clear()
    checks.day2(Phases())
    assert ran == [("day2", "")]
