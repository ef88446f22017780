from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from localcloud.conftest import Cloud


def test_a_key_is_managed_by_its_arn(cloud: Cloud) -> None:
    kms = cloud.client("kms")
    arn = kms.create_key(MultiRegion=True)["KeyMetadata"]["Arn"]

    def state() -> str:
        return str(kms.describe_key(KeyId=arn)["KeyMetadata"]["KeyState"])

    kms.disable_key(KeyId=arn)
    assert state() == "Disabled"
    kms.enable_key(KeyId=arn)
    assert state() == "Enabled"
    replica = kms.replicate_key(KeyId=arn, ReplicaRegion="eu-central-1")["ReplicaKeyMetadata"]["Arn"]
    assert replica == arn.replace("eu-west-1", "eu-central-1")
    assert kms.schedule_key_deletion(KeyId=arn, PendingWindowInDays=7)["KeyId"] == arn
    assert state() == "PendingDeletion"
    assert kms.cancel_key_deletion(KeyId=arn)["KeyId"] == arn
    assert state() == "Disabled"


def test_a_key_is_found_by_its_arn_after_a_restart(cloud: Cloud) -> None:
    arn = cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    cloud.boot()
    cloud.client("kms").disable_key(KeyId=arn)
    assert cloud.client("kms").describe_key(KeyId=arn)["KeyMetadata"]["KeyState"] == "Disabled"


def test_an_arn_of_no_key_is_refused(cloud: Cloud) -> None:
    kms = cloud.client("kms")
    arn = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    with pytest.raises(ClientError, match=f"NotFoundException.*Key '{arn}' does not exist"):
        kms.schedule_key_deletion(KeyId=arn)
