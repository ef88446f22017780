"""Service accounts and their tokens."""

from __future__ import annotations

import sqlite3

from .. import accounts
from ..access import requires
from ..answers import BAD_REQUEST, Answer, Refused, answer, body, message, text
from ..render import slug
from ..store import new_uid
from . import api, store

_FIND = "SELECT id, uid, name, login, role, disabled FROM account WHERE service = 1"


def _existing(account_id: int) -> None:
    if store().row(f"{_FIND} AND id = ?", account_id) is None:
        raise Refused(404, "service account not found")


@api.get("/serviceaccounts/search")
@requires("serviceaccounts:read")
def search_service_accounts() -> Answer:
    """List the service accounts."""
    found = [
        {key: row[key] for key in ("id", "uid", "name", "login", "role")}
        | {"orgId": 1, "isDisabled": bool(row["disabled"]), "avatarUrl": ""}
        | {"tokens": store().count("token", f"account = {row['id']}")}
        for row in store().rows(f"{_FIND} ORDER BY login")
    ]
    return answer({"totalCount": len(found), "serviceAccounts": found, "page": 1, "perPage": 1000})


@api.post("/serviceaccounts")
@requires("serviceaccounts:create")
def create_service_account() -> Answer:
    """Add a service account."""
    data = body()
    name, role = text(data, "name"), text(data, "role") or "Viewer"
    if not name or role not in accounts.ROLES:
        raise Refused(400, BAD_REQUEST)
    try:
        login = f"sa-1-{slug(name)}"
        made = accounts.create(store(), login=login, email="", name=name, password="", role=role, service=True)
    except sqlite3.IntegrityError as error:
        raise Refused(400, "service account already exists") from error
    return answer({
        "id": made.id, "uid": made.uid, "name": name, "login": made.login, "orgId": 1, "isDisabled": False, "role": role,
        "tokens": 0, "avatarUrl": "",
    }, 201)  # fmt: skip


@api.post("/serviceaccounts/<int:account_id>/tokens")
@requires("serviceaccounts:write")
def create_token(account_id: int) -> Answer:
    """Give a service account a token; this answer is the only one that shows it."""
    _existing(account_id)
    name = text(body(), "name") or new_uid()
    token_id, secret = accounts.add_token(store(), account_id, name)
    return answer({"id": token_id, "name": name, "key": secret})


@api.delete("/serviceaccounts/<int:account_id>")
@requires("serviceaccounts:delete")
def delete_service_account(account_id: int) -> Answer:
    """Remove a service account with its tokens."""
    _existing(account_id)
    store().run("DELETE FROM account WHERE id = ?", account_id)
    return message("Service account deleted")
