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
ROLE, USER = "arn:aws:iam::123456789012:role/r", "arn:aws:iam::123456789012:user/u"
ONE = {"MinCount": 1, "MaxCount": 1}


def encoded(size: int) -> str:
    return base64.b64encode(b"x" * size).decode()


def tagged(*tags: dict[str, str]) -> dict[str, Any]:
    return {"CidrBlock": "10.0.0.0/16", "TagSpecifications": [{"ResourceType": "vpc", "Tags": list(tags)}]}


FORWARD = {"Type": "forward", "TargetGroupArn": "arn:aws:x"}


def listener_rule(condition: dict[str, Any], action: dict[str, Any]) -> dict[str, Any]:
    return {"Conditions": [condition], "Actions": [action]}


def named(field: str, values: list[Any], **more: Any) -> dict[str, Any]:
    config = "".join(part.capitalize() for part in field.split("-"))
    return {"Field": field, f"{config}Config": {"Values": values, **more}}


def redirect(**config: str) -> dict[str, Any]:
    return {"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301", **config}}


def routed(condition: dict[str, Any], code: str, words: str) -> tuple[str, str, dict[str, Any], str, str]:
    return "elbv2", "CreateRule", listener_rule(condition, FORWARD), code, words


def acted(action: dict[str, Any], code: str, words: str) -> tuple[str, str, dict[str, Any], str, str]:
    return "elbv2", "CreateListener", {"DefaultActions": [action]}, code, words


