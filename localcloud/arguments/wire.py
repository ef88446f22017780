"""A request as it came over the wire, before it is parsed: values of another type than the model's, unknown names.

moto's parsers take anything: a number for a string, "abc" for false. AWS does not, in other words for each protocol.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from botocore.utils import parse_timestamp

from localcloud.arguments.model import join

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from botocore.model import OperationModel, Shape

INTEGERS = ("integer", "long", "short", "byte")
INDEX = re.compile(r"\.\d+(?=\.|$)")
BOOLEANS = ("true", "false", "1", "0")
# what a request in a query's form has besides its parameters
COMMON = frozenset({"Action", "Version", "Timestamp", "SecurityToken", "AWSAccessKeyId", "Expires"})
SIGNING = ("X-Amz-", "Signature")
DEEPEST = 12  # shapes may hold themselves


@dataclass(frozen=True, kw_only=True)
class Malformed:
    """A value that can't be read, or a name that the operation does not have (no type is expected)."""

    at: str  # as it is named in the request
    value: object
    expected: str = ""


def malformed(operation: OperationModel, protocol: str, values: Mapping[str, str], body: bytes) -> Malformed | None:
    """Return the first value that is not of the model's type; values are those of query and form."""
    shape = operation.input_shape
    if shape is None:
        return None
    if protocol in ("query", "ec2"):
        return next(_in_form(operation, protocol, values), None)
    if protocol == "json":
        return next(_in_body(shape, body), None)
    found = next(_in_query(shape, values), None)
    if found is None and protocol == "rest-json":
        payload = shape.serialization.get("payload")
        inside = shape.members[payload] if payload else shape
        if inside.type_name == "structure":
            found = next(_in_body(inside, body), None)
    return found


def _in_form(operation: OperationModel, protocol: str, values: Mapping[str, str]) -> Iterator[Malformed]:
    known = names(operation, protocol)
    for name, value in values.items():
        general = INDEX.sub(".#", name)
        shape = known.get(general)
        if shape is not None and not _reads(shape.type_name, value):
            yield Malformed(at=name, value=value, expected=shape.type_name)
        elif general not in known and protocol == "ec2" and name not in COMMON and not name.startswith(SIGNING):
            yield Malformed(at=name, value=value)


def _in_query(shape: Shape, values: Mapping[str, str]) -> Iterator[Malformed]:
    for name, member in shape.members.items():
        if member.serialization.get("location") == "querystring":
            named = member.serialization.get("name", name)
            if named in values and not _reads(member.type_name, values[named]):
                yield Malformed(at=named, value=values[named], expected=member.type_name)


def _reads(kind: str, text: str) -> bool:
    """Whether a text is a value of this type."""
    try:
        if kind in INTEGERS:
            int(text)
        elif kind in ("float", "double"):
            float(text)
        elif kind == "timestamp":
            parse_timestamp(text)
        elif kind == "blob":
            base64.b64decode(text, validate=True)
    except (ValueError, OverflowError, binascii.Error):
        return False
    return kind != "boolean" or text.lower() in BOOLEANS


@cache
def names(operation: OperationModel, protocol: str) -> dict[str, Shape | None]:
    """Return what an operation's parameters are called in a form, numbers as `#`; None: a list or structure that is empty."""
    return dict(_names(operation.input_shape, "", protocol))


def _names(shape: Shape, prefix: str, protocol: str, depth: int = 0) -> Iterator[tuple[str, Shape | None]]:
    if depth > DEEPEST:
        return
    if shape.type_name == "structure":
        yield prefix, None
        for name, member in shape.members.items():
            yield from _names(member, join(prefix, _name(member, name, protocol)), protocol, depth + 1)
    elif shape.type_name == "list":
        yield prefix, None
        inner = f"{prefix}.#" if protocol == "ec2" else f"{_list_prefix(shape, prefix)}.#"
        yield from _names(shape.member, inner, protocol, depth + 1)
    elif shape.type_name == "map":
        yield prefix, None
        inner = f"{prefix}.#" if shape.serialization.get("flattened") else f"{prefix}.entry.#"
        yield from _names(shape.key, f"{inner}.{shape.key.serialization.get('name', 'key')}", protocol, depth + 1)
        yield from _names(shape.value, f"{inner}.{shape.value.serialization.get('name', 'value')}", protocol, depth + 1)
    else:
        yield prefix, shape


def _name(member: Shape, default: str, protocol: str) -> str:
    """Return a member's name in a form: https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html."""
    given = member.serialization
    if protocol == "ec2" and "queryName" in given:
        return str(given["queryName"])
    name = str(given.get("locationNameForQueryCompatibility") or given.get("name") or default)
    return name[0].upper() + name[1:] if protocol == "ec2" else name


def _list_prefix(shape: Shape, prefix: str) -> str:
    named = shape.member.serialization.get("name")
    if not shape.serialization.get("flattened"):
        return f"{prefix}.{named or 'member'}"
    return join(prefix.rpartition(".")[0], named) if named else prefix


def _in_body(shape: Shape, body: bytes) -> Iterator[Malformed]:
    try:
        asked = json.loads(body) if body else {}
    except ValueError:
        yield Malformed(at="", value=None, expected="JSON")
        return
    yield from _in_json(shape, asked, "")


def _in_json(shape: Shape, value: Any, at: str) -> Iterator[Malformed]:
    kind = shape.type_name
    if getattr(shape, "is_document_type", False) or shape.serialization.get("jsonvalue"):
        return
    if not _is_of_type(kind, value):
        yield Malformed(at=at, value=value, expected=kind)
    elif kind == "structure":
        for name, member in shape.members.items():
            given = value.get(member.serialization.get("name", name))
            if given is not None and "location" not in member.serialization:
                yield from _in_json(member, given, join(at, name))
    elif kind == "list":
        for number, each in enumerate(value, start=1):
            yield from _in_json(shape.member, each, join(at, f"{number}.member"))
    elif kind == "map":
        for key, each in value.items():
            yield from _in_json(shape.value, each, join(at, f"{key}.member"))


@cache
def _json_types(kind: str) -> tuple[type, ...]:
    if kind in INTEGERS:
        return (int, float)
    return {
        "structure": (dict,),
        "map": (dict,),
        "list": (list,),
        "boolean": (bool,),
        "float": (int, float, str),  # "NaN"
        "double": (int, float, str),
        "timestamp": (int, float, str),
    }.get(kind, (str,))


def _is_of_type(kind: str, value: Any) -> bool:
    if isinstance(value, bool) and kind != "boolean":
        return False
    if kind in INTEGERS and isinstance(value, float):
        return value.is_integer()
    if kind in ("float", "double", "timestamp", "blob") and isinstance(value, str):
        return _reads(kind, value)
    return isinstance(value, _json_types(kind))
