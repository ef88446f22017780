#!/usr/bin/env python3
"""TokenReview webhook for the tokens of `aws eks get-token`; standard library only.

A token is a presigned `sts:GetCallerIdentity` request that names the cluster in a signed header. EKS sends it to STS;
here its signature is verified on the spot, with keys that the local cloud's server derived from the caller's for this: for
STS in one region, on yesterday, today and tomorrow. What that server answered last is kept on disk, so that a cluster goes on
while the server is away.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import http.server
import json
import os
import ssl
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

PREFIX = "k8s-aws-v1."
CLUSTER_HEADER = "x-k8s-aws-id"
SIGNED_HEADERS = f"host;{CLUSTER_HEADER}"
# EKS accepts a token for 15 minutes, whatever its X-Amz-Expires says; a minute of clock skew is forgiven
MAX_AGE_SECONDS = 15 * 60
MAX_SKEW_SECONDS = 60
MAX_TOKEN_LENGTH = 16 * 1024
LISTEN = ("127.0.0.1", 21362)
CONFIGURATION = Path("/etc/eks/cluster.json")
SERVER_CA = "/etc/eks/server-ca.crt"
CACHE = Path("/var/lib/eks/identities.json")
CERTIFICATE = Path("/etc/eks/webhook.crt")
PRIVATE_KEY = Path("/etc/eks/webhook.key")


class RefusedError(Exception):
    """The token doesn't authenticate anybody; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Whom an access key belongs to, and who that is in the cluster."""

    signing_keys: dict[str, bytes]  # by date; of STS in the region that was asked for
    arn: str
    user_id: str
    username: str
    groups: tuple[str, ...]
    expires: float | None = None  # of temporary credentials: seconds since 1970

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Identity:
        """Read one answer of the local cloud's server."""
        return cls(
            signing_keys={date: bytes.fromhex(key) for date, key in data["signingKeys"].items()},
            arn=data["arn"],
            user_id=data["userId"],
            username=data["username"],
            groups=tuple(data["groups"]),
            expires=data.get("expires"),
        )


@dataclass(frozen=True, kw_only=True)
class SignedRequest:
    """A presigned GetCallerIdentity request, taken apart."""

    host: str
    path: str
    query: dict[str, str]
    time: datetime
    access_key: str
    scope: tuple[str, str, str]  # date, region, service
    session_token: str


class Directory(Protocol):
    """Who knows the identities."""

    def find(self, access_key: str, session_token: str, region: str) -> Identity:
        """Return the identity behind an access key, with what it signs with in a region, or raise RefusedError."""


def parse(token: str) -> SignedRequest:
    """Take a token apart; raise RefusedError for anything that `aws eks get-token` would not have made."""
    if not token.startswith(PREFIX) or len(token) > MAX_TOKEN_LENGTH:
        raise RefusedError(f"not an EKS token: it does not begin with {PREFIX}")
    encoded = token.removeprefix(PREFIX)
    try:
        url = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True).decode("ascii")
        parts = urllib.parse.urlsplit(url)
        pairs = urllib.parse.parse_qsl(parts.query, strict_parsing=True, keep_blank_values=True)
    except (binascii.Error, ValueError) as error:
        raise RefusedError(f"the token is not a URL in base64: {error}") from error
    query = dict(pairs)
    if len(query) != len(pairs):
        raise RefusedError("the token repeats a query parameter")
    if parts.scheme not in {"http", "https"} or query.get("Action") != "GetCallerIdentity":
        raise RefusedError("the token is not a GetCallerIdentity request")
    if query.get("X-Amz-Algorithm") != "AWS4-HMAC-SHA256" or query.get("X-Amz-SignedHeaders") != SIGNED_HEADERS:
        raise RefusedError(f"the token must sign the headers {SIGNED_HEADERS} with AWS4-HMAC-SHA256")
    try:
        time = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        access_key, date, region, service, terminator = query["X-Amz-Credential"].split("/")
    except (KeyError, ValueError) as error:
        raise RefusedError(f"the token's date or credential is malformed: {error}") from error
    if service != "sts" or terminator != "aws4_request" or date != f"{time:%Y%m%d}":
        raise RefusedError("the token's credential scope is not one of STS on its own date")
    return SignedRequest(
        host=parts.netloc,
        path=parts.path or "/",
        query=query,
        time=time,
        access_key=access_key,
        scope=(date, region, service),
        session_token=query.get("X-Amz-Security-Token", ""),
    )


def signature(request: SignedRequest, *, cluster: str, signing_key: bytes) -> str:
    """Return the SigV4 signature that the request must carry to be meant for this cluster."""
    query = "&".join(
        f"{_quoted(name)}={_quoted(value)}"
        for name, value in sorted(request.query.items())
        if name != "X-Amz-Signature"
    )
    headers = f"host:{request.host}\n{CLUSTER_HEADER}:{cluster}\n"
    body = hashlib.sha256(b"").hexdigest()
    canonical = f"GET\n{request.path}\n{query}\n{headers}\n{SIGNED_HEADERS}\n{body}"
    text = "\n".join(
        (
            "AWS4-HMAC-SHA256",
            request.query["X-Amz-Date"],
            "/".join((*request.scope, "aws4_request")),
            hashlib.sha256(canonical.encode()).hexdigest(),
        )
    )
    return hmac.digest(signing_key, text.encode(), "sha256").hex()


