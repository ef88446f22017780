"""A request's arguments against botocore's model of its operation: what must be there, types, lengths, ranges, values.

Clients check a part of it themselves; AWS checks all of it, in these words.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING

import regex

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
# Java's pairs of UTF-16: what is beyond the first 65536 characters
PAIRS, BEYOND = r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF"


class Kind(Enum):
    """Which constraint is not met."""

    MISSING = "missing"
    TYPE = "type"
    LOW = "low"
    HIGH = "high"
    ENUM = "enum"
    PATTERN = "pattern"


@dataclass(frozen=True, kw_only=True)
class Violation:
    """One value that an operation does not take."""

    at: str  # as AWS writes it: taints.1.member.key
    value: object
    kind: Kind
    constraint: str
    limit: object = None  # the bound, the values or the pattern that it does not meet
    is_secret: bool = False  # the value is not said

    def __str__(self) -> str:
        """Say it in AWS's words."""
        value = "null" if self.value is None else f"'{self.value}'"
        said = "Value" if self.is_secret or isinstance(self.value, bytes) else f"Value {value}"
        return f"{said} at '{self.at}' failed to satisfy constraint: {self.constraint}"


def message(violations: list[Violation]) -> str:
    """Return AWS's message for what is wrong."""
    errors = "error" if len(violations) == 1 else "errors"
    return f"{len(violations)} validation {errors} detected: {'; '.join(map(str, violations))}"


def check(shape: Shape, value: object, at: str = "") -> Iterator[Violation]:
    """Yield what is wrong with a value, and with all that is in it."""
    kind = shape.type_name
    expected = TYPES.get(kind)
    if expected and (not isinstance(value, expected) or (expected is int and isinstance(value, bool))):
        yield Violation(at=at, value=value, kind=Kind.TYPE, constraint=f"Member must be a {kind}")
        return
    for violation in _limits(shape, value, at) if shape.metadata else ():
        yield replace(violation, is_secret=bool(shape.metadata.get("sensitive")))
    if isinstance(value, dict) and kind == "structure":
        if getattr(shape, "is_document_type", False):
            return
        for name in shape.required_members:
            if value.get(name) is None:
                yield Violation(at=join(at, name), value=None, kind=Kind.MISSING, constraint="Member must not be null")
    for member, each, place in _members(shape, value, at):
        yield from check(member, each, place)


def join(at: str, name: str) -> str:
    """Return where a member is."""
    return f"{at}.{name}" if at else name


@cache
def pattern_of(text: str) -> regex.Pattern[str] | None:
    r"""Compile a pattern as AWS reads it, in Java: \w, \d and \s are ASCII. None for one that nothing here reads."""
    flags = 0 if r"\p" in text else regex.ASCII
    try:
        return regex.compile(text.replace(PAIRS, BEYOND), flags)
    except regex.error:
        return None


def _members(shape: Shape, value: object, at: str) -> Iterator[tuple[Shape, object, str]]:
    """Yield what is in a structure, a map or a list, and where; null is absence."""
    if isinstance(value, dict) and shape.type_name == "structure":
        members = shape.members
        for name, each in value.items():
            if each is not None and name in members:
                yield members[name], each, join(at, name)
    elif isinstance(value, dict):
        for key, each in value.items():
            yield shape.key, key, join(at, "key")
            yield shape.value, each, join(at, f"{key}.member")
    elif isinstance(value, list):
        for number, each in enumerate(value, start=1):
            yield shape.member, each, join(at, f"{number}.member")


def _limits(shape: Shape, value: object, at: str) -> Iterator[Violation]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None or high is not None:
        is_number = isinstance(value, int | float)
        size, what = (
            (value, "value") if is_number else (len(value), "length") if hasattr(value, "__len__") else (None, "")
        )
        if low is not None and size is not None and size < low:
            constraint = f"Member must have {what} greater than or equal to {low}"
            yield Violation(at=at, value=value, kind=Kind.LOW, constraint=constraint, limit=low)
        if high is not None and size is not None and size > high:
            constraint = f"Member must have {what} less than or equal to {high}"
            yield Violation(at=at, value=value, kind=Kind.HIGH, constraint=constraint, limit=high)
    if not isinstance(value, str):
        return
    allowed, pattern = shape.metadata.get("enum"), shape.metadata.get("pattern")
    if allowed and value not in allowed:
        constraint = f"Member must satisfy enum value set: [{', '.join(allowed)}]"
        yield Violation(at=at, value=value, kind=Kind.ENUM, constraint=constraint, limit=tuple(allowed))
    if pattern and (compiled := pattern_of(pattern)) and not compiled.fullmatch(value):
        constraint = f"Member must satisfy regular expression pattern: {pattern}"
        yield Violation(at=at, value=value, kind=Kind.PATTERN, constraint=constraint, limit=pattern)
