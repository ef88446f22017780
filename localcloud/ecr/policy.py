"""The registry protocol's rules, in ECR's words: what is refused, and what lists say. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PATH = re.compile(r"/v2/(?P<name>.+?)/(?P<kind>manifests|blobs|tags|referrers)/(?P<rest>.*)")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")  # ECR documents no other algorithm
RANGE = re.compile(r"(?:bytes=)?(\d+)-(\d+)")
INDEX = "application/vnd.oci.image.index.v1+json"
PAGE, LARGEST_PAGE = 100, 1000  # ECR's


class RefusedError(Exception):
    """An answer of the protocol that says why not."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = json.dumps({"errors": [{"code": code, "message": message}]})


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """A manifest as it was pushed."""

    text: str
    media_type: str
    digest: str

    @property
    def content(self) -> dict[str, Any]:
        """What it says."""
        found: dict[str, Any] = json.loads(self.text)
        return found

    @property
    def subject(self) -> str:
        """Digest of the image that it is attached to; empty without one."""
        return str((self.content.get("subject") or {}).get("digest", ""))

    @property
    def blobs(self) -> list[str]:
        """Digests of what must be in the repository before it, but for layers that are elsewhere."""
        found = [self.content.get("config"), *self.content.get("layers", [])]
        return [part["digest"] for part in found if part and not part.get("urls")]

    @property
    def images(self) -> list[str]:
        """Digests of the manifests that an index lists."""
        return [entry["digest"] for entry in self.content.get("manifests", [])]

    def descriptor(self) -> dict[str, Any]:
        """Return its entry in the list of an image's referrers."""
        content = self.content
        kind = content.get("artifactType") or (content.get("config") or {}).get("mediaType")
        extra = {"artifactType": kind, "annotations": content.get("annotations")}
        required = {"mediaType": self.media_type, "digest": self.digest, "size": len(self.text.encode())}
        return required | {key: value for key, value in extra.items() if value}


def read_manifest(body: bytes, *, digest: str, media_type: str) -> Manifest:
    """Understand a pushed manifest. Raises RefusedError."""
    try:
        text = body.decode()
        content = json.loads(text)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        message = f"The manifest ({len(body)} bytes) is no JSON object. Push an image manifest or an image index."
        raise RefusedError(400, "MANIFEST_INVALID", message)
    kind = media_type or content.get("mediaType")
    if not kind:
        message = "The manifest has no mediaType, and the request no Content-Type. Give one of the two."
        raise RefusedError(400, "MANIFEST_INVALID", message)
    found = Manifest(text=text, media_type=kind, digest=digest)
    try:
        for one in (*found.blobs, *found.images, *filter(None, [found.subject])):
            check_digest(one)
        found.descriptor()
    except (AttributeError, KeyError, TypeError) as error:
        message = f"The manifest's descriptors can't be read ({error!r}). Each is an object with a digest."
        raise RefusedError(400, "MANIFEST_INVALID", message) from error
    return found


def check_digest(value: str) -> None:
    """Refuse what is no digest of ECR. Raises RefusedError."""
    if not DIGEST.fullmatch(value):
        message = f"Invalid digest {value!r}: ECR takes `sha256:` and 64 hexadecimal digits."
        raise RefusedError(400, "DIGEST_INVALID", message)


def check_range(wanted: str, *, there: str) -> None:
    """Refuse a piece of an upload that does not begin where the last one ended. Raises RefusedError."""
    match, last = RANGE.fullmatch(wanted), RANGE.fullmatch(there)
    end = int(last[2]) if last else 0
    # an upload of one byte and one of none are both told as 0-0
    allowed = {0, 1} if end == 0 else {end + 1}
    if match is None or int(match[1]) not in allowed:
        message = f"Content-Range {wanted!r} does not go on after {there!r}: send the pieces of a layer in their order."
        raise RefusedError(416, "BLOB_UPLOAD_INVALID", message)


def page(tags: Iterable[str], *, limit: str, last: str) -> tuple[list[str], str]:
    """Return one page of the tags in their order, and the next one's query (empty: there is none). Raises RefusedError."""
    if not limit.isascii() or not limit.isdigit() or int(limit) > LARGEST_PAGE:
        message = f"Invalid parameter n={limit!r}: a number from 0 to {LARGEST_PAGE} is allowed."
        raise RefusedError(400, "PAGINATION_NUMBER_INVALID", message)
    left = sorted(tag for tag in tags if tag > last)
    found = left[: int(limit)]
    return found, urlencode({"n": limit, "last": found[-1]}) if found and len(left) > len(found) else ""


def referrers(images: Iterable[Manifest], *, subject: str, query: Mapping[str, str]) -> dict[str, Any]:
    """Return the index of what is attached to an image, perhaps of one `artifactType` only."""
    found = [image.descriptor() for image in images if image.subject == subject]
    wanted = query.get("artifactType")
    chosen = [one for one in found if wanted in (None, one.get("artifactType"))]
    return {"schemaVersion": 2, "mediaType": INDEX, "manifests": chosen}
