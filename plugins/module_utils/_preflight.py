"""The table of the preflight: one row for each thing that was checked, and one message for all that is in the way."""

from __future__ import annotations

import textwrap
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

OK, WARN, PROBLEM = "ok", "warn", "problem"
HEAD = ("state", "check", "found", "needed or allowed", "next step")
WIDTHS = (7, 20, 40, 36, 44)  # characters of a column: longer text goes on in the next line


@dataclass(frozen=True, kw_only=True)
class Row:
    """What was found for one check, what is needed or allowed, and what to do."""

    check: str
    state: str
    found: str
    needed: str = ""
    step: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return it as Ansible returns it."""
        return asdict(self)


@dataclass(frozen=True)
class Unknown:
    """An answer that AWS refused to give; not the same as an empty one."""

    reason: str


def table(rows: Sequence[Row]) -> str:
    """Return the rows as aligned text; the worst come last, where a person looks first."""
    order = {OK: 0, WARN: 1, PROBLEM: 2}
    cells = [HEAD, *((r.state, r.check, r.found, r.needed, r.step) for r in sorted(rows, key=lambda r: order[r.state]))]
    lines = [_wrapped(row) for row in cells]
    widths = [max(len(line[i]) for row in lines for line in row) for i in range(len(HEAD))]
    text = [_line(line, widths) for row in lines for line in row]
    text.insert(len(lines[0]), _line(["-" * width for width in widths], widths))
    return "\n".join(text)


def message(rows: Sequence[Row]) -> str:
    """Return one sentence for each problem, in one message; nothing where there is none."""
    found = [row for row in rows if row.state == PROBLEM]
    if not found:
        return ""
    said = " ".join(
        f"({number}) {row.check}: {row.found}; needed or allowed: {row.needed}. {row.step}".strip()
        for number, row in enumerate(found, start=1)
    )
    return f"{len(found)} {'problem' if len(found) == 1 else 'problems'}, and nothing was changed. {said}"


def _wrapped(cells: Sequence[str]) -> list[list[str]]:
    parts = [
        textwrap.wrap(cell, width, break_long_words=False, break_on_hyphens=False) or [""]
        for cell, width in zip(cells, WIDTHS, strict=True)
    ]
    height = max(map(len, parts))
    return [[part[i] if i < len(part) else "" for part in parts] for i in range(height)]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"
