"""The roles' policies: what the playbooks' modules ask for is allowed, and nothing that they have no use for."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from localcloud.iam.policy import Caller, Kind, Policies, Policy, Request, evaluate, parse
from tests.contracts import terraform_files
from tests.contracts.calls import KEY, MARKER, README, Call, calls, record, table

ROLES = ("deployer", "verifier")
POLICIES = (*ROLES, "provision")
VALUES = {
    "account": "123456789012",
    "account_id": "123456789012",
    "environment": "test",
    "key": KEY,
    "parameters": json.dumps(
        [
            f"arn:aws:ssm:eu-west-1:123456789012:parameter/beacon/test/{name}"
            for name in ("ca-certificate", "grafana-admin", "grafana-viewer")
        ]
    ),
    "partition": "aws",
    "region": "eu-west-1",
    "state_bucket": "beacon-test-state-123456789012",
}
STATE = "arn:aws:s3:::beacon-test-state-123456789012"
IMAGES = "arn:aws:ecr:eu-west-1:123456789012:repository/beacon-test/webapp"
PARAMETER = "arn:aws:ssm:eu-west-1:123456789012:parameter/beacon/test"
# No resource can be named: https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html
NAMELESS = {"ec2:DescribeInstances", "ecr:GetAuthorizationToken", "ssm:DescribeParameters"}
# Asked for, and not needed: who asks goes on without an answer
NOT_NEEDED = {"ec2:GetInstanceUefiData"}  # Terraform's provider asks it of an image, as if that were an instance
# Allowed without a call in the record, and why
CHANGES = """
    autoscaling: AttachTrafficSources DescribeTrafficSources DetachTrafficSources
    ec2: CreateLaunchTemplateVersion DeleteLaunchTemplateVersions ModifyInstanceMetadataOptions ModifySecurityGroupRules
    ec2: ModifySubnetAttribute ModifyVolume ModifyVpcEndpoint ReplaceRoute StartInstances StopInstances
    ec2: UpdateSecurityGroupRuleDescriptionsIngress
    ecr: PutImageScanningConfiguration PutImageTagMutability UntagResource
    eks: CreatePodIdentityAssociation DeletePodIdentityAssociation DescribePodIdentityAssociation DescribeUpdate
    eks: ListTagsForResource UntagResource UpdateAccessEntry UpdateAddon UpdateClusterConfig UpdateClusterVersion
    eks: UpdateNodegroupConfig UpdateNodegroupVersion
    elasticloadbalancing: ModifyListener ModifyTargetGroup RemoveTags SetSecurityGroups SetSubnets
    iam: CreatePolicyVersion DeletePolicyVersion UntagRole UpdateAssumeRolePolicy UpdateRole UpdateRoleDescription
    kms: PutKeyPolicy UntagResource
    logs: AssociateKmsKey UntagResource
    s3: DeleteBucketPolicy DeleteObjectVersion ListBucketVersions PutBucketPolicy
    ssm: ListTagsForResource RemoveTagsFromResource
"""
SPARE: dict[str, dict[str, str]] = {
    "deployer": {
        "ec2:DescribeInstances": "the inventory, where the caller is the role itself: AWX's jobs",
        "ec2:GetConsoleOutput": "host keys of a host that is new since provision",
        "ecr:GetDownloadUrlForLayer": "a base that the engine does not have",
        "eks:DescribeCluster": "people: aws eks update-kubeconfig, and reading the cluster's version and state",
        "kms:GenerateDataKey": "ECR's layers under the environment's key",
        "ssm:RemoveTagsFromResource": "ssm_parameter takes tags away that somebody else added",
    },
    "verifier": {"ec2:DescribeInstances": "the inventory, where the caller is the role itself: AWX's jobs"},
    "provision": {
        **{
            f"{line.partition(':')[0].strip()}:{name}": "a change of what is there; TLS's policies of buckets; versions"
            for line in CHANGES.strip().splitlines()
            for name in line.partition(":")[2].split()
        },
        "ec2:DescribeAccountAttributes": "read by the provider in accounts that are old enough for EC2-Classic",
        "iam:CreateServiceLinkedRole": "by the services, in an account that has none yet",
        **dict.fromkeys(
            ("kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"),
            "encrypted volumes and objects",
        ),
        "servicequotas:GetAWSDefaultServiceQuota": "a quota that was never changed",
        "sts:AssumeRole": "provision goes on as deployer; roles are opened without a line in the log",
    },
}
Statement = dict[str, Any]


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def statements(name: str) -> list[Statement]:
    """Return a policy's statements, filled in as Terraform does."""
    found: list[Statement] = json.loads(terraform_files.policy(name, **VALUES))["Statement"]
    return found


def policy(found: list[Statement], name: str) -> Policy:
    return parse({"Version": "2012-10-17", "Statement": found}, name=name, kind=Kind.IDENTITY)


def may(held: Policy, call: Call) -> bool:
    """Ask the local cloud's evaluator, with the tags that an environment's resources have."""
    caller = Caller(arn="arn:aws:sts::123456789012:assumed-role/any/run", account="123456789012")
    context = {key: tuple(values) for key, values in call.get("context", {}).items()}
    request = Request(
        action=call["action"],
        resource=call["resource"],
        caller=caller,
        context={**context, "aws:resourcetag/environment": ("test",)},
    )
    return evaluate(request, Policies(identity=(held,))).allowed


def allowed(name: str, action: str, resource: str) -> bool:
    return may(policy(statements(name), name), {"action": action, "resource": resource})


def test_the_record_covers_every_policy() -> None:
    assert set(POLICIES) <= calls().keys()
    assert all(len(calls()[name]) > 5 for name in POLICIES)


