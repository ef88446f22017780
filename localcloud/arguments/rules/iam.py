"""IAM: sizes of policies, without white space, and whom they name.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-entity-length. Inline policies
of a role, user or group count together: its backend asks for what is left, and how many managed policies are attached. Principals:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from localcloud.core.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from localcloud.arguments.rules.kinds import Check, Rules

MANAGED, TRUST = 6144, 2048
ATTACHED = 10  # managed policies of a role, user or group
INLINE = {"user": 2048, "group": 5120, "role": 10240}


def size(document: str | Mapping[str, Any]) -> int:
    """Return how much of a quota a policy takes; moto's CloudFormation hands it over as it was read."""
    text = document if isinstance(document, str) else json.dumps(document)
    return len("".join(text.split()))


def _size(parameter: str, quota: str, most: int) -> Check:
    def check(asked: Mapping[str, Any]) -> Iterator[Fault]:
        if size(asked[parameter]) > most:
            yield Fault(code="LimitExceeded", message=f"Cannot exceed quota for {quota}: {most}", status=409)

    return check


def _identity(asked: Mapping[str, Any]) -> Iterator[Fault]:
    """Refuse a policy of an identity that names whom it is for; what can't be read is refused by the backend."""
    document: Any = asked["PolicyDocument"]
    try:
        found = json.loads(document) if isinstance(document, str) else document
    except ValueError:
        return
    statements = found.get("Statement", []) if isinstance(found, dict) else []
    for statement in statements if isinstance(statements, list) else [statements]:
        if isinstance(statement, dict) and ("Principal" in statement or "NotPrincipal" in statement):
            message = "Policy document should not specify a principal."
            yield Fault(code="MalformedPolicyDocument", message=message)


def exceeded(kind: str, name: str) -> str:
    """Say that the inline policies of somebody are too large."""
    return f"Maximum policy size of {INLINE[kind]} bytes exceeded for {kind} {name}"


RULES: Rules = {
    "CreatePolicy": (_identity, _size("PolicyDocument", "PolicySize", MANAGED)),
    "CreatePolicyVersion": (_identity, _size("PolicyDocument", "PolicySize", MANAGED)),
    "CreateRole": (_size("AssumeRolePolicyDocument", "ACLSizePerRole", TRUST),),
    "PutGroupPolicy": (_identity,),
    "PutRolePolicy": (_identity,),
    "PutUserPolicy": (_identity,),
    "UpdateAssumeRolePolicy": (_size("PolicyDocument", "ACLSizePerRole", TRUST),),
}
