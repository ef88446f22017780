"""The script that gives a machine its routes and packet filter: rendered here, run in the machine at every start.

Docker makes a fresh network namespace at each start (also when it restarts a container by itself), so the script and the
rules are files in the container; its first process runs the script, then becomes the image's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from localcloud.docker.spec import File

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from localcloud.docker.api import Network

FOLDER = "/etc/beacon"
START = f"{FOLDER}/start"
SCRIPT = f"{FOLDER}/network"
RULES = f"{FOLDER}/firewall.nft"

START_TEXT = f"""\
#!/bin/sh
# Written by the local cloud. Network first, so that no packet passes before the rules stand.
set -eu
sh {SCRIPT}
exec "$@"
"""

HEAD = """\
#!/bin/sh
# Written by the local cloud; run at each start of this machine, and again when something changes.
set -eu
device() { ip -o -4 address show to "$1" | { read -r _ device _ || true; echo "${device:?no address in $1}"; }; }
address() { ip -o -4 address show to "$1" | { read -r _ _ _ address _ || true; echo "${address%/*}"; }; }
"""


def files(*, networks: Sequence[Network], routes: Mapping[str, str], rules: str) -> dict[str, File]:
    """Make the three files, for a machine in these networks (the first carries the default route)."""
    return {
        START: File(content=START_TEXT, mode=0o755),
        SCRIPT: File(content=script(networks=networks, routes=routes), mode=0o755),
        RULES: File(content=rules, mode=0o644),
    }


def script(*, networks: Sequence[Network], routes: Mapping[str, str]) -> str:
    """Packet filter, default route, one table per further network (answers leave as they came), routes to pods."""
    lines = [HEAD, f"nft -f {RULES}"]
    primary, *others = networks
    lines += [f"primary=$(device {primary.cidr})", f'ip route replace default via {primary.gateway} dev "$primary"']
    for number, network in enumerate(others, start=101):
        lines += [
            f"while ip rule del pref {number} 2>/dev/null; do :; done",
            f"while ip rule del pref {number + 100} 2>/dev/null; do :; done",
            f"device=$(device {network.cidr})",
            f'ip route replace default via {network.gateway} dev "$device" table {number}',
            f'ip route replace {network.cidr} dev "$device" table {number}',
            f'ip rule add pref {number} from "$(address {network.cidr})" lookup {number}',
            # what speaks with the private address stays on the VPC's side (the metadata service knows us by it)
            f'ip route replace {network.cidr} via {primary.gateway} dev "$primary" table {number + 100}',
            f'ip rule add pref {number + 100} from "$(address {primary.cidr})" to {network.cidr} lookup {number + 100}',
        ]
    lines += [f"ip route replace {cidr} via {address} proto 66" for cidr, address in sorted(routes.items())]
    wanted = " ".join(sorted(routes)) or "-"
    lines += [
        "ip -4 route show proto 66 | while read -r range _; do",
        f'  case " {wanted} " in *" $range "*) ;; *) ip route del "$range" proto 66 ;; esac',
        "done",
        "",
    ]
    return "\n".join(lines)
