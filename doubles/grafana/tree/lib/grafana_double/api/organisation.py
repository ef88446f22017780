"""The one organisation, its members and their roles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import accounts
from ..access import requires
from ..answers import BAD_REQUEST, Answer, Refused, answer, body, message, text
from ..render import organisation_user
from ..store import now
from . import api, store
from .users import existing

if TYPE_CHECKING:
    from typing import Any

_ADDRESS = dict.fromkeys(("address1", "address2", "city", "zipCode", "state", "country"), "")


def _only(organisation_id: int) -> None:
    if organisation_id != 1:
        raise Refused(404, "Organization not found")


def _role(data: dict[str, Any]) -> str:
    role = text(data, "role")
    if role not in accounts.ROLES:
        raise Refused(400, BAD_REQUEST)
    return role


def name() -> str:
    """Return the organisation's name."""
    row = store().row("SELECT name FROM organisation WHERE id = 1")
    return str(row["name"]) if row else ""


@api.get("/org")
@api.get("/orgs/<int:organisation_id>")
@requires("orgs:read")
def organisation(organisation_id: int = 1) -> Answer:
    """Show the organisation."""
    _only(organisation_id)
    return answer({"id": 1, "name": name(), "address": _ADDRESS})


@api.get("/orgs/name/<wanted>")
@requires("orgs:read")
def organisation_by_name(wanted: str) -> Answer:
    """Show the organisation, found by its name."""
    if wanted != name():
        raise Refused(404, "Organization not found")
    return organisation()


@api.put("/org")
@api.put("/orgs/<int:organisation_id>")
@requires("orgs:write")
def rename(organisation_id: int = 1) -> Answer:
    """Give the organisation another name."""
    _only(organisation_id)
    wanted = text(body(), "name")
    if not wanted:
        raise Refused(400, BAD_REQUEST)
    store().run("UPDATE organisation SET name = ? WHERE id = 1", wanted)
    return message("Organization updated")


@api.get("/org/users")
@api.get("/orgs/<int:organisation_id>/users")
@requires("org.users:read")
def members(organisation_id: int = 1) -> Answer:
    """List the members."""
    _only(organisation_id)
    return answer([organisation_user(account) for account in accounts.everyone(store())])


@api.post("/org/users")
@api.post("/orgs/<int:organisation_id>/users")
@requires("org.users:add")
def add_member(organisation_id: int = 1) -> Answer:
    """Answer that the user is a member: there is one organisation, and all are in it."""
    _only(organisation_id)
    data = body()
    _role(data)
    found = accounts.lookup(store(), text(data, "loginOrEmail"))
    if found is None:
        raise Refused(404, "User not found")
    return message("User is already member of this organization", 409, userId=found.id)


@api.patch("/org/users/<int:account_id>")
@api.patch("/orgs/<int:organisation_id>/users/<int:account_id>")
@requires("org.users:write")
def set_role(account_id: int, organisation_id: int = 1) -> Answer:
    """Give a member another role."""
    _only(organisation_id)
    role = _role(body())
    others = store().count("account", f"role = 'Admin' AND service = 0 AND id != {existing(account_id).id}")
    if role != "Admin" and not others:
        raise Refused(400, "Cannot change role so that there is no organization admin left")
    store().run("UPDATE account SET role = ?, updated = ? WHERE id = ?", role, now(), account_id)
    return message("Organization user updated")
