"""Who owns a state directory: the one process that has the lock on a file in it, until it ends, however it ends."""

from __future__ import annotations

import fcntl
import os
import time
from typing import TYPE_CHECKING

from localcloud.core.errors import LocalCloudError

if TYPE_CHECKING:
    from pathlib import Path

LOCK = "lock"


class OwnedError(LocalCloudError):
    """Another process owns the state."""

    exit_code = 75  # EX_TEMPFAIL of sysexits.h

    def __init__(self, state: Path) -> None:
        try:
            pid, since, port = (state / LOCK).read_text().split()
            start = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(float(since)))
            who = f"process {pid} since {start}, port {port}"
        except (OSError, ValueError):
            who = "another process"  # that has only just started, or ended
        super().__init__(
            f"The state {state} is owned by {who}. Use that local cloud, or end it with `python -m localcloud stop`; "
            "another one needs a LOCALCLOUD_STATE of its own."
        )


def take(state: Path, *, port: int) -> int:
    """Own the state until this process ends, or closes the file descriptor that is returned.

    Raises OwnedError, which names the owner. The file is of use for others only while its lock is held: it has the owner's
    process ID, since when, and the port.
    """
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = state / LOCK
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            raise OwnedError(state) from None
        if _is_at(path, file):
            break
        os.close(file)  # `down` removed it between the two calls
    os.ftruncate(file, 0)
    os.pwrite(file, f"{os.getpid()} {time.time():.0f} {port}\n".encode(), 0)
    return file


def _is_at(path: Path, file: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file))
    except FileNotFoundError:
        return False
