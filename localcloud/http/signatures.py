"""Signature Version 4, checked with botocore's own signer: headers and presigned URLs. Nobody may come without."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, parse_qsl, urlsplit

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from localcloud.core import regions, runtime
from localcloud.core.errors import Fault
from localcloud.http import chunks, errors, principals
from localcloud.http.errors import RefusedError
from localcloud.http.request import FORM, PARTS_OF_CREDENTIAL

if TYPE_CHECKING:
    from localcloud.http.principals import Principal
    from localcloud.http.request import AwsRequest

AUTHORIZATION = re.compile(
    r"^AWS4-HMAC-SHA256 Credential=(?P<credential>[^,\s]+),\s*SignedHeaders=(?P<headers>[^,\s]+),\s*Signature=(?P<signature>\w+)$"
)
NUMBER = re.compile(r"[0-9]{1,12}")
STAMP = "%Y%m%dT%H%M%SZ"
CLOCK_SKEW = timedelta(minutes=15)
LONGEST_PRESIGNED = 7 * 24 * 3600
# AWS takes these without a signature
SAML, WEB_IDENTITY = "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"
LARGEST_UNSIGNED = 64 << 10  # no more is read of who is nobody


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
        token, expires = query.get("X-Amz-Security-Token"), int(seconds) if NUMBER.fullmatch(seconds) else 0
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
    """Return who asks; NOBODY for who brings a web identity's token, which STS verifies. Raises RefusedError when that can't be told; the body is read only for a key that is known."""
    signature = parse(request)
    if signature is None:
        return _without_signature(request)
    with runtime.current().model.lock:
        principal = principals.find(signature.access_key_id)
    if principal is None or not _same(principal.session_token or "", signature.token or ""):
        raise RefusedError(errors.unknown_key(request.service, request.protocol))
    if signature.region not in regions.commercial():
        raise RefusedError(errors.unknown_region(request.service, request.protocol, signature.region))
    if principal.expired:
        raise RefusedError(errors.expired_token(request.service, request.protocol))
    if fault := _wrong_time(request, signature) or _not_covered(request, signature, principal):
        raise RefusedError(fault)
    return principal


def _without_signature(request: AwsRequest) -> Principal:
    """Let a web identity's token through to STS, which verifies it. Raises RefusedError for all else.

    Nothing may be read from the request in two ways: one action, in a form, and no header or query beside it.
    """
    length, path = request.headers.get("content-length", ""), request.target
    is_small = NUMBER.fullmatch(length) and int(length) <= LARGEST_UNSIGNED
    is_form = request.method == "POST" and request.headers.get("content-type", "").startswith(FORM)
    is_told_once = request.protocol == "query" and path == "/" and "authorization" not in request.headers
    if is_small and is_form and is_told_once:
        actions = parse_qs(request.body.decode("latin-1")).get("Action")
        if actions == [SAML]:
            raise RefusedError(errors.unverified())
        if actions == [WEB_IDENTITY]:
            request.take_as("sts")
            return principals.NOBODY
    raise RefusedError(errors.unsigned(request.service, request.protocol))


def _not_covered(request: AwsRequest, signature: Signature, principal: Principal) -> Fault | None:
    """Say what of the request the signature does not vouch for."""
    if unsigned := _not_signed(request, signature):
        return errors.not_signed(unsigned, request.service, request.protocol)
    if not _same(expected(request, signature, secret=principal.secret), signature.signature):
        return errors.bad_signature(request.service, request.protocol)
    if signature.service == "s3" and signature.expires is None:
        return _body_of_s3(request, signature, principal)
    return None  # all other services' signatures were made from the body itself


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _not_signed(request: AwsRequest, signature: Signature) -> list[str]:
    """Return the headers that decide what is asked, and that the signature does not cover."""
    needed = {"host", *(name for name in request.headers if name.startswith("x-amz-"))}
    return sorted(needed - set(signature.signed_headers))


def _body_of_s3(request: AwsRequest, signature: Signature, principal: Principal) -> Fault | None:
    """Compare the body with the digest that S3's clients send and sign, or with the signatures of its pieces."""
    digest = request.headers.get("x-amz-content-sha256")
    if digest is None:
        return errors.no_digest()
    if digest in chunks.KINDS:
        return _pieces_of_s3(request, signature, principal, digest)
    covered = digest == "UNSIGNED-PAYLOAD" or digest == hashlib.sha256(request.body).hexdigest()
    return None if covered else errors.other_body()


def _pieces_of_s3(request: AwsRequest, signature: Signature, principal: Principal, kind: str) -> Fault | None:
    """Put the body together from its pieces, and check what vouches for them."""
    length = request.headers.get("x-amz-decoded-content-length", "")
    if not NUMBER.fullmatch(length):
        return Fault(code="MissingContentLength", message=errors.NO_LENGTH, status=411)
    announced = request.headers.get("x-amz-trailer", "").lower() if kind in chunks.WITH_TRAILER else ""
    trailers = frozenset(name.strip() for name in announced.split(",") if name.strip())
    chain = None
    if kind.startswith(chunks.SIGNED):
        scope = (signature.date, signature.region, signature.service, "aws4_request")
        chain = chunks.Chain(
            key=signing_key(principal.secret, *scope),
            timestamp=signature.timestamp,
            scope="/".join(scope),
            last=signature.signature,
        )
    try:
        body, values = chunks.decode(request.body, length=int(length), trailers=trailers, chain=chain)
    except chunks.MalformedError:
        return Fault(code="IncompleteBody", message=errors.INCOMPLETE)
    except chunks.ForgedError:
        return errors.bad_signature(request.service, request.protocol)
    except chunks.DigestError as error:
        return Fault(code="BadDigest", message=f"The {error} you specified did not match the calculated checksum.")
    request.put_together(body, values)
    return None


def signing_key(secret: str, *scope: str) -> bytes:
    """Derive the key that signs in a scope: date, region, service, "aws4_request"."""
    key = f"AWS4{secret}".encode()
    for part in scope:
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


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


def clock() -> datetime:
    """Return the time now."""
    return datetime.now(UTC)


def _wrong_time(request: AwsRequest, signature: Signature) -> Fault | None:
    """Say that a request was signed too long ago, for too long, or by a clock that is ahead."""
    try:
        signed = datetime.strptime(signature.timestamp, STAMP).replace(tzinfo=UTC)
    except ValueError:
        return errors.unsigned(request.service, request.protocol)
    now = clock()
    if signature.expires is not None:
        if not 0 < signature.expires <= LONGEST_PRESIGNED:
            return Fault(code="AuthorizationQueryParametersError", message=errors.EXPIRES)
        if now > signed + timedelta(seconds=signature.expires):
            return Fault(code="AccessDenied", message="Request has expired", status=403)
    elif now - signed > CLOCK_SKEW:
        bounds = f"{(now - CLOCK_SKEW).strftime(STAMP)} ({now.strftime(STAMP)} - 15 min.)"
        text = f"Signature expired: {signature.timestamp} is now earlier than {bounds}"
        return errors.skewed(request.service, request.protocol, text)
    if signed - now > CLOCK_SKEW:
        bounds = f"{(now + CLOCK_SKEW).strftime(STAMP)} ({now.strftime(STAMP)} + 15 min.)"
        text = f"Signature not yet current: {signature.timestamp} is still later than {bounds}"
        return errors.skewed(request.service, request.protocol, text)
    return None
