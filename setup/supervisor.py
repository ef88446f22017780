"""python -E supervisor.py COMMAND…: runs a command, and ends with nothing of it left when it is told to stop.

What a command starts may leave its process group (Ansible's workers do) or outlive it (masters of ssh). So this process becomes the
one to which the kernel hands orphans (PR_SET_CHILD_SUBREAPER of prctl(2)), and knows all that lives beneath it.

1. The first SIGINT, SIGTERM or SIGHUP, or the death of whoever started this, is handed on once, as SIGINT: Terraform ends in order.
2. Once the command has ended, each orphan is told by SIGTERM. All together get PATIENCE seconds.
3. A second signal tells all by SIGTERM, and leaves them HURRY seconds. What is there after that is killed.

A command that ends by itself may leave servers behind.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import time
from pathlib import Path

PATIENCE = 120.0
HURRY = 5.0
LOOK = 0.1  # seconds between two looks at what is left, while it ends
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
STOP = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STOPPED = 130  # as shells say it of a command that Ctrl-C ended
NOT_FOUND = 127


def children() -> dict[int, list[int]]:
    """Return the processes of this machine that live, by their parent."""
    found: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):  # noqa: PTH208 # names are all that is needed
        if entry.isdigit():
            with contextlib.suppress(OSError):  # it ended meanwhile
                state, parent = Path(f"/proc/{entry}/stat").read_text(errors="replace").rpartition(")")[2].split()[:2]
                if state not in "ZX":
                    found.setdefault(int(parent), []).append(int(entry))
    return found


def descendants(ancestor: int) -> list[int]:
    """Return all that lives beneath a process, parents first."""
    known = children()
    found = list(known.get(ancestor, []))
    for process in found:
        found += known.get(process, [])
    return found


class Supervisor:
    """Runs one command."""

    def __init__(self, command: list[str]) -> None:
        # posix_spawn: no code of ours runs between fork and exec, and the command gets signals as usual
        self.leader = os.posix_spawnp(command[0], command, os.environ, setpgroup=0, setsigmask=(), setsigdef=STOP)
        self.code: int | None = None
        self.told: set[int] = set()

    def reap(self) -> None:
        """Take note of what has ended: the command, and orphans."""
        with contextlib.suppress(ChildProcessError):  # none is left
            while True:
                process, status = os.waitpid(-1, os.WNOHANG)
                if not process:
                    return
                if process == self.leader:
                    self.code = os.waitstatus_to_exitcode(status)

    def tell(self, processes: list[int], number: signal.Signals) -> None:
        """Send a signal to what is still there."""
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, number)

    def wait(self) -> int:
        """Wait for the end of the command, or stop it; return its exit code."""
        while self.code is None:
            if signal.sigwait((*STOP, signal.SIGCHLD)) != signal.SIGCHLD:
                self.stop()
                return STOPPED
            self.reap()
        return self.code if self.code >= 0 else 128 - self.code

    def stop(self) -> None:
        """End all that lives beneath this process."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.leader, signal.SIGINT)
        deadline = time.monotonic() + PATIENCE
        while left := self.left():
            if time.monotonic() > deadline + HURRY:
                print(f"still there after SIGKILL: {' '.join(map(str, left))}", file=sys.stderr)
                return
            if time.monotonic() > deadline:
                self.tell(left, signal.SIGKILL)
            elif self.code is not None:
                orphans = [process for process in children().get(os.getpid(), []) if process not in self.told]
                self.tell(orphans, signal.SIGTERM)
                self.told.update(orphans)
            asked = signal.sigtimedwait((*STOP, signal.SIGCHLD), LOOK)
            if asked and asked.si_signo != signal.SIGCHLD:
                self.tell(self.left(), signal.SIGTERM)
                deadline = min(deadline, time.monotonic() + HURRY)

    def left(self) -> list[int]:
        """Return what lives beneath this process."""
        self.reap()
        return descendants(os.getpid())


def main(command: list[str]) -> int:
    """Run a command; return its exit code, or 130 after it was stopped."""
    parent = os.getppid()
    signal.pthread_sigmask(signal.SIG_BLOCK, (*STOP, signal.SIGCHLD))  # they wait until they are asked for
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        return STOPPED
    try:
        supervisor = Supervisor(command)
    except OSError as error:
        print(f"{command[0]} can't be run: {error.strerror}", file=sys.stderr)
        return NOT_FOUND
    return supervisor.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
