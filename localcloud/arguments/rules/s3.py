"""S3: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html, object-keys.html."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from localcloud.core.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localcloud.arguments.rules.kinds import Asked, Rules

NAME = re.compile(r"(?!xn--|sthree-|amzn-s3-demo-)[a-z0-9]([a-z0-9-]|\.(?!\.)){1,61}[a-z0-9]")
LONGEST_KEY = 1024  # bytes
SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")


def _bucket(asked: Asked) -> Iterator[Fault]:
    name = asked["Bucket"]
    if not NAME.fullmatch(name) or name.endswith(SUFFIXES) or ADDRESS.fullmatch(name):
        yield Fault(code="InvalidBucketName", message=f"The specified bucket is not valid. ({name})")


def _key(asked: Asked) -> Iterator[Fault]:
    if len(asked["Key"].encode()) > LONGEST_KEY:
        yield Fault(code="KeyTooLongError", message="Your key is too long")


RULES: Rules = {
    "CreateBucket": (_bucket,),
    **dict.fromkeys(("CopyObject", "CreateMultipartUpload", "PutObject"), (_key,)),
}
