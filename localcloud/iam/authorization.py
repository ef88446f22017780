"""Whether a caller may do what a request asks: every question of it, on every resource, by all policies that apply.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from localcloud.http import errors, principals, signatures
from localcloud.http.errors import RefusedError
from localcloud.iam import access_log, actions, sources
from localcloud.iam.known import Model
from localcloud.iam.policy import Decision, Policies, Request, condition_keys, evaluate
from localcloud.iam.questions import Question, Scope

if TYPE_CHECKING:
    from localcloud.http.operations import Operation
    from localcloud.http.principals import Principal


def check(principal: Principal, operation: Operation) -> None:
    """Raise RefusedError, in the service's words, when the caller may not do this. The model's lock is held.

    Each answer is a line of the access log.
    """
    if principal is principals.NOBODY:  # STS verifies the token, and asks whom the role trusts
        if (operation.service, operation.name) != ("sts", signatures.WEB_IDENTITY):
            raise RefusedError(errors.unsigned(operation.service, operation.protocol))
        return
    account = sources.account_of(principal.arn)
    known = Model(account=account, region=operation.region)
    if principal.arn.endswith(":root"):  # an account's root has all rights in it: moto's own tests ask as it
        return
    own = sources.policies_of(principal)
    for question in actions.questions(operation, Scope(account=account, region=operation.region), known):
        for resource in question.resources if question.resources is not None else (None,):
            decision = _decide(principal, own, question, resource, known, operation.source)
            _log(principal, question, resource, decision)
            if not decision.allowed:
                message = _refusal(principal, question.action, resource, decision)
                raise RefusedError(errors.forbidden(operation.service, operation.protocol, message))


def _decide(
    principal: Principal, own: Policies, question: Question, resource: str | None, known: Model, source: str
) -> Decision:
    """Decide by the caller's own policies and the resource's."""
    arn = resource or ""
    is_one = arn.startswith("arn:")  # no "*"
    policies = replace(
        own,
        resource=known.policies(arn) if is_one else (),
        resource_decides=arn.startswith("arn:aws:kms:") and ":key/" in arn,
    )
    context = {
        **sources.context_of(
            principal,
            **{"aws:requestedregion": known.region, "aws:sourceip": source, "aws:resourceaccount": known.account},
        ),
        **question.context,
    }
    service = question.action.partition(":")[0]
    wanted = {key.lower() for key in condition_keys(policies)}
    if is_one and any(key.startswith(("aws:resourcetag/", f"{service}:resourcetag/")) for key in wanted):
        for name, value in known.tags(arn).items():
            context[f"aws:resourcetag/{name.lower()}"] = context[f"{service}:resourcetag/{name.lower()}"] = (value,)
    return evaluate(
        Request(action=question.action, resource=resource, caller=sources.caller_of(principal), context=context),
        policies,
    )


def _log(principal: Principal, question: Question, resource: str | None, decision: Decision) -> None:
    line: dict[str, object] = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "principal": principal.arn,
        "action": question.action,
        "resource": resource,
        "allowed": decision.allowed,
        "by": decision.by.value,
    }
    if not decision.allowed:
        line["reason"] = decision.reason
    if context := {key: list(values) for key, values in question.context.items()}:
        line["context"] = context
    access_log.LOGGER.info(json.dumps(line))


def _refusal(principal: Principal, action: str, resource: str | None, decision: Decision) -> str:
    """Name principal, action, resource, and which type of policy decided."""
    on = f" on resource: {resource}" if resource and resource != "*" else ""
    reason = decision.reason.replace("the action", f"the {action} action")
    return f"User: {principal.arn} is not authorized to perform: {action}{on} {reason}"
