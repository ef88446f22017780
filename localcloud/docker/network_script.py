"""The script that gives a machine its routes and packet filter: rendered here, run in the machine at every start.

Docker makes a fresh network namespace at each start (also when it restarts a container by itself), so the script and the
rules are files in the container; its first process runs the script, then becomes the image's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from localcloud.core.templates import render
from localcloud.docker.spec import File

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from localcloud.docker.api import Network

FOLDER = "/etc/beacon"
START = f"{FOLDER}/start"
SCRIPT = f"{FOLDER}/network"
RULES = f"{FOLDER}/firewall.nft"


def files(*, networks: Sequence[Network], routes: Mapping[str, str], rules: str) -> dict[str, File]:
    """Make the three files, for a machine in these networks (the first carries the default route)."""
    return {
        START: File(content=render("docker/templates/start.sh.j2", script=SCRIPT), mode=0o755),
        SCRIPT: File(content=script(networks=networks, routes=routes), mode=0o755),
        RULES: File(content=rules, mode=0o644),
    }


def script(*, networks: Sequence[Network], routes: Mapping[str, str]) -> str:
    """Packet filter, default route, one table per further network (answers leave as they came), routes to pods."""
    primary, *others = networks
    ways = sorted(routes.items())
    return render("docker/templates/network.sh.j2", rules=RULES, primary=primary, others=others, routes=ways)
