"""In which words each protocol's services refuse."""

from __future__ import annotations

import json
from typing import Any

import pytest
from moto.core.utils import get_service_model

from localcloud.arguments import words
from localcloud.arguments.model import check, pattern_of
from localcloud.arguments.wire import malformed
from localcloud.core.errors import Fault


def violated(service: str, operation: str, asked: dict[str, Any]) -> Fault | None:
    model = get_service_model(service).operation_model(operation)
    protocol = model.service_model.metadata["protocol"]
    return words.of_violations(model, protocol, list(check(model.input_shape, asked)))


def unread(service: str, operation: str, values: dict[str, str] | None = None, body: Any = None) -> Fault | None:
    model = get_service_model(service).operation_model(operation)
    protocol = model.service_model.metadata["protocol"]
    found = malformed(model, protocol, values or {}, b"" if body is None else json.dumps(body).encode())
    return words.of_malformed(model, protocol, found) if found else None


def test_all_that_is_wrong_is_said_in_the_common_frameworks_words() -> None:
    asked = {
        "clusterName": "c",
        "nodegroupName": "n",
        "subnets": [],
        "scalingConfig": {"maxSize": 0},
        "taints": [{"key": ""}],
    }
    assert violated("eks", "CreateNodegroup", asked) == Fault(
        code="InvalidParameterException",
        message="3 validation errors detected: Value null at 'nodeRole' failed to satisfy constraint: Member must not be "
        "null; Value '0' at 'scalingConfig.maxSize' failed to satisfy constraint: Member must have value greater than or "
        "equal to 1; Value '' at 'taints.1.member.key' failed to satisfy constraint: Member must have length greater than "
        "or equal to 1",
    )


CONSTRAINTS: list[tuple[str, str, dict[str, Any], str, str]] = [
    (
        "iam",
        "CreateRole",
        {"RoleName": "a b", "AssumeRolePolicyDocument": "{}"},
        "ValidationError",
        "1 validation error detected: Value 'a b' at 'roleName' failed to satisfy constraint: Member must satisfy regular ",
    ),
    (
        "sts",
        "AssumeRole",
        {"RoleArn": "arn:aws:iam::123456789012:role/r", "RoleSessionName": "me", "DurationSeconds": 899},
        "ValidationError",
        "1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value",
    ),
    (
        "kms",
        "CreateKey",
        {"KeySpec": "RSA"},
        "ValidationException",
        "1 validation error detected: Value 'RSA' at 'keySpec' failed to satisfy constraint: Member must satisfy enum value",
    ),
    (
        "logs",
        "CreateLogGroup",
        {"logGroupName": "a b"},
        "InvalidParameterException",
        "1 validation error detected: Value 'a b' at 'logGroupName' failed",
    ),
    (
        "ecr",
        "CreateRepository",
        {"repositoryName": "Bad_Name!"},
        "InvalidParameterException",
        "Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must satisfy regular expression '",
    ),
    ("ec2", "DeleteVpc", {}, "MissingParameter", "The request must contain the parameter VpcId"),
    ("ec2", "TerminateInstances", {}, "InvalidParameterCombination", "No instances specified"),
    ("ec2", "CreateTags", {"Tags": []}, "MissingParameter", "The request must contain the parameter resourceIdSet"),
    (
        "ec2",
        "ModifyVpcTenancy",
        {"VpcId": "vpc-1", "InstanceTenancy": "dedicated"},
        "UnsupportedTenancy",
        "The tenancy value dedicated is not supported.",
    ),
    (
        "ec2",
        "DescribeInstanceAttribute",
        {"InstanceId": "i-1", "Attribute": "kernelId"},
        "InvalidParameterValue",
        "Value (kernelId) for parameter attribute is invalid. Unknown attribute.",
    ),
    (
        "ec2",
        "DescribeInstanceTypes",
        {"InstanceTypes": ["t3.micro", "t3.nothing"]},
        "InvalidInstanceType",
        "The following supplied instance types do not exist: [t3.nothing]",
    ),
    (
        "ec2",
        "CreateVolume",
        {"AvailabilityZone": "a", "TagSpecifications": [{"ResourceType": "disk"}]},
        "InvalidParameterValue",
        "'disk' is not a valid taggable resource type for this operation.",
    ),
    (
        "ec2",
        "DescribeVpcs",
        {"MaxResults": 3},
        "InvalidParameterValue",
        "Value ( 3 ) for parameter MaxResults is invalid. Expecting a value greater than or equal to 5.",
    ),
    (
        "ec2",
        "CreateVpc",
        {"CidrBlock": "10.0.0.0/16", "InstanceTenancy": "x"},
        "InvalidParameterValue",
        "Invalid value 'x' for InstanceTenancy.",
    ),
    ("s3", "PutObject", {"Bucket": "b", "Key": ""}, "InvalidArgument", "Invalid Argument: Value '' at 'Key'"),
    ("s3", "PutObject", {"Bucket": "b", "Key": "k", "StorageClass": "X"}, "InvalidStorageClass", "The storage class"),
    (
        "s3",
        "CreateBucket",
        {"Bucket": "b", "CreateBucketConfiguration": {"LocationConstraint": "mars-1"}},
        "InvalidLocationConstraint",
        "The specified location-constraint is not valid",
    ),
    (
        "s3",
        "PutBucketTagging",
        {"Bucket": "b"},
        "MissingRequestBodyError",
        "Request Body is empty: Tagging is required",
    ),
    (
        "s3",
        "PutBucketTagging",
        {"Bucket": "b", "Tagging": {}},
        "MalformedXML",
        "The XML you provided was not well-formed",
    ),
]


