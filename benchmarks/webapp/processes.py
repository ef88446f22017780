"""What a server and its children used, from /proc."""

import os
import re
from pathlib import Path
from typing import Final

TICKS: Final = os.sysconf("SC_CLK_TCK")


def processes(root: int) -> list[int]:
    """List a process and its descendants."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it ended meanwhile
        children.setdefault(parent, []).append(int(stat.parent.name))
    found, ahead = [], [root]
    while ahead:
        found.append(ahead.pop())
        ahead += children.get(found[-1], [])
    return found


def processor_seconds(root: int) -> float:
    """Add up user and system time."""
    total = 0
    for pid in processes(root):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def resident_mib(root: int) -> float:
    """Add up resident memory."""
    text = "".join(Path(f"/proc/{pid}/status").read_text() for pid in processes(root))
    return sum(int(size) for size in re.findall(r"VmRSS:\s+(\d+)", text)) / 1024
