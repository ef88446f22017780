"""S3's model: moto's, whose suspended buckets lose all versions of an object with one, and fail at a delete marker."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from moto.s3.exceptions import S3ClientError
from moto.s3.models import FakeBucket, S3Backend

from localcloud.iam import sources
from localcloud.iam.conditions import PolicyError
from localcloud.iam.policy import Kind, parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localcloud.iam.policy import Statement

NULL = "null"  # the version of what is made while versioning is suspended
RESOURCE = re.compile(r"arn:[\w-]+:s3:::(?P<bucket>[^/]+)(/.*)?")
WILD = re.compile(r"[*?$]")


class LocalS3Backend(S3Backend):
    """moto's S3 with deletions in suspended buckets as AWS documents them.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjectsfromVersioningSuspendedBuckets.html
    """

    def put_bucket_policy(self, bucket_name: str, policy: bytes) -> None:
        """Set a bucket's policy, which is about this bucket, and about principals that exist.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshooting-bucket-policies.html
        """
        bucket, text = self.get_bucket(bucket_name), bytes(policy).decode(errors="replace")
        if problem := self._problem(bucket.name, text):
            raise S3ClientError("MalformedPolicy", problem)
        super().put_bucket_policy(bucket_name, policy)

    def _problem(self, bucket: str, text: str) -> str:
        try:
            policy = parse(text, name="bucket", kind=Kind.RESOURCE)
            wrong = sources.invalid_principal(policy, account=self.account_id)
        except PolicyError as error:
            return str(error)
        if wrong:
            return "Invalid principal in policy"
        if not all(_is_about(statement, bucket) for statement in policy.statements):
            return "Policy has invalid resource"
        actions = (
            each for statement in policy.statements for each in (statement.actions or statement.not_actions or ())
        )
        return (
            ""
            if all(each == "*" or each.lower().startswith("s3:") for each in actions)
            else "Policy has invalid action"
        )

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


def _is_about(statement: Statement, bucket: str) -> bool:
    """Say whether a statement's resources are of this bucket; a name with wildcards may be any."""
    named = [RESOURCE.fullmatch(each) for each in (statement.resources or statement.not_resources or ()) if each != "*"]
    return all(found and (found["bucket"] == bucket or WILD.search(found["bucket"])) for found in named)


def _be_null(bucket: FakeBucket, key_name: str) -> Mapping[str, str]:
    """Let the newest version be the only null one."""
    *others, newest = bucket.keys.getlist(key_name)
    newest._version_id = NULL  # noqa: SLF001 - moto has no other way
    bucket.keys.setlist(key_name, [*(each for each in others if each.version_id != NULL), newest])
    return {"version-id": NULL}
