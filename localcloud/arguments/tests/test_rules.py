"""What the models don't say, and AWS refuses."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from botocore import xform_name
from botocore.session import get_session

from localcloud.arguments import rules

ALL = "aZ0. _-:/()#,@[]+=&;{}!$*"
GROUP = {"GroupName": "g", "Description": "d"}
TCP = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1}


def encoded(size: int) -> str:
    return base64.b64encode(b"x" * size).decode()


def tagged(*tags: dict[str, str]) -> dict[str, Any]:
    return {"CidrBlock": "10.0.0.0/16", "TagSpecifications": [{"ResourceType": "vpc", "Tags": list(tags)}]}


TAKEN: list[tuple[str, str, dict[str, Any]]] = [
    ("ec2", "CreateSecurityGroup", {"GroupName": ALL, "Description": ALL}),
    ("ec2", "AuthorizeSecurityGroupIngress", {"GroupId": "sg-1", "IpPermissions": [TCP, {"IpProtocol": "-1"}]}),
    ("ec2", "AuthorizeSecurityGroupIngress", {"IpPermissions": [{"IpProtocol": "icmp", "FromPort": 8, "ToPort": 0}]}),
    ("ec2", "AuthorizeSecurityGroupIngress", {"IpPermissions": [{"IpProtocol": "47"}]}),
    ("ec2", "CreateVpc", tagged({"Key": "Name", "Value": ""}, {"Key": "AWS", "Value": "\u20ac" * 256})),
    ("ec2", "CreateVpc", {"CidrBlock": "10.0.3.4/16"}),  # EC2 clears the host bits
    ("ec2", "CreateVpc", {"Ipv4IpamPoolId": "ipam-pool-1"}),
    ("ec2", "CreateSubnet", {"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/28"}),
    ("ec2", "RunInstances", {"UserData": encoded(16384)}),
    ("ec2", "CreateTags", {"Resources": ["vpc-1"], "Tags": [{"Key": "a", "Value": "b"}]}),
    ("ec2", "ImportKeyPair", {"KeyName": "a b", "PublicKeyMaterial": b"x"}),
    ("eks", "CreateNodegroup", {"nodegroupName": "a" * 63}),
    ("elbv2", "CreateLoadBalancer", {"Name": "a" * 32}),
    ("iam", "CreatePolicy", {"PolicyDocument": "x" * 6144 + " \n" * 1000}),
    ("logs", "PutRetentionPolicy", {"logGroupName": "a", "retentionInDays": 30}),
    ("s3", "CreateBucket", {"Bucket": "beacon.test-1"}),
    ("ssm", "PutParameter", {"Name": "/a/b.c-d_e", "Value": "x" * 4096}),
    ("ssm", "PutParameter", {"Name": "a", "Value": "x" * 8192, "Tier": "Advanced"}),
    ("ssm", "PutParameter", {"Name": "a", "Value": "x" * 8192, "Overwrite": True}),
]
TAG_LIMIT = "The maximum number of Tags for a resource has been reached."
REFUSED: list[tuple[str, str, dict[str, Any], str, str]] = [
    (
        "ec2",
        "CreateSecurityGroup",
        GROUP | {"GroupName": "a|b"},
        "InvalidParameterValue",
        "Value (a|b) for parameter GroupName",
    ),
    (
        "ec2",
        "CreateSecurityGroup",
        GROUP | {"GroupName": "a" * 256},
        "InvalidParameterValue",
        "Valid names are strings less",
    ),
    (
        "ec2",
        "CreateSecurityGroup",
        GROUP | {"Description": "it's"},
        "InvalidParameterValue",
        "Invalid security group descr",
    ),
    (
        "ec2",
        "AuthorizeSecurityGroupEgress",
        {"IpPermissions": [{**TCP, "IpProtocol": "tpc"}]},
        "InvalidParameterValue",
        "Invalid value 'tpc' for IP protocol. Unknown protocol.",
    ),
    (
        "ec2",
        "AuthorizeSecurityGroupIngress",
        {**TCP, "ToPort": 65536},
        "InvalidParameterValue",
        "Invalid TCP/UDP port range (1:65536)",
    ),
    (
        "ec2",
        "AuthorizeSecurityGroupIngress",
        {"IpPermissions": [{**TCP, "FromPort": 2}]},
        "InvalidParameterValue",
        "Invalid TCP/UDP port range (2:1)",
    ),
    (
        "ec2",
        "CreateVpc",
        tagged({"Key": "aws:x"}),
        "InvalidParameterValue",
        "Tag keys starting with 'aws:' are reserved",
    ),
    (
        "ec2",
        "CreateVpc",
        tagged({"Key": "k" * 128}),
        "InvalidParameterValue",
        "Tag key exceeds the maximum length of 127",
    ),
    (
        "ec2",
        "CreateVpc",
        tagged({"Key": "k", "Value": "v" * 257}),
        "InvalidParameterValue",
        "Tag value exceeds the maximum",
    ),
    (
        "ec2",
        "CreateVpc",
        tagged({"Key": "k"}, {"Key": "k"}),
        "InvalidParameterValue",
        "Duplicate tag key 'k' specified.",
    ),
    ("ec2", "CreateVpc", tagged(*({"Key": str(n)} for n in range(51))), "TagLimitExceeded", TAG_LIMIT),
    ("ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/15"}, "InvalidVpc.Range", "The CIDR '10.0.0.0/15' is invalid."),
    ("ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/29"}, "InvalidVpc.Range", "The CIDR '10.0.0.0/29' is invalid."),
    ("ec2", "CreateVpc", {"CidrBlock": "10.0.0/16"}, "InvalidParameterValue", "This is not a valid CIDR block."),
    ("ec2", "CreateSubnet", {"CidrBlock": "10.0.0.0/29"}, "InvalidSubnet.Range", "The CIDR '10.0.0.0/29' is invalid."),
    (
        "ec2",
        "RunInstances",
        {"UserData": encoded(16385)},
        "InvalidParameterValue",
        "User data is limited to 16384 bytes",
    ),
    (
        "ec2",
        "RunInstances",
        {"UserData": "no base64!"},
        "InvalidParameterValue",
        "Invalid BASE64 encoding of user data.",
    ),
    (
        "ec2",
        "CreateLaunchTemplate",
        {"LaunchTemplateData": {"UserData": encoded(16385)}},
        "InvalidParameterValue",
        "User data is limited to 16384 bytes",
    ),
    (
        "ec2",
        "CreateKeyPair",
        {"KeyName": "\u20ac"},
        "InvalidParameterValue",
        "Character sets beyond ASCII are not supported.",
    ),
    ("ec2", "CreateKeyPair", {"KeyName": "k" * 256}, "InvalidParameterValue", "Length exceeds maximum of 255."),
    (
        "eks",
        "CreateNodegroup",
        {"nodegroupName": "a" * 64},
        "InvalidParameterException",
        "can't be longer than 63 characters",
    ),
    (
        "eks",
        "CreateNodegroup",
        {"nodegroupName": "-a"},
        "InvalidParameterException",
        "nodegroupName parameter -a contains",
    ),
    ("elbv2", "CreateLoadBalancer", {"Name": "a" * 33}, "ValidationError", "cannot be longer than '32' characters"),
    (
        "elbv2",
        "CreateLoadBalancer",
        {"Name": "a_b"},
        "ValidationError",
        "'a_b' can only contain characters that are alphanum",
    ),
    ("elbv2", "CreateLoadBalancer", {"Name": "a-"}, "ValidationError", "'a-' cannot begin or end with '-'"),
    ("elbv2", "CreateLoadBalancer", {"Name": "internal-a"}, "ValidationError", "cannot begin with 'internal-'"),
    (
        "iam",
        "CreatePolicy",
        {"PolicyDocument": "x" * 6145},
        "LimitExceeded",
        "Cannot exceed quota for PolicySize: 6144",
    ),
    ("iam", "CreateRole", {"AssumeRolePolicyDocument": "x" * 2049}, "LimitExceeded", "quota for ACLSizePerRole: 2048"),
    (
        "logs",
        "PutRetentionPolicy",
        {"retentionInDays": 2},
        "InvalidParameterException",
        "Value '2' at 'retentionInDays' failed",
    ),
    *(
        ("s3", "CreateBucket", {"Bucket": name}, "InvalidBucketName", f"The specified bucket is not valid. ({name})")
        for name in (
            "ab",
            "a" * 64,
            "Abc",
            "a_b",
            "-ab",
            "ab-",
            "a..b",
            "192.168.5.4",
            "xn--a",
            "sthree-a",
            "a-s3alias",
        )
    ),
    ("ssm", "PutParameter", {"Name": "a:b", "Value": "v"}, "ValidationException", "3 symbols .-_ (a:b)"),
    (
        "ssm",
        "PutParameter",
        {"Name": "a/b", "Value": "v"},
        "ValidationException",
        "must be a fully qualified name. (a/b)",
    ),
    (
        "ssm",
        "PutParameter",
        {"Name": "/a" * 16, "Value": "v"},
        "HierarchyLevelLimitExceededException",
        "more than 15 levels",
    ),
    (
        "ssm",
        "PutParameter",
        {"Name": "a", "Value": "x" * 4097},
        "ValidationException",
        "Standard tier parameters support a max",
    ),
    (
        "ssm",
        "PutParameter",
        {"Name": "a", "Value": "x" * 8193, "Tier": "Advanced"},
        "ValidationException",
        "Advanced tier parameters support a maximum parameter value of 8192 characters.",
    ),
]


@pytest.mark.parametrize(("service", "operation", "asked"), TAKEN)
def test_what_aws_takes_is_taken(service: str, operation: str, asked: dict[str, Any]) -> None:
    assert rules.refusal(service, operation, asked) is None


@pytest.mark.parametrize(("service", "operation", "asked", "code", "text"), REFUSED)
def test_what_aws_refuses_is_refused(service: str, operation: str, asked: dict[str, Any], code: str, text: str) -> None:
    found = rules.refusal(service, operation, {"Description": "d", **asked} if service == "ec2" else asked)
    assert found
    assert (found.code, text in found.message) == (code, True), found


def test_each_rule_is_of_an_operation() -> None:
    session = get_session()
    for service, table in rules.RULES.items():
        known = {xform_name(name) for name in session.get_service_model(service).operation_names}
        assert {xform_name(name) for name in table} <= known
