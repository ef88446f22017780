"""How many of the local cloud's branches the unit tests take: counted by coverage.py, held to a limit here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from . import paths
from .phases import PhaseError

if TYPE_CHECKING:
    from pathlib import Path

CONFIGURATION = "localcloud/.coveragerc"
LEAST = 92.0  # % of the branches
WORST = 5  # files that a failure names
DETAILS = f"python -m pytest localcloud --cov --cov-config={CONFIGURATION} --cov-report=term-missing:skip-covered"


def report() -> Path:
    """Return where the report of the last run is."""
    return paths.cache() / "coverage-localcloud.json"


def options() -> list[str]:
    """Return what makes pytest count, and write the report. One of an earlier run is removed."""
    report().parent.mkdir(parents=True, exist_ok=True)
    report().unlink(missing_ok=True)
    return ["--cov", f"--cov-config={CONFIGURATION}", f"--cov-report=json:{report()}"]


def check() -> str:
    """Return the figure in a sentence. Raises PhaseError, which names the files with most gaps, when it is too low."""
    found = json.loads(report().read_text())
    totals = found["totals"]
    share = round(100 * totals["covered_branches"] / totals["num_branches"], 1)  # as it is shown
    figure = f"{share} % of the branches of localcloud/ ({totals['covered_branches']} of {totals['num_branches']})"
    if share >= LEAST:
        return f"The tests take {figure}; {LEAST:.0f} % are required."
    gaps = sorted(((-each["summary"]["missing_branches"], name) for name, each in found["files"].items()))
    worst = ", ".join(f"{name} ({-missing})" for missing, name in gaps[:WORST])
    raise PhaseError(
        f"The tests take {figure}; at least {LEAST:.0f} % are required. Most are missing in {worst}. Test them, or remove what "
        f"nothing needs. Each line: {DETAILS}"
    )
