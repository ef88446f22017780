"""Whose bucket is it: a name in S3 is the whole world's, so a guessable one may have been taken by somebody else."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

with suppress(ImportError):  # the module names a missing package
    from botocore.exceptions import ClientError


MISSING = frozenset({"404", "NoSuchBucket", "NotFound"})
REFUSED = frozenset({"403", "AccessDenied", "Forbidden"})


class ForeignBucketError(Exception):
    """The bucket exists, and isn't this account's; the text says what to do."""


def own_bucket_exists(client: Any, *, name: str, account_id: str) -> bool:
    """Return whether the account owns a bucket of this name. Raises ForeignBucketError, ClientError.

    S3 compares the owner with ExpectedBucketOwner itself, and answers 403 where it differs:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
    """
    try:
        client.head_bucket(Bucket=name, ExpectedBucketOwner=account_id)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in MISSING:
            return False
        if code in REFUSED:
            raise ForeignBucketError(
                f"The bucket '{name}' exists, but S3 refuses it to account {account_id}: somebody else owns it, or these "
                "credentials lack s3:ListBucket on it. Whoever owns the bucket of the state decides what Terraform does, "
                "so nothing was read or changed. Name another one in the inventory (infrastructure_state_bucket, or "
                "export BEACON_STATE_BUCKET), or take credentials that are allowed to list it."
            ) from error
        raise
    return True
