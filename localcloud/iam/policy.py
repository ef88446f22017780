"""Policies: documents read, and a request decided from all that apply. No moto, no I/O.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html (requests within one account)
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from localcloud.iam import conditions
from localcloud.iam.conditions import PolicyError, filled, like

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from localcloud.iam.conditions import Condition, Context

ACCOUNT_ROOT = ":root"


class Kind(Enum):
    """The type of a policy, in the words of AWS's messages."""

    IDENTITY = "identity-based policy"
    BOUNDARY = "permissions boundary"
    SESSION = "session policy"
    RESOURCE = "resource-based policy"


class Grant(IntEnum):
    """How directly a principal element names a caller: decides which other policies must allow, too."""

    NONE = 0
    ACCOUNT = 1  # the account: its identities need a policy of their own
    ROLE = 2  # the caller's role, or anybody: a boundary and a session policy still limit
    CALLER = 3  # exactly this user or session


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who asks."""

    arn: str  # of a user, an account's root, or a role's session
    account: str
    role_arn: str | None = None  # sessions only
    service: str | None = None  # AWS services that call for themselves: ec2.amazonaws.com
    provider: str | None = None  # ARN of the identity provider that vouches for a web identity


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A statement, in tuples; None where an element is absent."""

    allows: bool
    actions: tuple[str, ...] | None
    not_actions: tuple[str, ...] | None
    resources: tuple[str, ...] | None
    not_resources: tuple[str, ...] | None
    principals: tuple[tuple[str, str], ...] | None  # (AWS, ARN), (Service, name), ...
    not_principals: tuple[tuple[str, str], ...] | None
    conditions: tuple[Condition, ...] = ()
    sid: str = ""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """A policy, where it is from, and its statements."""

    name: str
    kind: Kind
    statements: tuple[Statement, ...]


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is asked for."""

    action: str  # service:Operation
    resource: str | None  # None: not named, as where IAM does not say how; then any that a statement allows
    caller: Caller
    context: Context = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Policies:
    """All policies that apply to a request. No boundary or session policy is None; an empty one allows nothing."""

    identity: tuple[Policy, ...] = ()
    boundary: tuple[Policy, ...] | None = None
    session: tuple[Policy, ...] | None = None
    resource: tuple[Policy, ...] = ()
    resource_decides: bool = False  # role trust, KMS keys: without the resource's policy nothing is allowed


@dataclass(frozen=True, kw_only=True)
class Match:
    """A statement that decided."""

    policy: Policy
    index: int


@dataclass(frozen=True, kw_only=True)
class Decision:
    """The outcome, and by which type of policy."""

    allowed: bool
    explicit: bool  # an explicit deny
    by: Kind
    matches: tuple[Match, ...] = ()

    @property
    def reason(self) -> str:
        """AWS's words after "is not authorized to perform ..."."""
        article = "an" if self.by is Kind.IDENTITY else "a"
        if self.explicit:
            return f"with an explicit deny in {article} {self.by.value}"
        return f"because no {self.by.value} allows the action"


def parse(document: str | Mapping[str, Any], *, name: str, kind: Kind) -> Policy:
    """Read a policy document; PolicyError says what is wrong with it."""
    if isinstance(document, str):
        return _parse(document, name, kind)
    return _parse(json.dumps(document), name, kind)


@lru_cache(maxsize=2048)
def _parse(document: str, name: str, kind: Kind) -> Policy:
    try:
        found = json.loads(document)
    except ValueError as error:
        raise PolicyError(f"The policy {name} is no JSON: {error}.") from error
    if not isinstance(found, dict) or "Statement" not in found:
        raise PolicyError(f"The policy {name} has no Statement.")
    statements = found["Statement"] if isinstance(found["Statement"], list) else [found["Statement"]]
    return Policy(name=name, kind=kind, statements=tuple(_statement(s, name) for s in statements))


def _statement(found: Any, name: str) -> Statement:
    if not isinstance(found, dict) or found.get("Effect") not in ("Allow", "Deny"):
        raise PolicyError(f"A statement of the policy {name} has no Effect Allow or Deny.")
    if ("Action" in found) == ("NotAction" in found):
        raise PolicyError(f"A statement of the policy {name} must have either Action or NotAction.")

    def element(key: str) -> tuple[str, ...] | None:
        return conditions.strings(found[key]) if key in found else None

    return Statement(
        allows=found["Effect"] == "Allow",
        actions=element("Action"),
        not_actions=element("NotAction"),
        resources=element("Resource"),
        not_resources=element("NotResource"),
        principals=tuple(principals(found["Principal"])) if "Principal" in found else None,
        not_principals=tuple(principals(found["NotPrincipal"])) if "NotPrincipal" in found else None,
        conditions=conditions.read(found.get("Condition", {})),
        sid=str(found.get("Sid", "")),
    )


