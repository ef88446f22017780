"""Who sends a request: by session cookie, basic auth or token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app, request

from . import accounts
from .answers import Refused

if TYPE_CHECKING:
    from .accounts import Account
    from .settings import Settings
    from .store import Store

COOKIE = "grafana_session"
WRONG = "Invalid username or password"


def _unknown(message: str, message_id: str) -> Refused:
    body = {"extra": None, "message": message, "messageId": message_id, "statusCode": 401, "traceID": ""}
    return Refused(401, body, charset=True)


def log_in(store: Store, login: str, password: str) -> Account:
    """Return whose password this is, or refuse; after some wrong ones also the right one, for minutes."""
    settings: Settings = current_app.config["SETTINGS"]
    most = settings.number("security", "brute_force_login_protection_max_attempts")
    counts = not settings.flag("security", "disable_brute_force_login_protection")
    blocks = not settings.flag("security", "disable_username_login_protection")
    if counts and blocks and accounts.wrong_passwords(store, login) >= most:
        raise _unknown(WRONG, "login-attempt.blocked")
    found = accounts.by_password(store, login, password)
    if found is None:
        if counts:
            accounts.note_wrong_password(store, login)
        raise _unknown(WRONG, "password-auth.failed")
    return found


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
    return log_in(store, request.authorization.username or "", request.authorization.password or "")


def identify(store: Store) -> Account:
    """Return who asks, or refuse with Grafana's 401."""
    found = _presented(store)
    if found.disabled:
        raise _unknown("Unauthorized", "identity.disabled")
    return found
