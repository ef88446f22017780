"""Signature Version 4, checked with botocore's own signer: headers and presigned URLs. Nobody may come without."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from localcloud.core import runtime
from localcloud.http import errors, principals
from localcloud.http.errors import RefusedError
from localcloud.http.request import PARTS_OF_CREDENTIAL

if TYPE_CHECKING:
    from localcloud.http.errors import Fault
    from localcloud.http.principals import Principal
    from localcloud.http.request import AwsRequest

AUTHORIZATION = re.compile(
    r"^AWS4-HMAC-SHA256 Credential=(?P<credential>[^,\s]+),\s*SignedHeaders=(?P<headers>[^,\s]+),\s*Signature=(?P<signature>\w+)$"
)
CLOCK_SKEW = timedelta(minutes=15)
LONGEST_PRESIGNED = 7 * 24 * 3600
UNSIGNED_PAYLOADS = ("UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")  # S3 only


@dataclass(frozen=True, kw_only=True)
class Signature:
    """What a request says about its signer."""

    access_key_id: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str
    timestamp: str
    token: str | None
    expires: int | None  # presigned URLs only


def parse(request: AwsRequest) -> Signature | None:
    """Read the signature from the header or the query; None when there is none that we know.

    A header that can't be read is no signature, whatever the query says: AWS takes one of both, too.
    """
    query = request.query
    if match := AUTHORIZATION.match(header := request.headers.get("authorization", "")):
        credential, headers, signature = match["credential"], match["headers"], match["signature"]
        timestamp = request.headers.get("x-amz-date", "")
        token, expires = request.headers.get("x-amz-security-token"), None
    elif not header and query.get("X-Amz-Algorithm") == "AWS4-HMAC-SHA256":
        credential, headers = query.get("X-Amz-Credential", ""), query.get("X-Amz-SignedHeaders", "")
        signature, timestamp = query.get("X-Amz-Signature", ""), query.get("X-Amz-Date", "")
        seconds = query.get("X-Amz-Expires", "")
        token, expires = query.get("X-Amz-Security-Token"), int(seconds) if seconds.isdigit() else 0
    else:
        return None
    parts = credential.split("/")
    if len(parts) != PARTS_OF_CREDENTIAL or parts[4] != "aws4_request" or parts[1] != timestamp[:8]:
        return None
    return Signature(
        access_key_id=parts[0],
        date=parts[1],
        region=parts[2],
        service=parts[3],
        signed_headers=tuple(headers.split(";")),
        signature=signature,
        timestamp=timestamp,
        token=token,
        expires=expires,
    )


def authenticate(request: AwsRequest) -> Principal:
    """Return who asks. Raises RefusedError when that can't be told; the body is read only for a key that is known."""
    signature = parse(request)
    if signature is None:
        raise RefusedError(errors.unsigned(request.service))
    with runtime.current().model.lock:
        principal = principals.find(signature.access_key_id)
    if principal is None or not _same(principal.session_token or "", signature.token or ""):
        raise RefusedError(errors.unknown_key(request.service, request.protocol))
    if principal.expired or _too_late(signature):
        raise RefusedError(errors.expired())
    if fault := _not_covered(request, signature, principal):
        raise RefusedError(fault)
    return principal


def _not_covered(request: AwsRequest, signature: Signature, principal: Principal) -> Fault | None:
    """Say what of the request the signature does not vouch for."""
    if unsigned := _not_signed(request, signature):
        return errors.not_signed(unsigned, request.service, request.protocol)
    if not _same(expected(request, signature, secret=principal.secret), signature.signature):
        return errors.bad_signature(request.service, request.protocol)
    if signature.service == "s3" and signature.expires is None:
        return _body_of_s3(request)
    return None  # all other services' signatures were made from the body itself


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _not_signed(request: AwsRequest, signature: Signature) -> list[str]:
    """Return the headers that decide what is asked, and that the signature does not cover."""
    needed = {"host", *(name for name in request.headers if name.startswith("x-amz-"))}
    return sorted(needed - set(signature.signed_headers))


def _body_of_s3(request: AwsRequest) -> Fault | None:
    """Compare the body with the digest that S3's clients send and sign."""
    digest = request.headers.get("x-amz-content-sha256")
    if digest is None:
        return errors.no_digest()
    covered = digest in UNSIGNED_PAYLOADS or digest == hashlib.sha256(request.body).hexdigest()
    return None if covered else errors.other_body()


def expected(request: AwsRequest, signature: Signature, *, secret: str) -> str:
    """Compute the signature that this request must have."""
    parts = urlsplit(request.target)
    host = request.headers.get("host", "")
    query = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if k != "X-Amz-Signature"]
    seen = AWSRequest(
        method=request.method,
        url=f"http://{host}{parts.path}",
        params=query,
        headers={name: request.headers.get(name, "") for name in signature.signed_headers},
        data=request.body,
    )
    seen.context["timestamp"] = signature.timestamp
    kind = S3SigV4Auth if signature.service == "s3" else SigV4Auth
    signer = kind(Credentials(signature.access_key_id, secret), signature.service, signature.region)
    digest: str | None = hashlib.sha256(request.body).hexdigest()
    if signature.service == "s3":  # its clients say what they signed: check() compares that with the body
        digest = "UNSIGNED-PAYLOAD" if signature.expires is not None else request.headers.get("x-amz-content-sha256")
    if digest:
        seen.headers["X-Amz-Content-SHA256"] = digest
    canonical = _canonical(signer, seen, signature, digest)
    return str(signer.signature(signer.string_to_sign(seen, canonical), seen))


def _canonical(signer: SigV4Auth, request: AWSRequest, signature: Signature, digest: str | None) -> str:
    """Build the canonical request of exactly the headers that were signed."""
    headers = "\n".join(
        f"{name}:{' '.join(request.headers.get(name, '').split())}" for name in sorted(signature.signed_headers)
    )
    path = urlsplit(request.url).path or "/"
    return "\n".join(
        [
            request.method.upper(),
            signer._normalize_url_path(path),  # noqa: SLF001 - S3 and the others differ here, and botocore knows how
            signer.canonical_query_string(request),
            headers + "\n",
            ";".join(signature.signed_headers),
            digest or signer.payload(request),
        ]
    )


def _too_late(signature: Signature) -> bool:
    try:
        signed = datetime.strptime(signature.timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return True
    now = datetime.now(UTC)
    lifetime = (
        timedelta(seconds=min(signature.expires, LONGEST_PRESIGNED)) if signature.expires is not None else CLOCK_SKEW
    )
    return not signed - CLOCK_SKEW <= now <= signed + lifetime
