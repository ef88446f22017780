"""How long a step takes: the last time here, or where it has not run yet, on a quiet machine with two cores."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from . import paths

if TYPE_CHECKING:
    from pathlib import Path

# measured once, in seconds; a step that has run here has a figure of its own
EXPECTED = {
    "requirements.txt": 40,
    "site (new)": 330,
    "site": 110,
    "verify": 45,
    # compiled, one after the other, each by all cores
    "prometheus": 150,
    "kubernetes": 300,
    "etcd": 60,
    "coredns": 120,
    "metrics-server": 240,
    "alertmanager": 50,
    "node_exporter": 40,
    "descheduler": 120,
    "ecr-credential-provider": 60,
    "grafana": 5,
    # of Debian's packages, and of what was compiled
    "image machine": 60,
    "image node": 45,
    "image host": 30,
    "image control-plane": 35,
    "image registry": 25,
    "image haproxy": 20,
    "image nginx-ingress": 25,
    "image descheduler": 5,
    "image python3-builder": 60,
    "image python3-debian13": 45,
}


def spoken(seconds: float) -> str:
    """Return a duration as people say it: 45 s, 3 min 12 s, 2 h 5 min, 3 days 4 h."""
    whole = round(seconds)
    for unit, size, smaller, part in (("days", 86400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)):
        if whole >= size:
            rest = whole % size // part
            return f"{whole // size} {unit}{f' {rest} {smaller}' if rest else ''}"
    return f"{whole} s"


def expected(step: str) -> float | None:
    """Return how many seconds a step will take; None where nothing is known."""
    try:
        return float(_file(step).read_text())
    except (OSError, ValueError):
        return EXPECTED.get(step)


def hint(step: str) -> str:
    """Say how long a step will take, in brackets; nothing where nothing is known."""
    seconds = expected(step)
    if seconds is None:
        return ""
    return f" ({'last time' if _file(step).exists() else 'about'} {spoken(seconds)})"


def took(step: str, seconds: float) -> None:
    """Remember how long a step took."""
    file = _file(step)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{seconds:.1f}\n")


def _file(step: str) -> Path:
    return paths.cache() / "durations" / re.sub(r"[^\w.-]+", "_", step)
