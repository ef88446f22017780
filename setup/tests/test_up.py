"""`make up` begins with what is slowest, and what waits for nothing is not waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from setup import paths, summary, up
from setup.phases import Phases

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_the_steps_and_how_long_they_are_expected_to_take(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ran: list[tuple[str, str]] = []

    def run(_: Phases, name: str, *command: str, shown_as: str = "", **__: Any) -> None:
        ran.append((name, shown_as))
        (paths.state() / "local").mkdir(parents=True, exist_ok=True)

    monkeypatch.setenv("BEACON_STATE", str(tmp_path))
    monkeypatch.setattr(Phases, "run", run)
    monkeypatch.setattr(up, "local_cloud_environment", dict)
    monkeypatch.setattr(summary, "of_the_stack", lambda _: "the end")
    up.up(Phases())
    builds, begin = ["images", "artefacts", "terraform"], ["local cloud", "serve"]
    assert ran == [*((name, "") for name in (*builds, *begin)), ("site", "site (new)"), ("verify", "verify")]
    ran.clear()
    up.up(Phases())
    assert ("site", "site") in ran
