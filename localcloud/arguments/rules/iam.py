"""IAM: sizes of policies, without white space.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-entity-length. Inline policies
of a role, user or group count together: its backend asks for what is left.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from localcloud.core.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from localcloud.arguments.rules.kinds import Check, Rules

MANAGED, TRUST = 6144, 2048
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


def exceeded(kind: str, name: str) -> str:
    """Say that the inline policies of somebody are too large."""
    return f"Maximum policy size of {INLINE[kind]} bytes exceeded for {kind} {name}"


RULES: Rules = {
    "CreatePolicy": (_size("PolicyDocument", "PolicySize", MANAGED),),
    "CreatePolicyVersion": (_size("PolicyDocument", "PolicySize", MANAGED),),
    "CreateRole": (_size("AssumeRolePolicyDocument", "ACLSizePerRole", TRUST),),
    "UpdateAssumeRolePolicy": (_size("PolicyDocument", "ACLSizePerRole", TRUST),),
}
