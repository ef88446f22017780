"""Simulations of policies, as boto3 shows them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from localcloud.conftest import trust

if TYPE_CHECKING:
    from localcloud.conftest import Cloud

OBJECTS = ["arn:aws:s3:::bucket/a", "arn:aws:s3:::bucket/b"]


def document(*statements: dict[str, Any]) -> str:
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*", **s} for s in statements]}
    )


def decisions(answer: Any) -> dict[str, str]:
    return {result["EvalActionName"]: result["EvalDecision"] for result in answer["EvaluationResults"]}


@pytest.fixture
def iam(cloud: Cloud) -> Any:
    client = cloud.client("iam")
    client.create_user(UserName="dev")
    client.create_group(GroupName="people")
    client.add_user_to_group(GroupName="people", UserName="dev")
    client.create_role(RoleName="deployer", AssumeRolePolicyDocument=trust())
    return client


DEV = "arn:aws:iam::123456789012:user/dev"
DEPLOYER = "arn:aws:iam::123456789012:role/deployer"


def test_a_principal_s_inline_managed_and_group_policies_count(iam: Any) -> None:
    iam.put_user_policy(UserName="dev", PolicyName="inline", PolicyDocument=document({"Action": "s3:GetObject"}))
    iam.attach_user_policy(UserName="dev", PolicyArn="arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess")
    iam.put_group_policy(GroupName="people", PolicyName="of-group", PolicyDocument=document({"Action": "ecr:*"}))
    found = iam.simulate_principal_policy(
        PolicySourceArn=DEV,
        ActionNames=["s3:GetObject", "ssm:GetParameter", "ecr:PutImage", "s3:PutObject"],
    )
    assert decisions(found) == {
        "s3:GetObject": "allowed",
        "ssm:GetParameter": "allowed",
        "ecr:PutImage": "allowed",
        "s3:PutObject": "implicitDeny",
    }
    assert [r["MatchedStatements"][0]["SourcePolicyId"] for r in found["EvaluationResults"][:3]] == [
        "inline",
        "arn:aws:iam::aws:policy/AmazonSSMReadOnlyAccess",
        "of-group",
    ]
    assert {r["EvalResourceName"] for r in found["EvaluationResults"]} == {"*"}


def test_a_new_default_version_of_a_managed_policy_counts(iam: Any) -> None:
    arn = iam.create_policy(PolicyName="p", PolicyDocument=document({"Action": "s3:*"}))["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="deployer", PolicyArn=arn)
    asked = {"PolicySourceArn": DEPLOYER, "ActionNames": ["s3:GetObject"]}
    assert decisions(iam.simulate_principal_policy(**asked)) == {"s3:GetObject": "allowed"}
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=document({"Action": "ec2:*"}), SetAsDefault=True)
    assert decisions(iam.simulate_principal_policy(**asked)) == {"s3:GetObject": "implicitDeny"}


def test_each_resource_has_its_result(iam: Any) -> None:
    policies = [document({"Action": "s3:GetObject", "Resource": OBJECTS[0]})]
    found = iam.simulate_custom_policy(PolicyInputList=policies, ActionNames=["s3:GetObject"], ResourceArns=OBJECTS)
    (result,) = found["EvaluationResults"]
    assert result["EvalDecision"] == "implicitDeny"
    assert [(r["EvalResourceName"], r["EvalResourceDecision"]) for r in result["ResourceSpecificResults"]] == [
        (OBJECTS[0], "allowed"),
        (OBJECTS[1], "implicitDeny"),
    ]
    one = iam.simulate_custom_policy(PolicyInputList=policies, ActionNames=["s3:GetObject"], ResourceArns=OBJECTS[:1])
    assert one["EvaluationResults"][0]["EvalResourceName"] == OBJECTS[0]


def test_a_deny_in_any_input_wins_and_is_named(iam: Any) -> None:
    policies = [document({"Action": "*"}), document({"Effect": "Deny", "Action": "ec2:Terminate*"})]
    (result,) = iam.simulate_custom_policy(PolicyInputList=policies, ActionNames=["ec2:TerminateInstances"])[
        "EvaluationResults"
    ]
    assert result["EvalDecision"] == "explicitDeny"
    assert [m["SourcePolicyId"] for m in result["MatchedStatements"]] == ["PolicyInputList.2"]


def test_a_boundary_limits_and_is_said(iam: Any) -> None:
    arn = iam.create_policy(PolicyName="limit", PolicyDocument=document({"Action": "s3:*"}))["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="deployer", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    iam.put_role_permissions_boundary(RoleName="deployer", PermissionsBoundary=arn)
    found = iam.simulate_principal_policy(PolicySourceArn=DEPLOYER, ActionNames=["s3:GetObject", "ec2:RunInstances"])
    assert decisions(found) == {"s3:GetObject": "allowed", "ec2:RunInstances": "implicitDeny"}
    assert [
        r["PermissionsBoundaryDecisionDetail"]["AllowedByPermissionsBoundary"] for r in found["EvaluationResults"]
    ] == [True, False]


def test_context_is_taken_and_missing_keys_are_named(iam: Any) -> None:
    condition = {"StringLike": {"kms:ViaService": "s3.*"}}
    asked = {
        "PolicyInputList": [document({"Action": "kms:Decrypt", "Condition": condition})],
        "ActionNames": ["kms:Decrypt"],
    }
    (result,) = iam.simulate_custom_policy(**asked)["EvaluationResults"]
    assert (result["EvalDecision"], result["MissingContextValues"]) == ("implicitDeny", ["kms:ViaService"])
    entry = {
        "ContextKeyName": "kms:ViaService",
        "ContextKeyType": "string",
        "ContextKeyValues": ["s3.eu-west-1.amazonaws.com"],
    }
    (result,) = iam.simulate_custom_policy(**asked, ContextEntries=[entry])["EvaluationResults"]
    assert (result["EvalDecision"], result["MissingContextValues"]) == ("allowed", [])
    keys = iam.get_context_keys_for_custom_policy(PolicyInputList=asked["PolicyInputList"])["ContextKeyNames"]
    assert keys == ["kms:ViaService"]


def test_a_resource_s_policy_counts(iam: Any) -> None:
    policy = json.dumps(
        {"Statement": [{"Effect": "Allow", "Principal": {"AWS": DEV}, "Action": "s3:*", "Resource": OBJECTS}]}
    )
    found = iam.simulate_principal_policy(
        PolicySourceArn=DEV, ActionNames=["s3:GetObject"], ResourceArns=OBJECTS[:1], ResourcePolicy=policy
    )
    assert decisions(found) == {"s3:GetObject": "allowed"}


def test_results_come_in_pages(iam: Any) -> None:
    actions = [f"s3:Get{number}" for number in range(5)]
    pages = iam.get_paginator("simulate_custom_policy").paginate(
        PolicyInputList=[document({"Action": "*"})], ActionNames=actions, PaginationConfig={"PageSize": 2}
    )
    sizes = [[r["EvalActionName"] for r in page["EvaluationResults"]] for page in pages]
    assert sizes == [actions[:2], actions[2:4], actions[4:]]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"PolicyInputList": ["{"]}, "InvalidInput.*PolicyInputList.1 is no JSON"),
        ({"ActionNames": ["GetObject"]}, "InvalidInput.*ActionNames: GetObject"),
        ({"Marker": "x"}, "Invalid Marker: x"),
        ({"Marker": "²"}, "Invalid Marker: ²"),
    ],
)
def test_inputs_that_cannot_be_read_are_refused(iam: Any, changed: dict[str, Any], words: str) -> None:
    asked = {"PolicyInputList": [document({"Action": "*"})], "ActionNames": ["s3:GetObject"], **changed}
    with pytest.raises(ClientError, match=words):
        iam.simulate_custom_policy(**asked)


def test_an_unknown_principal_is_refused(iam: Any) -> None:
    with pytest.raises(ClientError, match=r"NoSuchEntity.*user/nobody cannot be found"):
        iam.simulate_principal_policy(
            PolicySourceArn="arn:aws:iam::123456789012:user/nobody", ActionNames=["s3:GetObject"]
        )
