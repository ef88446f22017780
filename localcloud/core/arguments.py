"""A request's arguments against botocore's model of its operation: what must be there, types, lengths, ranges, values.

Clients check a part of it themselves; AWS checks all of it, in these words. Pure: no moto.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.model import Shape

TYPES: dict[str, type] = {
    "structure": dict,
    "map": dict,
    "list": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "long": int,
}


@dataclass(frozen=True, kw_only=True)
class Violation:
    """One value that an operation does not take."""

    at: str  # as AWS writes it: taints.1.member.key
    value: object
    constraint: str
    pattern: str = ""  # that it does not match

    def __str__(self) -> str:
        """Say it in AWS's words."""
        value = "null" if self.value is None else self.value
        return f"Value '{value}' at '{self.at}' failed to satisfy constraint: {self.constraint}"


def message(violations: list[Violation]) -> str:
    """Return AWS's message for what is wrong."""
    errors = "error" if len(violations) == 1 else "errors"
    return f"{len(violations)} validation {errors} detected: {'; '.join(map(str, violations))}"


def check(shape: Shape, value: object, at: str = "") -> Iterator[Violation]:
    """Yield what is wrong with a value, and with all that is in it."""
    expected = TYPES.get(shape.type_name)
    if expected and (not isinstance(value, expected) or (expected is int and isinstance(value, bool))):
        yield Violation(at=at, value=value, constraint=f"Member must be a {shape.type_name}")
        return
    yield from _limits(shape, value, at)
    if isinstance(value, dict) and shape.type_name == "structure":
        for name in shape.required_members:
            if value.get(name) is None:
                yield Violation(at=_join(at, name), value=None, constraint="Member must not be null")
    for member, each, place in _members(shape, value, at):
        yield from check(member, each, place)


def _members(shape: Shape, value: object, at: str) -> Iterator[tuple[Shape, object, str]]:
    """Yield what is in a structure, a map or a list, and where; null is absence."""
    if isinstance(value, dict) and shape.type_name == "structure":
        for name, member in shape.members.items():
            if value.get(name) is not None:
                yield member, value[name], _join(at, name)
    elif isinstance(value, dict):
        for key, each in value.items():
            yield shape.key, key, _join(at, "key")
            yield shape.value, each, _join(at, f"{key}.member")
    elif isinstance(value, list):
        for number, each in enumerate(value, start=1):
            yield shape.member, each, _join(at, f"{number}.member")


def _join(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name


def _limits(shape: Shape, value: object, at: str) -> Iterator[Violation]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    is_number = isinstance(value, int | float)
    size, what = (value, "value") if is_number else (len(value), "length") if hasattr(value, "__len__") else (None, "")
    if low is not None and size is not None and size < low:
        yield Violation(at=at, value=value, constraint=f"Member must have {what} greater than or equal to {low}")
    if high is not None and size is not None and size > high:
        yield Violation(at=at, value=value, constraint=f"Member must have {what} less than or equal to {high}")
    if not isinstance(value, str):
        return
    allowed, pattern = shape.metadata.get("enum"), shape.metadata.get("pattern")
    if allowed and value not in allowed:
        constraint = f"Member must satisfy enum value set: [{', '.join(allowed)}]"
        yield Violation(at=at, value=value, constraint=constraint)
    if pattern and not re.fullmatch(pattern, value):
        constraint = f"Member must satisfy regular expression pattern: {pattern}"
        yield Violation(at=at, value=value, constraint=constraint, pattern=pattern)
