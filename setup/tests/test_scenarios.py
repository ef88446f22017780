"""Each role's scenario is run, and one that fails is named after all have run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setup import paths, scenarios
from setup.phases import Phases

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_the_lanes_hold_every_roles_scenario_once() -> None:
    own, shared = scenarios.steps(scenarios.names())
    assert shared[:2] == [("destroy", "cloud"), ("create", "cloud")]
    assert shared[-1] == ("destroy", "cloud")
    tested = sorted(name for verb, name in [*own, *shared] if verb == "test")
    assert tested == sorted(path.name for path in (paths.CHECKOUT / "roles").iterdir() if (path / "meta").exists())
    assert ("test", "prometheus") in own
    assert ("test", "ingress") in shared
    assert scenarios.steps(["prometheus"]) == ([("test", "prometheus")], [])


def test_one_that_fails_is_named_with_its_last_words_and_the_others_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BEACON_STATE", str(tmp_path))
    monkeypatch.setattr(scenarios, "steps", lambda _: ([("test", "one"), ("test", "two")], [("create", "cloud")]))
    program = tmp_path / "program"
    program.write_text('#!/bin/sh\necho "this is $3"\ntest "$3" != one\n')
    program.chmod(0o755)
    monkeypatch.setattr(scenarios, "program", lambda _: str(program))
    assert scenarios.run_all(Phases(), ["one", "two"]) == ["one"]
    printed = capsys.readouterr().out
    assert "this is one\none failed after" in printed
    assert "two: ok after" in printed
    assert "create cloud: ok after" in printed
