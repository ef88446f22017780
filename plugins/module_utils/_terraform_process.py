"""Runs Terraform so that it always ends in order: its state written, its lock released.

Terraform stops gracefully at the first SIGINT and at once at the second, which loses what the state doesn't know yet:
https://developer.hashicorp.com/terraform/internals/v1.11.x/debugging and `terraform apply` itself say so.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

FORCED = 30
"""Seconds that a Terraform gets to end at once, after its second SIGINT, before it is killed."""
TURN = 0.2
"""Seconds between two looks at the output."""
PR_SET_PDEATHSIG = 1
"""Of prctl(2): the signal that a process gets when the one that started it dies."""


class Process(Protocol):
    """What is needed of a subprocess.Popen."""

    def poll(self) -> int | None:
        """Return the exit code of a process that has ended."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end. Raises subprocess.TimeoutExpired."""

    def send_signal(self, sig: int) -> None:
        """Send a signal to the process alone."""


@dataclass(frozen=True)
class Ended:
    """How a command of Terraform ended."""

    code: int
    stopped: str = ""
    """Why it was asked to stop; empty when it ended by itself."""
    forced: bool = False
    """Whether it had to be stopped the hard way: the state may lack what was just made, and the lock may be held."""


@dataclass
class Interruptions:
    """What asks this process to end."""

    parent: int = field(default_factory=os.getppid)
    signal: int = 0

    def reason(self) -> str:
        """Say why a run should stop; empty when it should not."""
        if self.signal:
            return f"the run was interrupted ({signal.Signals(self.signal).name})"
        return "" if os.getppid() == self.parent else "ansible-playbook was killed"


@contextmanager
def interruptions() -> Iterator[Interruptions]:
    """Note SIGINT and SIGTERM instead of dying by them, and deliver what came when all is done."""
    noted = Interruptions()

    def note(number: int, _frame: Any) -> None:
        noted.signal = noted.signal or number

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield noted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if noted.signal:
            os.kill(os.getpid(), noted.signal)


def _follow_parent() -> None:  # pragma: no cover # runs in the child, between fork and exec
    """Ask the kernel for SIGINT when the parent dies, however it dies."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)


def start(command: Sequence[str], directory: str, environment: Mapping[str, str], output: int) -> Process:
    """Start Terraform in a process group of its own: signals reach it from here, and only once."""
    return subprocess.Popen(
        command,
        cwd=directory,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        process_group=0,
        preexec_fn=_follow_parent if sys.platform == "linux" else None,  # noqa: PLW1509 # Ansible's worker has one thread
    )


class _Lines:
    """The complete lines of a file that another process writes; a pipe would kill Terraform when its reader dies."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor, self._offset, self._rest = descriptor, 0, b""

    def read(self) -> Iterator[str]:
        while piece := os.pread(self._descriptor, 1 << 16, self._offset):
            self._offset += len(piece)
            *lines, self._rest = (self._rest + piece).split(b"\n")
            yield from (line.decode(errors="replace") for line in lines if line)

    def last(self) -> Iterator[str]:
        yield from self.read()
        if self._rest:
            yield self._rest.decode(errors="replace")


def run(
    command: Sequence[str],
    *,
    directory: str,
    environment: Mapping[str, str],
    each_line: Callable[[str], None],
    tick: Callable[[], None],
    reason_to_stop: Callable[[], str],
    on_stop: Callable[[str], None],
    patience: float,
    start: Callable[[Sequence[str], str, Mapping[str, str], int], Process] = start,
    clock: Callable[[], float] = time.monotonic,
) -> Ended:
    """Run a command of Terraform to its end, and stop it in order when there is a reason. Raises FileNotFoundError."""
    with tempfile.TemporaryFile() as output:  # has no name: nothing stays behind
        process = start(command, directory, environment, output.fileno())
        lines = _Lines(output.fileno())
        stopped = ""
        steps: list[tuple[float, int]] = []  # when to send which signal
        sent = 0
        while process.poll() is None:
            for line in lines.read():
                each_line(line)
            tick()
            if not stopped and (stopped := reason_to_stop()):
                now = clock()
                steps = [
                    (now, signal.SIGINT),
                    (now + patience, signal.SIGINT),
                    (now + patience + FORCED, signal.SIGKILL),
                ]
                on_stop(stopped)
            if steps and clock() >= steps[0][0]:
                process.send_signal(steps.pop(0)[1])
                sent += 1
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=TURN)
        for line in lines.last():
            each_line(line)
        return Ended(code=process.wait(), stopped=stopped, forced=sent > 1)
