"""S3's bodies in pieces (`Content-Encoding: aws-chunked`): each piece signed with the signature before it, then trailers.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html, sigv4-streaming-trailers.html
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
WITH_TRAILER = ("STREAMING-UNSIGNED-PAYLOAD-TRAILER", f"{SIGNED}-TRAILER")
KINDS = (SIGNED, *WITH_TRAILER)
HEAD = re.compile(rb"([0-9a-fA-F]{1,8})(?:;chunk-signature=([0-9a-f]{64}))?\r\n")
SIGNATURE = "x-amz-trailer-signature"
CHECKSUMS: dict[str, Callable[[bytes], bytes]] = {  # those that Python has; the others are taken as they are
    "x-amz-checksum-crc32": lambda body: zlib.crc32(body).to_bytes(4, "big"),
    "x-amz-checksum-sha1": lambda body: hashlib.sha1(body, usedforsecurity=False).digest(),
    "x-amz-checksum-sha256": lambda body: hashlib.sha256(body).digest(),
}


class MalformedError(Exception):
    """A body that is not what its headers say."""


class ForgedError(Exception):
    """A piece, or the trailers, with another signature than they must have."""


class DigestError(Exception):
    """A checksum in the trailers that is not the body's; the message names the algorithm."""


@dataclass(kw_only=True)
class Chain:
    """The signatures of the pieces, each made from the one before; the first from the request's own."""

    key: bytes
    timestamp: str
    scope: str
    last: str

    def check(self, kind: str, signature: str, *hashed: bytes) -> None:
        """Compare with what must come next. Raises ForgedError."""
        digests = [hashlib.sha256(part).hexdigest() for part in hashed]
        text = "\n".join([f"AWS4-HMAC-SHA256-{kind}", self.timestamp, self.scope, self.last, *digests])
        self.last = hmac.new(self.key, text.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(self.last, signature):
            raise ForgedError


def decode(body: bytes, *, length: int, trailers: frozenset[str], chain: Chain | None) -> tuple[bytes, dict[str, str]]:
    """Return the body and the trailers' values; `chain` is None when neither is signed.

    Raises MalformedError, ForgedError and DigestError.
    """
    pieces, position = _pieces(body, chain)
    decoded = b"".join(pieces)
    if len(decoded) != length:
        raise MalformedError
    values = _trailers(body[position:], chain)
    if values.keys() != trailers:
        raise MalformedError
    for name in CHECKSUMS.keys() & values.keys():
        if base64.b64encode(CHECKSUMS[name](decoded)).decode() != values[name]:
            raise DigestError(name.rpartition("-")[2].upper())
    return decoded, values


def _pieces(body: bytes, chain: Chain | None) -> tuple[list[bytes], int]:
    """Return the pieces, and where what follows them begins."""
    pieces: list[bytes] = []
    position = 0
    while head := HEAD.match(body, position):
        piece = body[head.end() : head.end() + int(head[1], 16)]
        position = head.end() + int(head[1], 16)
        if chain:
            chain.check("PAYLOAD", (head[2] or b"").decode(), b"", piece)
        if int(head[1], 16) == 0:
            return pieces, position
        if body[position : position + 2] != b"\r\n":
            break
        pieces.append(piece)
        position += 2
    raise MalformedError


def _trailers(rest: bytes, chain: Chain | None) -> dict[str, str]:
    """Read what follows the last piece: lines of name:value, with a signature when the pieces had one."""
    pairs = (line.partition(":") for line in rest.decode("latin-1").splitlines() if line.strip())
    values = {name.strip().lower(): value.strip() for name, _, value in pairs}
    signature = values.pop(SIGNATURE, "")
    if chain and values:
        chain.check("TRAILER", signature, "".join(f"{name}:{values[name]}\n" for name in sorted(values)).encode())
    return values
