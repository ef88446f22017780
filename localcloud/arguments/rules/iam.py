"""IAM: sizes of policies, without white space, and whom they name.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-entity-length. Inline policies
of a role, user or group count together: its backend asks for what is left, and how many managed policies are attached. Principals:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from localcloud.arguments.rules.documents import statements
from localcloud.core.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from localcloud.arguments.rules.kinds import Asked, Check, Rules

MANAGED, TRUST = 6144, 2048
# https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
ARN = re.compile(r"arn:[^:]+:[^:]+:[^:]*:[^:]*:.+")
USER = re.compile(r"arn:[^:]+:iam::\d{12}:user/.+")
ATTACHED = 10  # managed policies of a role, user or group
INLINE = {"user": 2048, "group": 5120, "role": 10240}


def size(document: str | Mapping[str, Any]) -> int:
    """Return how much of a quota a policy takes; moto's CloudFormation hands it over as it was read."""
    text = document if isinstance(document, str) else json.dumps(document)
    return len("".join(text.split()))


def _size(parameter: str, quota: str, most: int) -> Check:
    def check(asked: Asked) -> Iterator[Fault]:
        if size(asked[parameter]) > most:
            yield Fault(code="LimitExceeded", message=f"Cannot exceed quota for {quota}: {most}", status=409)

    return check


def _identity(asked: Asked) -> Iterator[Fault]:
    """Refuse a policy of an identity that names whom it is for; what can't be read is refused by the backend."""
    for statement in statements(asked["PolicyDocument"]):
        if "Principal" in statement or "NotPrincipal" in statement:
            message = "Policy document should not specify a principal."
            yield Fault(code="MalformedPolicyDocument", message=message)


def _simulation(asked: Asked) -> Iterator[Fault]:
    """Refuse a simulation of what IAM does not simulate: callers are users, and who asks a resource's policy is named."""
    caller, source = asked.get("CallerArn"), asked.get("PolicySourceArn", "")
    problem = ""
    if caller and not USER.fullmatch(caller):
        problem = f"CallerArn {caller} is invalid: the ARN of an IAM user is allowed."
    elif wrong := next((one for one in asked.get("ResourceArns") or () if one != "*" and not ARN.fullmatch(one)), None):
        problem = f"ResourceArns {wrong} is invalid: ARNs and * are allowed."
    elif len(asked.get("PermissionsBoundaryPolicyInputList") or ()) > 1:
        problem = "PermissionsBoundaryPolicyInputList is invalid: one permissions boundary is allowed."
    elif asked.get("ResourcePolicy") and not caller and not USER.fullmatch(source):
        problem = "CallerArn is required with ResourcePolicy when PolicySourceArn is not the ARN of an IAM user."
    if problem:
        yield Fault(code="InvalidInput", message=problem)


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
    "SimulateCustomPolicy": (_simulation,),
    "SimulatePrincipalPolicy": (_simulation,),
    "UpdateAssumeRolePolicy": (_size("PolicyDocument", "ACLSizePerRole", TRUST),),
}
