"""Who may do what: actions by role, and the level that somebody has in a folder."""

from __future__ import annotations

import json
import secrets
from functools import cache, wraps
from importlib.resources import files
from typing import TYPE_CHECKING, ParamSpec

from flask import g

from .accounts import ROLES, Account
from .answers import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from .answers import Answer
    from .store import Store

VIEW, EDIT, ADMIN = 1, 2, 4
LEVEL_NAMES = {VIEW: "View", EDIT: "Edit", ADMIN: "Admin"}
_ROLE_LEVEL = {"Viewer": VIEW, "Editor": EDIT, "Admin": ADMIN}


@cache
def _actions() -> dict[str, frozenset[str]]:
    table = json.loads((files(__package__) / "actions.json").read_text())
    return {role: frozenset(actions) for role, actions in table.items()}


def actions_of(account: Account) -> frozenset[str]:
    """Return the actions of a user: each role has those of the lesser ones too."""
    roles = ROLES[: ROLES.index(account.role) + 1]
    found = frozenset[str]().union(*(_actions()[role] for role in roles))
    return found | _actions()["Server administrator"] if account.administrator else found


def denied(needed: str) -> Refused:
    """Return Grafana's answer to somebody who may not."""
    message = f"You'll need additional permissions to perform this action. Permissions needed: {needed}"
    number = f"ACE{secrets.randbelow(10**10):010}"
    return Refused(403, {"accessErrorId": number, "message": message, "title": "Access denied"}, charset=True)


_P = ParamSpec("_P")


def requires(*actions: str) -> Callable[[Callable[_P, Answer]], Callable[_P, Answer]]:
    """Let a call through for whom at least one of the actions is allowed."""

    def decorate(function: Callable[_P, Answer]) -> Callable[_P, Answer]:
        @wraps(function)
        def guarded(*args: _P.args, **kwargs: _P.kwargs) -> Answer:
            check(*actions)
            return function(*args, **kwargs)

        return guarded

    return decorate


def check(*actions: str) -> None:
    """Raise unless at least one of the actions is allowed."""
    if not actions_of(g.account).intersection(actions):
        raise denied(actions[0] if len(actions) == 1 else f"any of {', '.join(actions)}")


def folder_level(store: Store, account: Account, folder: str | None) -> int:
    """Return the level in a folder: by role, team and person; the top level goes by role alone."""
    if account.role == "Admin" or account.administrator:
        return ADMIN
    if not folder:
        return _ROLE_LEVEL[account.role]
    lesser = ROLES[: ROLES.index(account.role) + 1]
    teams = {row["team"] for row in store.rows("SELECT team FROM member WHERE account = ?", account.id)}
    levels = [
        row["level"]
        for row in store.rows("SELECT * FROM permission WHERE folder = ?", folder)
        if row["role"] in lesser or row["team"] in teams or row["account"] == account.id
    ]
    return max(levels, default=0)
