"""Amazon S3's operations: which actions they need, on a bucket or an object. Theirs are the only names that differ.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from localcloud.iam.questions import Question, via

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localcloud.iam.questions import Known, Parameters, Scope

# Where the action is not named as the operation
ACTIONS = {
    "AbortMultipartUpload": "AbortMultipartUpload",
    "CompleteMultipartUpload": "PutObject",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "DeleteBucketCors": "PutBucketCORS",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeleteObjects": "DeleteObject",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "GetBucketCors": "GetBucketCORS",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycle": "GetLifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListBuckets": "ListAllMyBuckets",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListParts": "ListMultipartUploadParts",
    "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration",
    "PutBucketCors": "PutBucketCORS",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketLifecycle": "PutLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutBucketReplication": "PutReplicationConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "SelectObjectContent": "GetObject",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
}
CONFIGURATION = re.compile(
    r"(Delete|Get|List|Put)Bucket((?:Analytics|IntelligentTiering|Inventory|Metrics)Configuration)s?"
)
VERSIONED = {"GetObject", "HeadObject", "DeleteObject", "GetObjectAcl", "GetObjectTagging", "PutObjectTagging"}


def questions(operation: str, parameters: Parameters, scope: Scope, known: Known) -> Iterator[Question]:
    """Say what must be allowed for an operation of S3."""
    bucket, key = str(parameters.get("Bucket") or ""), str(parameters.get("Key") or "")
    action = action_of(operation)
    if operation in VERSIONED and parameters.get("VersionId"):
        action = action.replace("Object", "ObjectVersion", 1)
    context = {
        f"s3:{name}": (str(parameters[parameter]),)
        for name, parameter in (("prefix", "Prefix"), ("delimiter", "Delimiter"), ("versionid", "VersionId"))
        if parameters.get(parameter)
    }
    if operation == "DeleteObjects":
        keys = [str(found["Key"]) for found in (parameters.get("Delete") or {}).get("Objects") or ()]
        found = tuple(f"arn:aws:s3:::{bucket}/{one}" for one in keys)
    elif not bucket:
        found = ("*",)
    else:
        found = (f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}",)
    yield Question(action=f"s3:{action}", resources=found, context=context)
    if operation in ("CopyObject", "UploadPartCopy"):
        source = str(parameters.get("CopySource") or "").lstrip("/").partition("?")[0]
        yield Question(action="s3:GetObject", resources=(f"arn:aws:s3:::{source}",))
        of = source.partition("/")
        yield from via(known.key_of_object(of[0], of[2]), ("Decrypt",), "s3", scope, _context(of[0], of[2], known))
    yield from _keys(operation, bucket, key, parameters, scope, known)


def action_of(operation: str) -> str:
    """Return the action's name, without `s3:`."""
    if found := CONFIGURATION.fullmatch(operation):
        return ("Get" if found[1] in ("Get", "List") else "Put") + found[2]
    return ACTIONS.get(operation, operation)


def _context(bucket: str, key: str, known: Known) -> dict[str, str]:
    """Return the encryption context: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html."""
    arn = f"arn:aws:s3:::{bucket}"
    return {"aws:s3:arn": arn if known.has_bucket_key(bucket) else f"{arn}/{key}"}


def _keys(
    operation: str, bucket: str, key: str, parameters: Parameters, scope: Scope, known: Known
) -> Iterator[Question]:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html: what each needs of the key."""
    context = _context(bucket, key, known)
    if operation == "GetObject":
        yield from via(known.key_of_object(bucket, key), ("Decrypt",), "s3", scope, context)
    elif operation in ("PutObject", "CopyObject", "CreateMultipartUpload"):
        named = parameters.get("SSEKMSKeyId")
        used = known.key(str(named)) if named else known.key_of_object(bucket, "")
        yield from via(used, ("GenerateDataKey",), "s3", scope, context)
    elif operation in ("UploadPart", "CompleteMultipartUpload"):
        yield from via(known.key_of_object(bucket, ""), ("Decrypt",), "s3", scope, context)
