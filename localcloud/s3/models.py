"""S3's model: moto's, whose suspended buckets lose all versions of an object with one, and fail at a delete marker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.s3.models import FakeBucket, S3Backend

if TYPE_CHECKING:
    from collections.abc import Mapping

NULL = "null"  # the version of what is made while versioning is suspended


class LocalS3Backend(S3Backend):
    """moto's S3 with deletions in suspended buckets as AWS documents them.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjectsfromVersioningSuspendedBuckets.html
    """

    def delete_object(
        self,
        bucket_name: str,
        key_name: str,
        version_id: str | None = None,
        bypass: bool = False,  # noqa: FBT001, FBT002 - moto's signature
    ) -> tuple[bool, dict[str, Any]]:
        """Delete one version. Without its ID, where versioning is suspended, the null version becomes a delete marker."""
        bucket = self.get_bucket(bucket_name)
        if bucket.versioning_status != "Suspended":
            return super().delete_object(bucket_name, key_name, version_id, bypass)
        bucket.versioning_status = "Enabled"  # only here: the model is locked for the length of a request
        try:
            found, answer = super().delete_object(bucket_name, key_name, version_id, bypass)
        finally:
            bucket.versioning_status = "Suspended"
        if found and version_id is None:
            answer |= _be_null(bucket, key_name)
        return found, answer


def _be_null(bucket: FakeBucket, key_name: str) -> Mapping[str, str]:
    """Let the newest version be the only null one."""
    *others, newest = bucket.keys.getlist(key_name)
    newest._version_id = NULL  # noqa: SLF001 - moto has no other way
    bucket.keys.setlist(key_name, [*(each for each in others if each.version_id != NULL), newest])
    return {"version-id": NULL}
