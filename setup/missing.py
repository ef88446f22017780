"""A prerequisite that isn't met."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Missing:
    """What is missing, and the way to get it."""

    what: str
    how: str

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.what}. {self.how}"