@pytest.mark.parametrize("name", POLICIES)
def test_what_the_verbs_asked_is_allowed(name: str) -> None:
    held = policy(statements(name), name)
    assert [call for call in calls()[name] if call["action"] not in NOT_NEEDED and not may(held, call)] == []


@pytest.mark.parametrize("name", POLICIES)
def test_without_any_single_action_a_verb_is_refused(name: str) -> None:
    found = statements(name)
    spare = []
    for statement in found:
        for action in listed(statement["Action"]):
            rest = [other for other in listed(statement["Action"]) if other != action]
            without = [{**each, "Action": rest} if each is statement else each for each in found]
            held = policy([each for each in without if each["Action"]], name)
            if all(may(held, call) for call in calls()[name] if call["action"] == action):
                spare.append(action)
    assert set(spare) == set(SPARE[name])


@pytest.mark.parametrize("name", ROLES)
def test_only_what_has_no_resource_is_allowed_on_all(name: str) -> None:
    for statement in statements(name):
        assert statement["Effect"] == "Allow"
        assert not any("*" in action for action in listed(statement["Action"])), statement["Sid"]
        if "*" in listed(statement["Resource"]):
            assert set(listed(statement["Action"])) <= NAMELESS, statement["Sid"]


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("ssm:GetParameter", "arn:aws:ssm:eu-west-1:123456789012:parameter/beacon/other/grafana-admin"),
        ("ssm:GetParameters", "arn:aws:ssm:eu-west-1:123456789012:parameter/beacon/test2/grafana-admin"),
        ("ssm:DeleteParameter", f"{PARAMETER}/grafana-admin"),
        ("s3:PutObject", f"{STATE}/terraform.tfstate"),
        ("s3:ListAllMyBuckets", "*"),
        ("ecr:PutImage", "arn:aws:ecr:eu-west-1:123456789012:repository/beacon-test2/webapp"),
        ("ecr:BatchDeleteImage", IMAGES),
        ("kms:Decrypt", "arn:aws:kms:eu-west-1:123456789012:key/2"),
        ("iam:PassRole", "*"),
        ("sts:AssumeRole", "arn:aws:iam::123456789012:role/beacon-test-deployer"),
        ("ec2:RunInstances", "*"),
    ],
)
def test_the_roles_reach_no_other_environment_and_no_more_than_they_need(action: str, resource: str) -> None:
    assert not allowed("deployer", action, resource)
    assert not allowed("verifier", action, resource)


def test_the_verifier_only_reads_and_never_a_private_key() -> None:
    actions = {action for statement in statements("verifier") for action in listed(statement["Action"])}
    assert all(re.fullmatch(r"\w+:(Get|List|Describe|Decrypt)\w*", action) for action in actions), actions
    assert not allowed("verifier", "ssm:GetParameters", f"{PARAMETER}/ca-private-key")


@pytest.mark.parametrize("name", ["deployer", "verifier"])
def test_the_key_is_used_through_services_only(name: str) -> None:
    using = [each for each in statements(name) if any(a.startswith("kms:") for a in listed(each["Action"]))]
    assert using
    for statement in using:
        services = statement["Condition"]["StringEquals"]["kms:ViaService"]
        assert set(services) <= {f"{service}.eu-west-1.amazonaws.com" for service in ("ecr", "s3", "ssm")}


def test_a_record_has_each_call_once_under_its_caller_s_policy_and_no_environment_s_names() -> None:
    def entry(principal: str, action: str, resource: str | None, *, allowed: bool = True, **more: Any) -> str:
        return json.dumps(
            {"principal": principal, "action": action, "resource": resource, "allowed": allowed, "by": "", **more}
        )

    account = "arn:aws:{}:123456789012:"
    deployer = account.format("sts:") + "assumed-role/beacon-local-deployer/beacon-anna"
    key = account.format("kms:eu-west-1") + "key/01234567-89ab-cdef-0123-456789abcdef"
    parameter = account.format("ssm:eu-west-1") + "parameter/beacon/local/host-keys/i-0123456789abcdef0"
    lines = [
        entry(deployer, "ssm:GetParameters", parameter),
        entry(deployer, "ssm:GetParameters", parameter),
        entry(
            deployer, "kms:Decrypt", key, context={"kms:viaservice": ["ssm.eu-west-1.amazonaws.com"], "aws:x": ["1"]}
        ),
        entry(deployer, "ssm:DeleteParameter", parameter, allowed=False),
        entry(
            account.format("iam:") + "user/administrator", "ec2:CreateVpc", account.format("ec2:eu-west-1") + "vpc/*"
        ),
        entry(account.format("iam:") + "user/somebody", "ec2:CreateVpc", "*"),
        entry(
            account.format("sts:") + "assumed-role/workers-eks-node-group-20261129105705479100000017/i-1", "a:B", None
        ),
    ]
    parameter = account.format("ssm:eu-west-1") + "parameter/beacon/test/host-keys/i-1"
    assert record(lines, environment="local") == {
        "deployer": [
            {"action": "kms:Decrypt", "resource": KEY, "context": {"kms:viaservice": ["ssm.eu-west-1.amazonaws.com"]}},
            {"action": "ssm:GetParameters", "resource": parameter},
        ],
        "nodes": [{"action": "a:B", "resource": "*"}],
        "provision": [{"action": "ec2:CreateVpc", "resource": account.format("ec2:eu-west-1") + "vpc/*"}],
    }


def test_the_table_of_the_readme_is_the_record_s() -> None:
    assert README.read_text().partition(MARKER)[2].strip() == table(calls())
