"""Of two checkouts on one machine, neither takes over or removes what the other runs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from setup import ownership, paths, ports

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the state directory of a local environment whose server runs, and is of the checkout `other`."""
    state = tmp_path / "state"
    monkeypatch.setenv("BEACON_STATE", str(state))
    (tmp_path / "other" / "setup").mkdir(parents=True)
    monkeypatch.setattr(paths, "CHECKOUT", tmp_path / "other")
    ownership.take()
    monkeypatch.undo()
    monkeypatch.setenv("BEACON_STATE", str(state))
    (state / "localcloud").mkdir()
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", "localcloud"]) as server:
        (state / "localcloud" / "lock").write_text(f"{server.pid} 1764000000 5600\n")
        deadline = time.monotonic() + 10
        while ports.server("LOCALCLOUD_PORT") is None:  # its command line shows a moment after its start
            assert time.monotonic() < deadline, "the process shows no command line"
            time.sleep(0.01)
        yield state
        server.kill()


@pytest.mark.parametrize("verb", ["up", "down"])
def test_another_checkout_is_refused_in_a_line(running: Path, tmp_path: Path, verb: str) -> None:
    """The real verb."""
    before = sorted(tmp_path.rglob("*"))
    command = [sys.executable, "-E", "-B", "-m", "setup", verb]
    done = subprocess.run(
        command, cwd=paths.CHECKOUT, env=dict(os.environ), check=False, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 2
    assert (
        f"  - the local environment in {running} is of the checkout {tmp_path}/other, and runs. End it there (`make down`); a "
        "second one beside it needs a BEACON_STATE, LOCALCLOUD_NAME, LOCALCLOUD_PORT, LOCALCLOUD_PUBLIC_RANGE, BEACON_NETWORK and "
        "MIRROR_PORT of its own\n"
    ) in done.stderr
    assert sorted(tmp_path.rglob("*")) == before


def test_the_checkout_itself_and_one_that_was_moved_go_on(
    running: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ownership.other() == tmp_path / "other"
    with monkeypatch.context() as there:
        there.setattr(paths, "CHECKOUT", tmp_path / "other")
        assert ownership.other() is None
    shutil.move(tmp_path / "other", tmp_path / "moved")
    assert ownership.other() is None


def test_what_runs_no_more_is_nobodys(running: Path) -> None:
    """Also where the number of its process is another's by now."""
    (running / "localcloud" / "lock").write_text(f"{os.getpid()} 1764000000 5600\n")
    assert ports.server("LOCALCLOUD_PORT") is None
    assert list(ownership.check()) == []


def test_down_removes_the_note(running: Path) -> None:
    (note,) = running.rglob("checkout")
    assert note.parent in paths.local_state()


def test_a_digit_that_is_no_decimal_is_no_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIRROR_PORT", "568²")
    assert "MIRROR_PORT=568² is no port. A number from 1024 to 65535 is allowed" in map(str, ports.check())
