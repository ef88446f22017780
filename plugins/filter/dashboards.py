"""What a dashboard's panels ask, and how many points the answers hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def panel_queries(dashboard: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the queries of all panels for one POST to /api/ds/query; refId is the panel's number and its target's letter."""
    return [
        {
            "refId": _reference(panel, target),
            "datasource": target.get("datasource") or panel.get("datasource"),
            "expr": target["expr"],
            "instant": bool(target.get("instant")),
            "range": not target.get("instant"),
            "intervalMs": 15000,
            "maxDataPoints": 500,
        }
        for panel in dashboard["panels"]
        for target in panel.get("targets", [])
    ]


def panel_points(dashboard: dict[str, Any], results: dict[str, Any]) -> list[dict[str, Any]]:
    """Return each panel that asks something: its title, how many values it got, and errors if there were any."""
    found = []
    for panel in dashboard["panels"]:
        answers = [results.get(_reference(panel, target), {}) for target in panel.get("targets", [])]
        errors = [answer["error"] for answer in answers if "error" in answer]
        if answers:
            found.append({"title": panel["title"], "points": sum(map(_points, answers)), "errors": errors})
    return found


def _reference(panel: dict[str, Any], target: dict[str, Any]) -> str:
    return f"{panel['id']}{target['refId']}"


def _points(answer: dict[str, Any]) -> int:
    """Count values that are numbers; the first column of a frame is the time."""
    columns = [column for frame in answer.get("frames", []) for column in frame["data"]["values"][1:]]
    return sum(value is not None for column in columns for value in column)


class FilterModule:
    """The filters by their names."""

    def filters(self) -> dict[str, Callable[..., list[dict[str, Any]]]]:
        """Return them."""
        return {"panel_queries": panel_queries, "panel_points": panel_points}
