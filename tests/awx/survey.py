"""What AWX says of a survey's answers before it starts a job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def defaults(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers that nobody has to give."""
    return {item["variable"]: item["default"] for item in spec["spec"] if item["default"] != "" or not item["required"]}


def problems(spec: Mapping[str, Any], answers: Mapping[str, Any]) -> list[str]:
    """Return why a job with these answers is not started; nothing when it is."""
    items = {item["variable"]: item for item in spec["spec"]}
    found = [f"'{name}' is no question of the survey" for name in answers if name not in items]
    for name, item in items.items():
        value = answers.get(name, "")
        if value == "":
            found += [f"'{name}' value missing"] if item["required"] else []
        elif item["type"] == "multiplechoice" and value not in item["choices"]:
            found.append(f"Value {value} for '{name}' expected to be one of {item['choices']}")
        elif item["type"] == "text" and len(value) < item["min"]:
            found.append(f"'{name}' value {value} is too small (length is {len(value)} must be at least {item['min']})")
        elif item["type"] == "text" and len(value) > item["max"]:
            found.append(f"'{name}' value {value} is too large (must be no more than {item['max']})")
    return found
