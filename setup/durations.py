"""How long a step takes: the last time here, or where it has not run yet, on a quiet machine with two cores."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from . import paths

if TYPE_CHECKING:
    from pathlib import Path

# measured once, in seconds; a step that has run here has a figure of its own
EXPECTED = {
    "site (new)": 330,
    "site": 110,
    "verify": 45,
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


def took(step: str, seconds: float) -> None:
    """Remember how long a step took."""
    file = _file(step)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{seconds:.1f}\n")


def _file(step: str) -> Path:
    return paths.cache() / "durations" / re.sub(r"[^\w.-]+", "_", step)