def principals(element: Any) -> Iterator[tuple[str, str]]:
    """Read a Principal element as pairs of type and value."""
    if isinstance(element, str):
        yield "AWS", element
    elif isinstance(element, dict):
        for kind, values in element.items():
            for value in conditions.strings(values):
                yield kind, value
    else:
        raise PolicyError(f"Principal must be a string or an object, not {element!r}.")


def grant(named: Iterable[tuple[str, str]], caller: Caller) -> Grant:
    """Say how directly the caller is among these principals."""
    return max((_grant(kind, value, caller) for kind, value in named), default=Grant.NONE)


def _grant(kind: str, value: str, caller: Caller) -> Grant:
    if kind == "Service":
        return Grant.CALLER if caller.service and value == caller.service else Grant.NONE
    if kind == "Federated":
        return Grant.CALLER if caller.provider and value == caller.provider else Grant.NONE
    if kind != "AWS" or (caller.service and value != "*"):
        return Grant.NONE
    if value == caller.arn:
        return Grant.CALLER
    if value in ("*", caller.role_arn):
        return Grant.ROLE
    of_account = value == caller.account or (value.endswith(ACCOUNT_ROOT) and value.split(":")[4] == caller.account)
    return Grant.ACCOUNT if of_account else Grant.NONE


def evaluate(request: Request, policies: Policies) -> Decision:
    """Decide a request. An explicit deny wins; then all types that apply must allow."""
    every = (*policies.identity, *(policies.boundary or ()), *(policies.session or ()), *policies.resource)
    if denies := _matches(every, request, allows=False):
        return Decision(allowed=False, explicit=True, by=denies[0].policy.kind, matches=denies)
    identity = _matches(policies.identity, request, allows=True)
    resource = _matches(policies.resource, request, allows=True)
    direct = max((_grant_of(match, request.caller) for match in resource), default=Grant.NONE)
    if policies.resource_decides and not resource:
        return _implicit(Kind.RESOURCE)
    if direct is not Grant.CALLER:
        if not identity and direct is not Grant.ROLE:
            return _implicit(Kind.IDENTITY)
        for kind, limit in ((Kind.BOUNDARY, policies.boundary), (Kind.SESSION, policies.session)):
            if limit is not None and not _matches(limit, request, allows=True):
                return _implicit(kind)
    matches = (*identity, *resource)
    return Decision(allowed=True, explicit=False, by=matches[0].policy.kind, matches=matches)


def _implicit(kind: Kind) -> Decision:
    return Decision(allowed=False, explicit=False, by=kind)


def _grant_of(match: Match, caller: Caller) -> Grant:
    statement = match.policy.statements[match.index]
    # NotPrincipal with Allow lets everybody else in, as a wildcard does
    return grant(statement.principals, caller) if statement.principals is not None else Grant.ROLE


def _matches(policies: Iterable[Policy], request: Request, *, allows: bool) -> tuple[Match, ...]:
    return tuple(
        Match(policy=policy, index=index)
        for policy in policies
        for index, statement in enumerate(policy.statements)
        if statement.allows is allows and applies(statement, request)
    )


def applies(statement: Statement, request: Request) -> bool:
    """Say whether a statement is about this request."""
    return (
        _of_action(statement, request.action)
        and _of_principal(statement, request.caller)
        and _of_resource(statement, request)
        and all(condition.holds(request.context) for condition in statement.conditions)
    )


def _of_action(statement: Statement, action: str) -> bool:
    if statement.actions is not None:
        return any(like(wanted, action, ignore_case=True) for wanted in statement.actions)
    return not any(like(wanted, action, ignore_case=True) for wanted in statement.not_actions or ())


def _of_resource(statement: Statement, request: Request) -> bool:
    if request.resource is None:  # what is denied for some resources must not be denied for all
        return statement.allows or statement.resources in (None, ("*",))

    def named(patterns: tuple[str, ...]) -> bool:
        wanted = (filled(pattern, request.context) for pattern in patterns)
        return any(pattern is not None and like(pattern, str(request.resource)) for pattern in wanted)

    if statement.resources is not None:
        return named(statement.resources)
    if statement.not_resources is not None:
        return not named(statement.not_resources)
    return True  # a trust policy: its resource is the role that has it


def _of_principal(statement: Statement, caller: Caller) -> bool:
    if statement.principals is not None:
        return grant(statement.principals, caller) is not Grant.NONE
    if statement.not_principals is not None:
        return grant(statement.not_principals, caller) is Grant.NONE
    return True  # identity-based: it is the caller's


def condition_keys(policies: Policies) -> set[str]:
    """Return the condition keys that these policies ask for, as written."""
    every = (*policies.identity, *(policies.boundary or ()), *(policies.session or ()), *policies.resource)
    return {c.key for policy in every for statement in policy.statements for c in statement.conditions}
