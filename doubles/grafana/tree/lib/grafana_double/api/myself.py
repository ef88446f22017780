"""The user who asks: profile, password, organisation in use, permissions."""

from __future__ import annotations

from flask import g

from .. import accounts
from ..access import actions_of
from ..answers import BAD_REQUEST, Answer, Refused, answer, body, message, text
from ..render import PICTURE, user
from ..store import now
from . import api, store
from .organisation import name
from .users import accepted_password


@api.get("/user")
def profile() -> Answer:
    """Show who asks."""
    return answer(user(g.account, picture=PICTURE))


@api.get("/user/orgs")
def organisations() -> Answer:
    """List the organisations of who asks: the one."""
    return answer([{"orgId": 1, "name": name(), "role": g.account.role}])


@api.post("/user/using/<int:organisation_id>")
def use_organisation(organisation_id: int) -> Answer:
    """Switch to the organisation: there is one."""
    if organisation_id != 1:
        raise Refused(401, "Not a valid organization")
    store().run("UPDATE account SET updated = ? WHERE id = ?", now(), g.account.id)
    return message("Active organization changed")


@api.put("/user/password")
def change_password() -> Answer:
    """Change one's own password, for whom the old one is known."""
    data = body()
    if text(data, "confirmNew") not in ("", text(data, "newPassword")):
        raise Refused(400, BAD_REQUEST)
    if accounts.by_password(store(), g.account.login, text(data, "oldPassword")) is None:
        raise Refused(401, "invalid old password")
    accounts.set_password(store(), g.account.id, accepted_password(text(data, "newPassword")))
    return message("User password changed")


@api.get("/access-control/user/permissions")
def permissions() -> Answer:
    """List what the user may do."""
    return answer({action: ["*"] for action in sorted(actions_of(g.account))})
