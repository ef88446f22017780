"""What is looked for, and what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


@dataclass(frozen=True)
class Missing:
    """What is missing, and the way to get it."""

    what: str
    how: str

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.what}. {self.how}"


@dataclass(frozen=True)
class Check:
    """A thing to look for; looking changes nothing."""

    name: str
    look: Callable[[], Iterable[Missing]]


def missing(checks: Sequence[Check]) -> list[Missing]:
    """Return all that these checks miss."""
    return [item for check in checks for item in check.look()]
