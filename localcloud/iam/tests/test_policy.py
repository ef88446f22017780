"""The evaluator, as tables: what AWS's documentation says of each element, operator and type of policy."""

from __future__ import annotations

import time
from typing import Any

import pytest

from localcloud.iam.conditions import PolicyError
from localcloud.iam.policy import Caller, Decision, Kind, Policies, Policy, Request, evaluate, parse

ACCOUNT = "123456789012"
USER = Caller(arn=f"arn:aws:iam::{ACCOUNT}:user/dev", account=ACCOUNT)
ROLE = f"arn:aws:iam::{ACCOUNT}:role/a/path/deployer"
SESSION = Caller(arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/deployer/me", account=ACCOUNT, role_arn=ROLE)
SERVICE = Caller(arn="", account=ACCOUNT, service="ec2.amazonaws.com")
OBJECT = "arn:aws:s3:::bucket/team/file"


def allow(**elements: Any) -> dict[str, Any]:
    """Make a statement that allows; Action and Resource are everything unless given."""
    what = {} if "NotAction" in elements else {"Action": "*"}
    where = {} if {"NotResource", "Principal", "NotPrincipal"} & elements.keys() else {"Resource": "*"}
    return {"Effect": "Allow", **what, **where, **elements}


def deny(**elements: Any) -> dict[str, Any]:
    """Make a statement that denies."""
    return {**allow(**elements), "Effect": "Deny"}


def policy(*statements: dict[str, Any], kind: Kind = Kind.IDENTITY) -> tuple[Policy, ...]:
    """Make a policy of these statements."""
    return (parse({"Version": "2012-10-17", "Statement": list(statements)}, name="p", kind=kind),)


def ask(
    identity: tuple[Policy, ...] = (),
    *,
    action: str = "s3:GetObject",
    about: str = OBJECT,
    caller: Caller = USER,
    context: dict[str, tuple[str, ...]] | None = None,
    **more: Any,
) -> Decision:
    """Decide one request."""
    request = Request(action=action, resource=about, caller=caller, context=context or {})
    return evaluate(request, Policies(identity=identity, **more))


@pytest.mark.parametrize(
    ("elements", "allowed"),
    [
        ({"Action": "s3:GetObject"}, True),
        ({"Action": "S3:getobject"}, True),
        ({"Action": ["ec2:*", "s3:Get*"]}, True),
        ({"Action": "s3:Get?bject"}, True),
        ({"Action": "s3:PutObject"}, False),
        ({"Action": "s3:Get"}, False),
        ({"NotAction": "s3:Put*"}, True),
        ({"NotAction": ["s3:Put*", "s3:GetObject"]}, False),
        ({"Resource": OBJECT}, True),
        ({"Resource": "arn:aws:s3:::bucket/*"}, True),
        ({"Resource": "arn:aws:s3:::BUCKET/*"}, False),
        ({"Resource": "arn:aws:s3:::bucket"}, False),
        ({"Resource": "arn:aws:s3:::bucket/${aws:username}/*"}, True),
        ({"Resource": "arn:aws:s3:::bucket/${aws:PrincipalTag/team}/*"}, False),
        ({"Resource": "arn:aws:s3:::bucket/${aws:PrincipalTag/team, 'team'}/*"}, True),
        ({"Resource": "arn:aws:s3:::bucket/${*}"}, False),
        ({"NotResource": "arn:aws:s3:::other/*"}, True),
        ({"NotResource": "arn:aws:s3:::bucket/*"}, False),
    ],
)
def test_actions_and_resources(elements: dict[str, Any], *, allowed: bool) -> None:
    assert ask(policy(allow(**elements)), context={"aws:username": ("team",)}).allowed is allowed


CONTEXT = {
    "aws:sourceip": ("192.0.2.7",),
    "aws:currenttime": ("2026-11-29T00:00:00Z",),
    "aws:principalarn": (ROLE,),
    "aws:securetransport": ("false",),
    "kms:viaservice": ("s3.eu-west-1.amazonaws.com",),
    "s3:max-keys": ("10",),
    "aws:tagkeys": ("env", "team"),
    "aws:username": ("dev",),
    "odd": ("a*b",),
}


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"StringEquals": {"KMS:viaservice": "s3.eu-west-1.amazonaws.com"}}, True),
        ({"StringEquals": {"kms:ViaService": ["ec2.x", "s3.eu-west-1.amazonaws.com"]}}, True),
        ({"StringEquals": {"kms:ViaService": "s3.*"}}, False),
        ({"StringEquals": {"absent": "x"}}, False),
        ({"StringEquals": {"odd": "a${*}b"}}, True),
        ({"StringLike": {"odd": "a${*}b"}}, True),
        ({"StringLike": {"kms:ViaService": "a${*}b"}}, False),
        ({"StringEquals": {"aws:username": "${aws:username}"}}, True),
        ({"StringEqualsIgnoreCase": {"kms:ViaService": "S3.eu-west-1.AMAZONAWS.com"}}, True),
        ({"StringNotEquals": {"kms:ViaService": ["a", "b"]}}, True),
        ({"StringNotEquals": {"kms:ViaService": ["a", "s3.eu-west-1.amazonaws.com"]}}, False),
        ({"StringNotEquals": {"absent": "x"}}, True),
        ({"StringNotEqualsIgnoreCase": {"aws:username": "DEV"}}, False),
        ({"StringLike": {"kms:ViaService": "s3.*.amazonaws.com"}}, True),
        ({"StringNotLike": {"kms:ViaService": "s3.*"}}, False),
        ({"StringEqualsIfExists": {"absent": "x"}}, True),
        ({"StringEqualsIfExists": {"aws:username": "x"}}, False),
        ({"NumericLessThanEquals": {"s3:max-keys": 10}}, True),
        ({"NumericLessThan": {"s3:max-keys": "10"}}, False),
        ({"NumericGreaterThan": {"s3:max-keys": "9.5"}}, True),
        ({"NumericGreaterThanEquals": {"s3:max-keys": "11"}}, False),
        ({"NumericEquals": {"s3:max-keys": "10.0"}}, True),
        ({"NumericNotEquals": {"s3:max-keys": "10"}}, False),
        ({"NumericEquals": {"aws:username": "10"}}, False),
        ({"DateGreaterThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}, True),
        ({"DateLessThan": {"aws:CurrentTime": "2026-01-01"}}, False),
        ({"DateGreaterThanEquals": {"aws:CurrentTime": "2026-11-29T00:00:00Z"}}, True),
        ({"DateLessThanEquals": {"aws:CurrentTime": "1795910400"}}, True),
        ({"DateEquals": {"aws:CurrentTime": "2026-11-29T01:00:00+01:00"}}, True),
        ({"DateNotEquals": {"aws:CurrentTime": "2026-11-29T00:00:00Z"}}, False),
        ({"Bool": {"aws:SecureTransport": False}}, True),
        ({"Bool": {"aws:SecureTransport": "true"}}, False),
        ({"Bool": {"aws:MultiFactorAuthPresent": "false"}}, False),
        ({"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}, True),
        ({"BinaryEquals": {"aws:username": "dev"}}, True),
        ({"IpAddress": {"aws:SourceIp": ["198.51.100.0/24", "192.0.2.0/24"]}}, True),
        ({"IpAddress": {"aws:SourceIp": "2001:db8::/32"}}, False),
        ({"NotIpAddress": {"aws:SourceIp": "192.0.2.7"}}, False),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/a/*"}}, True),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:*:role/*"}}, False),
        ({"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::123456789012:role/a/path/deploye?"}}, True),
        ({"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}}, False),
        ({"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::*:user/*"}}, True),
        ({"Null": {"absent": "true"}}, True),
        ({"Null": {"aws:username": "true"}}, False),
        ({"Null": {"aws:username": False}}, True),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["env", "team", "x"]}}, True),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["env"]}}, False),
        ({"ForAllValues:StringEquals": {"absent": ["env"]}}, True),
        ({"ForAnyValue:StringEquals": {"aws:TagKeys": ["team"]}}, True),
        ({"ForAnyValue:StringEquals": {"absent": ["team"]}}, False),
        ({"ForAnyValue:StringNotEquals": {"aws:TagKeys": ["team"]}}, True),
        ({"ForAllValues:StringNotLike": {"aws:TagKeys": ["te*"]}}, False),
        ({"StringEquals": {"aws:username": "dev", "odd": "x"}}, False),
        ({"StringEquals": {"aws:username": "dev"}, "Null": {"absent": "false"}}, False),
    ],
)
def test_conditions(condition: dict[str, Any], *, holds: bool) -> None:
    assert ask(policy(allow(Condition=condition)), context=CONTEXT).allowed is holds


@pytest.mark.parametrize("caller", [USER, SESSION])
def test_without_a_policy_nothing_is_allowed(caller: Caller) -> None:
    decided = ask(caller=caller)
    assert (decided.allowed, decided.explicit, decided.by) == (False, False, Kind.IDENTITY)
    assert decided.reason == "because no identity-based policy allows the action"


EVERYTHING = policy(allow())
NAMED = allow(Principal={"AWS": SESSION.arn})


@pytest.mark.parametrize(
    ("policies", "by"),
    [
        ({"identity": (*EVERYTHING, *policy(deny(Action="s3:Get*")))}, Kind.IDENTITY),
        ({"boundary": (*EVERYTHING, *policy(deny(), kind=Kind.BOUNDARY))}, Kind.BOUNDARY),
        ({"session": (*EVERYTHING, *policy(deny(), kind=Kind.SESSION))}, Kind.SESSION),
        ({"resource": policy(NAMED, deny(Principal="*"), kind=Kind.RESOURCE)}, Kind.RESOURCE),
        ({"resource": policy(deny(NotPrincipal={"AWS": USER.arn}), kind=Kind.RESOURCE)}, Kind.RESOURCE),
    ],
)
def test_an_explicit_deny_wins_wherever_it_is(policies: dict[str, Any], by: Kind) -> None:
    decided = ask(**{"identity": EVERYTHING, "caller": SESSION, **policies})
    assert (decided.allowed, decided.explicit, decided.by) == (False, True, by)
    assert decided.reason.endswith(by.value)


@pytest.mark.parametrize("kind", ["boundary", "session"])
def test_boundaries_and_session_policies_limit_and_do_not_give(kind: str) -> None:
    limit = policy(allow(Action="s3:*"), kind=Kind[kind.upper()])
    limits: dict[str, Any] = {kind: limit}
    assert ask(EVERYTHING, caller=SESSION, **limits).allowed
    assert ask(EVERYTHING, action="ec2:RunInstances", caller=SESSION, **limits).by is Kind[kind.upper()]
    assert ask(caller=SESSION, **limits).by is Kind.IDENTITY
    nothing: dict[str, Any] = {kind: ()}
    assert not ask(EVERYTHING, **nothing).allowed


@pytest.mark.parametrize(
    ("principal", "caller", "alone", "despite_a_boundary"),
    [
        ({"AWS": USER.arn}, USER, True, True),
        ({"AWS": SESSION.arn}, SESSION, True, True),
        ({"AWS": ROLE}, SESSION, True, False),
        ({"AWS": "arn:aws:iam::123456789012:role/deployer"}, SESSION, False, False),
        ("*", SESSION, True, False),
        ({"AWS": ACCOUNT}, USER, False, False),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, USER, False, False),
        ({"AWS": "arn:aws:iam::210987654321:root"}, USER, False, False),
        ({"Service": "ec2.amazonaws.com"}, SERVICE, True, True),
        ({"Service": "eks.amazonaws.com"}, SERVICE, False, False),
        ({"AWS": "*"}, SERVICE, True, False),
        ({"Federated": "arn:aws:iam::123456789012:oidc-provider/x"}, USER, False, False),
    ],
)
def test_how_a_resource_s_policy_names_the_caller_decides_what_else_is_needed(
    principal: Any, caller: Caller, *, alone: bool, despite_a_boundary: bool
) -> None:
    resource = policy(allow(Principal=principal), kind=Kind.RESOURCE)
    assert ask(caller=caller, resource=resource).allowed is alone
    assert ask(caller=caller, resource=resource, boundary=(), session=()).allowed is despite_a_boundary


def test_an_account_in_a_trust_policy_needs_the_identity_s_own_and_the_other_way_round() -> None:
    trust = policy(allow(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}), kind=Kind.RESOURCE)
    assert ask(EVERYTHING, resource=trust, resource_decides=True).allowed
    assert ask(resource=trust, resource_decides=True).by is Kind.IDENTITY
    assert ask(EVERYTHING, resource_decides=True).by is Kind.RESOURCE


def test_a_decision_names_its_statements() -> None:
    decided = ask(policy(allow(Action="ec2:*"), allow(Sid="Read", Action="s3:Get*")))
    assert [(m.policy.name, m.index) for m in decided.matches] == [("p", 1)]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("{", "is no JSON"),
        ("{}", "has no Statement"),
        ({"Statement": [{"Effect": "Maybe"}]}, "no Effect Allow or Deny"),
        ({"Statement": {"Effect": "Allow", "Resource": "*"}}, "either Action or NotAction"),
        ({"Statement": allow(Condition={"StringIs": {"a": "b"}})}, "Condition operator StringIs is unknown"),
        ({"Statement": allow(Condition={"ForSome:StringLike": {"a": "b"}})}, "ForSome:StringLike is unknown"),
        ({"Statement": allow(Condition={"StringLike": "x"})}, "must have an object with keys"),
        ({"Statement": allow(Condition=["x"])}, "Condition must be an object"),
        ({"Statement": allow(Principal=["x"])}, "Principal must be a string or an object"),
    ],
)
def test_a_document_that_cannot_be_read_is_refused(document: Any, words: str) -> None:
    with pytest.raises(PolicyError, match=words):
        parse(document, name="p", kind=Kind.IDENTITY)


def test_a_decision_takes_well_under_half_a_millisecond() -> None:
    many = tuple(
        policy(*(allow(Action=f"ec2:Describe{n}*", Resource=f"arn:aws:ec2:*:*:vpc/{m}-{n}") for n in range(20)))[0]
        for m in range(5)
    )
    ask(many)
    started = time.process_time()
    for _ in range(100):
        ask(many)
    assert (time.process_time() - started) / 100 < 0.005  # ten times what is measured: machines are busy
