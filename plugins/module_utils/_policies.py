"""Policies of terraform/permissions: IAM's own JSON, with ${environment} and the like where an account's values belong."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import product
from string import Template
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Statement:
    """Actions that are needed on resources, with each value of some condition keys."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def contexts(self) -> Iterator[dict[str, str]]:
        """Return each combination of the condition keys' values; one empty one without conditions."""
        names = [name for name, _ in self.conditions]
        for values in product(*(values for _, values in self.conditions)):
            yield dict(zip(names, values, strict=True))


def statements(text: str, **values: str) -> list[Statement]:
    """Read a policy. Raises ValueError when it names a value that isn't given, or isn't a policy of allowed actions."""
    try:
        policy = json.loads(Template(text).substitute(values))
    except KeyError as error:
        allowed = ", ".join(f"${{{name}}}" for name in sorted(values))
        raise ValueError(f"The policy holds ${{{error.args[0]}}}, which is unknown; allowed are {allowed}.") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"The policy is no JSON: {error}.") from error
    return [_statement(item) for item in policy["Statement"]]


def _statement(item: dict[str, Any]) -> Statement:
    if item["Effect"] != "Allow" or "NotAction" in item or "NotResource" in item:
        raise ValueError(
            f"The policy's statement {item.get('Sid', item)} is not `Allow` of `Action` on `Resource`; "
            "a list of needed rights holds nothing else."
        )
    condition = dict(item.get("Condition", {}))
    keys = condition.pop("StringEquals", {})
    if condition:
        raise ValueError(
            f"The policy's statement {item.get('Sid', item)} has the condition {', '.join(condition)}; allowed is StringEquals."
        )
    return Statement(
        actions=_list(item["Action"]),
        resources=_list(item["Resource"]),
        conditions=tuple((key, _list(values)) for key, values in keys.items()),
    )


def _list(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
