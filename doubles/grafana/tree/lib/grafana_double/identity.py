"""Who sends a request: by session cookie, basic auth or token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import request

from . import accounts
from .answers import Refused

if TYPE_CHECKING:
    from .accounts import Account
    from .store import Store

COOKIE = "grafana_session"
WRONG = "Invalid username or password"


def _unknown(message: str, message_id: str) -> Refused:
    body = {"extra": None, "message": message, "messageId": message_id, "statusCode": 401, "traceID": ""}
    return Refused(401, body, charset=True)


def _presented(store: Store) -> Account:
    if request.authorization is None:
        found = accounts.by_session(store, request.cookies.get(COOKIE, ""))
        if found is None:
            raise _unknown("Unauthorized", "auth.unauthorized")
        return found
    if request.authorization.type == "bearer":
        found = accounts.by_token(store, request.authorization.token or "")
        if found is None:
            raise _unknown("Invalid API key", "api-key.invalid")
        return found
    login, password = request.authorization.username or "", request.authorization.password or ""
    found = accounts.by_password(store, login, password)
    if found is None:
        raise _unknown(WRONG, "password-auth.failed")
    return found


def identify(store: Store) -> Account:
    """Return who asks, or refuse with Grafana's 401."""
    found = _presented(store)
    if found.disabled:
        raise _unknown("Unauthorized", "identity.disabled")
    return found
