"""Policies of terraform/permissions: IAM's own JSON, with ${environment} and the like where an account's values belong."""

from __future__ import annotations

import json
from dataclasses import dataclass
from string import Template
from typing import Any


@dataclass(frozen=True)
class Statement:
    """Actions that are needed on resources."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]


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
    return Statement(actions=_list(item["Action"]), resources=_list(item["Resource"]))


def _list(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
