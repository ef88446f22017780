"""What IAM refuses of policies: too many, with a principal, or a boundary that is not there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from localcloud.conftest import trust

if TYPE_CHECKING:
    from localcloud.conftest import Cloud

NO_POLICY = "arn:aws:iam::123456789012:policy/none"
STATEMENT = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}


def document(**more: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [STATEMENT | more]})


@pytest.fixture
def iam(cloud: Cloud) -> Any:
    client: Any = cloud.client("iam")
    client.create_role(RoleName="n", AssumeRolePolicyDocument=trust())
    client.create_user(UserName="n")
    client.create_group(GroupName="n")
    return client


@pytest.mark.parametrize("kind", ["Role", "User", "Group"])
def test_ten_managed_policies_are_attached_and_no_more(iam: Any, kind: str) -> None:
    arns = [iam.create_policy(PolicyName=f"p{n}", PolicyDocument=document())["Policy"]["Arn"] for n in range(11)]
    attach, name = getattr(iam, f"attach_{kind.lower()}_policy"), {f"{kind}Name": "n"}
    for arn in arns[:10]:
        attach(**name, PolicyArn=arn)
    attach(**name, PolicyArn=arns[0])  # it is attached
    with pytest.raises(ClientError, match=f"LimitExceeded.*Cannot exceed quota for PoliciesPer{kind}: 10"):
        attach(**name, PolicyArn=arns[10])


@pytest.mark.parametrize("element", ["Principal", "NotPrincipal"])
def test_an_identity_s_policy_names_no_principal(iam: Any, element: str) -> None:
    named = {"PolicyName": "p", "PolicyDocument": document(**{element: "*"})}
    calls = (
        lambda: iam.create_policy(**named),
        lambda: iam.put_role_policy(RoleName="n", **named),
        lambda: iam.put_user_policy(UserName="n", **named),
        lambda: iam.put_group_policy(GroupName="n", **named),
    )
    for call in calls:
        with pytest.raises(
            ClientError, match=r"MalformedPolicyDocument.*Policy document should not specify a principal\."
        ):
            call()


def test_a_boundary_must_be_there(iam: Any) -> None:
    words = f"NoSuchEntity.*Scope ARN: {NO_POLICY} does not exist or is not attachable"
    with pytest.raises(ClientError, match=words):
        iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust(), PermissionsBoundary=NO_POLICY)
    with pytest.raises(ClientError, match=words):
        iam.put_role_permissions_boundary(RoleName="n", PermissionsBoundary=NO_POLICY)
    with pytest.raises(ClientError, match=words):
        iam.create_user(UserName="u", PermissionsBoundary=NO_POLICY)
    with pytest.raises(ClientError, match=words):
        iam.put_user_permissions_boundary(UserName="n", PermissionsBoundary=NO_POLICY)
    with pytest.raises(ClientError, match=r"InvalidParameterValue.*parameter PermissionsBoundary is invalid"):
        iam.create_user(UserName="u", PermissionsBoundary="arn:aws:iam::123456789012:role/none")
    assert [each["UserName"] for each in iam.list_users()["Users"]] == ["administrator", "n"]
    aws = "arn:aws:iam::aws:policy/PowerUserAccess"
    iam.put_role_permissions_boundary(RoleName="n", PermissionsBoundary=aws)
    assert iam.get_role(RoleName="n")["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == aws
