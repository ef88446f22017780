"""Principals of trust policies and of resources' policies: AWS takes only those that exist.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import botocore.session

from localcloud.iam.conditions import PolicyError

if TYPE_CHECKING:
    from collections.abc import Callable

    from localcloud.iam.policy import Policy

ARN = re.compile(
    r"arn:aws(?:-cn|-us-gov)?:(?P<service>iam|sts)::(?P<account>\d{12}):"
    r"(?:root|(?P<kind>user|role|assumed-role|federated-user)/(?P<name>[\w+=,.@/-]+))"
)
ACCOUNT = re.compile(r"\d{12}")
SERVICE = re.compile(r"(?P<name>[a-z0-9-]+(?:\.[a-z0-9-]+)*)\.amazonaws\.com(?:\.cn)?")
CANONICAL_USER = re.compile(r"[0-9a-f]{64}")
PROVIDER = re.compile(r"arn:aws[\w-]*:iam::\d{12}:(?:oidc-provider|saml-provider)/.+|[a-z0-9.-]+")
REGION = re.compile(r"\.[a-z]{2}(?:-[a-z]+)+-\d$")
# service principals whose names are no endpoint's
MORE_SERVICES = frozenset(
    {
        *("delivery.logs", "ec2fleet", "ecs-tasks", "edgelambda", "eks-fargate-pods", "eks-nodegroup", "pods.eks"),
        *("replicator.lambda", "spot", "spotfleet", "transitgateway", "vpc-flow-logs"),
        *("billingreports", "logdelivery.elasticloadbalancing", "logging.s3"),
    }
)
# https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-service-linked-roles.html
SCALED = frozenset(
    {
        *("appstream", "cassandra", "comprehend", "custom-resource", "dynamodb", "ec2", "ecs", "elasticache", "kafka"),
        *("lambda", "neptune", "rds", "sagemaker", "workspaces"),
    }
)


@cache
def services() -> frozenset[str]:
    """Return the names of AWS's services: those of botocore's clients and of its endpoints, and these."""
    session = botocore.session.get_session()
    partitions = session.get_component("data_loader").load_data("endpoints")["partitions"]
    endpoints = (name for partition in partitions for name in partition["services"])
    return MORE_SERVICES.union(
        session.get_available_services(), endpoints, (f"{name}.application-autoscaling" for name in SCALED)
    )


def invalid_principal(policy: Policy, *, account: str, exists: Callable[[str], bool]) -> str | None:
    """Return the first principal that AWS would refuse, as its message shows it: `"AWS":"arn:..."`.

    `exists` is asked for ARNs of users and roles of this account; what other accounts have can't be known here.
    """
    for statement in policy.statements:
        if statement.principals is None and statement.not_principals is None:
            raise PolicyError("Missing required field Principal")
        for kind, value in (*(statement.principals or ()), *(statement.not_principals or ())):
            if not _valid(kind, value, account=account, exists=exists):
                return f'"{kind.upper() if kind != "AWS" else kind}":"{value}"'
    return None


def _valid(kind: str, value: str, *, account: str, exists: Callable[[str], bool]) -> bool:
    if kind == "Service":
        found = SERVICE.fullmatch(value)
        return found is not None and REGION.sub("", found["name"]) in services()
    if kind == "Federated":
        return PROVIDER.fullmatch(value) is not None
    if kind == "CanonicalUser":
        return CANONICAL_USER.fullmatch(value) is not None
    return kind == "AWS" and (value == "*" or bool(ACCOUNT.fullmatch(value)) or _valid_arn(value, account, exists))


def _valid_arn(arn: str, account: str, exists: Callable[[str], bool]) -> bool:
    found = ARN.fullmatch(arn)
    if found is None:
        return False
    if found["kind"] is None or found["account"] != account:
        return True
    kinds = {"iam": ("user", "role"), "sts": ("assumed-role", "federated-user")}[found["service"]]
    return found["kind"] in kinds and (found["kind"] == "federated-user" or exists(arn))
