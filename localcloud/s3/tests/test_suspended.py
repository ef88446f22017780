"""Versions in a bucket whose versioning is suspended, as Terraform leaves one that it is about to empty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from localcloud.conftest import Cloud

BUCKET = "versions"


@pytest.fixture
def s3(cloud: Cloud) -> Any:
    """S3 with an object of two versions, the newer one deleted, in a bucket that keeps no new versions."""
    client = cloud.client("s3")
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    for body in (b"one", b"two"):
        client.put_object(Bucket=BUCKET, Key="locks/a", Body=body)
    client.delete_object(Bucket=BUCKET, Key="locks/a")
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    return client


def versions(s3: Any) -> list[str]:
    answer = s3.list_object_versions(Bucket=BUCKET)
    return [each["VersionId"] for kind in ("Versions", "DeleteMarkers") for each in answer.get(kind, [])]


def test_all_versions_and_delete_markers_are_deleted_one_by_one(s3: Any) -> None:
    left = versions(s3)
    assert len(left) == 3
    while left:
        wanted = left.pop()
        answer = s3.delete_objects(
            Bucket=BUCKET, Delete={"Objects": [{"Key": "locks/a", "VersionId": wanted}], "Quiet": True}
        )
        assert "Errors" not in answer
        assert sorted(versions(s3)) == sorted(left)
    s3.delete_bucket(Bucket=BUCKET)


def test_a_deletion_without_a_version_makes_a_null_marker_and_keeps_the_others(s3: Any) -> None:
    before = versions(s3)
    for _ in range(2):  # the second marker takes the place of the first
        answer = s3.delete_object(Bucket=BUCKET, Key="locks/a")
        assert (answer["DeleteMarker"], answer["VersionId"]) == (True, "null")
        assert sorted(versions(s3)) == sorted([*before, "null"])
    assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Suspended"


def test_a_version_that_is_not_there_changes_nothing(s3: Any) -> None:
    before = versions(s3)
    s3.delete_object(Bucket=BUCKET, Key="locks/b", VersionId="gone")
    assert versions(s3) == before