TAKEN: list[tuple[str, str, dict[str, Any]]] = [
    ("ec2", "CreateSecurityGroup", {"GroupName": ALL, "Description": ALL}),
    ("ec2", "AuthorizeSecurityGroupIngress", {"GroupId": "sg-1", "IpPermissions": [TCP, {"IpProtocol": "-1"}]}),
    ("ec2", "AuthorizeSecurityGroupIngress", {"IpPermissions": [{"IpProtocol": "icmp", "FromPort": 8, "ToPort": 0}]}),
    ("ec2", "AuthorizeSecurityGroupIngress", {"IpPermissions": [{"IpProtocol": "47"}]}),
    ("ec2", "CreateVpc", tagged({"Key": "Name", "Value": ""}, {"Key": "AWS", "Value": "\u20ac" * 256})),
    ("ec2", "CreateVpc", {"CidrBlock": "10.0.3.4/16"}),  # EC2 clears the host bits
    ("ec2", "CreateVpc", {"Ipv4IpamPoolId": "ipam-pool-1"}),
    ("ec2", "CreateSubnet", {"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/28"}),
    ("ec2", "RunInstances", ONE | {"UserData": encoded(16384)}),
    ("ec2", "CreateTags", {"Resources": ["vpc-1"], "Tags": [{"Key": "a", "Value": "b"}]}),
    ("ec2", "ImportKeyPair", {"KeyName": "a b", "PublicKeyMaterial": b"x"}),
    ("eks", "CreateNodegroup", {"nodegroupName": "a" * 63}),
    ("elbv2", "CreateLoadBalancer", {"Name": "a" * 32, "Subnets": ["subnet-1", "subnet-2"]}),
    ("elbv2", "CreateLoadBalancer", {"Name": "a", "Type": "network", "Subnets": ["subnet-1"]}),
    ("elbv2", "CreateRule", listener_rule({"Field": "path-pattern", "Values": ["/a/*"]}, FORWARD)),
    ("elbv2", "CreateRule", listener_rule(named("source-ip", ["10.0.0.0/8", "fd00::/8"]), redirect(Protocol="HTTPS"))),
    ("elbv2", "CreateRule", listener_rule(named("http-header", ["*"], HttpHeaderName="X-A"), FORWARD)),
    ("elbv2", "ModifyListener", {"Port": 81}),
    ("iam", "CreatePolicy", {"PolicyDocument": "x" * 6144 + " \n" * 1000}),
    ("logs", "PutRetentionPolicy", {"logGroupName": "a", "retentionInDays": 30}),
    ("s3", "CreateBucket", {"Bucket": "beacon.test-1"}),
    (
        "iam",
        "SimulateCustomPolicy",
        {"CallerArn": USER, "ResourcePolicy": "{}", "ResourceArns": ["*", "arn:aws:s3:::b"]},
    ),
    ("iam", "SimulatePrincipalPolicy", {"PolicySourceArn": USER, "ResourcePolicy": "{}"}),
    ("kms", "CreateAlias", {"AliasName": "alias/awsome", "TargetKeyId": "k"}),
    ("kms", "ScheduleKeyDeletion", {"KeyId": "k"}),
    ("kms", "ScheduleKeyDeletion", {"KeyId": "k", "PendingWindowInDays": 7}),
    ("kms", "ScheduleKeyDeletion", {"KeyId": "k", "PendingWindowInDays": 30}),
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
        ONE | {"UserData": encoded(16385)},
        "InvalidParameterValue",
        "User data is limited to 16384 bytes",
    ),
    (
        "ec2",
        "RunInstances",
        ONE | {"UserData": "no base64!"},
        "InvalidParameterValue",
        "Invalid BASE64 encoding of user data.",
    ),
    (
        "ec2",
        "CreateLaunchTemplate",
        {"LaunchTemplateName": "web", "LaunchTemplateData": {"UserData": encoded(16385)}},
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
        "elbv2",
        "CreateLoadBalancer",
        {"Name": "a", "Subnets": ["subnet-1"]},
        "ValidationError",
        "At least two subnets in",
    ),
    routed({"Values": ["/"]}, "ValidationError", "A condition field must be specified"),
    routed(
        {"Field": "path-pattern", "Values": ["/"], "PathPatternConfig": {"Values": ["/"]}},
        "ValidationError",
        "both Values and 'PathPatternConfig' for a condition of type 'path-pattern'",
    ),
    routed(named("path-pattern", list("/" * 6)), "ValidationError", "A rule can only have '5' condition values"),
    routed(named("path-pattern", ["/ö"]), "ValidationError", "'path-pattern' value '/ö' contains characters"),
    routed(named("host-header", ["a b"]), "ValidationError", "'host-header' value 'a b' contains characters"),
    routed(named("http-request-method", ["get"]), "ValidationError", "'http-request-method' value 'get' contains"),
    routed(named("http-header", ["a"], HttpHeaderName="a b"), "ValidationError", "name 'a b' is not a valid name"),
    routed(named("http-header", ["a"], HttpHeaderName="Host"), "ValidationError", "use a 'host-header' condition"),
    routed(named("source-ip", ["10.0.0.1/8"]), "ValidationError", "value '10.0.0.1/8' is not a valid CIDR block"),
    routed(named("source-ip", ["10.0.0.1"]), "ValidationError", "value '10.0.0.1' is not a valid CIDR block"),
    routed(
        {"Field": "host-header", "RegexValues": ["a+"]},
        "ValidationError",
        "Regular expressions for 'host-header' are not",
    ),
    (
        "elbv2",
        "CreateRule",
        {"Conditions": [named("host-header", ["a"]), named("host-header", ["b"])], "Actions": [FORWARD]},
        "ValidationError",
        "A rule can only have one 'host-header' condition",
    ),
    ("elbv2", "ModifyRule", {"Transforms": [{"Type": "url-rewrite"}]}, "ValidationError", "Transforms are not offered"),
    acted(
        {"Type": "authenticate-oidc"}, "ValidationError", "Actions of type 'authenticate-oidc' are not offered by the"
    ),
    ("elbv2", "CreateRule", {"Actions": []}, "InvalidLoadBalancerAction", "exactly one of the actions"),
    (
        "elbv2",
        "CreateListener",
        {"DefaultActions": [FORWARD, {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]},
        "InvalidLoadBalancerAction",
        "A rule must include exactly one of the actions 'fixed-response, forward, redirect', not 2",
    ),
    acted(
        {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}, "TargetGroupArn": "tg"},
        "InvalidLoadBalancerAction",
        "'TargetGroupArn' cannot be specified for actions of type 'fixed-response'",
    ),
    acted(
        {"Type": "forward", "TargetGroupArn": "a", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": "b"}]}},
        "InvalidLoadBalancerAction",
        "A forward action's TargetGroupArn must be the only target group of its ForwardConfig",
    ),
    acted({"Type": "redirect"}, "InvalidLoadBalancerAction", "must specify the following fields: 'RedirectConfig'"),
    acted({"Type": "forward"}, "InvalidLoadBalancerAction", "must specify the following fields: 'TargetGroupArn'"),
    acted(redirect(Host="#{host}"), "InvalidLoadBalancerAction", "not valid because it creates a loop."),
    acted(redirect(Path="a"), "InvalidLoadBalancerAction", "should start with a '/': 'a'"),
    acted(redirect(Port="http"), "InvalidLoadBalancerAction", "a valid port from 1 to 65535 or '#{port}': 'http'"),
    acted(redirect(Host="a\r\nb"), "InvalidLoadBalancerAction", "The Host parameter contains characters that are not"),
    acted(
        {"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": "arn:aws:x", "Weight": 1000}]}},
        "ValidationError",
        "Target group weight '1000' must be between '0' and '999' inclusive",
    ),
    acted(
        {"Type": "forward", "ForwardConfig": {"TargetGroups": [], "TargetGroupStickinessConfig": {"Enabled": True}}},
        "ValidationError",
        "Stickiness of target groups in a forward action is not offered by the local cloud",
    ),
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
    (
        "iam",
        "SimulateCustomPolicy",
        {"CallerArn": ROLE},
        "InvalidInput",
        f"CallerArn {ROLE} is invalid: the ARN of an IAM user",
    ),
    (
        "iam",
        "SimulateCustomPolicy",
        {"ResourceArns": ["b/a"]},
        "InvalidInput",
        "ResourceArns b/a is invalid: ARNs and *",
    ),
    (
        "iam",
        "SimulateCustomPolicy",
        {"PermissionsBoundaryPolicyInputList": ["{}", "{}"]},
        "InvalidInput",
        "one permissions boundary is allowed",
    ),
    (
        "iam",
        "SimulateCustomPolicy",
        {"ResourcePolicy": "{}"},
        "InvalidInput",
        "CallerArn is required with ResourcePolicy",
    ),
    (
        "iam",
        "SimulatePrincipalPolicy",
        {"PolicySourceArn": ROLE, "ResourcePolicy": "{}"},
        "InvalidInput",
        "CallerArn is required with ResourcePolicy",
    ),
    ("kms", "CreateAlias", {"AliasName": "alias/aws/own", "TargetKeyId": "k"}, "NotAuthorizedException", ""),
    ("kms", "UpdateAlias", {"AliasName": "alias/aws/own", "TargetKeyId": "k"}, "NotAuthorizedException", ""),
    (
        "kms",
        "ScheduleKeyDeletion",
        {"KeyId": "k", "PendingWindowInDays": 6},
        "ValidationException",
        "PendingWindowInDays 6 is invalid: 7 to 30 days are allowed.",
    ),
    (
        "kms",
        "ScheduleKeyDeletion",
        {"KeyId": "k", "PendingWindowInDays": 31},
        "ValidationException",
        "PendingWindowInDays 31 is invalid: 7 to 30 days are allowed.",
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
