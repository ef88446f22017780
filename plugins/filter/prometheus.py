"""Compares two answers of Prometheus' query API."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from collections.abc import Callable


class Sample(TypedDict):
    """One series of an instant query: its labels, and [time, value as text]."""

    metric: dict[str, str]
    value: tuple[float, str]


def counter_increase(before: list[Sample], after: list[Sample], routes: list[str]) -> list[int]:
    """Return by how much the counter of each route rose; a route without a series counts as 0."""
    first, last = _by_route(before), _by_route(after)
    return [last.get(route, 0) - first.get(route, 0) for route in routes]


def _by_route(samples: list[Sample]) -> dict[str, int]:
    return {sample["metric"].get("route", ""): round(float(sample["value"][1])) for sample in samples}


class FilterModule:
    """The filter by its name."""

    def filters(self) -> dict[str, Callable[..., list[int]]]:
        """Return it."""
        return {"counter_increase": counter_increase}
