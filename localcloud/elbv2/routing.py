"""From a listener's rules, as the API has them, to HAProxy's words. Pure.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html and rule-action-types.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from localcloud.elbv2.haproxy import backend_name
from localcloud.elbv2.words import quote, quote_format, wildcards

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

type Structure = dict[str, Any]  # an action, a condition, ... as the API has it
type Values = list[Any]

CONFIGS = {
    "host-header": "HostHeaderConfig",
    "http-header": "HttpHeaderConfig",
    "http-request-method": "HttpRequestMethodConfig",
    "path-pattern": "PathPatternConfig",
    "query-string": "QueryStringConfig",
    "source-ip": "SourceIpConfig",
}
NO_TARGETS = "return status 503"  # as AWS where a target group has no registered targets


@dataclass(frozen=True, kw_only=True)
class Share:
    """What a backend gets of a rule's requests: those that draw a number of its own."""

    backend: str
    first: int
    last: int


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule: who is meant, and what becomes of it."""

    name: str  # its priority
    conditions: tuple[tuple[str, ...], ...] = ()  # each must be met, by any of its expressions
    response: str = ""  # the load balancer's own, as HAProxy's `http-request` has it
    shares: tuple[Share, ...] = ()

    @property
    def numbers(self) -> int:
        """How many numbers there are to draw."""
        return self.shares[-1].last + 1 if self.shares else 0


def forwards(action: Structure) -> dict[str, int]:
    """Return the target groups that an action leads to, with their weights."""
    if action.get("Type") != "forward":
        return {}
    groups = (action.get("ForwardConfig") or {}).get("TargetGroups") or []
    if not groups:
        return {action["TargetGroupArn"]: 1} if action.get("TargetGroupArn") else {}
    return {group["TargetGroupArn"]: int(group.get("Weight", 1)) for group in groups}


def rule(
    *,
    priority: str,
    conditions: Iterable[Structure],
    action: Structure,
    port: int,
    names: Mapping[str, str],
    secure: bool = False,
) -> Rule:
    """Translate a rule of a listener with that port; `names`: those of target groups by their ARNs."""
    response, shares = "", tuple[Share, ...]()
    if action["Type"] == "redirect":
        response = _redirect(action["RedirectConfig"], port, secure=secure)
    elif action["Type"] == "fixed-response":
        response = _fixed(action["FixedResponseConfig"])
    else:
        weights = {backend_name(names[arn], port): weight for arn, weight in forwards(action).items() if arn in names}
        shares = tuple(_shares(weights))
        response = "" if shares else NO_TARGETS
    return Rule(
        name=priority,
        conditions=tuple(matches(condition) for condition in conditions),
        response=response,
        shares=shares,
    )


def matches(condition: Structure) -> tuple[str, ...]:
    """Return HAProxy's expressions for a condition: one is enough."""
    field = condition["Field"]
    config = condition.get(CONFIGS[field]) or {}
    values = config.get("Values") or condition.get("Values") or []
    if field == "http-header":
        return tuple(f"req.fhdr({quote(config['HttpHeaderName'])}) {_like(wildcards(value), '-i')}" for value in values)
    return tuple(EXPRESSIONS[field](value) for value in values)


def _like(expression: str, *flags: str) -> str:
    return " ".join(("-m reg", *flags, "--", quote(f"^{expression}$")))


def _query(pair: Mapping[str, str]) -> str:
    """Compare one parameter: without a key, any parameter's value."""
    key = wildcards(pair["Key"], character="[^&=]") if pair.get("Key") else "[^&=]*"
    value = wildcards(pair["Value"], character="[^&]")
    return f"query -m reg -i -- {quote(f'(^|&){key}={value}(&|$)')}"


EXPRESSIONS: dict[str, Callable[[Any], str]] = {
    "host-header": lambda value: f"hdr(host),host_only {_like(wildcards(value), '-i')}",
    "path-pattern": lambda value: f"path {_like(wildcards(value))}",
    "http-request-method": lambda value: f"method -m str -- {quote(value)}",
    "query-string": _query,
    "source-ip": lambda value: f"src -- {quote(value)}",
}


def _shares(weights: Mapping[str, int]) -> Iterable[Share]:
    first = 0
    for backend, weight in weights.items():
        if weight:
            yield Share(backend=backend, first=first, last=first + weight - 1)
            first += weight


def _fixed(config: Structure) -> str:
    body = config.get("MessageBody") or ""
    what = f" content-type {quote(config.get('ContentType') or 'text/plain')} string {quote(body)}" if body else ""
    return f"return status {config['StatusCode']}{what}"


def _redirect(config: Structure, port: int, *, secure: bool) -> str:
    """Make the location; `txn.query` is the request's query with its question mark, if it has one."""
    known = {
        "#{protocol}": "https" if secure else "http",
        "#{port}": str(port),
        "#{host}": "%[hdr(host),host_only]",
        "#{path}": "%[path,regsub(^/,)]",
        "#{query}": "%[query]",
    }

    def text(name: str, default: str) -> str:
        parts = re.split(r"(#\{[a-z]+\})", config.get(name) or default)
        return "".join(known.get(part) or quote_format(part) for part in parts)

    protocol = text("Protocol", "#{protocol}").lower()
    query = config.get("Query", "#{query}")
    after = "%[var(txn.query)]" if query == "#{query}" else f"?{text('Query', '')}" if query else ""
    location = f"{protocol}://{text('Host', '#{host}')}:{text('Port', '#{port}')}{text('Path', '/#{path}')}{after}"
    return f"redirect location {location} code {config['StatusCode'].removeprefix('HTTP_')}"
