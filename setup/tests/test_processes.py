"""Ctrl-C ends all that a command has started, wherever it hides; here with real processes, found by a number of their own."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from setup import environment, files, paths, processes, supervisor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE = 90
DRIVER = """
import sys
from setup import processes
processes.interruptible()
try:
    processes.run("bash", "-c", sys.argv[1], limit=60)
except KeyboardInterrupt:
    sys.exit(processes.INTERRUPTED)
"""
# a family: in the command's group, in a session of its own as Ansible's workers are, and one whose parent has ended
FAMILY = "sleep {n} & setsid sleep {n} & (setsid bash -c 'sleep {n} & sleep {n}' &) ; sleep {n} & wait"


@pytest.fixture
def number() -> Iterator[str]:
    """Return how many seconds this test's processes sleep, by which they are found; none is left for others."""
    found = f"9{os.getpid()}.{time.time_ns()}"
    yield found
    for process in alive(found):
        os.kill(process, signal.SIGKILL)


def alive(number: str) -> list[int]:
    """Return the processes that have the number in their command."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command, status = (entry / "cmdline").read_bytes(), (entry / "stat").read_text()
        except OSError:
            continue
        if f"sleep\0{number}\0".encode() in command and ") Z" not in status:
            found.append(int(entry.name))
    return found


def until(condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "nothing of this kind within the time"
        time.sleep(0.05)


def start(script: str, output: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
    """Run a script as a step of `make up` is run."""
    command = [sys.executable, "-c", DRIVER, script]
    return subprocess.Popen(command, cwd=paths.CHECKOUT, stdout=output, stderr=output, start_new_session=True)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_nothing_is_left_of_a_family(number: str, sent: signal.Signals) -> None:
    """Also where the one who started it is killed, and can say nothing."""
    driver = start(FAMILY.format(n=number))
    until(lambda: len(alive(number)) == 5)
    driver.send_signal(sent)
    assert driver.wait(timeout=PATIENCE) == (-signal.SIGKILL if sent == signal.SIGKILL else processes.INTERRUPTED)
    if sent == signal.SIGKILL:
        until(lambda: not alive(number))
    assert alive(number) == []


def test_who_ends_in_order_is_told_once_and_waited_for(number: str, tmp_path: Path) -> None:
    """As Terraform: a second SIGINT would end it at once, and lose what it has not written."""
    program = (
        f"trap 'echo told >> {tmp_path}/told' INT; sleep {number} & while ! test -e {tmp_path}/told; do sleep 0.1; done"
    )
    with (tmp_path / "output").open("wb") as output:
        driver = start(f'bash -c "{program}; sleep 2; echo written > {tmp_path}/state"', output.fileno())
    until(lambda: bool(alive(number)))
    driver.send_signal(signal.SIGINT)
    assert driver.wait(timeout=PATIENCE) == processes.INTERRUPTED
    assert (tmp_path / "told").read_text() == "told\n"
    assert (tmp_path / "state").read_text() == "written\n"
    assert "ending what runs; Ctrl-C again: at once" in (tmp_path / "output").read_text()


def test_a_second_ctrl_c_is_quicker_also_with_who_does_not_listen(number: str) -> None:
    driver = start(f"trap '' INT TERM; (trap '' INT TERM HUP; setsid sleep {number}) & sleep {number}; sleep {number}")
    until(lambda: len(alive(number)) == 2)
    driver.send_signal(signal.SIGINT)
    time.sleep(1)
    assert driver.poll() is None
    driver.send_signal(signal.SIGINT)
    assert driver.wait(timeout=supervisor.HURRY + 60) == processes.INTERRUPTED
    assert alive(number) == []


def test_what_takes_too_long_is_ended_with_its_children(number: str) -> None:
    with pytest.raises(processes.CommandError, match="bash was not done after 1 s, and was ended"):
        processes.run("bash", "-c", FAMILY.format(n=number), limit=1)
    assert alive(number) == []


def test_a_server_stays_and_its_hold_on_the_output_delays_nobody(number: str) -> None:
    read: list[bytes] = []
    started = time.monotonic()
    processes.run("bash", "-c", f"echo up; setsid sleep {number} & echo done", limit=30, read=read.append)
    assert time.monotonic() - started < 25  # of the thirty that it is given
    assert b"".join(read) == b"up\ndone\n"
    assert len(alive(number)) == 1


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("false",), "false ended with exit code 1"),
        (("bash", "-c", "kill -KILL $$"), "bash ended with exit code 137"),
        (("no-such-program",), "no-such-program ended with exit code 127"),
    ],
)
def test_a_command_that_fails_is_named(command: tuple[str, ...], said: str) -> None:
    with pytest.raises(processes.CommandError, match=said):
        processes.run(*command, limit=30)


def test_after_an_interruption_nothing_begins_until_there_is_something_to_clean_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    processes._stopping.set()
    try:
        with pytest.raises(KeyboardInterrupt):
            processes.run("true", limit=30)
    finally:
        processes.go_on()
    processes.run("true", limit=30)


def checkout_with(folder: Path, gate: str) -> Path:
    """Return a checkout whose environments are made, and whose first gates that there are, of ruff, are a script."""
    for name in files.listed("Makefile", "requirements*.txt", "setup/*.py", untracked=True):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes((paths.CHECKOUT / name).read_bytes())
    for venv, requirements in ((".venv", "requirements"), (".venv-checkov", "requirements-checkov")):
        programs = folder / venv / "bin"
        programs.mkdir(parents=True)
        (programs / "activate").write_text(f"VIRTUAL_ENV='{folder / venv}'\n")
        (programs / "python").touch(mode=0o755)
        (folder / venv / environment.STAMP).write_text(environment._hash(folder / f"{requirements}.txt"))
    (folder / ".venv/bin/ruff").write_text(f"#!/bin/bash\n{gate}\n")
    (folder / ".venv/bin/ruff").chmod(0o755)
    return folder


def test_ctrl_c_at_the_terminal_ends_make_and_all_beneath(number: str, tmp_path: Path) -> None:
    """The real verb, at a real terminal: the key reaches make and set-up, and what they have started by their hands."""
    checkout = checkout_with(tmp_path / "checkout", FAMILY.format(n=number))
    terminal, other_end = pty.openpty()
    # the first terminal that the leader of a session opens is the one whose keys it gets
    opened = f'exec make lint PYTHON="{sys.executable}" < {os.ttyname(other_end)} > {os.ttyname(other_end)} 2>&1'
    process = subprocess.Popen(["sh", "-c", opened], cwd=checkout, start_new_session=True)
    written = b""
    until(lambda: len(alive(number)) == 2 * 5)  # two gates at a time
    os.close(other_end)
    os.write(terminal, b"\x03")
    with contextlib.suppress(OSError):  # make has ended, and nobody else has the terminal open
        while select.select([terminal], [], [], PATIENCE)[0]:
            written += os.read(terminal, 1 << 16)
    os.close(terminal)
    assert process.wait(timeout=PATIENCE) != 0
    assert alive(number) == []
    said = written.decode()
    assert "ending what runs; Ctrl-C again: at once" in said
    assert "stopped; `make lint` goes on from here" in said
    assert "Traceback" not in said
    assert "==> mypy" not in said  # nothing new began
