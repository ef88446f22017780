"""ECR's authorization tokens: user AWS and a signed password that says where, and until when, it is good."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from hashlib import sha256

USER = "AWS"
HOURS_12 = 12 * 3600


def make(key: bytes, *, access_key_id: str, region: str, now: float) -> tuple[str, int]:
    """Return the token as GetAuthorizationToken gives it (base64 of user:password), and when it ends."""
    until = int(now) + HOURS_12
    said = {"access_key_id": access_key_id, "region": region, "until": until}
    payload = base64.urlsafe_b64encode(json.dumps(said).encode()).decode()
    password = f"{payload}.{_sign(key, payload)}"
    return base64.b64encode(f"{USER}:{password}".encode()).decode(), until


def owner(key: bytes, authorization: str, *, region: str, now: float) -> str | None:
    """Return the access key whose token this Authorization header (Basic) carries; None when it is not good in this region."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        payload, _, signature = password.partition(".")
        if user != USER or not hmac.compare_digest(signature, _sign(key, payload)):
            return None
        found = json.loads(base64.urlsafe_b64decode(payload))
        return str(found["access_key_id"]) if found["region"] == region and found["until"] > now else None
    except (binascii.Error, ValueError, KeyError):
        return None


def _sign(key: bytes, payload: str) -> str:
    return hmac.new(key, payload.encode(), sha256).hexdigest()
