"""Conditions of policy statements: operators, qualifiers and what an absent key means. No moto, no I/O.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Context = Mapping[str, tuple[str, ...]]  # condition key in lower case -> its values
    Test = Callable[[str, str], bool]  # wanted, given

VARIABLE = re.compile(r"\$\{([^},]+)(?:,\s*'([^']*)')?\}")
STAR, MARK = "\ue000", "\ue001"  # ${*} and ${?}: the characters themselves, no wildcards
LITERALS = {"*": STAR, "?": MARK, "$": "$"}
REGEX = {"*": ".*", "?": ".", STAR: r"\*", MARK: r"\?"}
ARN_PARTS = 6


class PolicyError(ValueError):
    """A policy document that can't be read; its text says what is wrong."""


@lru_cache(maxsize=4096)
def _pattern(text: str, *, ignore_case: bool) -> re.Pattern[str]:
    source = "".join(REGEX.get(character) or re.escape(character) for character in text)
    return re.compile(source, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def like(wanted: str, given: str, *, ignore_case: bool = False) -> bool:
    """Compare with `*` and `?` as wildcards."""
    if wanted == "*":
        return True
    return _pattern(wanted, ignore_case=ignore_case).fullmatch(given) is not None


def filled(text: str, context: Context) -> str | None:
    """Fill policy variables in; None when one has neither a value nor a default: then nothing matches."""
    if "${" not in text:
        return text
    missing = False

    def value(match: re.Match[str]) -> str:
        nonlocal missing
        name, default = match.groups()
        if name in LITERALS:
            return LITERALS[name]
        values = context.get(name.lower(), ())
        if len(values) == 1:
            return values[0]
        missing = missing or default is None
        return default or ""

    done = VARIABLE.sub(value, text)
    return None if missing else done


def _moment(text: str) -> float:
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _plain(text: str) -> str:
    return text.replace(STAR, "*").replace(MARK, "?")


def _in_range(wanted: str, given: str) -> bool:
    return ip_address(given) in ip_network(wanted, strict=False)


def _arn_like(wanted: str, given: str) -> bool:
    """Compare part by part: a wildcard does not reach over a colon of the first five."""
    wanted_parts, given_parts = wanted.split(":", ARN_PARTS - 1), given.split(":", ARN_PARTS - 1)
    return len(wanted_parts) == len(given_parts) == ARN_PARTS and all(map(like, wanted_parts, given_parts))


TESTS: dict[str, Test] = {
    "StringEquals": lambda wanted, given: _plain(wanted) == given,
    "StringEqualsIgnoreCase": lambda wanted, given: _plain(wanted).casefold() == given.casefold(),
    "StringLike": like,
    "NumericEquals": lambda wanted, given: float(given) == float(wanted),
    "NumericLessThan": lambda wanted, given: float(given) < float(wanted),
    "NumericLessThanEquals": lambda wanted, given: float(given) <= float(wanted),
    "NumericGreaterThan": lambda wanted, given: float(given) > float(wanted),
    "NumericGreaterThanEquals": lambda wanted, given: float(given) >= float(wanted),
    "DateEquals": lambda wanted, given: _moment(given) == _moment(wanted),
    "DateLessThan": lambda wanted, given: _moment(given) < _moment(wanted),
    "DateLessThanEquals": lambda wanted, given: _moment(given) <= _moment(wanted),
    "DateGreaterThan": lambda wanted, given: _moment(given) > _moment(wanted),
    "DateGreaterThanEquals": lambda wanted, given: _moment(given) >= _moment(wanted),
    "Bool": lambda wanted, given: wanted.lower() == given.lower(),
    "BinaryEquals": lambda wanted, given: wanted == given,
    "IpAddress": _in_range,
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
}
NEGATIONS = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}
QUALIFIERS = ("ForAllValues", "ForAnyValue")


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One operator with one key: `{"StringLike": {"kms:ViaService": ["s3.*"]}}`."""

    operator: str  # without qualifier and IfExists
    qualifier: str  # ForAllValues, ForAnyValue or ""
    if_exists: bool
    key: str  # as written
    values: tuple[str, ...]

    def holds(self, context: Context) -> bool:
        """Say whether the request's context satisfies it."""
        given = context.get(self.key.lower(), ())
        if self.operator == "Null":
            return any((value.lower() == "true") != bool(given) for value in self.values)
        negated = self.operator in NEGATIONS
        if not given:
            return self.if_exists or self.qualifier == "ForAllValues" or (negated and self.qualifier != "ForAnyValue")
        test = TESTS[NEGATIONS.get(self.operator, self.operator)]
        wanted = [done for value in self.values if (done := filled(value, context)) is not None]
        results = [any(_safely(test, value, one) for value in wanted) != negated for one in given]
        everywhere = self.qualifier == "ForAllValues" or (negated and not self.qualifier)
        return all(results) if everywhere else any(results)


def _safely(test: Test, wanted: str, given: str) -> bool:
    """Compare; values that are not of the operator's type match nothing."""
    try:
        return test(wanted, given)
    except ValueError:
        return False


def read(block: object) -> tuple[Condition, ...]:
    """Read a statement's Condition element."""
    return tuple(_read(block))


def _read(block: object) -> Iterator[Condition]:
    if not isinstance(block, dict):
        raise PolicyError(f"Condition must be an object, not {block!r}.")
    for operator, keys in block.items():
        qualifier, _, name = operator.rpartition(":")
        bare = name.removesuffix("IfExists")
        if (qualifier and qualifier not in QUALIFIERS) or (bare not in TESTS | NEGATIONS and name != "Null"):
            raise PolicyError(f"Condition operator {operator} is unknown.")
        if not isinstance(keys, dict):
            raise PolicyError(f"Condition operator {operator} must have an object with keys, not {keys!r}.")
        for key, values in keys.items():
            yield Condition(operator=bare, qualifier=qualifier, if_exists=bare != name, key=key, values=strings(values))


def strings(value: object) -> tuple[str, ...]:
    """Read a string, number or truth value, or a list of them."""
    values = value if isinstance(value, list) else [value]
    return tuple(str(v).lower() if isinstance(v, bool) else str(v) for v in values)
