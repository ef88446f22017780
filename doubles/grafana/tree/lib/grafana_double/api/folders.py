"""Folders of dashboards and their permissions."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from flask import g, request

from .. import render
from ..access import ADMIN, EDIT, LEVEL_NAMES, VIEW, denied, folder_level, requires
from ..accounts import ROLES
from ..answers import BAD_REQUEST, Answer, Refused, answer, body, message, text
from ..store import new_id, new_uid, now
from . import api, store

if TYPE_CHECKING:
    from ..store import Row, Store

_SHARED = {"id": -1, "uid": "sharedwithme", "title": "Shared with me"}
_PERMISSIONS = """SELECT permission.*, account.uid AS account_uid, account.login, account.email,
team.uid AS team_uid, team.name AS team_name, team.email AS team_email FROM permission
LEFT JOIN account ON account.id = permission.account LEFT JOIN team ON team.id = permission.team
WHERE folder = ? ORDER BY permission.role IS NOT NULL, permission.level DESC"""


def add_folder(store: Store, *, uid: str, title: str, parent: str = "", creator: str, provisioned: bool) -> None:
    """Add a folder that editors may change and viewers may see."""
    times = {"created": now(), "updated": now()}
    store.insert(
        "folder", id=new_id(), uid=uid, title=title, parent=parent, creator=creator, provisioned=provisioned, **times
    )
    for role, level in (("Editor", EDIT), ("Viewer", VIEW)):
        store.insert("permission", folder=uid, role=role, level=level, created=now())


def _existing(uid: str) -> Row:
    found = store().row("SELECT * FROM folder WHERE uid = ?", uid)
    if found is None:
        raise Refused(404, "folder not found")
    return found


def _allow(uid: str, level: int, action: str) -> Row:
    found = _existing(uid)
    if folder_level(store(), g.account, uid) < level:
        raise denied(action)
    return found


@api.get("/folders")
@requires("folders:read")
def list_folders() -> Answer:
    """List the folders that may be seen, below a parent or at the top."""
    rows = store().rows("SELECT * FROM folder WHERE parent = ? ORDER BY title", request.args.get("parentUid", ""))
    shown = [render.listed_folder(row) for row in rows if folder_level(store(), g.account, row["uid"])]
    return answer(shown if g.account.role == "Admin" else [_SHARED, *shown])


@api.post("/folders")
@requires("folders:create")
def create_folder() -> Answer:
    """Add a folder."""
    data = body()
    title, uid, parent = text(data, "title"), text(data, "uid") or new_uid(), text(data, "parentUid")
    if not title:
        raise Refused(400, "folder title cannot be empty")
    if parent:
        _allow(parent, EDIT, "folders:create")
    try:
        add_folder(store(), uid=uid, title=title, parent=parent, creator=g.account.login, provisioned=False)
    except sqlite3.IntegrityError as error:
        raise Refused(409, "a folder with that UID already exists") from error
    # Grafana answers an editor from before the new folder's permissions count: all false
    level = ADMIN if g.account.role == "Admin" else VIEW
    return answer(render.folder(_existing(uid), level))


@api.get("/folders/<uid>")
@requires("folders:read")
def get_folder(uid: str) -> Answer:
    """Show one folder."""
    row = _allow(uid, VIEW, "folders:read")
    return answer(render.folder(row, folder_level(store(), g.account, uid)))


@api.put("/folders/<uid>")
@requires("folders:write")
def update_folder(uid: str) -> Answer:
    """Change a folder's title."""
    row = _allow(uid, EDIT, "folders:write")
    title = text(body(), "title") or row["title"]
    store().run("UPDATE folder SET title = ?, updated = ?, version = version + 1 WHERE uid = ?", title, now(), uid)
    return get_folder(uid)


@api.delete("/folders/<uid>")
@requires("folders:delete")
def delete_folder(uid: str) -> Answer:
    """Remove a folder with its dashboards, unless files provision them."""
    _allow(uid, EDIT, "folders:delete")
    if store().rows("SELECT 1 FROM dashboard WHERE folder = ? AND file IS NOT NULL", uid):
        raise Refused(400, "folder contains provisioned dashboards")
    store().run("DELETE FROM folder WHERE uid = ?", uid)
    return message("Folder deleted")


def _shown_permission(row: Row, folder: Row) -> dict[str, object]:
    shown = {
        "folderId": folder["id"], "created": row["created"], "updated": row["created"], "userId": row["account"] or 0,
        "userUid": row["account_uid"] or "", "userLogin": row["login"] or "", "userEmail": row["email"] or "",
        "userAvatarUrl": render.PICTURE, "teamId": row["team"] or 0, "teamUid": row["team_uid"] or "",
        "teamEmail": row["team_email"] or "", "teamAvatarUrl": render.PICTURE if row["team"] else "",
        "team": row["team_name"] or "", "permission": row["level"], "permissionName": LEVEL_NAMES[row["level"]],
        "uid": folder["uid"], "title": folder["title"], "slug": "", "isFolder": True,
        "url": render.folder_url(folder), "inherited": False,
    }  # fmt: skip
    return shown | ({"role": row["role"]} if row["role"] else {})


@api.get("/folders/<uid>/permissions")
@requires("folders.permissions:read")
def list_folder_permissions(uid: str) -> Answer:
    """List who has which level in a folder."""
    folder = _existing(uid)
    return answer([_shown_permission(row, folder) for row in store().rows(_PERMISSIONS, uid)])


@api.post("/folders/<uid>/permissions")
@requires("folders.permissions:write")
def set_folder_permissions(uid: str) -> Answer:
    """Replace the list of who has which level in a folder."""
    _existing(uid)
    store().run("DELETE FROM permission WHERE folder = ?", uid)
    for item in body().get("items") or []:
        level, role = item.get("permission"), item.get("role")
        target = {"role": role, "team": item.get("teamId") or None, "account": item.get("userId") or None}
        named = [value for value in target.values() if value]
        if level not in LEVEL_NAMES or len(named) != 1 or (role and role not in ROLES):
            raise Refused(400, BAD_REQUEST)
        try:
            store().insert("permission", folder=uid, level=level, created=now(), **target)
        except sqlite3.IntegrityError as error:
            raise Refused(400, BAD_REQUEST) from error
    return message("Folder permissions updated")
