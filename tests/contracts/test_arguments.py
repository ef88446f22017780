"""Each operation that this project uses refuses each value that botocore's model of it does not allow, and takes what it does."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING

import pytest
from botocore import xform_name

from localcloud.arguments import rules, words
from localcloud.eks.responses import LocalEKSResponse
from localcloud.http import operations
from tests.contracts import illegal_arguments
from tests.contracts.calls import calls

if TYPE_CHECKING:
    from botocore.model import OperationModel

CODES = re.compile(
    r"MissingParameter|UnknownParameter|InvalidParameter(Value|Exception)|Validation(Error|Exception)|SerializationException"
    r"|MalformedInput|MalformedXML|InvalidArgument|MissingRequestBodyError|InvalidStorageClass|InvalidLocationConstraint"
    r"|InvalidEncryptionAlgorithmError|KeyTooLongError"
)
# actions that are named otherwise than the operation that asks for them
OPERATIONS = {
    "s3:GetAccelerateConfiguration": "GetBucketAccelerateConfiguration",
    "s3:GetBucketCORS": "GetBucketCors",
    "s3:GetBucketObjectLockConfiguration": "GetObjectLockConfiguration",
    "s3:GetBucketPublicAccessBlock": "GetPublicAccessBlock",
    "s3:GetEncryptionConfiguration": "GetBucketEncryption",
    "s3:GetInventoryConfiguration": "GetBucketInventoryConfiguration",
    "s3:GetLifecycleConfiguration": "GetBucketLifecycleConfiguration",
    "s3:GetReplicationConfiguration": "GetBucketReplication",
    "s3:ListBucket": "ListObjectsV2",
    "s3:PutBucketPublicAccessBlock": "PutPublicAccessBlock",
    "s3:PutEncryptionConfiguration": "PutBucketEncryption",
    "s3:PutLifecycleConfiguration": "PutBucketLifecycleConfiguration",
}
NO_OPERATION = {"iam:PassRole"}


def used() -> list[tuple[str, str]]:
    """Return service and operation of each action of the record, and of what the local cloud's own EKS answers."""
    found = set()
    for action in {call["action"] for asked in calls().values() for call in asked} - NO_OPERATION:
        service, _, name = action.partition(":")
        found.add(({"tag": "tagging"}.get(service, service), OPERATIONS.get(action, name)))
    eks = illegal_arguments.model_of("eks").operation_names
    return sorted(found | {("eks", name) for name in eks if hasattr(LocalEKSResponse, xform_name(name))})


USED = used()


def operation(service: str, name: str) -> OperationModel:
    return illegal_arguments.model_of(service).operation_model(name)


# words that name a parameter otherwise, or not at all
EC2_OWN = {(code, message.format(illegal_arguments.NO_MEMBER)) for *_, code, message in words.EC2_OWN}


def asked(service: str, name: str) -> operations.Operation:
    """Return the operation with arguments that its model allows."""
    model = operation(service, name)
    parameters = illegal_arguments.legal(model.input_shape) if model.input_shape else {}
    return operations.read(illegal_arguments.sent(illegal_arguments.request(model, parameters, service=service)))


@pytest.mark.parametrize("service", [service for service, _ in groupby(USED, lambda pair: pair[0])])
def test_what_a_model_allows_is_taken(monkeypatch: pytest.MonkeyPatch, service: str) -> None:
    monkeypatch.setattr(rules, "RULES", {})  # these values are the model's; the rules have a test of their own
    for name in (name for each, name in USED if each == service):
        found = asked(service, name)
        assert (found.name, found.fault) == (name, None)
        assert found.parameters is not None


@pytest.mark.parametrize("service", [service for service, _ in groupby(USED, lambda pair: pair[0])])
def test_one_illegal_value_is_refused_in_every_place(service: str) -> None:
    for name in (name for each, name in USED if each == service):
        model = operation(service, name)
        for case in illegal_arguments.cases(model) if model.input_shape else ():
            parts = illegal_arguments.request(model, case.parameters, service=service)
            found = operations.read(illegal_arguments.sent(parts))
            assert found.name == name, case
            assert found.fault, (name, case)
            assert found.fault.status == 400
            if (found.fault.code, found.fault.message) in EC2_OWN:
                continue
            assert CODES.fullmatch(found.fault.code), (name, found.fault)
            assert case.name.lower() in found.fault.message.lower(), (name, case.names, found.fault)


@pytest.mark.parametrize("service", [service for service, _ in groupby(USED, lambda pair: pair[0])])
def test_a_value_of_another_type_is_refused(service: str) -> None:
    for name in (name for each, name in USED if each == service):
        model = operation(service, name)
        if model.input_shape is None:
            continue
        right = illegal_arguments.request(model, illegal_arguments.legal(model.input_shape), service=service)
        for parts, where in illegal_arguments.of_other_types(model, right):
            found = operations.read(illegal_arguments.sent(parts))
            assert found.fault, (name, where)
            assert CODES.fullmatch(found.fault.code), (name, found.fault)
            assert where.lower() in found.fault.message.lower(), (name, where, found.fault)
            assert found.parameters is None


@pytest.mark.parametrize("name", ["CreateLoadBalancer", "DescribeLoadBalancers"])
def test_the_first_generation_of_load_balancers_is_told_by_its_version(name: str) -> None:
    """Both generations are signed for one name, and have operations of the same name."""
    model = illegal_arguments.model_of("elb").operation_model(name)
    parts = illegal_arguments.request(model, illegal_arguments.legal(model.input_shape), service="elasticloadbalancing")
    found = operations.read(illegal_arguments.sent(parts))
    assert (found.name, found.fault) == (name, None)
    assert "LoadBalancerName" in found.accepts or "LoadBalancerNames" in found.accepts
