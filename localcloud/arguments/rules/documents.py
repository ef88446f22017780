"""Texts in JSON that operations take: what can't be read is refused by the service itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def read(document: str | Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the object that a text holds; None where it holds none. moto's CloudFormation hands over what was read already."""
    try:
        found = json.loads(document) if isinstance(document, str) else document
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def statements(document: str | Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return a policy's statements, of which there may be one alone."""
    found = (read(document) or {}).get("Statement", [])
    return [each for each in (found if isinstance(found, list) else [found]) if isinstance(each, dict)]
