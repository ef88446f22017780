"""Every constraint of botocore's models of what EKS answers here: one illegal value at a time, in a request that is right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore import xform_name
from moto.core.utils import get_service_model

from localcloud.core import arguments
from localcloud.eks.responses import LocalEKSResponse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.model import Shape

SERVICE = get_service_model("eks")
OPERATIONS = [name for name in SERVICE.operation_names if hasattr(LocalEKSResponse, xform_name(name))]
DEEP = 5


def legal(shape: Shape, depth: int = 0) -> Any:
    """Return a value that the model allows, with all its members."""
    low = shape.metadata.get("min", 0)
    if shape.type_name == "structure":
        return {name: legal(member, depth + 1) for name, member in shape.members.items()} if depth < DEEP else {}
    if shape.type_name == "map":
        return {legal(shape.key, depth + 1): legal(shape.value, depth + 1)}
    if shape.type_name == "list":
        return [legal(shape.member, depth + 1)]
    if shape.type_name == "string":
        return shape.metadata["enum"][0] if "enum" in shape.metadata else "a" * max(low, 1)
    return {"boolean": True, "integer": max(low, 1), "long": max(low, 1)}.get(shape.type_name)


def illegal(shape: Shape, value: Any) -> Iterator[Any]:
    """Yield values that differ from a legal one in one place, and are wrong there."""
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    yield object()
    if shape.type_name == "structure":
        yield from ({k: v for k, v in value.items() if k != name} for name in shape.required_members)
        for name in value:
            yield from ({**value, name: wrong} for wrong in illegal(shape.members[name], value[name]))
    elif shape.type_name == "list":
        yield from ([wrong] for wrong in illegal(shape.member, value[0]))
        yield from [value * (high + 1)] if high else []
    elif shape.type_name == "map":
        yield from ({"a": wrong} for wrong in illegal(shape.value, next(iter(value.values()))))
        yield from [{}] if low else []
    elif shape.type_name == "string":
        yield from ["not one of them"] if "enum" in shape.metadata else []
        yield from ["-a", "a b", "a\n"] if "pattern" in shape.metadata else []
        yield from ["a" * (high + 1)] if high else []
        yield from [""] if low else []
    elif shape.type_name in ("integer", "long"):
        yield from [low - 1] if low is not None else []
        yield from [high + 1] if high else []


@pytest.mark.parametrize("name", OPERATIONS)
def test_one_illegal_value_is_refused_in_every_place(name: str) -> None:
    shape = SERVICE.operation_model(name).input_shape
    if shape is None:
        return
    right = legal(shape)
    assert list(arguments.check(shape, right)) == []
    for wrong in illegal(shape, right):
        assert list(arguments.check(shape, wrong)), wrong


def test_what_is_wrong_is_said_in_awss_words() -> None:
    shape = SERVICE.operation_model("CreateNodegroup").input_shape
    asked = {
        "clusterName": "c",
        "nodegroupName": "n",
        "subnets": [],
        "scalingConfig": {"maxSize": 0},
        "taints": [{"key": ""}],
    }
    assert shape is not None
    assert arguments.message(list(arguments.check(shape, asked))) == (
        "3 validation errors detected: Value 'null' at 'nodeRole' failed to satisfy constraint: Member must not be null; "
        "Value '0' at 'scalingConfig.maxSize' failed to satisfy constraint: Member must have value greater than or equal to "
        "1; Value '' at 'taints.1.member.key' failed to satisfy constraint: Member must have length greater than or equal to 1"
    )
