"""Who runs this: the identity behind the credentials, the account, and who may assume the deployer role."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ._preflight import OK, PROBLEM, WARN, Row, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SESSION = re.compile(r"arn:(?P<partition>[^:]+):sts::(?P<account>\d{12}):assumed-role/(?P<role>[^/]+)/.+")
ENTITY = re.compile(
    r"arn:(?P<partition>[^:]+):iam::(?P<account>\d{12}):(?P<kind>user|role)/(?P<path>.+/)?(?P<name>[^/]+)"
)
ROOT = re.compile(r"arn:[^:]+:iam::(?P<account>\d{12}):root")
SSO_NAME, SSO_PATH = "AWSReservedSSO_", "aws-reserved/sso.amazonaws.com"
TRUSTED = "infrastructure_deployer_trusted_arns"


@dataclass(frozen=True, kw_only=True)
class Caller:
    """The identity behind the credentials. `principal` is what a trust policy can name; empty where nothing can be."""

    account: str
    arn: str
    kind: str
    principal: str
    certain: bool = True  # whether IAM told the principal


def caller(*, account: str, arn: str, region: str, find: Callable[[str, str], str | Unknown | None]) -> Caller:
    """Tell what an ARN of STS stands for. A session's ARN leaves out its role's path: IAM is asked for it."""
    if ROOT.fullmatch(arn):
        return Caller(account=account, arn=arn, kind="the account's root", principal="")
    session = SESSION.fullmatch(arn)
    if not session:
        kind = "user" if ENTITY.fullmatch(arn) else "federated user"
        return Caller(account=account, arn=arn, kind=kind, principal=arn if kind == "user" else "")
    name = session["role"]
    told = find("role", name)
    sso = name.startswith(SSO_NAME)
    if isinstance(told, str):
        entity = ENTITY.fullmatch(told)
        path = entity["path"] if entity else None
        kind = "IAM Identity Center role" if sso else "role with a path" if path else "role"
        return Caller(account=account, arn=arn, kind=kind, principal=told)
    path = f"{SSO_PATH}/{region}/" if sso else ""
    guess = f"arn:{session['partition']}:iam::{account}:role/{path}{name}"
    return Caller(
        account=account, arn=arn, kind="IAM Identity Center role" if sso else "role", principal=guess, certain=False
    )


def identity_row(who: Caller) -> Row:
    """Judge the identity: the root and federated users can't assume roles."""
    needed = "a user or a role"
    if not who.principal:
        return Row(
            check="identity",
            state=PROBLEM,
            found=f"{who.kind}: {who.arn}",
            needed=f"{needed}: {who.kind} can't assume the deployer role",
            step="Take keys of an IAM user, or log in to a role (`aws sso login`), and set AWS_PROFILE.",
        )
    if not who.certain:
        return Row(
            check="identity",
            state=WARN,
            found=f"{who.kind}: {who.arn}; IAM does not tell its path",
            needed=f"{needed}; perhaps {who.principal}",
            step="Allow iam:GetRole, or ask an administrator for the role's ARN, before a trust policy names it.",
        )
    return Row(check="identity", state=OK, found=f"{who.kind}: {who.principal}", needed=needed)


def account_row(who: Caller, *, wanted: str, alias: str) -> Row:
    """Compare the credentials' account with the inventory's."""
    found = f"{who.account} ({alias})" if alias else who.account
    if who.account == wanted:
        return Row(check="account", state=OK, found=found, needed="as the inventory says")
    return Row(
        check="account",
        state=PROBLEM,
        found=f"the credentials are of account {found}",
        needed=f"beacon_account_id is {wanted}" if wanted else "beacon_account_id names none",
        step=f'Take credentials of that account, or, when {who.account} is meant, set beacon_account_id to "{who.account}".',
    )


def trust_rows(who: Caller, trusted: Sequence[str], *, find: Callable[[str, str], str | Unknown | None]) -> list[Row]:
    """Check who may assume the deployer role: AWS refuses a trust policy that names somebody who is not there."""
    if not trusted:
        return [
            Row(
                check="trust",
                state=PROBLEM,
                found=f"{TRUSTED} is empty",
                needed="ARNs of users and roles that deploy",
                step=f'Set it in the inventory; you are "{who.principal}".',
            )
        ]
    rows = [row for arn in trusted if (row := _trusted(arn, account=who.account, find=find))]
    if not rows:
        rows = [Row(check="trust", state=OK, found=", ".join(trusted), needed="they exist")]
    if who.principal not in trusted:
        rows.append(
            Row(
                check="trust",
                state=WARN,
                found=f"{who.principal or who.arn} is none of {TRUSTED}",
                needed="whoever plays the other playbooks assumes the deployer role",
                step="Add it, when you deploy, too; provision alone works without it.",
            )
        )
    return rows


def _trusted(arn: str, *, account: str, find: Callable[[str, str], str | Unknown | None]) -> Row | None:
    """Return what is wrong with one; another account can't be asked."""
    entity = ENTITY.fullmatch(arn)
    if not entity:
        return Row(
            check="trust",
            state=PROBLEM,
            found=f"{arn} is trusted",
            needed="ARNs of users and roles: a session ends, and an account's root can't assume roles",
            step=f"Correct {TRUSTED} in the inventory: aws iam get-role --role-name NAME --query Role.Arn.",
        )
    if entity["account"] != account:
        return None
    told = find(entity["kind"], entity["name"])
    if told == arn:
        return None
    if isinstance(told, Unknown):
        return Row(
            check="trust",
            state=WARN,
            found=f"{arn}: not asked ({told.reason})",
            needed="an ARN that exists",
            step=f"Allow iam:Get{entity['kind'].title()}, or look at it yourself.",
        )
    return Row(
        check="trust",
        state=PROBLEM,
        found=f"{arn} does not exist",
        needed=f"its ARN is {told}" if told else f"a {entity['kind']} of account {account}",
        step=f"Correct {TRUSTED} in the inventory: AWS refuses a policy with an unknown principal.",
    )
