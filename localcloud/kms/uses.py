"""Keys that other services use for a request: one that can't be used is refused in each service's words.

https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast
from uuid import uuid4

from localcloud.core.backends import backends
from localcloud.core.errors import Fault
from localcloud.iam import actions, sources
from localcloud.iam.known import Model
from localcloud.iam.policy import Caller, Policies, Request, evaluate
from localcloud.iam.questions import Scope
from localcloud.kms import policies
from localcloud.kms.models import unusable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from localcloud.http.operations import Operation
    from localcloud.http.principals import Principal
    from localcloud.kms.models import LocalKMSBackend

# words: https://github.com/cloudposse/docs/issues/152
FROM_KMS = "{} (Service: AWSKMS; Status Code: 400; Error Code: {}; Request ID: {})"
# https://github.com/hashicorp/terraform/issues/24194: also for a key whose policy does not let CloudWatch Logs use it
NO_LOG_KEY = "The specified KMS Key Id could not be found. '{}'"
NO_EKS_KEY = "The keyArn in encryptionConfig provider is not valid"
NOT_FOUND = "NotFoundException"


def _from_kms(code: str) -> Callable[[Fault], Fault]:
    return lambda why: Fault(code=code, message=FROM_KMS.format(why.message, why.code, uuid4()))


WORDS: dict[str, Callable[[Fault], Fault]] = {
    "ecr": _from_kms("KmsException"),
    "eks": lambda why: Fault(code="InvalidParameterException", message=f"{NO_EKS_KEY}: {why.message}"),
    "s3": lambda why: Fault(code=f"KMS.{why.code}", message=why.message),
    "ssm": _from_kms("InvalidKeyId"),
}


def refusal(principal: Principal, operation: Operation) -> Fault | None:
    """Return what a service says of the keys that an operation would use, or KMS of the policy that it sets. The model's lock is held."""
    if operation.service == "kms":
        return policies.refusal(principal, operation)
    if operation.service == "logs" and operation.name == "CreateLogGroup":
        return _of_logs(operation, sources.account_of(principal.arn))
    if operation.service not in WORDS:
        return None
    account = sources.account_of(principal.arn)
    faults = (fault for key in _keys(operation, account) if (fault := _why_not(key, account, operation.region)))
    return next(map(WORDS[operation.service], faults), None)


def _keys(operation: Operation, account: str) -> Iterator[str]:
    """Yield the ARNs of the keys that are used in the caller's name: their use must be allowed, too."""
    scope, known = Scope(account=account, region=operation.region), Model(account=account, region=operation.region)
    for question in actions.questions(operation, scope, known):
        if "kms:viaservice" in question.context:
            yield from question.resources or ()


def _why_not(arn: str, account: str, region: str) -> Fault | None:
    """Return what KMS says of a key's use; None where it may be used."""
    kms = cast("LocalKMSBackend", backends("kms")[account][region])
    place, _, name = arn.partition(":key/")
    if name.startswith("alias/"):
        return Fault(code=NOT_FOUND, message=f"Alias {place}:{name} is not found.")
    if (key := kms.keys.get(name)) is None or key.arn != arn:
        return Fault(code=NOT_FOUND, message=f"Key '{arn}' does not exist")
    return unusable(key)


def _of_logs(operation: Operation, account: str) -> Fault | None:
    """CloudWatch Logs uses the key for itself: what counts is the key's policy, which may name the log group.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    """
    asked = operation.parameters or {}
    if not (key := asked.get("kmsKeyId")):
        return None
    group = asked["logGroupName"]
    problem = _why_not(key, account, operation.region)
    if problem is None and _lets_logs(key, group, Model(account=account, region=operation.region)):
        return None
    is_there = problem and problem.code != NOT_FOUND
    text = f"The specified KMS key {problem.message}" if problem and is_there else NO_LOG_KEY.format(group)
    return Fault(code="InvalidParameterException", message=text)


def _lets_logs(key: str, group: str, known: Model) -> bool:
    """Say whether a key's policy lets CloudWatch Logs encrypt a log group with it."""
    context = {
        "kms:encryptioncontext:aws:logs:arn": (f"arn:aws:logs:{known.region}:{known.account}:log-group:{group}",),
        "aws:sourceaccount": (known.account,),
    }
    caller = Caller(arn="", account=known.account, service=f"logs.{known.region}.amazonaws.com")
    request = Request(action="kms:Encrypt", resource=key, caller=caller, context=context)
    return evaluate(request, Policies(resource=known.policies(key), resource_decides=True)).allowed
