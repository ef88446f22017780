"""What this machine is and has: the facts that prerequisites and the Docker engine ask for."""

from __future__ import annotations

import os
import re
import shutil
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from . import processes, progress

if TYPE_CHECKING:
    from collections.abc import Iterator

HOLDER = re.compile(r"socket:\[(\d+)\]")


def is_root() -> bool:
    """Tell whether this process may install packages."""
    return os.geteuid() == 0


def is_debian() -> bool:
    """Tell whether packages come by apt (Debian and what derives from it)."""
    return Path("/etc/debian_version").exists() and shutil.which("apt-get") is not None


def installs() -> bool:
    """Tell whether packages that are missing are installed here, rather than asked for."""
    return is_debian() and is_root()


def has_service_manager() -> bool:
    """Tell whether systemd runs here (sd_booted(3)): then starting services is its business."""
    return Path("/run/systemd/system").is_dir()


def free_gib(folder: Path) -> float:
    """Return the free space of the file system that holds the folder, or will hold it, in GiB."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free / 2**30


def install(*packages: str) -> None:
    """Install Debian packages, saying so.

    Raises CommandError, with apt's own words on standard error. Where it is interrupted, dpkg comes to its end first.
    """
    names = " ".join(packages)
    print(f"installing Debian packages: {names}", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with progress.step(f"apt {names}", f"installing {names}"):
        for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages]):
            processes.run("apt-get", *command, environment=environment, quiet=True, limit=900)


def is_listening(port: int, host: str = "127.0.0.1") -> bool:
    """Tell whether something accepts connections at the port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0


def port_holder(port: int) -> str:
    """Name the process that listens on a TCP port, as far as this user may know: `nginx (process 42)`."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        if Path(table).exists():
            for line in Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                if int(fields[1].rsplit(":", 1)[1], 16) == port and fields[3] == "0A":  # 0A: LISTEN
                    inodes.add(fields[9])
    for process in Path("/proc").glob("[0-9]*"):
        if any(inode in inodes for inode in _sockets(process)):
            return f"{(process / 'comm').read_text().strip()} (process {process.name})"
    return "a process of another user"


def _sockets(process: Path) -> Iterator[str]:
    """Yield the inodes of a process's sockets, as far as this user may know them."""
    try:
        for link in (process / "fd").iterdir():
            try:
                match = HOLDER.fullmatch(str(link.readlink()))
            except FileNotFoundError:  # closed meanwhile
                continue
            if match:
                yield match.group(1)
    except OSError:  # it ended meanwhile, or belongs to somebody else
        return
