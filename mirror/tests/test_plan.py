"""Order, parallel jobs, and what a failure does."""

import io
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from mirror import plan
from setup import durations
from setup.progress import Progress


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BEACON_CACHE", str(tmp_path))


def test_steps_come_after_what_they_need() -> None:
    done: list[str] = []

    def do(step: str) -> str:
        done.append(step)
        return "built"

    said = io.StringIO()
    results = plan.run({"c": ["a", "b"], "a": ["b"], "b": []}, do, progress=Progress(said))
    assert done == ["b", "a", "c"]
    assert results == {"a": "built", "b": "built", "c": "built"}
    lines = said.getvalue().splitlines()
    assert len(lines) == 3
    assert lines[0].endswith("built     b")


def test_failure_is_raised_and_nothing_new_begins() -> None:
    done: list[str] = []

    def do(step: str) -> str:
        done.append(step)
        if step == "a":
            raise ValueError("no a")
        return "built"

    with pytest.raises(ValueError, match="no a"):
        plan.run({"b": ["a"], "a": []}, do, progress=Progress(io.StringIO()))
    assert done == ["a"]


def test_what_most_waits_for_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    for step, seconds in {"short": 1, "long": 50, "base": 10, "on base": 60}.items():
        durations.took(step, seconds)
    monkeypatch.setattr(plan, "JOBS", 1)
    done: list[str] = []

    def do(step: str) -> str:
        done.append(step)
        return "built"

    plan.run({"short": [], "long": [], "on base": ["base"], "base": []}, do, progress=Progress(io.StringIO()))
    assert done == ["base", "on base", "long", "short"]


def test_two_that_use_all_cores_are_never_done_at_once() -> None:
    running: set[str] = set()
    together: set[frozenset[str]] = set()
    lock = threading.Lock()

    def do(step: str) -> str:
        with lock:
            running.add(step)
            together.add(frozenset(running))
        time.sleep(0.1)
        with lock:
            running.discard(step)
        return "built"

    needs: dict[str, list[str]] = {
        name: [] for name in ("artefact a", "artefact b", "artefact c", "image x", "image y")
    }
    plan.run(needs, do, progress=Progress(io.StringIO()), alone=lambda step: step.startswith("artefact"))
    assert max(map(len, together)) == 2
    assert not [pair for pair in together if len([step for step in pair if step.startswith("artefact")]) > 1]


def test_only_what_was_made_says_how_long_it_takes() -> None:
    plan.run({"artefact a": [], "image b": []}, lambda step: step, progress=Progress(io.StringIO()))
    plan.run({"artefact c": []}, lambda _: "present", progress=Progress(io.StringIO()))
    assert durations.expected("a") is not None
    assert durations.expected("image b") is not None
    assert durations.expected("c") is None


STUCK = """
import subprocess, sys
from mirror import plan
from setup.progress import show

def do(step):
    with subprocess.Popen(["sleep", "60"]):
        print("begun", flush=True)
    subprocess.run(["sleep", "60"])
    return "built"

plan.run({"a": [], "b": [], "c": []}, do, progress=show(sys.stderr))
"""


def test_after_ctrl_c_nothing_new_begins() -> None:
    source = Path(plan.__file__).parents[1]
    with subprocess.Popen(
        [sys.executable, "-c", STUCK], cwd=source, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "begun\n"
        time.sleep(0.5)  # the one beside it has begun, too
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does it: all at once
        said, _ = process.communicate(timeout=30)
    assert process.returncode == plan.INTERRUPTED
    assert said in ("", "begun\n")
