"""The ports at which our servers listen, each a setting, and which process of ours has one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from . import machine, paths
from .missing import Check, Missing

if TYPE_CHECKING:
    from collections.abc import Iterator

GRAFANA = 3000  # at the load balancer
# variable -> its default, what listens there, and the file of the state that begins with its process id
PORTS = {
    "LOCALCLOUD_PORT": (5600, "the local cloud", "localcloud/lock"),
    "MIRROR_PORT": (5680, "the mirror", "mirror/pid"),
}


def named(variable: str) -> int | None:
    """Return the process that the state names as our server at this port; its number may be another's by now."""
    try:
        return int((paths.state() / PORTS[variable][2]).read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return None


def server(variable: str) -> int | None:
    """Return the process of our server at this port, while it lives."""
    pid = named(variable)
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return None
    return pid if Path(PORTS[variable][2]).parent.name.encode() in command else None


def port(variable: str) -> str:
    """Return a port as it is set, or its default."""
    return os.environ.get(variable) or str(PORTS[variable][0])


def check() -> Iterator[Missing]:
    """Look whether the ports are free, or held by what an earlier `make up` started."""
    for variable, (_, owner, _) in PORTS.items():
        value = port(variable)
        if not value.isdecimal() or int(value) not in range(1024, 65536):
            yield Missing(f"{variable}={value} is no port", "A number from 1024 to 65535 is allowed")
            continue
        holder = machine.port_holder(int(value)) if machine.is_listening(int(value)) else ""
        if holder and f"(process {named(variable)})" not in holder:
            what = f"port {value} on 127.0.0.1, where {owner} listens, is taken by {holder}"
            how = f"End that process (`make down` if an earlier `make up` left it), or set {variable} to a free port"
            yield Missing(what, how)


CHECK = Check("ports", check)
