"""What another program exports is read as a shell would."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from setup import __main__ as command_line
from setup import durations
from setup.phases import PhaseError, Phases, exported, program

if TYPE_CHECKING:
    from pathlib import Path


def test_quoted_values_keep_what_is_in_them() -> None:
    assert exported("a note\nexport PLAIN=one\nexport SPACED='two words'\nexport SIGNS='x=y/+'\n") == {
        "PLAIN": "one",
        "SPACED": "two words",
        "SIGNS": "x=y/+",
    }


def test_a_step_that_is_shown_passes_its_output_on_and_is_remembered(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setenv("BEACON_CACHE", str(tmp_path))
    for _ in range(2):
        Phases().run("site", "bash", "-c", "echo one; echo two >&2", limit=30, shown_as="a step")
    printed = capfdbinary.readouterr().out.decode()
    said = ": bash -c echo one; echo two >&2\none\ntwo\n"
    assert printed == f"\n==> site{said}\n==> site (last time 0 s){said}"
    with pytest.raises(PhaseError, match="site failed after 0 s: bash ended with exit code 3"):
        Phases().run("site", "bash", "-c", "exit 3", limit=30, shown_as="another")
    assert durations.expected("another") is None


@pytest.mark.parametrize(
    ("verb", "terminal", "becomes"), [("up", True, True), ("up", False, False), ("lint", True, False)]
)
def test_a_terminal_is_shown_more_by_the_python_that_has_rich(
    monkeypatch: pytest.MonkeyPatch,
    verb: str,
    terminal: bool,  # noqa: FBT001 # columns
    becomes: bool,  # noqa: FBT001 # columns
) -> None:
    became: list[list[str]] = []
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    monkeypatch.setattr(sys, "prefix", "/usr")
    monkeypatch.setattr(os, "execv", lambda _, command: became.append(command))
    command_line.go_on_in_venv(verb)
    assert became == ([[program("python"), "-E", "-m", "setup", verb]] if becomes else [])
