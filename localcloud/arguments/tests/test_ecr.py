"""What ECR refuses that its model does not say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localcloud.arguments.rules import refusal

MANIFEST = '{"schemaVersion": 2, "mediaType": "x"}'


def rule(priority: int, status: str) -> dict[str, Any]:
    return {"rulePriority": priority, "selection": {"tagStatus": status}}


@pytest.mark.parametrize(
    ("operation", "asked", "code", "says"),
    [
        (
            "CreateRepository",
            {"tags": [{"Key": "aws:x", "Value": "y"}]},
            "InvalidTagParameterException",
            "'aws:x' is reserved",
        ),
        (
            "TagResource",
            {"tags": [{"Key": "a"}, {"Key": "a"}]},
            "InvalidTagParameterException",
            "'a' is given more than once",
        ),
        ("CreateRepository", {"tags": [{"Key": "a" * 129}]}, "InvalidTagParameterException", "is too long"),
        ("CreateRepository", {"tags": [{"Key": f"k{n}"} for n in range(51)]}, "TooManyTagsException", "At most 50"),
        (
            "CreateRepository",
            {"encryptionConfiguration": {"encryptionType": "AES256", "kmsKey": "alias/x"}},
            "InvalidParameterException",
            "encryptionConfiguration.kmsKey",
        ),
        ("PutImage", {"imageManifest": MANIFEST, "imageTag": "-bad"}, "InvalidParameterException", "at 'imageTag'"),
        ("PutImage", {"imageManifest": MANIFEST, "imageTag": "x" * 129}, "InvalidParameterException", "at 'imageTag'"),
        ("PutImage", {"imageManifest": "hello"}, "InvalidParameterException", "Invalid JSON syntax"),
        (
            "SetRepositoryPolicy",
            {"policyText": json.dumps({"Statement": [{"Effect": "Allow", "Action": "s3:GetObject"}]})},
            "InvalidParameterException",
            "Invalid repository policy provided",
        ),
        (
            "SetRepositoryPolicy",
            {"policyText": json.dumps({"Statement": {"Effect": "Allow", "Action": "ecr:*", "Resource": "*"}})},
            "InvalidParameterException",
            "Invalid repository policy provided",
        ),
        (
            "PutLifecyclePolicy",
            {"lifecyclePolicyText": json.dumps({"rules": [rule(1, "untagged"), rule(1, "tagged")]})},
            "InvalidParameterException",
            "Rule priorities must be unique",
        ),
        (
            "PutLifecyclePolicy",
            {"lifecyclePolicyText": json.dumps({"rules": [rule(1, "any"), rule(2, "untagged")]})},
            "InvalidParameterException",
            "'any' must have the highest value of rulePriority",
        ),
    ],
)
def test_what_ecr_refuses_is_refused(operation: str, asked: dict[str, Any], code: str, says: str) -> None:
    fault = refusal("ecr", operation, asked)
    assert fault is not None
    assert fault.code == code
    assert says in fault.message


@pytest.mark.parametrize(
    ("operation", "asked"),
    [
        (
            "CreateRepository",
            {"tags": [{"Key": "a", "Value": "b"}], "encryptionConfiguration": {"encryptionType": "KMS"}},
        ),
        ("PutImage", {"imageManifest": MANIFEST, "imageTag": "v1.0_x-y"}),
        (
            "SetRepositoryPolicy",
            {"policyText": json.dumps({"Statement": [{"Action": ["ecr:PutImage", "ecr:Batch*"]}]})},
        ),
        ("PutLifecyclePolicy", {"lifecyclePolicyText": json.dumps({"rules": [rule(1, "tagged"), rule(2, "any")]})}),
    ],
)
def test_what_ecr_takes_is_taken(operation: str, asked: dict[str, Any]) -> None:
    assert refusal("ecr", operation, asked) is None
