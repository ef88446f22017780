"""Requests of the operations that this project uses: one that the model allows, and those with one illegal value each.

Values are made from botocore's model, and serialized by botocore without its own validation: as any client may send them.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from botocore.serialize import create_serializer
from moto.core.utils import get_service_model
from werkzeug.test import EnvironBuilder

from localcloud.arguments.model import Kind, pattern_of
from localcloud.arguments.wire import INDEX, INTEGERS, names
from localcloud.http.operations import NAMES
from localcloud.http.request import AwsRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.model import OperationModel, ServiceModel, Shape

DEEP = 4
MOST = 1000  # longer lists are not made
LONGEST = 300_000
IN_FORMS = ("query", "ec2")
SAMPLES = (
    "a",
    "1",
    "123456789012",
    "eu-west-1",
    "arn:aws:iam::123456789012:role/a",
    "arn:aws:kms:eu-west-1:123456789012:key/1-2",
    "arn:aws:s3:::state",
    "alias/a",
    "sha256:" + "0" * 64,
    "application/json",
    "10.0.0.0",
    "aws/source",
    "a" * 16,
    "arn:aws:secretsmanager:eu-west-1:123456789012:secret:abc-123",
    "arn:aws:outposts:eu-west-1:123456789012:outpost/op-" + "0" * 17,
    "i-" + "0" * 17,
    "00000000-0000-0000-0000-000000000000",
    "v1",
)
ILLEGAL = ("\u20ac", "-a ", "a b", "%", "*", "\x7f", "")
NO_MEMBER = "not one of them"  # of any enumeration


class NoValueError(Exception):
    """No sample is a value of a shape."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """Parameters with one value that the operation does not take."""

    parameters: dict[str, Any]
    names: tuple[str, ...]  # where the illegal value is: the members' names, from outside to inside
    kind: Kind

    @property
    def name(self) -> str:
        return self.names[-1]


@cache
def model_of(service: str) -> ServiceModel:
    return get_service_model(NAMES.get(service, service))


def protocol_of(model: ServiceModel) -> str:
    """Return the protocol of a service's clients: those that speak CBOR take JSON, too."""
    protocol: str = model.metadata["protocol"]
    return "json" if protocol == "smithy-rpc-v2-cbor" else protocol


# -- parameters
def legal(shape: Shape, depth: int = 0) -> Any:
    """Return a value that the model allows, with all its members down to some depth, and all that are required."""
    low = max(shape.metadata.get("min", 0), 1)
    if shape.type_name == "structure":
        return dict(_legal_members(shape, depth))
    if shape.type_name == "map":
        return {legal(shape.key, depth + 1): legal(shape.value, depth + 1)}
    if shape.type_name == "list":
        return [legal(shape.member, depth + 1)] * low
    if shape.type_name == "string":
        return _text(shape)
    return {"boolean": True, "timestamp": "2026-01-01T00:00:00Z", "blob": b"a" * low}.get(shape.type_name, low)


def _legal_members(shape: Shape, depth: int) -> Iterator[tuple[str, Any]]:
    for name, member in shape.members.items():
        if name in shape.required_members:
            yield name, legal(member, depth + 1)
        elif depth < DEEP and not member.metadata.get("streaming"):
            with suppress(NoValueError):
                yield name, legal(member, depth + 1)


def _text(shape: Shape) -> str:
    if allowed := shape.metadata.get("enum"):
        return str(allowed[0])
    low, high = shape.metadata.get("min", 0), shape.metadata.get("max")
    pattern = pattern_of(shape.metadata["pattern"]) if "pattern" in shape.metadata else None
    for sample in (*SAMPLES, "a" * low, "1" * low):
        if low <= len(sample) <= (high or LONGEST) and (not pattern or pattern.fullmatch(sample)):
            return sample
    raise NoValueError(shape.name)


def illegal(shape: Shape, value: Any, at: tuple[str, ...] = ()) -> Iterator[tuple[Any, tuple[str, ...], Kind]]:
    """Yield values that differ from a legal one in one place, and are wrong there; and where, and how."""
    if shape.type_name == "structure":
        yield from _illegal_members(shape, value, at)
    elif shape.type_name == "map":
        for wrong, where, kind in illegal(shape.value, next(iter(value.values())), at):
            yield {next(iter(value)): wrong}, where, kind
    elif shape.type_name == "list":
        for wrong, where, kind in illegal(shape.member, value[0], at):
            yield [wrong, *value[1:]], where, kind
        yield from ((wrong, at, kind) for wrong, kind in _illegal_lists(shape, value))
    elif shape.type_name == "string":
        yield from ((wrong, at, kind) for wrong, kind in _illegal_texts(shape))
    elif shape.type_name in INTEGERS:
        bounds = ((shape.metadata.get("min"), -1, Kind.LOW), (shape.metadata.get("max"), 1, Kind.HIGH))
        yield from ((bound + step, at, kind) for bound, step, kind in bounds if bound is not None)


