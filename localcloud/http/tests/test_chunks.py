"""Bodies in pieces: AWS's own examples, and what is changed on the way."""

from __future__ import annotations

import hashlib
import re
import zlib
from base64 import b64encode
from typing import TYPE_CHECKING

import pytest
import requests
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from localcloud.http.chunks import KINDS, SIGNED, Chain, DigestError, ForgedError, MalformedError, decode
from localcloud.http.signatures import signing_key

if TYPE_CHECKING:
    from localcloud.conftest import Cloud

UNSIGNED, SIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER", f"{SIGNED}-TRAILER"
SCOPE = ("20130524", "us-east-1", "s3", "aws4_request")
BODY = b"a" * 66560
# from the pages that chunks.py names
PIECES = [
    "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
    "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
    "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
]
PIECES_BEFORE_TRAILER = [
    "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
    "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
    "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
]
TRAILER = (
    b"x-amz-checksum-crc32c:sOO8/Q==\r\n"
    b"x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n"
)


def chain(seed: str) -> Chain:
    key = signing_key("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", *SCOPE)
    return Chain(key=key, timestamp="20130524T000000Z", scope="/".join(SCOPE), last=seed)


def plain() -> Chain:
    return chain("4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9")


def with_trailer() -> Chain:
    return chain("106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e")


def framed(signatures: list[str]) -> bytes:
    pieces = [BODY[:65536], BODY[65536:], b""]
    heads = [f"{len(p):x};chunk-signature={s}\r\n".encode() for p, s in zip(pieces, signatures, strict=True)]
    return b"".join(head + piece + b"\r\n" for head, piece in zip(heads, pieces, strict=True))


def test_aws_s_examples_are_taken() -> None:
    assert decode(framed(PIECES), length=66560, trailers=frozenset(), chain=plain()) == (BODY, {})
    body = framed(PIECES_BEFORE_TRAILER).removesuffix(b"\r\n") + TRAILER
    trailers = frozenset({"x-amz-checksum-crc32c"})
    assert decode(body, length=66560, trailers=trailers, chain=with_trailer()) == (
        BODY,
        {"x-amz-checksum-crc32c": "sOO8/Q=="},
    )


@pytest.mark.parametrize(
    "body",
    [
        framed(PIECES).replace(b"aaaa", b"aaab", 1),
        framed([PIECES[0], PIECES[0], PIECES[2]]),
        re.sub(rb";chunk-signature=\w+", b"", framed(PIECES)),
    ],
)
def test_a_piece_that_was_changed_is_refused(body: bytes) -> None:
    with pytest.raises(ForgedError):
        decode(body, length=66560, trailers=frozenset(), chain=plain())


def test_a_trailer_that_was_changed_is_refused() -> None:
    body = framed(PIECES_BEFORE_TRAILER).removesuffix(b"\r\n") + TRAILER.replace(b"sOO8", b"sOO9")
    with pytest.raises(ForgedError):
        decode(body, length=66560, trailers=frozenset({"x-amz-checksum-crc32c"}), chain=with_trailer())


@pytest.mark.parametrize(
    ("body", "length", "trailers"),
    [
        (b"3\r\nabc\r\n", 3, set()),
        (b"3\r\nab", 3, set()),
        (b"z\r\nabc\r\n0\r\n\r\n", 3, set()),
        (b"3\r\nabc\r\n0\r\n\r\n", 4, set()),
        (b"3\r\nabc\r\n0\r\n\r\n", 3, {"x-amz-checksum-crc32"}),
        (b"3\r\nabc\r\n0\r\nx-amz-meta-more:1\r\n\r\n", 3, set()),
    ],
)
def test_a_body_that_is_not_what_its_headers_say_is_refused(body: bytes, length: int, trailers: set[str]) -> None:
    with pytest.raises(MalformedError):
        decode(body, length=length, trailers=frozenset(trailers), chain=None)


def test_a_checksum_is_the_body_s() -> None:
    body = b"3\r\nabc\r\n0\r\nx-amz-checksum-crc32:%s\r\n\r\n"
    trailers = frozenset({"x-amz-checksum-crc32"})
    right = b64encode(zlib.crc32(b"abc").to_bytes(4, "big"))
    assert decode(body % right, length=3, trailers=trailers, chain=None)[0] == b"abc"
    with pytest.raises(DigestError, match="CRC32"):
        decode(body % b"AAAAAA==", length=3, trailers=trailers, chain=None)


def put(cloud: Cloud, kind: str, *, sent: bytes = b"one two") -> requests.Response:
    """Put an object as minio-go and botocore do, in pieces of four bytes; `sent` is what arrives instead."""
    url = f"{cloud.endpoint}/bucket/key"
    wanted = b"one two"
    request = AWSRequest("PUT", url, data=b"")
    trailer = (
        {} if kind == SIGNED else {"x-amz-checksum-crc32": b64encode(zlib.crc32(wanted).to_bytes(4, "big")).decode()}
    )
    more = {"X-Amz-Decoded-Content-Length": "7", "Content-Encoding": "aws-chunked", "X-Amz-Content-SHA256": kind}
    for name, value in (more | ({"X-Amz-Trailer": next(iter(trailer))} if trailer else {})).items():
        request.headers[name] = value
    key, secret = cloud._key
    signer = S3SigV4Auth(Credentials(key, secret), "s3", "eu-west-1")
    signer.payload = lambda _: kind
    signer.add_auth(request)
    headers = dict(request.headers.items())
    stamp, seed = headers["X-Amz-Date"], headers["Authorization"].rpartition("=")[2]
    scope = (stamp[:8], "eu-west-1", "s3", "aws4_request")
    made = Made(key=signing_key(secret, *scope), timestamp=stamp, scope="/".join(scope), last=seed)
    body = b""
    for place in (0, 4, 8):
        extension = (
            b"" if kind == UNSIGNED else b";chunk-signature=" + made.next("PAYLOAD", b"", wanted[place : place + 4])
        )
        body += b"%x%s\r\n%s\r\n" % (len(sent[place : place + 4]), extension, sent[place : place + 4])
    body = body.removesuffix(b"\r\n")
    for name, value in trailer.items():
        body += f"{name}:{value}\r\n".encode()
        if kind != UNSIGNED:
            body += b"x-amz-trailer-signature:" + made.next("TRAILER", f"{name}:{value}\n".encode()) + b"\r\n"
    return requests.put(url, data=body + b"\r\n", headers=headers, timeout=5)


class Made(Chain):
    """Makes signatures instead of comparing them."""

    def next(self, kind: str, *hashed: bytes) -> bytes:
        with pytest.raises(ForgedError):
            self.check(kind, "", *hashed)
        return self.last.encode()


@pytest.mark.parametrize("kind", KINDS)
def test_an_object_in_pieces_is_put_together(cloud: Cloud, kind: str) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    answer = put(cloud, kind)
    assert answer.status_code == 200, answer.text
    found = s3.get_object(Bucket="bucket", Key="key")
    assert found["Body"].read() == b"one two"
    assert found["ETag"] == f'"{hashlib.md5(b"one two", usedforsecurity=False).hexdigest()}"'
    assert not found.get("ContentEncoding")
    refused = put(cloud, kind, sent=b"one TWO")
    code = "BadDigest" if kind == UNSIGNED else "SignatureDoesNotMatch"
    assert (refused.status_code >= 400, code in refused.text) == (True, True)
    assert s3.get_object(Bucket="bucket", Key="key")["Body"].read() == b"one two"
