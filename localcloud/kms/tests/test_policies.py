"""Key policies: of principals that exist, and that let whoever sets them set them again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from localcloud.conftest import trust
from localcloud.core.config import ACCOUNT

if TYPE_CHECKING:
    from localcloud.conftest import Cloud

LOCKED_OUT = "The new key policy will not allow you to update the key policy in the future."
INVALID = "Policy contains a statement with one or more invalid principals."
ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}


def policy(*statements: dict[str, Any]) -> str:
    allowed = {"Effect": "Allow", "Principal": ROOT, "Action": "kms:*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [{**allowed, **one} for one in statements]})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (policy({}, {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/nobody"}}), INVALID),
        (policy({}, {"Principal": {"Service": "nothing.amazonaws.com"}}), INVALID),
        (policy({}, {"Principal": {"AWS": "AROAEXAMPLE"}}), INVALID),
        (policy({"Action": ["kms:Describe*", "kms:Encrypt"]}), LOCKED_OUT),
        (policy({"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/reader"}}), LOCKED_OUT),
        (policy({}, {"Effect": "Deny", "Action": "kms:Put*"}), LOCKED_OUT),
        (policy({"Principal": {"AWS": "999999999999"}}), LOCKED_OUT),
        ('{"Statement": [', "The policy key is no JSON"),
        ("{}", "The policy key has no Statement."),
    ],
)
def test_a_key_policy_that_kms_refuses_changes_nothing(cloud: Cloud, text: str, message: str) -> None:
    cloud.client("iam").create_role(RoleName="reader", AssumeRolePolicyDocument=trust())
    kms = cloud.client("kms")
    arn = kms.create_key(Policy=policy({}))["KeyMetadata"]["Arn"]
    with pytest.raises(ClientError, match=rf"\(MalformedPolicyDocumentException\) .*PutKeyPolicy.*{message}"):
        kms.put_key_policy(KeyId=arn, Policy=text)
    assert kms.get_key_policy(KeyId=arn)["Policy"] == policy({})
    with pytest.raises(ClientError, match=rf"\(MalformedPolicyDocumentException\) .*CreateKey.*{message}"):
        kms.create_key(Policy=text)
    assert [each["KeyArn"] for each in kms.list_keys()["Keys"]] == [arn]


def test_who_wants_to_be_locked_out_says_so(cloud: Cloud) -> None:
    kms = cloud.client("kms")
    reads = policy({"Action": "kms:Describe*"})
    arn = kms.create_key(Policy=reads, BypassPolicyLockoutSafetyCheck=True)["KeyMetadata"]["Arn"]
    kms.describe_key(KeyId=arn)
    with pytest.raises(ClientError, match=r"\(AccessDeniedException\)"):
        kms.put_key_policy(KeyId=arn, Policy=policy({}))


def test_a_caller_without_the_right_to_set_policies_is_locked_out(cloud: Cloud) -> None:
    """https://github.com/aws-samples/rds-snapshot-export-to-s3-pipeline/issues/8."""
    iam = cloud.client("iam")
    iam.create_user(UserName="maker")
    allowed = {"Effect": "Allow", "Action": "kms:CreateKey", "Resource": "*"}
    iam.put_user_policy(
        UserName="maker", PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": allowed})
    )
    made = iam.create_access_key(UserName="maker")["AccessKey"]
    kms = cloud.client("kms", key=(made["AccessKeyId"], made["SecretAccessKey"]))
    with pytest.raises(ClientError, match=LOCKED_OUT):
        kms.create_key(Policy=policy({}))
    kms.create_key(Policy=policy({}, {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/maker"}}))
