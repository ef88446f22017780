"""Amazon S3's operations: which actions they need, on a bucket or an object. Theirs are the only names that differ.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from localcloud.iam.questions import Question, via

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localcloud.iam.questions import Known, Parameters, Scope

# Where the action is not named as the operation
ACTIONS = {
    "AbortMultipartUpload": "AbortMultipartUpload",
    "CompleteMultipartUpload": "PutObject",
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
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutBucketReplication": "PutReplicationConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "UploadPart": "PutObject",
}
VERSIONED = {"GetObject", "HeadObject", "DeleteObject", "GetObjectAcl", "GetObjectTagging", "PutObjectTagging"}


def questions(operation: str, parameters: Parameters, scope: Scope, known: Known) -> Iterator[Question]:
    """Say what must be allowed for an operation of S3."""
    bucket, key = str(parameters.get("Bucket") or ""), str(parameters.get("Key") or "")
    action = ACTIONS.get(operation, operation)
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
        yield from via(known.key_of_object(*_split(source)), ("Decrypt",), "s3", scope)
    yield from _keys(operation, bucket, key, parameters, scope, known)


def _split(source: str) -> tuple[str, str]:
    bucket, _, key = source.partition("/")
    return bucket, key


def _keys(
    operation: str, bucket: str, key: str, parameters: Parameters, scope: Scope, known: Known
) -> Iterator[Question]:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html: what each needs of the key."""
    if operation == "GetObject":
        yield from via(known.key_of_object(bucket, key), ("Decrypt",), "s3", scope)
    elif operation in ("PutObject", "CopyObject", "CreateMultipartUpload"):
        named = parameters.get("SSEKMSKeyId")
        used = known.key(str(named)) if named else known.key_of_object(bucket, "")
        yield from via(used, ("GenerateDataKey",), "s3", scope)
    elif operation in ("UploadPart", "CompleteMultipartUpload"):
        yield from via(known.key_of_object(bucket, ""), ("Decrypt",), "s3", scope)
