from __future__ import annotations

import fcntl
import os
import socket
import stat
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from localcloud.core import control_socket, owner
from localcloud.core.owner import OwnedError
from localcloud.tests.harness import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TAKE = (
    "import sys, time; from pathlib import Path; from localcloud.core import owner\n"
    "owner.take(Path(sys.argv[1]), port=5600); print('taken', flush=True); time.sleep(60)"
)


@contextmanager
def owned(state: Path) -> Iterator[subprocess.Popen[str]]:
    """Let another process own the state until the end of the block, where it is killed."""
    command = [sys.executable, "-c", TAKE, str(state)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "taken\n"
        try:
            yield process
        finally:
            process.kill()


def test_the_second_is_told_who_owns_the_state_and_leaves_it_alone(tmp_path: Path) -> None:
    with owned(tmp_path) as process:
        before = (tmp_path / "lock").read_text()
        since = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
        who = (
            rf"is owned by process {process.pid} since {since}, port 5600\. .* `python -m localcloud stop`; another one"
        )
        for _ in range(2):
            with pytest.raises(OwnedError, match=who) as error:
                owner.take(tmp_path, port=5601)
            assert "\n" not in str(error.value)
        assert (tmp_path / "lock").read_text() == before
        assert process.poll() is None
    os.close(owner.take(tmp_path, port=5600))  # it was killed, and what it wrote is there


@pytest.mark.parametrize("left", ["PID 1 5600\n", "4194304 1 5600\n", "", "of another kind"])
def test_a_file_whose_owner_is_gone_disturbs_nobody(tmp_path: Path, left: str) -> None:
    """Its process ID may be of another process by now."""
    (tmp_path / "lock").write_text(left.replace("PID", str(os.getpid())))
    file = owner.take(tmp_path, port=5600)
    assert (tmp_path / "lock").read_text().split()[::2] == [str(os.getpid()), "5600"]
    os.close(file)


def test_a_lock_on_a_file_that_was_removed_meanwhile_owns_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`down` removes the directory between the opening of the file and its lock."""
    real = fcntl.flock
    opened: list[int] = []

    def flock(file: int, how: int) -> None:
        if not opened:
            (tmp_path / "lock").unlink()
        opened.append(file)
        real(file, how)

    monkeypatch.setattr(fcntl, "flock", flock)
    file = owner.take(tmp_path, port=5600)
    assert len(opened) == 2
    assert os.path.samestat(os.fstat(file), (tmp_path / "lock").stat())
    os.close(file)


@contextmanager
def answering(state: Path, **actions: Any) -> Iterator[None]:
    with control_socket.ControlServer(state, actions) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield
        server.shutdown()


def test_only_the_owner_s_user_opens_the_control_socket(tmp_path: Path) -> None:
    with answering(tmp_path, health=lambda: {"status": "ok"}):
        assert stat.S_IMODE((tmp_path / "control.sock").stat().st_mode) == 0o600
        assert control_socket.ask(tmp_path, "health") == {"status": "ok"}


def test_a_state_of_any_length_has_a_control_socket(tmp_path: Path) -> None:
    state = tmp_path / ("a" * 100) / ("b" * 100)
    state.mkdir(parents=True)
    with answering(state, health=lambda: {"status": "ok"}):
        assert control_socket.ask(state, "health") == {"status": "ok"}


def test_a_socket_that_a_kill_left_is_replaced(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "control.sock"))
    with pytest.raises(ConnectionRefusedError):
        control_socket.ask(tmp_path, "health")
    with answering(tmp_path, health=dict):
        assert control_socket.ask(tmp_path, "health") == {}


def test_an_unknown_word_is_refused_with_those_that_are_known(tmp_path: Path) -> None:
    with (
        answering(tmp_path, health=dict, stop=dict),
        pytest.raises(ValueError, match="'reset' is invalid now: health, stop"),
    ):
        control_socket.ask(tmp_path, "reset")


def test_the_process_behind_a_control_socket_is_known_by_the_kernel(tmp_path: Path) -> None:
    with answering(tmp_path):
        process = control_socket.process(tmp_path)
    with open(f"/proc/self/fdinfo/{process}", encoding="ascii") as about:  # noqa: PTH123
        assert f"Pid:\t{os.getpid()}\n" in about.readlines()
    os.close(process)
