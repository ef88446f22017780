"""Teams and their members."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from flask import g, request

from .. import render
from ..access import ADMIN, requires
from ..answers import BAD_REQUEST, Answer, Refused, answer, body, message, text
from ..store import new_uid
from . import api, store
from .users import existing

if TYPE_CHECKING:
    from ..store import Row

_MEMBERS = """SELECT member.*, team.uid AS team_uid, account.uid AS account_uid, account.email, account.name, account.login
FROM member JOIN team ON team.id = member.team JOIN account ON account.id = member.account
WHERE team.id = ? ORDER BY account.login"""


def _existing(team_id: int) -> Row:
    found = store().row("SELECT * FROM team WHERE id = ?", team_id)
    if found is None:
        raise Refused(404, "Team not found")
    return found


def _shown(row: Row) -> dict[str, object]:
    return render.team(row, len(store().rows(_MEMBERS, row["id"])))


def _add(team_id: int, account_id: int, permission: int) -> None:
    store().insert("member", uid=new_uid(), team=team_id, account=account_id, permission=permission)


@api.get("/teams/search")
@requires("teams:read")
def search_teams() -> Answer:
    """Find teams by exact name, or by a part of it."""
    name, part = request.args.get("name", ""), request.args.get("query", "").lower()
    rows = store().rows("SELECT * FROM team ORDER BY name")
    found = [_shown(row) for row in rows if (not name or row["name"] == name) and part in row["name"].lower()]
    return answer({"totalCount": len(found), "teams": found, "page": 1, "perPage": 1000})


@api.post("/teams")
@requires("teams:create")
def create_team() -> Answer:
    """Add a team; who makes it is its first member, with administration rights."""
    data, uid = body(), new_uid()
    if not text(data, "name"):
        raise Refused(400, BAD_REQUEST)
    try:
        team_id = store().insert("team", uid=uid, name=text(data, "name"), email=text(data, "email"))
    except sqlite3.IntegrityError as error:
        raise Refused(409, "Team name taken") from error
    _add(team_id, g.account.id, ADMIN)
    return answer({"message": "Team created", "teamId": team_id, "uid": uid})


@api.get("/teams/<int:team_id>")
@requires("teams:read")
def get_team(team_id: int) -> Answer:
    """Show one team."""
    return answer(_shown(_existing(team_id)))


@api.put("/teams/<int:team_id>")
@requires("teams:write")
def update_team(team_id: int) -> Answer:
    """Change name and e-mail address."""
    data, before = body(), _existing(team_id)
    wanted = text(data, "name") or before["name"], text(data, "email")
    try:
        store().run("UPDATE team SET name = ?, email = ? WHERE id = ?", *wanted, team_id)
    except sqlite3.IntegrityError as error:
        raise Refused(409, "Team name taken") from error
    return message("Team updated")


@api.delete("/teams/<int:team_id>")
@requires("teams:delete")
def delete_team(team_id: int) -> Answer:
    """Remove a team, with its memberships and permissions."""
    store().run("DELETE FROM team WHERE id = ?", _existing(team_id)["id"])
    return message("Team deleted")


@api.get("/teams/<int:team_id>/members")
@requires("teams.permissions:read")
def list_members(team_id: int) -> Answer:
    """List the members of a team."""
    return answer([render.member(row) for row in store().rows(_MEMBERS, _existing(team_id)["id"])])


@api.post("/teams/<int:team_id>/members")
@requires("teams.permissions:write")
def add_team_member(team_id: int) -> Answer:
    """Add a user to a team."""
    account_id = body().get("userId")
    if not isinstance(account_id, int):
        raise Refused(400, BAD_REQUEST)
    try:
        _add(_existing(team_id)["id"], existing(account_id).id, 0)
    except sqlite3.IntegrityError as error:
        raise Refused(400, "User is already added to this team") from error
    return message("Member added to Team")


@api.delete("/teams/<int:team_id>/members/<int:account_id>")
@requires("teams.permissions:write")
def remove_member(team_id: int, account_id: int) -> Answer:
    """Take a user out of a team."""
    gone = store().run("DELETE FROM member WHERE team = ? AND account = ?", _existing(team_id)["id"], account_id)
    if not gone:
        raise Refused(404, "Team member not found")
    return message("Team Member removed")
