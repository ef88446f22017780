"""The roles' policies: what the playbooks' modules ask for is allowed, and nothing that they have no use for."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from string import Template
from typing import Any

import pytest

from tests.contracts.terraform_files import ROOT_MODULE

FOLDER = ROOT_MODULE / "permissions"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/1"
VALUES = {
    "account": "123456789012",
    "environment": "test",
    "key": KEY,
    "parameters": json.dumps(["arn:aws:ssm:eu-west-1:123456789012:parameter/beacon/test/grafana-viewer"]),
    "partition": "aws",
    "region": "eu-west-1",
    "state_bucket": "beacon-test-state-123456789012",
}
STATE = "arn:aws:s3:::beacon-test-state-123456789012"
IMAGES = "arn:aws:ecr:eu-west-1:123456789012:repository/beacon-test/webapp"
PARAMETER = "arn:aws:ssm:eu-west-1:123456789012:parameter/beacon/test"
# No resource can be named: https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html
NAMELESS = {"ec2:DescribeInstances", "ecr:GetAuthorizationToken", "ssm:DescribeParameters"}
# What the modules call, read from their source in amazon.aws 11, community.aws 11 and plugins/modules, 29 November 2026;
# a push is the Docker engine's: https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html
CALLS: dict[str, dict[str, list[str]]] = {
    "deployer": {
        # own_bucket_info, s3_object
        STATE: ["s3:ListBucket"],
        f"{STATE}/terraform.tfstate": ["s3:GetObject"],
        # ssm_parameter_info; ssm_parameter reads, writes, tags, and waits by DescribeParameters
        f"{PARAMETER}/grafana-admin": ["ssm:GetParameter", "ssm:GetParameters", "ssm:PutParameter"],
        f"{PARAMETER}/ca-private-key": ["ssm:GetParameters", "ssm:AddTagsToResource", "ssm:ListTagsForResource"],
        f"{PARAMETER}/certificate/monitoring/private-key": ["ssm:GetParameters", "ssm:PutParameter"],
        KEY: ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"],
        # ecr_image_info, ecr_attachment, the engine
        IMAGES: [
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:CompleteLayerUpload",
            "ecr:DescribeImageScanFindings",
            "ecr:DescribeImages",
            "ecr:GetDownloadUrlForLayer",
            "ecr:InitiateLayerUpload",
            "ecr:PutImage",
            "ecr:UploadLayerPart",
        ],
        # host_keys
        "arn:aws:ec2:eu-west-1:123456789012:instance/i-1": ["ec2:GetConsoleOutput"],
        f"{PARAMETER}/host-keys/i-1": ["ssm:GetParameters", "ssm:PutParameter", "ssm:AddTagsToResource"],
        "*": sorted(NAMELESS),
    },
    "verifier": {
        STATE: ["s3:ListBucket"],
        f"{STATE}/terraform.tfstate": ["s3:GetObject"],
        f"{PARAMETER}/grafana-viewer": ["ssm:GetParameters"],
        KEY: ["kms:Decrypt"],
        "*": ["ec2:DescribeInstances"],
    },
    "operator": {
        "arn:aws:iam::123456789012:role/beacon-test-deployer": ["sts:AssumeRole"],
        "arn:aws:iam::123456789012:role/beacon-test-verifier": ["sts:AssumeRole"],
        "*": ["ec2:DescribeInstances"],
    },
}
# Allowed without a call of every run
SPARE = {
    "ssm:RemoveTagsFromResource": "ssm_parameter takes tags away that somebody else added, when it writes a new value",
    "eks:DescribeCluster": "people: aws eks update-kubeconfig, and reading the cluster's version and state",
}
Statement = dict[str, Any]


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def statements(name: str) -> list[Statement]:
    """Return a policy's statements, filled in as Terraform does."""
    (file,) = FOLDER.glob(f"{name}.json*")
    found: list[Statement] = json.loads(Template(file.read_text()).substitute(VALUES))["Statement"]
    return found


def allowed(name: str, action: str, resource: str) -> bool:
    return any(
        any(fnmatchcase(action, each) for each in listed(statement["Action"]))
        and any(fnmatchcase(resource, each) for each in listed(statement["Resource"]))
        for statement in statements(name)
    )


@pytest.mark.parametrize("name", CALLS)
def test_what_the_modules_call_is_allowed(name: str) -> None:
    lacking = [
        f"{action} on {resource}"
        for resource, actions in CALLS[name].items()
        for action in actions
        if not allowed(name, action, resource)
    ]
    assert lacking == []


@pytest.mark.parametrize("name", CALLS)
def test_what_is_allowed_is_called(name: str) -> None:
    called = {action for actions in CALLS[name].values() for action in actions}
    granted = {action for statement in statements(name) for action in listed(statement["Action"])}
    assert granted - called <= SPARE.keys()


@pytest.mark.parametrize("name", CALLS)
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
