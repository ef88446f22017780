"""A bucket's owner is asked for before it is used: a guessable name may be somebody else's."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from plugins.module_utils._buckets import ForeignBucketError, own_bucket_exists

NAME, ACCOUNT = "beacon-production-state-123456789012", "123456789012"
ASKED = {"Bucket": NAME, "ExpectedBucketOwner": ACCOUNT}


@pytest.fixture
def s3() -> Iterator[tuple[Any, Stubber]]:
    client = boto3.client("s3", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as stubber:
        yield client, stubber
    stubber.assert_no_pending_responses()


def test_an_own_bucket_is_there(s3: tuple[Any, Stubber]) -> None:
    client, stubber = s3
    stubber.add_response("head_bucket", {}, ASKED)
    assert own_bucket_exists(client, name=NAME, account_id=ACCOUNT)


def test_a_missing_bucket_is_not(s3: tuple[Any, Stubber]) -> None:
    client, stubber = s3
    stubber.add_client_error("head_bucket", "404", http_status_code=404, expected_params=ASKED)
    assert not own_bucket_exists(client, name=NAME, account_id=ACCOUNT)


def test_somebody_elses_bucket_is_refused_with_the_way_out(s3: tuple[Any, Stubber]) -> None:
    client, stubber = s3
    stubber.add_client_error("head_bucket", "403", http_status_code=403, expected_params=ASKED)
    with pytest.raises(ForeignBucketError) as caught:
        own_bucket_exists(client, name=NAME, account_id=ACCOUNT)
    assert str(caught.value).startswith(
        f"The bucket '{NAME}' exists, but S3 refuses it to account {ACCOUNT}: somebody else owns it"
    )
    assert "Name another one in the inventory (infrastructure_state_bucket, or export BEACON_STATE_BUCKET)" in str(
        caught.value
    )


def test_another_trouble_is_not_taken_for_a_missing_bucket(s3: tuple[Any, Stubber]) -> None:
    client, stubber = s3
    stubber.add_client_error("head_bucket", "500", http_status_code=500, expected_params=ASKED)
    with pytest.raises(ClientError):
        own_bucket_exists(client, name=NAME, account_id=ACCOUNT)
