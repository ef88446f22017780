#!/usr/bin/env python3
"""What `aws eks get-token` prints, with the standard library only, for kubelet and kube-proxy: eks-token CLUSTER REGION.

The credentials are those of the instance's role, from the instance metadata service (version 2). They are kept on disk
until shortly before they end, so that a node goes on while that service is away.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import sys
import urllib.parse
import urllib.request
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

METADATA = "http://169.254.169.254/latest"
CACHE = Path("/var/lib/eks-token/credentials.json")
# a token is good for 15 minutes; AWS's command asks its callers to come back after 14
TOKEN_LIFE = timedelta(minutes=14)
REFRESH_BEFORE = timedelta(minutes=10)
TIMEOUT = 5


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """Temporary credentials of a role session."""

    access_key: str
    secret_key: str
    session_token: str
    expires: str  # 2026-11-23T06:00:00Z

    def good_until(self) -> datetime:
        """Return the time at which the session ends."""
        return datetime.fromisoformat(self.expires)


def token(credentials: Credentials, *, cluster: str, region: str, now: datetime) -> str:
    """Return a presigned GetCallerIdentity request for this cluster, as EKS reads it."""
    host = f"sts.{region}.amazonaws.com"
    date, time = f"{now:%Y%m%d}", f"{now:%Y%m%dT%H%M%SZ}"
    scope = f"{date}/{region}/sts/aws4_request"
    signed = "host;x-k8s-aws-id"
    query = urllib.parse.urlencode(
        sorted(
            {
                "Action": "GetCallerIdentity",
                "Version": "2011-06-15",
                "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
                "X-Amz-Credential": f"{credentials.access_key}/{scope}",
                "X-Amz-Date": time,
                "X-Amz-Expires": "60",
                "X-Amz-Security-Token": credentials.session_token,
                "X-Amz-SignedHeaders": signed,
            }.items()
        ),
        quote_via=urllib.parse.quote,
        safe="-_.~",
    )
    headers = f"host:{host}\nx-k8s-aws-id:{cluster}\n"
    canonical = f"GET\n/\n{query}\n{headers}\n{signed}\n{hashlib.sha256(b'').hexdigest()}"
    text = f"AWS4-HMAC-SHA256\n{time}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{credentials.secret_key}".encode()
    for part in (date, region, "sts", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    url = f"https://{host}/?{query}&X-Amz-Signature={signature}"
    return "k8s-aws-v1." + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")


def exec_credential(text: str, *, now: datetime) -> str:
    """Return the answer that kubelet and kube-proxy expect of an exec plug-in."""
    return json.dumps(
        {
            "kind": "ExecCredential",
            "apiVersion": "client.authentication.k8s.io/v1",
            "spec": {},
            "status": {"token": text, "expirationTimestamp": f"{now + TOKEN_LIFE:%Y-%m-%dT%H:%M:%SZ}"},
        }
    )


def _ask(path: str, *, session: str = "", method: str = "GET") -> str:
    name = "X-aws-ec2-metadata-token"
    header = {name: session} if session else {f"{name}-ttl-seconds": "60"}
    request = urllib.request.Request(METADATA + path, headers=header, method=method)  # noqa: S310 - a constant host
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
        return str(answer.read().decode())


def ask_metadata() -> Credentials:
    """Ask the instance metadata service for the instance role's credentials; OSError when it is away."""
    session = _ask("/api/token", method="PUT")
    folder = "/meta-data/iam/security-credentials/"
    role = _ask(folder, session=session).split()[0]
    found = json.loads(_ask(folder + role, session=session))
    return Credentials(
        access_key=found["AccessKeyId"],
        secret_key=found["SecretAccessKey"],
        session_token=found["Token"],
        expires=found["Expiration"],
    )


def load() -> Credentials | None:
    """Return the credentials that were kept, if any."""
    try:
        return Credentials(**json.loads(CACHE.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def keep(credentials: Credentials) -> None:
    """Keep the credentials for the next call, readable by root only."""
    CACHE.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = CACHE.with_suffix(f".{os.getpid()}")  # kubelet and kube-proxy may both be here
    new.touch(mode=0o600)
    new.write_text(json.dumps(asdict(credentials)))
    new.replace(CACHE)


def credentials(*, now: datetime) -> Credentials:
    """Return credentials that last; the kept ones while the metadata service is away."""
    kept = load()
    if kept is not None and kept.good_until() - now > REFRESH_BEFORE:
        return kept
    try:
        fresh = ask_metadata()
    except (OSError, IndexError, KeyError, ValueError):
        if kept is None or kept.good_until() <= now:
            raise
        return kept
    keep(fresh)
    return fresh


def main() -> None:
    """Print a token for CLUSTER in REGION."""
    cluster, region = sys.argv[1:3]
    now = datetime.now(tz=UTC)
    text = token(credentials(now=now), cluster=cluster, region=region, now=now)
    sys.stdout.write(exec_credential(text, now=now) + "\n")


if __name__ == "__main__":
    main()
