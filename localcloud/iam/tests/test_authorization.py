"""What callers may do, asked over HTTP: each service's refusal, and each type of policy."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from localcloud.conftest import trust
from localcloud.http import principals
from localcloud.http.principals import Principal

if TYPE_CHECKING:
    from collections.abc import Callable

    from localcloud.conftest import Cloud

ACCOUNT = "123456789012"
ALLOW, DENY = "Allow", "Deny"
DEV = f"arn:aws:iam::{ACCOUNT}:user/dev"


def statement(
    action: str | list[str], resource: str | list[str] = "*", *, effect: str = ALLOW, **more: Any
) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


@pytest.fixture
def dev(cloud: Cloud) -> Callable[..., Any]:
    """Return clients of a user that may do what the statements say."""
    iam = cloud.client("iam")
    iam.create_user(UserName="dev")
    made = iam.create_access_key(UserName="dev")["AccessKey"]

    def client(service: str, *statements: dict[str, Any]) -> Any:
        if statements:
            iam.put_user_policy(UserName="dev", PolicyName="own", PolicyDocument=document(*statements))
        return cloud.client(service, key=(made["AccessKeyId"], made["SecretAccessKey"]))

    return client


def refusal(call: Callable[..., Any], **parameters: Any) -> tuple[str, int, str]:
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    answer = refused.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Message"]


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "code", "status", "asked"),
    [
        ("ec2", "describe_vpcs", {}, "UnauthorizedOperation", 403, "ec2:DescribeVpcs"),
        ("iam", "get_role", {"RoleName": "r"}, "AccessDenied", 403, f"iam:GetRole on resource: arn:aws:iam::{ACCOUNT}:role/r"),
        ("elbv2", "describe_load_balancers", {}, "AccessDenied", 403, "elasticloadbalancing:DescribeLoadBalancers"),
        ("autoscaling", "describe_auto_scaling_groups", {}, "AccessDenied", 403, "autoscaling:DescribeAutoScalingGroups"),
        ("ssm", "get_parameter", {"Name": "/x"}, "AccessDeniedException", 400, "ssm:GetParameter on resource: arn:aws:ssm:eu-west-1:123456789012:parameter/x"),
        ("kms", "list_aliases", {}, "AccessDeniedException", 400, "kms:ListAliases"),
        ("ecr", "get_authorization_token", {}, "AccessDeniedException", 400, "ecr:GetAuthorizationToken"),
        ("eks", "describe_cluster", {"name": "c"}, "AccessDeniedException", 403, "eks:DescribeCluster on resource: arn:aws:eks:eu-west-1:123456789012:cluster/c"),
        ("s3", "list_buckets", {}, "AccessDenied", 403, "s3:ListAllMyBuckets"),
        ("logs", "describe_log_groups", {}, "AccessDeniedException", 400, "logs:DescribeLogGroups"),
        ("resourcegroupstaggingapi", "get_resources", {}, "AccessDeniedException", 400, "tag:GetResources"),
    ],
)  # fmt: skip
def test_who_has_no_policy_is_refused_in_each_service_s_words(
    dev: Callable[..., Any],
    service: str,
    operation: str,
    parameters: dict[str, Any],
    code: str,
    status: int,
    asked: str,
) -> None:
    found = refusal(getattr(dev(service), operation), **parameters)
    action = asked.partition(" ")[0]
    assert found[:2] == (code, status)
    assert found[2].endswith(
        f"User: {DEV} is not authorized to perform: {asked} because no identity-based policy allows the {action} action"
    )


def test_everybody_may_ask_who_they_are(dev: Callable[..., Any]) -> None:
    assert dev("sts").get_caller_identity()["Arn"] == DEV


def test_a_statement_allows_its_resources_and_no_others(dev: Callable[..., Any], cloud: Cloud) -> None:
    cloud.client("ssm").put_parameter(Name="/beacon/local/a", Value="1", Type="String")
    ssm = dev("ssm", statement("ssm:GetParameter", f"arn:aws:ssm:eu-west-1:{ACCOUNT}:parameter/beacon/local/*"))
    assert ssm.get_parameter(Name="/beacon/local/a")["Parameter"]["Value"] == "1"
    assert refusal(ssm.get_parameter, Name="/beacon/other/a")[0] == "AccessDeniedException"
    assert refusal(ssm.get_parameters, Names=["/beacon/local/a"])[0] == "AccessDeniedException"


def test_parameters_that_can_t_be_read_are_no_way_around_a_resource(dev: Callable[..., Any], cloud: Cloud) -> None:
    ssm = dev("ssm", statement("ssm:GetParameters", f"arn:aws:ssm:eu-west-1:{ACCOUNT}:parameter/beacon/local/*"))

    def garble(params: dict[str, Any], **_: Any) -> None:
        params["body"] = b'{"Names": 1}'

    ssm.meta.events.register("before-call", garble)
    code, _, message = refusal(ssm.get_parameters, Names=["/beacon/local/a"])
    assert (code, "ssm:GetParameters" in message) == ("AccessDeniedException", True)


def test_nothing_is_changed_by_a_request_that_is_refused(dev: Callable[..., Any], cloud: Cloud) -> None:
    ec2 = cloud.client("ec2")
    before = len(ec2.describe_vpcs()["Vpcs"])
    dev("ec2", statement("ec2:CreateVpc"))
    tagged = [{"ResourceType": "vpc", "Tags": [{"Key": "a", "Value": "b"}]}]
    _, _, message = refusal(dev("ec2").create_vpc, CidrBlock="10.99.0.0/16", TagSpecifications=tagged)
    assert "ec2:CreateTags on resource: arn:aws:ec2:eu-west-1:123456789012:vpc/*" in message
    assert len(ec2.describe_vpcs()["Vpcs"]) == before


def test_an_explicit_deny_wins(dev: Callable[..., Any]) -> None:
    ec2 = dev("ec2", statement("ec2:*"), statement("ec2:DescribeVpcs", effect=DENY))
    assert ec2.describe_subnets()["Subnets"] is not None
    assert refusal(ec2.describe_vpcs)[2].endswith("with an explicit deny in an identity-based policy")


def test_a_dry_run_asks_the_same(dev: Callable[..., Any]) -> None:
    assert refusal(dev("ec2").create_vpc, CidrBlock="10.99.0.0/16", DryRun=True)[0] == "UnauthorizedOperation"
    assert refusal(dev("ec2", statement("ec2:CreateVpc")).create_vpc, CidrBlock="10.99.0.0/16", DryRun=True)[0] == (
        "DryRunOperation"
    )


def test_tags_of_the_resource_decide(dev: Callable[..., Any], cloud: Cloud) -> None:
    ec2 = cloud.client("ec2")
    mine, other = (ec2.create_vpc(CidrBlock=f"10.{n}.0.0/16")["Vpc"]["VpcId"] for n in (97, 98))
    ec2.create_tags(Resources=[mine], Tags=[{"Key": "Environment", "Value": "mine"}])
    condition = {"StringEquals": {"aws:ResourceTag/Environment": "mine"}}
    client = dev("ec2", statement("ec2:DeleteVpc", Condition=condition), statement("ec2:DescribeVpcs"))
    client.describe_vpcs()  # about no single resource
    assert refusal(client.delete_vpc, VpcId=other)[0] == "UnauthorizedOperation"
    client.delete_vpc(VpcId=mine)


def test_tags_of_a_key_decide(dev: Callable[..., Any], cloud: Cloud) -> None:
    kms = cloud.client("kms")
    mine, other = (
        kms.create_key(Tags=[{"TagKey": "Environment", "TagValue": name}])["KeyMetadata"]["KeyId"]
        for name in ("mine", "other")
    )
    condition = {"StringEquals": {"aws:ResourceTag/Environment": "mine"}}
    client = dev("kms", statement("kms:DescribeKey", Condition=condition))
    assert client.describe_key(KeyId=mine)["KeyMetadata"]["KeyId"] == mine
    assert refusal(client.describe_key, KeyId=other)[0] == "AccessDeniedException"


def test_tags_of_a_role_decide(dev: Callable[..., Any], cloud: Cloud) -> None:
    iam = cloud.client("iam")
    for name in ("mine", "other"):
        tags = [{"Key": "Environment", "Value": name}]
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(), Tags=tags)
    condition = {"StringEquals": {"iam:ResourceTag/Environment": "mine"}}
    own = dev("iam", statement("iam:GetRole", Condition=condition))
    assert own.get_role(RoleName="mine")["Role"]["RoleName"] == "mine"
    assert refusal(own.get_role, RoleName="other")[0] == "AccessDenied"


def test_a_role_is_passed_only_by_whom_may(dev: Callable[..., Any], cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_role(RoleName="host", AssumeRolePolicyDocument=trust({"Service": "ec2.amazonaws.com"}))
    iam.create_instance_profile(InstanceProfileName="host")
    own = dev("iam", statement("iam:AddRoleToInstanceProfile"))
    _, _, message = refusal(own.add_role_to_instance_profile, InstanceProfileName="host", RoleName="host")
    assert f"iam:PassRole on resource: arn:aws:iam::{ACCOUNT}:role/host" in message
    condition = {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
    dev("iam", statement("iam:AddRoleToInstanceProfile"), statement("iam:PassRole", Condition=condition))
    own.add_role_to_instance_profile(InstanceProfileName="host", RoleName="host")


def test_a_boundary_limits(dev: Callable[..., Any], cloud: Cloud) -> None:
    iam = cloud.client("iam")
    ec2 = dev("ec2", statement("ec2:*"))
    ec2.describe_subnets()
    limit = iam.create_policy(PolicyName="limit", PolicyDocument=document(statement("ec2:DescribeVpcs")))["Policy"][
        "Arn"
    ]
    iam.put_user_permissions_boundary(UserName="dev", PermissionsBoundary=limit)
    ec2.describe_vpcs()
    words = "because no permissions boundary allows the ec2:DescribeSubnets action"
    assert refusal(ec2.describe_subnets)[2].endswith(words)
    cloud.boot()
    assert refusal(ec2.describe_subnets)[2].endswith(words)
    cloud.client("iam").delete_user_permissions_boundary(UserName="dev")
    ec2.describe_subnets()


def test_a_user_is_made_with_a_boundary(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    limit = iam.create_policy(PolicyName="limit", PolicyDocument=document(statement("ec2:DescribeVpcs")))["Policy"]["Arn"]  # fmt: skip
    shown = {"PermissionsBoundaryType": "PermissionsBoundaryPolicy", "PermissionsBoundaryArn": limit}
    made = iam.create_user(UserName="limited", PermissionsBoundary=limit)["User"]
    assert made["PermissionsBoundary"] == iam.get_user(UserName="limited")["User"]["PermissionsBoundary"] == shown
    assert not any("PermissionsBoundary" in each for each in iam.list_users()["Users"])
    iam.attach_user_policy(UserName="limited", PolicyArn=limit)
    (named,) = iam.list_entities_for_policy(PolicyArn=limit)["PolicyUsers"]
    assert named == {"UserName": "limited", "UserId": made["UserId"]}
    iam.put_user_policy(UserName="limited", PolicyName="own", PolicyDocument=document(statement("ec2:*")))
    key = iam.create_access_key(UserName="limited")["AccessKey"]
    ec2 = cloud.client("ec2", key=(key["AccessKeyId"], key["SecretAccessKey"]))
    ec2.describe_vpcs()
    assert "no permissions boundary allows" in refusal(ec2.describe_subnets)[2]


def test_a_session_has_its_role_s_rights_less_what_its_own_policy_leaves_out(cloud: Cloud) -> None:
    iam, sts = cloud.client("iam"), cloud.client("sts")
    arn = iam.create_role(RoleName="deployer", AssumeRolePolicyDocument=trust())["Role"]["Arn"]
    iam.put_role_policy(RoleName="deployer", PolicyName="own", PolicyDocument=document(statement(["ec2:DescribeVpcs", "ec2:DescribeSubnets"])))  # fmt: skip

    def session(**more: Any) -> Any:
        found = sts.assume_role(RoleArn=arn, RoleSessionName="ci", **more)["Credentials"]
        return cloud.client("ec2", key=(found["AccessKeyId"], found["SecretAccessKey"]), token=found["SessionToken"])

    session().describe_vpcs()
    assert f"arn:aws:sts::{ACCOUNT}:assumed-role/deployer/ci" in refusal(session().describe_instances)[2]
    narrow = session(Policy=document(statement("ec2:DescribeVpcs")))
    narrow.describe_vpcs()
    assert refusal(narrow.describe_subnets)[2].endswith(
        "because no session policy allows the ec2:DescribeSubnets action"
    )


def test_a_bucket_s_policy_denies_and_allows(dev: Callable[..., Any], cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="state", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="state", Key="a", Body=b"1")
    objects = "arn:aws:s3:::state/*"
    s3.put_bucket_policy(Bucket="state", Policy=document(statement("s3:GetObject", objects, Principal={"AWS": DEV})))
    assert dev("s3").get_object(Bucket="state", Key="a")["Body"].read() == b"1"
    assert refusal(dev("s3").put_object, Bucket="state", Key="a", Body=b"2")[0] == "AccessDenied"
    s3.put_bucket_policy(Bucket="state", Policy=document(statement("s3:*", objects, effect=DENY, Principal="*")))
    assert refusal(dev("s3", statement("s3:*")).get_object, Bucket="state", Key="a")[2].endswith(
        "with an explicit deny in a resource-based policy"
    )


def test_a_secret_needs_its_key_through_parameter_store(dev: Callable[..., Any], cloud: Cloud) -> None:
    key = cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    cloud.client("ssm").put_parameter(Name="/a", Value="secret", Type="SecureString", KeyId=key)
    reads = statement("ssm:GetParameter")
    ssm = dev("ssm", reads)
    ssm.get_parameter(Name="/a")  # the encrypted value
    for name in ("/a", "/a:1", f"arn:aws:ssm:eu-west-1:{ACCOUNT}:parameter/a"):
        assert f"kms:Decrypt on resource: {key}" in refusal(ssm.get_parameter, Name=name, WithDecryption=True)[2]
    condition = {"StringEquals": {"kms:ViaService": "ssm.eu-west-1.amazonaws.com"}}
    ssm = dev("ssm", reads, statement("kms:Decrypt", key, Condition=condition))
    assert ssm.get_parameter(Name="/a", WithDecryption=True)["Parameter"]["Value"] == "secret"
    blob = cloud.client("kms").encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert refusal(dev("kms").decrypt, CiphertextBlob=blob)[0] == "AccessDeniedException"


def test_a_secret_of_secrets_manager_has_no_key_of_parameter_store(cloud: Cloud) -> None:
    ssm = cloud.client("ssm")
    with pytest.raises(ssm.exceptions.ParameterNotFound, match="when referencing Secrets Manager"):
        ssm.get_parameter(Name="/aws/reference/secretsmanager/i-do-not-exist", WithDecryption=True)


@pytest.mark.parametrize("bucket_key", [True, False])
def test_an_encryption_context_limits_the_key_to_a_bucket(
    dev: Callable[..., Any], cloud: Cloud, *, bucket_key: bool
) -> None:
    key = cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="backup", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rule = {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": bucket_key}
    s3.put_bucket_encryption(Bucket="backup", ServerSideEncryptionConfiguration={"Rules": [rule]})
    condition = {"StringEquals": {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::backup"}}
    uses = statement(["kms:Decrypt", "kms:GenerateDataKey"], key, Condition=condition)
    own = dev("s3", statement(["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::backup/*"), uses)
    if bucket_key:
        own.put_object(Bucket="backup", Key="a", Body=b"1")
        assert own.get_object(Bucket="backup", Key="a")["Body"].read() == b"1"
    else:
        assert (
            f"kms:GenerateDataKey on resource: {key}" in refusal(own.put_object, Bucket="backup", Key="a", Body=b"1")[2]
        )


def test_a_key_s_policy_decides(dev: Callable[..., Any], cloud: Cloud) -> None:
    kms = cloud.client("kms")
    own = document(statement("kms:*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:user/administrator"}))
    key = kms.create_key(Policy=own)["KeyMetadata"]["Arn"]
    assert refusal(dev("kms", statement("kms:*")).describe_key, KeyId=key)[2].endswith(
        "because no resource-based policy allows the kms:DescribeKey action"
    )
    kms.describe_key(KeyId=key)


def test_what_no_service_knows_is_refused_to_who_may_not_do_everything(dev: Callable[..., Any], cloud: Cloud) -> None:
    for who, expected in ((dev("ec2"), "UnauthorizedOperation"), (cloud.client("ec2"), "UnsupportedOperation")):
        assert refusal(who.describe_mac_hosts)[0] == expected


def test_each_answer_is_a_line_of_the_access_log(dev: Callable[..., Any], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="localcloud.access"):
        refusal(dev("ec2").describe_vpcs)
        dev("ec2", statement("ec2:DescribeVpcs")).describe_vpcs()
    lines = [json.loads(record.getMessage()) for record in caplog.records if record.name == "localcloud.access"]
    own = [
        {k: line.get(k) for k in ("action", "resource", "allowed", "reason")}
        for line in lines
        if line["principal"] == DEV
    ]
    reason = "because no identity-based policy allows the action"
    assert own == [
        {"action": "ec2:DescribeVpcs", "resource": "*", "allowed": False, "reason": reason},
        {"action": "ec2:DescribeVpcs", "resource": "*", "allowed": True, "reason": None},
    ]


def test_an_account_s_root_may_do_all_but_assume_roles(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    role = cloud.client("iam").create_role(RoleName="any", AssumeRolePolicyDocument=trust())["Role"]["Arn"]
    key = ("AKIAROOT", "secret")
    root = Principal(arn=f"arn:aws:iam::{ACCOUNT}:root", access_key_id=key[0], secret=key[1])
    monkeypatch.setattr(principals, "find", lambda _: root)
    assert cloud.client("iam", key=key).get_role(RoleName="any")["Role"]["Arn"] == role
    with pytest.raises(ClientError, match=r"Roles may not be assumed by root accounts\."):
        cloud.client("sts", key=key).assume_role(RoleArn=role, RoleSessionName="me")
