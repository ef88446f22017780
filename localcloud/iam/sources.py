"""From moto's IAM to the evaluator: who a caller is, which policies are theirs, what is known of a request."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from moto.iam.models import iam_backends

from localcloud.iam import trust
from localcloud.iam.policy import Caller, Kind, Policies, Policy, Request, evaluate, parse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from localcloud.http.principals import Principal


ARN_COLONS = 5


def account_of(arn: str) -> str:
    """Return the account in an ARN."""
    return arn.split(":")[4]


def caller_of(principal: Principal) -> Caller:
    """Say who asks, for the evaluator."""
    return Caller(arn=principal.arn, account=account_of(principal.arn), role_arn=principal.role_arn)


def policies_of(principal: Principal, *, resource: tuple[Policy, ...] = (), resource_decides: bool = False) -> Policies:
    """Collect what applies to a caller: identity's policies, boundary, the session's own policy."""
    iam = iam_backends[account_of(principal.arn)]["aws"]
    entity = entity_of(iam, principal.role_arn or principal.arn)
    return Policies(
        identity=identity_policies(iam, entity) if entity else (),
        boundary=boundary(iam, entity) if entity else None,
        session=(parse(principal.policy, name="session", kind=Kind.SESSION),) if principal.policy else None,
        resource=resource,
        resource_decides=resource_decides,
    )


def entity_of(iam: Any, arn: str) -> Any:
    """Find the user, role or group that has this ARN; None when nobody has."""
    groups: Iterable[Any] = iam.groups.values()
    return next((e for e in (*iam.users.values(), *iam.roles.values(), *groups) if e.arn == arn), None)


def is_there(iam: Any, arn: str) -> bool:
    """Say whether a user, a role or the session's role of this ARN exists."""
    _, assumed, name = arn.partition(":assumed-role/")
    if assumed:
        role, _, session = name.partition("/")
        return bool(session) and any(each.name == role for each in iam.get_roles())
    return entity_of(iam, arn) is not None


def invalid_principal(policy: Policy, *, account: str) -> str | None:
    """Return the first principal of a policy that AWS would refuse; None where it names none. Raises PolicyError."""
    iam = iam_backends[account]["aws"]
    return trust.invalid_principal(policy, account=account, exists=partial(is_there, iam))


def trust_of(role: Any) -> Policy:
    """Return a role's trust policy."""
    return parse(role.assume_role_policy_document, name="trust", kind=Kind.RESOURCE)


def trusts_service(role: Any, service: str) -> bool:
    """Say whether a service may assume a role: instances' roles trust ec2.amazonaws.com."""
    caller = Caller(arn="", account=account_of(role.arn), service=service)
    request = Request(action="sts:AssumeRole", resource=role.arn, caller=caller)
    return evaluate(request, Policies(resource=(trust_of(role),), resource_decides=True)).allowed


def assumable(arn: str, service: str) -> bool:
    """Say whether this is a role's ARN, and the role trusts the service."""
    account = account_of(arn) if arn.count(":") == ARN_COLONS else ""
    role = entity_of(iam_backends[account]["aws"], arn) if account and ":role/" in arn else None
    return role is not None and trusts_service(role, service)


def identity_policies(iam: Any, entity: Any) -> tuple[Policy, ...]:
    """Return the inline, managed and group policies of a user, role or group."""
    found = [parse(document, name=name, kind=Kind.IDENTITY) for name, document in entity.policies.items()]
    found += [managed(policy, Kind.IDENTITY) for policy in entity.managed_policies.values()]
    if entity in iam.users.values():
        for group in iam.get_groups_for_user(entity.name):
            found += identity_policies(iam, group)
    return tuple(found)


def managed(policy: Any, kind: Kind) -> Policy:
    """Return a managed policy's default version."""
    version = next(v for v in policy.versions if v.version_id == policy.default_version_id)
    return parse(version.document, name=policy.arn, kind=kind)


def boundary(iam: Any, entity: Any) -> tuple[Policy, ...] | None:
    """Return a user's or role's permissions boundary; a boundary that was deleted allows nothing."""
    arn = getattr(entity, "permissions_boundary_arn", None)
    if not arn:
        return None
    policy = iam.managed_policies.get(arn)
    return (managed(policy, Kind.BOUNDARY),) if policy else ()


def context_of(principal: Principal, **more: str | None) -> dict[str, tuple[str, ...]]:
    """Return the condition keys that every request has, in lower case, and those of this one."""
    now = datetime.now(UTC)
    entity_arn = principal.role_arn or principal.arn
    known = {
        "aws:principalarn": entity_arn,
        "aws:principalaccount": account_of(principal.arn),
        "aws:principaltype": "AssumedRole" if principal.role_arn else "User",
        "aws:currenttime": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "aws:epochtime": str(int(now.timestamp())),
        "aws:securetransport": "true",  # as it would be on AWS: the local endpoint's HTTP is not the request's fault
        "aws:username": None if principal.role_arn else entity_arn.rpartition("/")[2],
        **more,
    }
    return {key: (value,) for key, value in known.items() if value is not None}
