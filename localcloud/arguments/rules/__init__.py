"""What botocore's models don't say of arguments, by service and operation, each with its source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localcloud.arguments.rules import ec2, ecr, eks, elbv2, iam, kms, logs, s3, ssm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localcloud.core.errors import Fault

RULES = {
    "ec2": ec2.RULES,
    "ecr": ecr.RULES,
    "eks": eks.RULES,
    "elbv2": elbv2.RULES,
    "iam": iam.RULES,
    "kms": kms.RULES,
    "logs": logs.RULES,
    "s3": s3.RULES,
    "ssm": ssm.RULES,
}


def refusal(service: str, operation: str, parameters: Mapping[str, Any]) -> Fault | None:
    """Return what the service refuses first of parameters that its model allows."""
    checks = RULES.get(service, {}).get(operation, ())
    return next((refused for check in checks for refused in check(parameters)), None)
