"""Tells from events what an ingress controller doesn't serve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

Resource = dict[str, Any]  # a Kubernetes object, as kubernetes.core returns it


def ingress_problems(events: list[Resource], ingresses: list[Resource]) -> list[str]:
    """Return the Ingresses whose last event is a refusal, with its words."""
    last: dict[str, Resource] = {}
    for event in sorted(events, key=_time):
        if event.get("reason", "").startswith(("AddedOrUpdated", "Updated", "Rejected")):
            last[event.get("involvedObject", {}).get("uid", "")] = event
    problems = []
    for ingress in ingresses:
        metadata = ingress["metadata"]
        event = last.get(metadata["uid"], {})
        reason = event.get("reason", "")
        if reason == "Rejected" or reason.endswith("WithError"):
            problems.append(f"{metadata['namespace']}/{metadata['name']}: {reason}: {event.get('message', '')}")
    return problems


def _time(event: Resource) -> str:
    return str(event.get("lastTimestamp") or event.get("eventTime") or event["metadata"].get("creationTimestamp") or "")


class FilterModule:
    """The filter by its name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return it."""
        return {"ingress_problems": ingress_problems}
