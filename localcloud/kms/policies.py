"""Key policies that KMS refuses: unreadable ones, principals that are not there, and those that lock the caller out.

https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from localcloud.core.errors import Fault
from localcloud.iam import sources
from localcloud.iam.conditions import PolicyError
from localcloud.iam.known import Model
from localcloud.iam.policy import Kind, Request, evaluate, parse

if TYPE_CHECKING:
    from localcloud.http.operations import Operation
    from localcloud.http.principals import Principal
    from localcloud.iam.policy import Policy

OPERATIONS = ("CreateKey", "PutKeyPolicy")
# https://github.com/terraform-aws-modules/terraform-aws-kms/issues/14, https://github.com/cloudposse/terraform-aws-vpc-flow-logs-s3-bucket/pull/27
LOCKED_OUT = "The new key policy will not allow you to update the key policy in the future."
INVALID_PRINCIPALS = "Policy contains a statement with one or more invalid principals."

EVERYTHING = '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'


def refusal(principal: Principal, operation: Operation) -> Fault | None:
    """Return what KMS says of the key policy that an operation sets. The model's lock is held."""
    asked = operation.parameters or {}
    if operation.name not in OPERATIONS or not (text := asked.get("Policy")):
        return None
    account = sources.account_of(principal.arn)
    key = Model(account=account, region=operation.region).key(asked.get("KeyId") or "*") or "*"
    problem = ""
    try:
        policy = parse(text, name="key", kind=Kind.RESOURCE)
        if sources.invalid_principal(policy, account=account):
            problem = INVALID_PRINCIPALS
    except PolicyError as error:
        problem = str(error)
    if not problem and not asked.get("BypassPolicyLockoutSafetyCheck") and not _may_change(principal, policy, key):
        problem = LOCKED_OUT
    return Fault(code="MalformedPolicyDocumentException", message=problem) if problem else None


def _may_change(principal: Principal, policy: Policy, key: str) -> bool:
    """Say whether a caller may set a key's policy again, by the new one and the caller's own."""
    caller, action = sources.caller_of(principal), "kms:PutKeyPolicy"
    request = Request(action=action, resource=key, caller=caller, context=sources.context_of(principal))
    own = sources.policies_of(principal, resource=(policy,), resource_decides=True)
    if principal.arn.endswith(":root"):  # whom the account's statement names
        own = replace(own, identity=(parse(EVERYTHING, name="root", kind=Kind.IDENTITY),))
    return evaluate(request, own).allowed
