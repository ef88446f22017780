"""Users, service accounts and what proves who they are: passwords, sessions, tokens."""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from werkzeug.security import check_password_hash, generate_password_hash

from .store import NEVER_SEEN, new_uid, now

if TYPE_CHECKING:
    from .store import Row, Store

ROLES = ("Viewer", "Editor", "Admin")
PASSWORD_LENGTH = 4
STRICT_LENGTH = 12
LIFETIME = 30 * 24 * 3600
ATTEMPTS_SECONDS = 5 * 60  # within which wrong passwords count
_BY_SESSION = (
    "SELECT account.* FROM session JOIN account ON account.id = session.account WHERE hash = ? AND expires > ?"
)
_OWNER = "SELECT account.* FROM token JOIN account ON account.id = token.account WHERE hash = ?"


@dataclass(frozen=True, kw_only=True)
class Account:
    """Who asks: a user or a service account, with the role in the organisation."""

    id: int
    uid: str
    login: str
    email: str
    name: str
    role: str
    administrator: bool
    disabled: bool
    created: str
    updated: str
    seen: str


def _account(row: Row | None) -> Account | None:
    if row is None:
        return None
    flags = {"administrator": bool(row["administrator"]), "disabled": bool(row["disabled"])}
    fields = Account.__dataclass_fields__
    return Account(**({key: value for key, value in row.items() if key in fields} | flags))


def find(store: Store, account_id: int) -> Account | None:
    """Return a user by id."""
    return _account(store.row("SELECT * FROM account WHERE id = ? AND service = 0", account_id))


def lookup(store: Store, login_or_email: str) -> Account | None:
    """Return a user by login or e-mail address."""
    query = "SELECT * FROM account WHERE service = 0 AND (login = ?1 OR (email = ?1 AND email != ''))"
    return _account(store.row(query, login_or_email))


def everyone(store: Store) -> list[Account]:
    """Return all users, ordered as Grafana lists them."""
    rows = store.rows("SELECT * FROM account WHERE service = 0 ORDER BY login")
    return [found for found in map(_account, rows) if found]


def create(
    store: Store, *, login: str, email: str, name: str, password: str, role: str, administrator: bool = False,
    service: bool = False,
) -> Account:  # fmt: skip
    """Add a user; the password is kept as its scrypt hash."""
    hashed = hash_password(password) if password else ""
    columns = {"login": login, "email": email, "name": name, "password": hashed, "role": role}
    account_id = store.insert(
        "account", uid=new_uid(), administrator=administrator, service=service, created=now(), updated=now(),
        seen=NEVER_SEEN, **columns,
    )  # fmt: skip
    found = _account(store.row("SELECT * FROM account WHERE id = ?", account_id))
    if found is None:
        raise LookupError(f"account {account_id} is gone right after it was made")
    return found


def hash_password(password: str) -> str:
    """Return what is kept of a password."""
    return generate_password_hash(password, method="scrypt:16384:8:1")


@cache
def _nobody() -> str:
    """Return a hash that takes as long to compare as a user's own: an unknown login shows by no difference in time."""
    return hash_password(secrets.token_hex())


def by_password(store: Store, login: str, password: str) -> Account | None:
    """Return the user whose password this is."""
    found = lookup(store, login)
    row = store.row("SELECT password FROM account WHERE id = ?", found.id) if found else None
    right = check_password_hash((row or {}).get("password") or _nobody(), password)
    if found and right:
        store.run("UPDATE account SET seen = ? WHERE id = ?", now(), found.id)
        return found
    return None


def wrong_passwords(store: Store, login: str) -> int:
    """Count the wrong passwords of a login that is not long ago."""
    since = time.time() - ATTEMPTS_SECONDS
    found = store.row("SELECT count(*) AS attempts FROM attempt WHERE login = ? AND at > ?", login.lower(), since)
    return int((found or {})["attempts"])


def note_wrong_password(store: Store, login: str) -> None:
    """Remember a wrong password of a user; of who is none, Grafana remembers nothing."""
    if lookup(store, login) is not None:
        store.run("DELETE FROM attempt WHERE at < ?", time.time() - 2 * ATTEMPTS_SECONDS)
        store.insert("attempt", login=login.lower(), at=time.time())
        store.keep()


def set_password(store: Store, account_id: int, password: str) -> None:
    """Change a password; whoever is logged in as this user is logged out."""
    hashed = hash_password(password)
    store.run("UPDATE account SET password = ?, updated = ? WHERE id = ?", hashed, now(), account_id)
    end_sessions(store, account_id)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def start_session(store: Store, account: Account) -> str:
    """Return the secret of a new session; the database keeps its hash."""
    secret = secrets.token_hex(16)
    store.run("DELETE FROM session WHERE expires < ?", time.time())
    store.insert("session", hash=_digest(secret), account=account.id, expires=time.time() + LIFETIME)
    return secret


def by_session(store: Store, secret: str) -> Account | None:
    """Return the user of a session that hasn't ended."""
    return _account(store.row(_BY_SESSION, _digest(secret), time.time()))


def end_session(store: Store, secret: str) -> None:
    """End one session."""
    store.run("DELETE FROM session WHERE hash = ?", _digest(secret))


def end_sessions(store: Store, account_id: int) -> None:
    """End all sessions of a user."""
    store.run("DELETE FROM session WHERE account = ?", account_id)


def add_token(store: Store, account_id: int, name: str) -> tuple[int, str]:
    """Give a service account a token; return its id and the secret."""
    secret = f"glsa_{secrets.token_urlsafe(24)}"
    return store.insert("token", hash=_digest(secret), name=name, account=account_id), secret


def by_token(store: Store, secret: str) -> Account | None:
    """Return the service account of a token."""
    return _account(store.row(_OWNER, _digest(secret)))
