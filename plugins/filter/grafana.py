"""Who may do what in a folder of Grafana: as people write it, and as its API has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

Entry = dict[str, Any]
LEVELS = {"View": 1, "Edit": 2, "Admin": 4}


def grafana_permissions_wanted(entries: Iterable[Entry], teams: Mapping[str, int]) -> list[Entry]:
    """Return permissions of a folder as the API takes them."""
    return [
        ({"teamId": teams[entry["team"]]} if "team" in entry else {"role": entry["role"]})
        | {"permission": LEVELS[entry["level"]]}
        for entry in entries
    ]


def grafana_permissions_held(answer: Iterable[Entry]) -> list[Entry]:
    """Return what the API answers in the same form; administrators may do everything anyhow."""
    return [
        next({key: entry[key]} for key in ("teamId", "userId", "role") if entry.get(key))
        | {"permission": entry["permission"]}
        for entry in answer
        if entry.get("role") != "Admin"
    ]


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name the filters."""
        return {
            "grafana_permissions_held": grafana_permissions_held,
            "grafana_permissions_wanted": grafana_permissions_wanted,
        }
