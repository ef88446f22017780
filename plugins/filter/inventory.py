"""An inventory's own entries beside those that the platform needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


def with_own(
    needed: Iterable[Mapping[str, Any]], own: Iterable[Mapping[str, Any]], *keys: str
) -> list[Mapping[str, Any]]:
    """Return the platform's entries, but those that an own entry with equal keys replaces, and the own entries after them."""
    entries = list(own)
    replaced = [[entry.get(key) for key in keys] for entry in entries]
    return [entry for entry in needed if [entry.get(key) for key in keys] not in replaced] + entries


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return them by name."""
        return {"with_own": with_own}