@pytest.mark.parametrize(("service", "operation", "asked", "code", "text"), CONSTRAINTS)
def test_a_constraint_is_named(service: str, operation: str, asked: dict[str, Any], code: str, text: str) -> None:
    refusal = violated(service, operation, asked)
    assert refusal
    assert (refusal.code, refusal.message[: len(text)]) == (code, text)


@pytest.mark.parametrize(
    ("service", "operation", "asked", "said"),
    [
        ("kms", "Encrypt", {"KeyId": "k", "Plaintext": b"s3cret" * 700}, "Value at 'plaintext' failed"),
        ("kms", "Verify", {"KeyId": "k", "Message": b"m", "Signature": b""}, "Value at 'signature' failed"),
        (
            "iam",
            "ChangePassword",
            {"OldPassword": "s3cret", "NewPassword": "s3cret" * 30},
            "Value at 'newPassword' failed",
        ),
    ],
)
def test_a_secret_is_not_said(service: str, operation: str, asked: dict[str, Any], said: str) -> None:
    fault = violated(service, operation, asked)
    assert fault is not None
    assert said in fault.message
    assert "s3cret" not in fault.message


def test_a_fleet_takes_the_older_name_of_its_strategy_and_its_other_values_are_checked() -> None:
    asked = {
        "LaunchTemplateConfigs": [],
        "TargetCapacitySpecification": {"TotalTargetCapacity": 1},
        "OnDemandOptions": {"AllocationStrategy": "lowestPrice"},
        "SpotOptions": {"AllocationStrategy": "lowestPrice"},
    }
    assert violated("ec2", "CreateFleet", asked) is None
    assert violated("ec2", "CreateFleet", asked | {"Type": "once"}) == Fault(
        code="InvalidParameterValue", message="Invalid value 'once' for Type."
    )
    cheapest = {"SpotOptions": {"AllocationStrategy": "cheapest"}}
    assert violated("ec2", "CreateFleet", asked | cheapest) == Fault(
        code="InvalidParameterValue", message="Invalid value 'cheapest' for SpotOptions.AllocationStrategy."
    )


def test_an_empty_parameter_of_ec2_is_none() -> None:
    assert violated("ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/16", "InstanceTenancy": ""}) is None


WIRES: list[tuple[str, str, dict[str, str] | None, Any, str, str]] = [
    (
        "ec2",
        "DescribeVpcs",
        {"Action": "DescribeVpcs", "Version": "2016-11-15", "VpcIds.1": "vpc-1"},
        None,
        "UnknownParameter",
        "The parameter VpcIds.1 is not recognized",
    ),
    (
        "ec2",
        "DescribeVpcs",
        {"MaxResults": "many"},
        None,
        "InvalidParameterValue",
        "Value (many) for parameter MaxResults is invalid. Expecting a value of type integer.",
    ),
    (
        "iam",
        "ListRoles",
        {"MaxItems": "x"},
        None,
        "MalformedInput",
        "x for MaxItems can not be converted to an integer",
    ),
    (
        "kms",
        "ListKeys",
        None,
        {"Limit": "x"},
        "SerializationException",
        "STRING_VALUE can not be converted to an Integer (at 'Limit')",
    ),
    (
        "kms",
        "DescribeKey",
        None,
        {"KeyId": True},
        "SerializationException",
        "TRUE_VALUE can not be converted to a String (at 'KeyId')",
    ),
    (
        "ssm",
        "GetParameters",
        None,
        {"Names": "a"},
        "SerializationException",
        "Expected list or null (at 'Names')",
    ),
    (
        "ssm",
        "GetParameters",
        None,
        {"Names": [{}]},
        "SerializationException",
        "Start of structure or map found where not expected (at 'Names.1.member')",
    ),
    ("ssm", "GetParameters", None, [], "SerializationException", "Expected structure or null"),
    (
        "s3",
        "ListObjectsV2",
        {"max-keys": "x"},
        None,
        "InvalidArgument",
        "Provided max-keys not an integer or within integer range",
    ),
]