def _illegal_members(
    shape: Shape, value: dict[str, Any], at: tuple[str, ...]
) -> Iterator[tuple[dict[str, Any], tuple[str, ...], Kind]]:
    for name in shape.required_members:
        yield {k: v for k, v in value.items() if k != name}, (*at, name), Kind.MISSING
    for name, inside in value.items():
        for wrong, where, kind in illegal(shape.members[name], inside, (*at, name)):
            yield {**value, name: wrong}, where, kind


def _illegal_lists(shape: Shape, value: list[Any]) -> Iterator[tuple[list[Any], Kind]]:
    high = shape.metadata.get("max")
    if shape.metadata.get("min"):
        yield [], Kind.LOW
    if high and high < MOST:
        yield [value[0]] * (high + 1), Kind.HIGH


def _illegal_texts(shape: Shape) -> Iterator[tuple[str, Kind]]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if "enum" in shape.metadata:
        yield NO_MEMBER, Kind.ENUM
    pattern = pattern_of(shape.metadata["pattern"]) if "pattern" in shape.metadata else None
    for text in (each for each in ILLEGAL if pattern and not pattern.fullmatch(each)):
        yield text, Kind.PATTERN
        break
    if high and high < LONGEST:
        yield "a" * (high + 1), Kind.HIGH
    if low:
        yield "a" * (low - 1), Kind.LOW


def cases(operation: OperationModel) -> Iterator[Case]:
    """Yield each case that the operation's protocol can carry."""
    shape, protocol = operation.input_shape, protocol_of(operation.service_model)
    right = legal(shape)
    for parameters, where, kind in illegal(shape, right):
        member = shape.members[where[0]]
        value = parameters.get(where[0])
        location = member.serialization.get("location")
        if location == "uri" and not value:
            continue  # another path, so another operation
        if location == "querystring" and not value:
            continue  # by what is asked for, too, operations are told from each other
        if location in ("header", "headers") and isinstance(value, str) and not value.isascii():
            continue
        if protocol == "ec2" and _holds_nothing(value):
            continue  # as if it were not there
        if protocol in IN_FORMS and kind is Kind.MISSING and len(where) > 1 and _lone(parameters, where):
            continue
        if protocol == "rest-xml" and value in ("", [], {}):
            continue
        yield Case(parameters=parameters, names=where, kind=kind)


def _holds_nothing(value: Any) -> bool:
    """Whether there is an empty list, structure or text in it: EC2's forms have none."""
    if isinstance(value, dict):
        return not value or any(map(_holds_nothing, value.values()))
    if isinstance(value, list):
        return not value or any(map(_holds_nothing, value))
    return bool(value == "")


def _lone(parameters: Any, where: tuple[str, ...]) -> bool:
    """Whether what should hold the missing member holds nothing else: forms have no empty structures."""
    holder = parameters
    for name in where[:-1]:
        holder = holder[name]
        while isinstance(holder, list):
            holder = holder[0]
        if isinstance(holder, dict) and name not in where:
            holder = next(iter(holder.values()))
    return not holder


# -- requests
def request(operation: OperationModel, parameters: dict[str, Any], *, service: str) -> dict[str, Any]:
    """Return what a client sends: method, path, query, headers and body; the body of a form is a dict."""
    model = operation.service_model
    made = create_serializer(protocol_of(model), include_validation=False).serialize_to_request(parameters, operation)
    credential = f"AWS4-HMAC-SHA256 Credential=AKIA/20260101/eu-west-1/{service}/aws4_request"
    path, _, fixed = made["url_path"].partition("?")  # as in S3's /bucket?lifecycle
    return {
        "method": made["method"],
        "path": path,
        "query_string": {**dict(parse_qsl(fixed, keep_blank_values=True)), **(made["query_string"] or {})},
        "headers": {**made["headers"], "Authorization": credential},
        "data": made["body"],
    }


def sent(parts: dict[str, Any]) -> AwsRequest:
    """Return the request as the local cloud reads it."""
    data, query = parts["data"], parts["query_string"]
    body = urlencode(data) if isinstance(data, dict) else data
    builder = EnvironBuilder(**{**parts, "data": body, "query_string": urlencode(query, doseq=True)})
    return AwsRequest(environ=builder.get_environ())


def of_other_types(operation: OperationModel, parts: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield the request with one value of another type each, and that value's name; where the protocol has types."""
    protocol, data = protocol_of(operation.service_model), parts["data"]
    if protocol in IN_FORMS:
        known = names(operation, protocol)
        for name in data:
            shape = known.get(INDEX.sub(".#", name))
            if shape is not None and shape.type_name in (*INTEGERS, "boolean", "timestamp", "float", "double"):
                yield {**parts, "data": {**data, name: "abc"}}, INDEX.sub("", name).rpartition(".")[2]
    elif protocol.endswith("json") and data and operation.input_shape.serialization.get("payload") is None:
        body = json.loads(data)
        for name in body:
            yield {**parts, "data": json.dumps({**body, name: 5 if isinstance(body[name], str) else "abc"})}, name
