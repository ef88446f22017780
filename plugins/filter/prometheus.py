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
    """Return by how much the counters of each route rose, series by series; a route without a series counts as 0.

    A series that is gone counts no more: Prometheus remembers a pod that went with its agent for five minutes. One that is new, or has
    started again, counts from 0 (https://prometheus.io/docs/prometheus/latest/querying/functions/#increase).
    """
    first = {_labels(sample): _value(sample) for sample in before}
    rises = [
        (sample["metric"].get("route"), _value(sample), _value(sample) - first.get(_labels(sample), 0))
        for sample in after
    ]
    return [sum(value if rise < 0 else rise for found, value, rise in rises if found == route) for route in routes]


def _labels(sample: Sample) -> frozenset[tuple[str, str]]:
    return frozenset(sample["metric"].items())


def _value(sample: Sample) -> int:
    return round(float(sample["value"][1]))


class FilterModule:
    """The filter by its name."""

    def filters(self) -> dict[str, Callable[..., list[int]]]:
        """Return it."""
        return {"counter_increase": counter_increase}
