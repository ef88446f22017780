"""Commands that end with nothing of them left: each runs below a supervisor, in a session of its own."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

SUPERVISOR = Path(__file__).with_name("supervisor.py")
INTERRUPTED = 130  # as shells say it of what Ctrl-C ended
PIECE = 1 << 16
LONGEST_END = 180.0  # of a supervisor: more than its patience
TURN = 0.2  # seconds between two looks at a command whose output is read

_running: set[subprocess.Popen[bytes]] = set()
_lock = threading.RLock()  # a signal may come while the main thread has it
_stopping = threading.Event()


class CommandError(Exception):
    """A command failed, or took too long."""


def run(
    *command: str,
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    limit: float,
    output: IO[bytes] | None = None,
    quiet: bool = False,
    read: Callable[[bytes], None] | None = None,
) -> None:
    """Run a command to its end: its output goes where ours does, into a file, in pieces to a function, or only its errors are shown.

    Raises CommandError when it fails, or is not done after `limit` seconds; KeyboardInterrupt once all is ended.
    """
    check_interrupted()
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", str(SUPERVISOR), *command],
        cwd=cwd,
        env=None if environment is None else dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL if quiet else subprocess.PIPE if read else output,
        stderr=subprocess.STDOUT if read else output,
        start_new_session=True,  # the terminal's Ctrl-C comes to us alone, who hand it on
    )
    with _lock:
        _running.add(process)
    try:
        late = _until_ended(process, time.monotonic() + limit, read)
    finally:
        with _lock:
            _running.discard(process)
        if process.stdout:
            process.stdout.close()
    check_interrupted()
    if late:
        raise CommandError(f"{command[0]} was not done after {limit:.0f} s, and was ended")
    if process.returncode:
        raise CommandError(f"{command[0]} ended with exit code {process.returncode}")


def check_interrupted() -> None:
    """Raise KeyboardInterrupt where a command was interrupted, of another thread, too: nothing new begins."""
    if _stopping.is_set():
        raise KeyboardInterrupt


def interruptible() -> None:
    """Let SIGTERM and the end of the terminal do what Ctrl-C does."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)


def go_on() -> None:
    """Let commands begin again after an interruption: there is something to clean up."""
    _stopping.clear()


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


def _until_ended(process: subprocess.Popen[bytes], end: float, read: Callable[[bytes], None] | None) -> bool:
    """Wait for the end, and hand each Ctrl-C on; return whether it had to be ended because it took too long."""
    late = False
    while True:
        try:
            if read and process.stdout:
                _pump(process, process.stdout, end, read)
            process.wait(timeout=max(0.0, end - time.monotonic()))
        except KeyboardInterrupt:
            _hand_on()
        except subprocess.TimeoutExpired:
            late = True
            process.send_signal(signal.SIGINT)
        else:
            return late
        end = time.monotonic() + LONGEST_END


def _hand_on(*_: Any) -> None:
    """Hand Ctrl-C on to all commands, and begin no more."""
    if not _stopping.is_set():
        print("\nending what runs; Ctrl-C again: at once", file=sys.stderr, flush=True)
    _stopping.set()
    with _lock:
        told = list(_running)
    for one in told:
        one.send_signal(signal.SIGINT)


@contextmanager
def threads(count: int) -> Iterator[ThreadPoolExecutor]:
    """Run commands from other threads, too. Only the main thread is told of Ctrl-C: it hands each on, wherever it is.

    Raises KeyboardInterrupt once all is ended.
    """
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [(number, signal.signal(number, _hand_on)) for number in numbers]
    try:
        with ThreadPoolExecutor(count) as pool:
            yield pool
    finally:
        for number, handler in before:
            signal.signal(number, handler)
    check_interrupted()


def _pump(process: subprocess.Popen[bytes], pipe: IO[bytes], end: float, read: Callable[[bytes], None]) -> None:
    """Hand over what the command writes, until it has ended: servers that it leaves behind may hold the pipe."""
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while time.monotonic() < end:
            ended = process.poll() is not None
            if selector.select(0 if ended else TURN):
                piece = os.read(pipe.fileno(), PIECE)
                if not piece:
                    return
                read(piece)
            elif ended:
                return