def authenticate(token: str, *, cluster: str, directory: Directory, now: datetime) -> Identity:
    """Return who signed the token for this cluster, or raise RefusedError."""
    request = parse(token)
    age = (now - request.time).total_seconds()
    if not -MAX_SKEW_SECONDS <= age <= MAX_AGE_SECONDS:
        raise RefusedError(f"the token is {age:.0f} s old: at most {MAX_AGE_SECONDS} s are allowed")
    date, region, _ = request.scope
    identity = directory.find(request.access_key, request.session_token, region)
    if identity.expires is not None and now.timestamp() > identity.expires:
        raise RefusedError("ExpiredToken: the session behind this token has ended")
    if date not in identity.signing_keys:
        raise RefusedError(f"the local cloud is away, and told no key of {request.access_key} for {date}")
    expected = signature(request, cluster=cluster, signing_key=identity.signing_keys[date])
    if not hmac.compare_digest(expected, request.query.get("X-Amz-Signature", "")):
        raise RefusedError(f"SignatureDoesNotMatch: not signed by this key for cluster {cluster}")
    return identity


def review(token: str, *, cluster: str, directory: Directory, now: datetime) -> dict[str, Any]:
    """Return the status of a TokenReview."""
    try:
        identity = authenticate(token, cluster=cluster, directory=directory, now=now)
    except RefusedError as refusal:
        return {"authenticated": False, "error": str(refusal)}
    return {
        "authenticated": True,
        "user": {
            "username": identity.username,
            "uid": f"aws-iam-authenticator:{identity.user_id}",
            "groups": list(identity.groups),
            "extra": {"arn": [identity.arn], "canonicalArn": [identity.arn]},
        },
    }


def _quoted(text: str) -> str:
    return urllib.parse.quote(text, safe="-_.~")


class ServerDirectory:
    """Identities from the local cloud's server; while it is away, those that it told last."""

    def __init__(self, *, url: str, secret: str, cache: Path, trust: ssl.SSLContext | None = None) -> None:
        self._url = url
        self._trust = trust
        self._secret = secret
        self._cache = cache
        self._lock = threading.Lock()
        self._known: dict[str, dict[str, Any]] = json.loads(cache.read_text()) if cache.exists() else {}

    def find(self, access_key: str, session_token: str, region: str) -> Identity:
        """Ask the server; fall back on its last answer for the same key, session and region."""
        # the cache's key is a digest: session tokens are long, and need not lie about
        name = hashlib.sha256(f"{access_key}\n{session_token}\n{region}".encode()).hexdigest()
        try:
            data = self._ask(access_key, session_token, region)
        except RefusedError:
            self._remember(name, None)
            raise
        except OSError as error:
            with self._lock:
                data = self._known.get(name)  # type: ignore[assignment]
            if data is None:
                message = f"the local cloud does not answer ({error}) and {access_key} has not logged in before"
                raise RefusedError(message) from error
        else:
            self._remember(name, data)
        return Identity.from_json(data)

    def _ask(self, access_key: str, session_token: str, region: str) -> dict[str, Any]:
        asked = {"accessKeyId": access_key, "sessionToken": session_token, "signingRegion": region}
        request = urllib.request.Request(  # noqa: S310 - the URL comes from the cluster's own configuration
            f"{self._url}/identity",
            data=json.dumps(asked).encode(),
            headers={"Authorization": f"Bearer {self._secret}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=4, context=self._trust) as answer:  # noqa: S310
                return dict(json.load(answer))
        except urllib.error.HTTPError as error:
            # 4xx is an answer: nobody, or nobody with access; 5xx is a server in trouble, as good as away
            if error.code >= http.HTTPStatus.INTERNAL_SERVER_ERROR:
                raise
            raise RefusedError(error.read(1000).decode(errors="replace")) from error

    def _remember(self, name: str, data: dict[str, Any] | None) -> None:
        with self._lock:
            if self._known.get(name) == data:
                return
            if data is None:
                del self._known[name]
            else:
                self._known[name] = data
            now = datetime.now(tz=UTC).timestamp()
            self._known = {key: value for key, value in self._known.items() if (value.get("expires") or now) >= now}
            new = self._cache.with_suffix(".new")
            new.write_text(json.dumps(self._known))
            new.replace(self._cache)


class Handler(http.server.BaseHTTPRequestHandler):
    """One TokenReview per POST."""

    protocol_version = "HTTP/1.1"
    timeout = 60
    cluster: str
    directory: Directory

    def do_POST(self) -> None:
        """Answer a TokenReview of the API server."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        now = datetime.now(tz=UTC)
        status = review(asked["spec"]["token"], cluster=self.cluster, directory=self.directory, now=now)
        self._log(status)
        body = json.dumps({"apiVersion": asked["apiVersion"], "kind": "TokenReview", "status": status}).encode()
        self.send_response(http.HTTPStatus.OK)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        """Keep quiet: each decision is logged once, with its reason."""

    @staticmethod
    def _log(status: dict[str, Any]) -> None:
        user = status.get("user")
        if user:
            line = f"access granted arn={user['extra']['arn'][0]} username={user['username']} groups={user['groups']}"
        else:
            line = f"access denied reason={status['error']}"
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def main() -> None:
    """Serve on the loopback interface, with a certificate of the cluster's authority."""
    os.umask(0o077)
    configuration = json.loads(CONFIGURATION.read_text())
    Handler.cluster = configuration["cluster"]
    Handler.directory = ServerDirectory(
        url=configuration["server"],
        secret=configuration["secret"],
        cache=CACHE,
        trust=ssl.create_default_context(cafile=SERVER_CA),
    )
    server = http.server.ThreadingHTTPServer(LISTEN, Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE, PRIVATE_KEY)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
