"""Reads a Deployment's progress and, when it fails, tells from pods, events and logs what is in the way."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

Resource = dict[str, Any]  # a Kubernetes object, as kubernetes.core returns it
EVENTS = 5
ERRORS = 3
ERROR = re.compile(r"(?i)\b(error|fatal|panic|emerg|refuse[sd]?|denied|forbidden|not permitted|isn't implemented)\b")


def rollout_complete(deployment: Resource) -> bool:
    """Tell whether all wanted pods are of the newest version and available, and no older one is left."""
    status = deployment.get("status") or {}
    wanted = deployment["spec"].get("replicas", 1)
    return bool(
        status.get("observedGeneration", 0) >= deployment["metadata"].get("generation", 1)
        and wanted
        == status.get("replicas", 0)
        == status.get("updatedReplicas", 0)
        == status.get("availableReplicas", 0)
    )


def pods_in_trouble(pods: list[Resource]) -> list[Resource]:
    """Return the pods that should be ready and are not."""
    return [pod for pod in pods if not pod["metadata"].get("deletionTimestamp") and not _ready(pod)]


def pods_to_spread(pods: list[Resource]) -> list[Resource]:
    """Return one pod of each Deployment that wants its pods apart, and has all of them on one node."""
    together: dict[str, list[Resource]] = {}
    for pod in pods:
        owner = next((each["uid"] for each in pod["metadata"].get("ownerReferences") or []), "")
        if owner and pod["spec"].get("topologySpreadConstraints") and not pod["metadata"].get("deletionTimestamp"):
            together.setdefault(owner, []).append(pod)
    alike = [found for found in together.values() if len({pod["spec"].get("nodeName") for pod in found}) == 1]
    return [found[0] for found in alike if len(found) > 1]


def rollout_problem(
    pods: list[Resource],
    *,
    events: list[Resource],
    logs: list[Resource],
    name: str,
    seconds: int,
    back: bool,
    last: int = 15,
) -> str:
    """Say which pods are not ready and why, with last events, first errors and last lines of the log, and what runs now."""
    lines = [f"The rollout of {name} was not complete after {seconds} s."]
    troubled = pods_in_trouble(pods)
    for pod in troubled:
        pod_name = pod["metadata"]["name"]
        lines.append(f"Pod {pod_name} on {pod['spec'].get('nodeName') or 'no node'}: {_state(pod)}.")
        lines += _events_of(pod_name, events)
        lines += _log_of(pod_name, logs, last)
    if not troubled:
        lines.append("No pod of it is in trouble: there are too few nodes or too little room, or a quota is used up.")
    lines.append(
        "Went back to the version before, which never stopped serving."
        if back
        else "The Deployment was left as it is, to be looked at."
    )
    lines.append("Correct the image or its settings, then run the playbook again.")
    return "\n".join(lines)


def _ready(pod: Resource) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or []
    return any(item["type"] == "Ready" and item["status"] == "True" for item in conditions)


def _state(pod: Resource) -> str:
    status = pod.get("status") or {}
    for container in [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]:
        state = container.get("state") or {}
        for kind in ("waiting", "terminated"):
            if kind in state and not container.get("ready"):
                detail = state[kind]
                text = f"container {container['name']} is {kind}, {detail.get('reason', 'no reason given')}"
                message = f" ({detail['message']})" if detail.get("message") else ""
                return f"{text}{message}, {container.get('restartCount', 0)} restarts"
    for condition in status.get("conditions") or []:
        if condition["status"] != "True" and condition.get("message"):
            return f"{condition['type']} is {condition['status']}: {condition['message']}"
    return f"phase {status.get('phase', 'unknown')}"


def _events_of(pod: str, events: list[Resource]) -> list[str]:
    mine = [event for event in events if (event.get("involvedObject") or {}).get("name") == pod]
    mine.sort(key=_time)
    return [f"  event: {event.get('reason', '')}: {event.get('message', '')}" for event in mine[-EVENTS:]]


def _time(event: Resource) -> str:
    return str(event.get("lastTimestamp") or event.get("eventTime") or event["metadata"].get("creationTimestamp") or "")


def _log_of(pod: str, logs: list[Resource], last: int) -> list[str]:
    """Return the first errors, which often name the reason, and the last lines."""
    for result in logs:
        if result.get("item", {}).get("metadata", {}).get("name") == pod:
            lines = [line for line in result.get("log_lines") or [] if line]
            before, end = (lines[:-last], lines[-last:]) if last else (lines, [])
            first = [line for line in before if ERROR.search(line)][:ERRORS]
            return [*(f"  first error: {line}" for line in first), *(f"  log: {line}" for line in end)]
    return []


class FilterModule:
    """The filters by their names."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return them."""
        return {
            "pods_in_trouble": pods_in_trouble,
            "pods_to_spread": pods_to_spread,
            "rollout_complete": rollout_complete,
            "rollout_problem": rollout_problem,
        }
