"""Signature Version 4, checked with botocore's own signer: headers, presigned URLs, and who may come without."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from localcloud import credentials, faults

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localcloud.credentials import Principal
    from localcloud.faults import Fault

AUTHORIZATION = re.compile(
    r"^AWS4-HMAC-SHA256 Credential=(?P<credential>[^,\s]+),\s*SignedHeaders=(?P<headers>[^,\s]+),\s*Signature=(?P<signature>\w+)$"
)
UNSIGNED_ACTIONS = frozenset({"AssumeRoleWithWebIdentity", "AssumeRoleWithSAML"})
CLOCK_SKEW = timedelta(minutes=15)
LONGEST_PRESIGNED = 7 * 24 * 3600
PARTS_OF_CREDENTIAL = 5


@dataclass(frozen=True, kw_only=True)
class Request:
    """An HTTP request as it came over the wire."""

    method: str
    target: str  # raw path and query
    headers: Mapping[str, str]  # names in lower case
    body: bytes

    @property
    def query(self) -> dict[str, str]:
        """The query's parameters."""
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))


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


def parse(request: Request) -> Signature | None:
    """Read the signature from the header or the query; None when there is none that we know."""
    query = request.query
    if match := AUTHORIZATION.match(request.headers.get("authorization", "")):
        credential, headers, signature = match["credential"], match["headers"], match["signature"]
        timestamp = request.headers.get("x-amz-date", "")
        token, expires = request.headers.get("x-amz-security-token"), None
    elif query.get("X-Amz-Algorithm") == "AWS4-HMAC-SHA256":
        credential, headers = query.get("X-Amz-Credential", ""), query.get("X-Amz-SignedHeaders", "")
        signature, timestamp = query.get("X-Amz-Signature", ""), query.get("X-Amz-Date", "")
        seconds = query.get("X-Amz-Expires", "")
        token, expires = query.get("X-Amz-Security-Token"), int(seconds) if seconds.isdigit() else 0
    else:
        return None
    parts = credential.split("/")
    if len(parts) != PARTS_OF_CREDENTIAL:
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


def check(request: Request, *, service: str, protocol: str, action: str) -> Fault | Principal | None:
    """Return who asks, a fault when that cannot be told, None for what needs no signature. The model's lock is held."""
    signature = parse(request)
    if signature is None:
        return None if action in UNSIGNED_ACTIONS else faults.unsigned(service)
    principal = credentials.find(signature.access_key_id)
    if principal is None:
        return faults.unknown_key(service, protocol)
    if principal.session_token is not None and signature.token != principal.session_token:
        return faults.unknown_key(service, protocol)
    if principal.expired or _too_late(signature):
        return faults.expired()
    if not hmac.compare_digest(expected(request, signature, secret=principal.secret), signature.signature):
        return faults.bad_signature(service, protocol)
    return principal


def expected(request: Request, signature: Signature, *, secret: str) -> str:
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
    # the canonical form asks this header for the body's digest: a client that sends it has signed it, S3's always
    digest = request.headers.get("x-amz-content-sha256")
    kind = S3SigV4Auth if signature.service == "s3" else SigV4Auth
    signer = kind(Credentials(signature.access_key_id, secret), signature.service, signature.region)
    if signature.expires is not None:
        digest = "UNSIGNED-PAYLOAD" if signature.service == "s3" else None
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
