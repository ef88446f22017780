"""What S3 refuses: policies about other buckets and about principals that are not there, keys that are too long."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from localcloud.core.config import ACCOUNT

if TYPE_CHECKING:
    from localcloud.conftest import Cloud

BUCKET = "policies"
HERE = [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"]
TRUST = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*"}]}
)


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    client = cloud.client("s3")
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return client


def put(s3: Any, **statement: Any) -> None:
    allowed = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": HERE, **statement}
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}))


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ({"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/nobody"}}, "Invalid principal in policy"),
        ({"Principal": {"AWS": "somebody"}}, "Invalid principal in policy"),
        ({"Principal": {"Service": "nothing.amazonaws.com"}}, "Invalid principal in policy"),
        ({"Resource": "arn:aws:s3:::elsewhere/*"}, "Policy has invalid resource"),
        ({"Resource": f"arn:aws:sqs:eu-west-1:{ACCOUNT}:queue"}, "Policy has invalid resource"),
        ({"Action": "ec2:RunInstances"}, "Policy has invalid action"),
    ],
)
def test_a_policy_that_s3_refuses_changes_nothing(s3: Any, statement: dict[str, Any], message: str) -> None:
    put(s3)
    before = s3.get_bucket_policy(Bucket=BUCKET)["Policy"]
    with pytest.raises(ClientError, match=rf"\(MalformedPolicy\).*{message}"):
        put(s3, **statement)
    assert s3.get_bucket_policy(Bucket=BUCKET)["Policy"] == before


@pytest.mark.parametrize(
    "statement",
    [
        {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/reader"}},
        {"Principal": {"AWS": [ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root", "arn:aws:iam::999999999999:role/theirs"]}},
        {"Principal": {"Service": "logging.s3.amazonaws.com"}, "Action": "s3:PutObject"},
        {"Principal": {"CanonicalUser": "0f" * 32}},
        {"Effect": "Deny", "Action": "s3:*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        {"Resource": "arn:aws:s3:::*/logs/*"},
    ],
)
def test_a_policy_that_s3_takes(s3: Any, cloud: Cloud, statement: dict[str, Any]) -> None:
    cloud.client("iam").create_role(RoleName="reader", AssumeRolePolicyDocument=TRUST)
    put(s3, **statement)
    assert "Statement" in s3.get_bucket_policy(Bucket=BUCKET)["Policy"]


def test_a_key_has_1024_bytes_at_most(s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key="ü" * 512, Body=b"")
    with pytest.raises(ClientError, match=r"\(KeyTooLongError\).*Your key is too long"):
        s3.put_object(Bucket=BUCKET, Key="ü" * 513, Body=b"")
