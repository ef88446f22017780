"""The roles' policies: what the playbooks' modules ask for is allowed, and nothing that they have no use for."""

from __future__ import annotations

import functools
import json
import re
from string import Template
from typing import TYPE_CHECKING, Any

import pytest
from moto.iam.aws_managed_policies import aws_managed_policies_data
from policy_sentry.querying.actions import get_action_data

from localcloud.iam.policy import Caller, Kind, Policies, Policy, Request, evaluate, parse
from tests.contracts import policies, terraform_files
from tests.contracts.calls import KEY, README, calls, record, written
from tests.contracts.terraform_files import PERMISSIONS

if TYPE_CHECKING:
    from tests.contracts.policies import Call

ROLES = ("deployer", "monitoring", "verifier")
POLICIES = (*ROLES, "provision")
VALUES = {
    "account_id": "123456789012",
    "environment": "test",
    "images_key": KEY,
    "key": KEY,
    "partition": "aws",
    "region": "eu-west-1",
    "state_bucket": "beacon-test-state-123456789012",
}
STATE = "arn:aws:s3:::beacon-test-state-123456789012"
IMAGES = "arn:aws:ecr:eu-west-1:123456789012:repository/beacon-test/webapp"
PARAMETER = "arn:aws:ssm:eu-west-1:123456789012:parameter/beacon/test"
# No resource can be named: https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html
NAMELESS = {
    *("ec2:DescribeInstances", "ec2:DescribeKeyPairs", "ecr:GetAuthorizationToken", "ssm:DescribeParameters"),
    *(
        f"elasticloadbalancing:Describe{what}"
        for what in ("Tags", "TargetGroupAttributes", "TargetGroups", "TargetHealth")
    ),
}
MANAGED_LIMIT = 6_144  # characters of a managed policy, white space not counted
ATTACHED_LIMIT = 10  # managed policies of a role
Statement = dict[str, Any]


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def statements(name: str) -> list[Statement]:
    """Return a policy's statements, filled in as Terraform does."""
    texts = [terraform_files.policy(each, **VALUES) for each in terraform_files.documents(name)]
    return [statement for text in texts for statement in json.loads(text)["Statement"]]


def filled(found: list[Statement]) -> list[Statement]:
    """Return statements with an environment's values."""
    text: list[Statement] = json.loads(Template(json.dumps(found)).substitute(VALUES))
    return text


def policy(found: list[Statement], name: str) -> Policy:
    return parse({"Version": "2012-10-17", "Statement": found}, name=name, kind=Kind.IDENTITY)


def may(held: Policy | tuple[Policy, ...], call: Call) -> bool:
    """Ask the local cloud's evaluator, with the tags that an environment's resources have."""
    caller = Caller(arn="arn:aws:sts::123456789012:assumed-role/any/run", account="123456789012")
    context = {key: tuple(values) for key, values in call.get("context", {}).items()}
    request = Request(
        action=call["action"],
        resource=call["resource"],
        caller=caller,
        context={**context, "aws:resourcetag/environment": ("test",)},
    )
    return evaluate(request, Policies(identity=held if isinstance(held, tuple) else (held,))).allowed


def allowed(name: str, action: str, resource: str) -> bool:
    return may(policy(statements(name), name), {"action": action, "resource": resource})


def test_the_record_covers_every_policy() -> None:
    assert set(POLICIES) <= calls().keys()
    assert all(len(calls()[name]) >= 2 for name in POLICIES)


def test_the_policies_are_what_the_record_needs() -> None:
    written = policies.files(calls())
    assert {name: (PERMISSIONS / name).read_text() for name in written} == written
    assert {f"{each}.json" for each in terraform_files.documents("provision")} <= written.keys()


@pytest.mark.parametrize("name", terraform_files.documents("provision"))
def test_each_document_fits_into_a_managed_policy(name: str) -> None:
    assert len(re.sub(r"\s", "", terraform_files.policy(name, **VALUES))) <= MANAGED_LIMIT
    assert len(terraform_files.documents("provision")) <= ATTACHED_LIMIT


def test_a_service_without_a_document_is_refused_with_the_next_step() -> None:
    record = {**calls(), "provision": [policies.Call(action="sqs:CreateQueue", resource="*")]}
    with pytest.raises(ValueError, match=r"provision asks for sqs: name a document in DOCUMENTS of policies\.py"):
        policies.files(record)


@pytest.mark.parametrize("name", POLICIES)
def test_what_the_playbooks_asked_is_allowed(name: str) -> None:
    held = policy(statements(name), name)
    assert [call for call in policies.needed(name, calls()[name]) if not may(held, call)] == []


@pytest.mark.parametrize("name", POLICIES)
def test_without_any_single_action_a_playbook_is_refused(name: str) -> None:
    found = statements(name)
    spare = []
    for statement in found:
        for action in listed(statement["Action"]):
            rest = [other for other in listed(statement["Action"]) if other != action]
            without = [{**each, "Action": rest} if each is statement else each for each in found]
            held = policy([each for each in without if each["Action"]], name)
            if all(may(held, call) for call in calls()[name] if call["action"] == action):
                spare.append(action)
    recorded = {call["action"] for call in calls()[name]}
    listed_rights = {action for right in policies.unrecorded() if name in right.whose for action in right.actions}
    assert set(spare) == listed_rights - recorded


