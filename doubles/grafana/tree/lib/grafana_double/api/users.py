"""Users as the server's administrator sees them: look-up, creation, password, removal."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from flask import request

from .. import accounts
from ..access import requires
from ..answers import BAD_REQUEST, Answer, Refused, answer, body, message, text
from ..render import listed_user, user
from ..store import now
from . import api, settings, store

if TYPE_CHECKING:
    from ..accounts import Account


def existing(account_id: int) -> Account:
    """Return a user by id, or answer 404."""
    found = accounts.find(store(), account_id)
    if found is None:
        raise Refused(404, "user not found")
    return found


def accepted_password(value: str) -> str:
    """Return a password that is long enough, or answer 400."""
    strict = settings().flag("auth.basic", "password_policy")
    if len(value) < (accounts.STRICT_LENGTH if strict else accounts.PASSWORD_LENGTH):
        too_short = {"statusCode": 400, "messageId": "password.password-policy-too-short"}
        raise Refused(400, too_short | {"message": "New password is too short"})
    return value


def _page(found: list[Account]) -> tuple[list[dict[str, Any]], dict[str, int]]:
    page, size = request.args.get("page", 1, int), request.args.get("perpage", 1000, int)
    shown = found[(page - 1) * size : page * size]
    return [listed_user(account) for account in shown], {"page": page, "perPage": size}


@api.get("/users")
@requires("users:read")
def list_users() -> Answer:
    """List all users, by page."""
    return answer(_page(accounts.everyone(store()))[0])


@api.get("/users/search")
@requires("users:read")
def search_users() -> Answer:
    """Find users by a part of login, name or e-mail address."""
    part = request.args.get("query", "").lower()
    found = [it for it in accounts.everyone(store()) if part in f"{it.login}\n{it.name}\n{it.email}".lower()]
    users, page = _page(found)
    return answer({"totalCount": len(found), "users": users, **page})


@api.get("/users/lookup")
@requires("users:read")
def lookup_user() -> Answer:
    """Find one user by exact login or e-mail address."""
    found = accounts.lookup(store(), request.args.get("loginOrEmail", ""))
    if found is None:
        raise Refused(404, "user not found")
    return answer(user(found))


@api.get("/users/<int:account_id>")
@requires("users:read")
def get_user(account_id: int) -> Answer:
    """Show one user."""
    return answer(user(existing(account_id)))


@api.put("/users/<int:account_id>")
@requires("users:write")
def update_user(account_id: int) -> Answer:
    """Change login, name and e-mail address."""
    before, data = existing(account_id), body()
    wanted = [text(data, key) or getattr(before, key) for key in ("login", "name", "email")]
    try:
        store().run("UPDATE account SET login=?, name=?, email=?, updated=? WHERE id=?", *wanted, now(), account_id)
    except sqlite3.IntegrityError as error:
        raise Refused(409, "user already exists") from error
    return message("User updated")


@api.post("/admin/users")
@requires("users:create")
def create_user() -> Answer:
    """Add a user; the role in the organisation is the one of [users] auto_assign_org_role."""
    data = body()
    login, email = text(data, "login"), text(data, "email")
    if not (login or email):
        raise Refused(400, BAD_REQUEST)
    password = accepted_password(text(data, "password"))
    if any(accounts.lookup(store(), known) for known in (login, email) if known):
        raise Refused(412, f"User with email '{email}' or username '{login}' already exists")
    role = settings().text("users", "auto_assign_org_role")
    name = text(data, "name")
    made = accounts.create(
        store(), login=login or email, email=email, name=name, password=password, role=role
    )  # fmt: skip
    return answer({"id": made.id, "uid": made.uid, "message": "User created"})


@api.put("/admin/users/<int:account_id>/password")
@requires("users.password:write")
def set_password(account_id: int) -> Answer:
    """Give a user another password."""
    password = accepted_password(text(body(), "password"))
    accounts.set_password(store(), existing(account_id).id, password)
    return message("User password updated")


@api.put("/admin/users/<int:account_id>/permissions")
@requires("users.permissions:write")
def set_permissions(account_id: int) -> Answer:
    """Make a user the server's administrator, or not."""
    wanted = bool(body().get("isGrafanaAdmin"))
    others = store().count("account", f"administrator = 1 AND id != {existing(account_id).id}")
    if not wanted and existing(account_id).administrator and not others:
        raise Refused(400, "cannot remove last grafana admin")
    store().run("UPDATE account SET administrator = ?, updated = ? WHERE id = ?", wanted, now(), account_id)
    return message("User permissions updated")


@api.post("/admin/users/<int:account_id>/disable")
@requires("users:disable")
def disable(account_id: int) -> Answer:
    """Shut a user out."""
    store().run("UPDATE account SET disabled = 1 WHERE id = ?", existing(account_id).id)
    accounts.end_sessions(store(), account_id)
    return message("User disabled")


@api.post("/admin/users/<int:account_id>/enable")
@requires("users:enable")
def enable(account_id: int) -> Answer:
    """Let a user in again."""
    store().run("UPDATE account SET disabled = 0 WHERE id = ?", existing(account_id).id)
    return message("User enabled")


@api.post("/admin/users/<int:account_id>/logout")
@requires("users:logout")
def logout_user(account_id: int) -> Answer:
    """End all sessions of a user."""
    accounts.end_sessions(store(), existing(account_id).id)
    return message("User logged out")


@api.delete("/admin/users/<int:account_id>")
@requires("users:delete")
def delete_user(account_id: int) -> Answer:
    """Remove a user, with sessions, memberships and permissions."""
    store().run("DELETE FROM account WHERE id = ?", existing(account_id).id)
    return message("User deleted")
