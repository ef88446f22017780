"""Prometheus results as Grafana's data frames, and the queries that lead to them."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Any

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0, "y": 31536000.0}
_DURATION = re.compile(r"(\d+)(ms|[smhdwy])")
_STEPS = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 604800)
MOST_POINTS = 11000
DEFAULT_SCRAPE = 15.0


def seconds(duration: str) -> float:
    """Return a duration such as `1m30s` in seconds; nothing is 0."""
    return sum(int(count) * _UNITS[unit] for count, unit in _DURATION.findall(duration))


def moment(value: str) -> float:
    """Return a point in time: `now`, `now-5m`, or milliseconds since 1970; raises ValueError."""
    if not value.startswith("now"):
        return float(value) / 1000
    return time.time() - seconds(value.removeprefix("now").removeprefix("-"))


def spelled(length: float) -> str:
    """Return seconds as Grafana spells them: 2s, 1m0s, 1h0m0s."""
    hours, rest = divmod(int(length), 3600)
    minutes, left = divmod(rest, 60)
    if length < 1:
        return f"{int(length * 1000)}ms"
    return (f"{hours}h" if hours else "") + (f"{minutes}m" if hours or minutes else "") + f"{left}s"


@dataclass(frozen=True, kw_only=True)
class Query:
    """One query of a request, ready to be asked."""

    ref: str
    expression: str
    start: float
    end: float
    step: float
    instant: bool
    legend: str

    @property
    def description(self) -> str:
        """Return it as Grafana reports it."""
        return f"Expr: {self.expression}\nStep: {spelled(self.step)}"


def _interpolated(expression: str, *, step: float, scrape: float, span: float) -> str:
    values = {
        "__rate_interval_ms": f"{int(max(step + scrape, 4 * scrape) * 1000)}",
        "__rate_interval": spelled(max(step + scrape, 4 * scrape)),
        "__interval_ms": f"{int(step * 1000)}", "__interval": spelled(step),
        "__range_ms": f"{int(span * 1000)}", "__range_s": f"{int(span)}", "__range": f"{int(span)}s",
    }  # fmt: skip
    for name, value in values.items():
        expression = re.sub(rf"\${name}\b|\${{{name}}}", value, expression)
    return expression


def parse(item: dict[str, Any], *, start: float, end: float, scrape: str) -> Query:
    """Read one query; the step is what was asked for, not less than a scrape, and never too many points."""
    shortest = seconds(str(item.get("interval") or "")) or seconds(scrape) or DEFAULT_SCRAPE
    wanted = float(item.get("intervalMs") or 0) / 1000
    if not wanted:
        wanted = (end - start) / float(item.get("maxDataPoints") or 100) if item.get("range") else shortest
        wanted = next((step for step in _STEPS if step >= wanted), _STEPS[-1])
    step = max(wanted, shortest, (end - start) / MOST_POINTS)
    expression = _interpolated(str(item.get("expr") or ""), step=step, scrape=shortest, span=end - start)
    return Query(
        ref=str(item.get("refId") or "A"), expression=expression, start=start, end=end, step=step,
        instant=bool(item.get("instant")) and not item.get("range"), legend=str(item.get("legendFormat") or ""),
    )  # fmt: skip


def _named(metric: dict[str, str], query: Query) -> str:
    if query.legend and query.legend != "__auto":
        return re.sub(r"{{\s*(\w+)\s*}}", lambda match: metric.get(match[1], ""), query.legend)
    pairs = ", ".join(f'{key}="{value}"' for key, value in sorted(metric.items()) if key != "__name__")
    return metric.get("__name__", "") + (f"{{{pairs}}}" if pairs else "") or query.expression


def _value(text: str) -> float | int | None:
    number = float(text)
    if number != number or number in {float("inf"), float("-inf")}:  # noqa: PLR0124 - NaN differs from itself; JSON has none
        return None
    return int(number) if number.is_integer() else number


def _meta(query: Query, kind: str, result: str) -> dict[str, Any]:
    custom: dict[str, Any] = {"calculatedMinStep": int(query.step * 1000)}
    meta: dict[str, Any] = {"type": kind, "typeVersion": [0, 1], "custom": custom | {"resultType": result}}
    if not kind:
        meta = {"typeVersion": [0, 0], "custom": custom}
    return meta | {"executedQueryString": query.description}


def _frame(query: Query, metric: dict[str, str], points: list[Any], *, kind: str, result: str) -> dict[str, Any]:
    number = {"name": metric.get("__name__", "Value"), "type": "number", "typeInfo": {"frame": "float64"}}
    number |= {"labels": metric} if metric else {}
    times = {"name": "Time", "type": "time", "typeInfo": {"frame": "time.Time"}}
    fields = [
        times | {"config": {"interval": int(query.step * 1000)}},
        number | {"config": {"displayNameFromDS": _named(metric, query)}},
    ]
    values = [[int(point[0] * 1000) for point in points], [_value(point[1]) for point in points]]
    schema = {"refId": query.ref, "meta": _meta(query, kind, result), "fields": fields}
    return {"schema": schema, "data": {"values": values}}


def result(query: Query, data: dict[str, Any]) -> dict[str, Any]:
    """Return Prometheus's data as the frames of one query."""
    kind = data["resultType"]
    if kind == "scalar":
        frames = [_frame(query, {}, [data["result"]], kind="numeric-multi", result=kind)]
    elif kind == "matrix":
        series = data["result"]
        frames = [_frame(query, s["metric"], s["values"], kind="timeseries-multi", result=kind) for s in series]
    else:
        frames = [_frame(query, s["metric"], [s["value"]], kind="numeric-multi", result=kind) for s in data["result"]]
    if not frames:
        schema = {"refId": query.ref, "meta": _meta(query, "timeseries-multi", kind), "fields": []}
        frames = [{"schema": schema, "data": {"values": []}}]
    return {"status": 200, "frames": frames}


def failure(query: Query, error: str, status: int) -> dict[str, Any]:
    """Return an error as the result of one query."""
    schema = {"refId": query.ref, "meta": _meta(query, "", ""), "fields": []}
    empty = [{"schema": schema, "data": {"values": []}}]
    return {"error": error, "errorSource": "downstream", "status": status, "frames": empty}