@pytest.mark.parametrize("right", policies.unrecorded(), ids=lambda right: f"{right.whose[0]}-{right.actions[0]}")
def test_what_no_run_asks_for_is_not_in_the_record(right: policies.Unrecorded) -> None:
    assert set(right.whose) <= set(POLICIES)
    assert right.reason
    assert right.source.startswith("https://")
    for name in right.whose:
        recorded = [call for call in calls()[name] if call not in right.calls()]
        least: list[Statement] = json.loads(policies.policy(name, recorded, more=[]))["Statement"]
        held = policy(filled(least), name)
        assert [call["action"] for call in right.calls() if may(held, call)] == [], "recorded by now: take it out"


def test_a_resource_that_no_rule_knows_is_refused_with_the_next_step() -> None:
    call = policies.Call(action="ssm:GetParameter", resource="arn:aws:ssm:eu-west-1:123456789012:parameter/other")
    with pytest.raises(
        ValueError, match=r"asked for arn:aws:ssm:.*parameter/other by deployer, and no rule .* add one"
    ):
        policies.patterns("deployer", call)


@pytest.mark.parametrize("name", [*POLICIES, "operator"])
def test_the_policies_name_actions_resources_and_conditions_that_aws_has(name: str) -> None:
    """What linters of policies look for, by AWS's service authorization reference."""
    for statement in statements(name):
        for action in listed(statement["Action"]):
            service, _, operation = action.partition(":")
            # what ECR's refusals name, and the tables lack, is of the kinds of its sibling
            known_as = "BatchGetImage" if operation == "ListImageReferrers" else operation
            (entries,) = (get_action_data(service, known_as) or {}).values()
            forms = {entry["resource_arn_format"] for entry in entries} - {"*"}
            if listed(statement["Resource"]) == ["*"]:
                continue
            assert forms, f"{action} knows no resource: it needs *"
            assert any(same_kind(form, each) for form in forms for each in listed(statement["Resource"])), action
            for key in statement.get("Condition", {}).get("StringEquals", {}):
                known = {re.sub(r"\$\{\w+\}", ".*", each) for entry in entries for each in entry["condition_keys"]}
                assert any(re.fullmatch(each, key) for each in known), f"{action} knows no {key}"


def same_kind(form: str, pattern: str) -> bool:
    """Whether a pattern may match an ARN of this form."""
    return meet(re.sub(r"\$\{\w+\}", "*", form.split(":", 5)[5]), pattern.split(":", 5)[5])


@functools.cache
def meet(one: str, other: str) -> bool:
    """Whether two patterns with `*` have a text in common."""
    if not one or not other:
        return set(one + other) <= {"*"}
    if one[0] == "*":
        return meet(one[1:], other) or meet(one, other[1:])
    if other[0] == "*":
        return meet(other, one)
    return one[0] == other[0] and meet(one[1:], other[1:])


def test_the_nodes_managed_policies_allow_what_nodes_ask_for() -> None:
    attached = re.findall(r'"(Amazon\w+)"', (terraform_files.STUBS / "eks/nodegroups.tf").read_text())
    documents = json.loads(aws_managed_policies_data)
    held = tuple(parse(documents[name]["Document"], name=name, kind=Kind.IDENTITY) for name in attached)
    assert held
    assert [call for call in calls()["nodes"] if not may(held, call)] == []


def test_the_ops_host_asks_aws_for_nothing() -> None:
    assert "ops" not in calls()


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


def test_what_is_bounded_by_tags_stays_so_when_a_run_asks_for_it() -> None:
    instance = "arn:aws:ec2:eu-west-1:123456789012:instance/i-1"
    text = policies.policy("deployer", [{"action": "ec2:StopInstances", "resource": instance}])
    (statement,) = [each for each in json.loads(text)["Statement"] if "ec2:StopInstances" in each["Action"]]
    assert statement["Condition"] == {"StringEquals": {"aws:ResourceTag/Environment": ["${environment}"]}}


@pytest.mark.parametrize("name", ROLES)
def test_the_key_is_used_through_services_only_and_another_one_signs(name: str) -> None:
    using = [each for each in statements(name) if any(a.startswith("kms:") for a in listed(each["Action"]))]
    signing = [each for each in using if set(listed(each["Action"])) == {"kms:Sign", "kms:Verify"}]
    using = [each for each in using if each not in signing]
    assert using
    assert len(signing) == (name == "deployer")
    for statement in using:
        services = statement["Condition"]["StringEquals"]["kms:ViaService"]
        assert set(services) <= {f"{service}.eu-west-1.amazonaws.com" for service in ("ec2", "ecr", "s3", "ssm")}


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
        entry(account.format("iam:") + "user/administrator", "iam:CreateUser", account.format("iam:") + "user/alice"),
        *(
            entry(account.format("iam:") + "user/administrator", "iam:CreatePolicy", account.format("iam:") + name)
            for name in (
                "policy/beacon-local-ClusterEncryption2026112910160771020000000f",
                "policy/beacon-local-ClusterEncryption1",
            )
        ),
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
        "nodes": [{"action": "a:B", "resource": None}],
        "provision": [
            {"action": "ec2:CreateVpc", "resource": account.format("ec2:eu-west-1") + "vpc/*"},
            {
                "action": "iam:CreatePolicy",
                "resource": account.format("iam:") + "policy/beacon-test-ClusterEncryption1",
            },
        ],
    }


def test_the_tables_of_the_readme_are_the_record_s() -> None:
    text = README.read_text()
    assert text == written(text, calls())
