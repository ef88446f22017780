"""What the suites share: what the mirror made for them, and where their results are kept."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from mirror.settings import TABLE, from_environment
from mirror.table import read_table

ROOT = Path(__file__).parents[2]
PROOFS = ROOT / "docs" / "proofs"


def made(name: str) -> Path:
    """Return the file that the mirror made."""
    file = from_environment().artefacts / read_table(ROOT / TABLE)[name].outputs[0]
    if not file.exists():
        pytest.fail(f"{file} is missing: `make suites`, or `python -m mirror build {name}`, makes it")
    return file


def version(name: str) -> str:
    """Return the version of the table."""
    return read_table(ROOT / TABLE)[name].version


def keep(name: str, title: str, *lines: str) -> None:
    """Write a result that is kept, with its date."""
    date = datetime.now(UTC).date().isoformat()
    (PROOFS / f"{name}.md").write_text("\n".join([f"# {title}", "", f"Run on {date} by `make suites`.", *lines, ""]))


def table(*rows: tuple[str, ...]) -> list[str]:
    """Return Markdown's lines of a table, its heads first."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return ["", lines[0], f"|{'---|' * len(rows[0])}", *lines[1:]]
