"""Tells from events, and from its pods' answers, what an ingress controller doesn't serve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

Resource = dict[str, Any]  # a Kubernetes object, as kubernetes.core returns it
HEALTH = {"host": "localhost", "path": "/nginx-health"}
# what nginx answers itself where it knows no page, or reaches no backend; a backend's own errors are pages, too
OWN_ANSWERS = {404, 502, 503, 504}


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


def ingress_pages(ingresses: list[Resource], endpoint_slices: list[Resource]) -> list[dict[str, str]]:
    """Return what a controller has to serve: its health, and each Ingress' paths whose backend has a ready endpoint."""
    ready = {
        (part["metadata"]["namespace"], part["metadata"].get("labels", {}).get("kubernetes.io/service-name"))
        for part in endpoint_slices
        if any((one.get("conditions") or {}).get("ready", True) for one in part.get("endpoints") or [])
    }
    pages = [
        {"host": rule.get("host") or HEALTH["host"], "path": path.get("path", "/")}
        for ingress in ingresses
        for rule in ingress["spec"].get("rules", [])
        for path in rule.get("http", {}).get("paths", [])
        if (ingress["metadata"]["namespace"], path["backend"].get("service", {}).get("name")) in ready
    ]
    return [HEALTH, *pages]


def pages_problem(answers: list[dict[str, Any]]) -> str:
    """Say which pods don't tell their health or serve none of the pages, with their answers; nothing when each serves."""
    problems = []
    for pod in dict.fromkeys(answer["pod"] for answer in answers):
        mine = [answer for answer in answers if answer["pod"] == pod]
        health = [answer for answer in mine if answer["path"] == HEALTH["path"]]
        pages = [answer for answer in mine if answer["path"] != HEALTH["path"]]
        if not all(map(_served, health)) or (pages and not any(map(_served, pages))):
            told = "; ".join(f"{answer['host']}{answer['path']}: {_told(answer)}" for answer in mine)
            problems.append(f"Pod {pod} is ready, but serves no page: {told}.")
    return "\n".join(problems)


def _served(answer: dict[str, Any]) -> bool:
    """Tell whether a page came; a way to HTTPS is none, as nobody listens there."""
    status = answer.get("status", 0)
    return status > 0 and status not in OWN_ANSWERS and not answer.get("location", "").startswith("https:")


def _told(answer: dict[str, Any]) -> str:
    if "error" in answer:
        return f"no answer ({answer['error']})"
    return f"{answer['status']} {answer.get('location', '')}".strip()


def _time(event: Resource) -> str:
    return str(event.get("lastTimestamp") or event.get("eventTime") or event["metadata"].get("creationTimestamp") or "")


class FilterModule:
    """The filters by their names."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return them."""
        return {"ingress_pages": ingress_pages, "ingress_problems": ingress_problems, "pages_problem": pages_problem}
