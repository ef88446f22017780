"""Lint runs every gate, also after one failed, and names those that did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from setup import checks, environment
from setup.phases import PhaseError, Phases

if TYPE_CHECKING:
    from pathlib import Path


def test_each_gate_is_run_and_what_failed_is_shown_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BEACON_CACHE", str(tmp_path))
    monkeypatch.setattr(environment, "ensure", lambda *_: None)
    found = {"wrong": ["sh", "-c", "echo line 3 is wrong; false"], "right": ["touch", str(tmp_path / "asked")]}
    monkeypatch.setattr(checks, "gates", lambda: found)
    with pytest.raises(PhaseError, match=r"^lint failed: wrong$"):
        checks.lint(Phases())
    assert (tmp_path / "asked").exists()
    told = capsys.readouterr().out
    assert "line 3 is wrong" in told
    assert "  wrong          FAILED\n  right          ok\n" in told
