"""ECR's authorization tokens: user AWS and a signed password that says until when it is good."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from hashlib import sha256

USER = "AWS"
HOURS_12 = 12 * 3600


def make(key: bytes, *, arn: str, now: float) -> tuple[str, int]:
    """Return the token as GetAuthorizationToken gives it (base64 of user:password), and when it ends."""
    until = int(now) + HOURS_12
    payload = base64.urlsafe_b64encode(json.dumps({"arn": arn, "until": until}).encode()).decode()
    password = f"{payload}.{_sign(key, payload)}"
    return base64.b64encode(f"{USER}:{password}".encode()).decode(), until


def valid(key: bytes, authorization: str, *, now: float) -> bool:
    """Whether this Authorization header (Basic) carries a good token."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        payload, _, signature = password.partition(".")
        if user != USER or not hmac.compare_digest(signature, _sign(key, payload)):
            return False
        until = json.loads(base64.urlsafe_b64decode(payload))["until"]
    except (binascii.Error, ValueError, KeyError):
        return False
    return bool(until > now)


def _sign(key: bytes, payload: str) -> str:
    return hmac.new(key, payload.encode(), sha256).hexdigest()