@pytest.mark.parametrize(("service", "operation", "values", "body", "code", "text"), WIRES)
def test_a_value_of_another_type_is_named(
    service: str, operation: str, values: dict[str, str] | None, body: Any, code: str, text: str
) -> None:
    assert unread(service, operation, values, body) == Fault(code=code, message=text)


@pytest.mark.parametrize(
    ("service", "operation", "values", "body"),
    [
        ("ec2", "DescribeVpcs", {"Filter.1.Name": "a", "Filter.1.Value.2": "b", "DryRun": "true"}, None),
        ("ec2", "DescribeVpcs", {"X-Amz-Date": "now", "AWSAccessKeyId": "AKIA", "SignatureVersion": "2"}, None),
        ("iam", "ListRoles", {"NotThere": "x"}, None),  # the common framework takes names that it does not know
        ("iam", "TagRole", {"RoleName": "r", "Tags.member.1.Key": "k", "Tags": ""}, None),
        ("kms", "ListKeys", None, {"Limit": 5.0, "NotThere": 1}),
        ("kms", "Encrypt", None, {"KeyId": "k", "Plaintext": "YQ=="}),
        ("logs", "GetLogEvents", None, {"startTime": None}),
    ],
)
def test_what_clients_send_is_read(service: str, operation: str, values: dict[str, str] | None, body: Any) -> None:
    assert unread(service, operation, values, body) is None


@pytest.mark.parametrize(
    ("service", "operation", "code", "text"),
    [
        ("s3", "PutBucketTagging", "MalformedXML", words.NO_XML),
        ("route53", "CreateHostedZone", "InvalidInput", words.NO_XML),
        ("iam", "CreateRole", "MalformedInput", "The parameters of CreateRole can not be read"),
        ("ec2", "RunInstances", "MalformedInput", "The parameters of RunInstances can not be read"),
        ("kms", "CreateKey", "SerializationException", "The parameters of CreateKey can not be read"),
    ],
)
def test_a_body_that_cannot_be_read_is_said_by_each_protocol(
    service: str, operation: str, code: str, text: str
) -> None:
    model = get_service_model(service).operation_model(operation)
    protocol = model.service_model.metadata["protocol"]
    assert words.unreadable(model, protocol) == Fault(code=code, message=text)


@pytest.mark.parametrize(
    ("service", "operation", "body", "text"),
    [
        ("kms", "ListKeys", b"{", "The body is not JSON"),
        ("kms", "ListKeys", b"[]", "Expected structure or null"),
        ("kms", "ListKeys", b'"Limit"', "Expected structure or null"),
    ],
)
def test_a_body_that_is_no_structure_of_json_is_named(service: str, operation: str, body: bytes, text: str) -> None:
    model = get_service_model(service).operation_model(operation)
    found = malformed(model, "json", {}, body)
    assert found is not None
    assert words.of_malformed(model, "json", found) == Fault(code="SerializationException", message=text)


def test_patterns_are_read_as_java_reads_them() -> None:
    ascii_only, letters = pattern_of(r"[\w]+"), pattern_of(r"[\p{L}]+")
    pairs = pattern_of("[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\r\\n\\t]*")
    assert ascii_only
    assert letters
    assert pairs
    assert not ascii_only.fullmatch("\u00fc")
    assert letters.fullmatch("\u00fc")
    assert pairs.fullmatch("\U0001f600")
    assert pattern_of("[") is None


SERVICES = (
    "ec2",
    "iam",
    "sts",
    "eks",
    "ecr",
    "elbv2",
    "autoscaling",
    "s3",
    "ssm",
    "kms",
    "logs",
    "route53",
    "dynamodb",
)


@pytest.mark.parametrize("service", [*SERVICES, "service-quotas", "resourcegroupstaggingapi"])
def test_each_pattern_of_a_used_service_is_one_that_is_read(service: str) -> None:
    model = get_service_model(service)
    patterns = {model.shape_for(name).metadata.get("pattern") for name in model.shape_names} - {None}
    assert [pattern for pattern in patterns if pattern_of(pattern) is None] == []
