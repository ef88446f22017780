"""Who listens on a port, from /proc: so that an error can name the process."""

from __future__ import annotations

import contextlib
from pathlib import Path

LISTEN = "0A"


def holder(port: int, proc: Path = Path("/proc")) -> str | None:
    """Name and id of the process that listens on this TCP port; None when it can't be told."""
    inodes = {
        fields[9]
        for table in ("net/tcp", "net/tcp6")
        if (proc / table).exists()
        for fields in (line.split() for line in (proc / table).read_text().splitlines()[1:])
        if fields[3] == LISTEN and int(fields[1].rpartition(":")[2], 16) == port
    }
    targets = {f"socket:[{inode}]" for inode in inodes}
    for process in proc.iterdir():
        if not process.name.isdigit():
            continue
        with contextlib.suppress(OSError):  # gone meanwhile, or another user's
            if any(_target(link) in targets for link in (process / "fd").iterdir()):
                return f"{(process / 'comm').read_text().strip()} (process {process.name})"
    return None


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:  # closed meanwhile
        return ""
