"""Dashboards: read, save, remove, search; those that files provision stay as they are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from flask import g, request

from .. import dashboards, render
from ..access import EDIT, VIEW, actions_of, denied, folder_level, requires
from ..answers import BAD_REQUEST, Answer, Refused, answer, body, text
from ..store import new_uid
from . import api, store

if TYPE_CHECKING:
    from ..store import Row


def _existing(uid: str) -> Row:
    found = dashboards.find(store(), uid)
    if found is None:
        # to all but the administrators this comes from the permission check, which adds a title
        title = {} if g.account.role == "Admin" else {"title": "Not found"}
        raise Refused(404, {"message": "Dashboard not found", **title}, charset=bool(title))
    return found


def _allow(row: Row, level: int, action: str) -> int:
    found = folder_level(store(), g.account, row["folder"])
    if found < level:
        raise denied(action)
    return found


def _url(row: Row) -> str:
    return f"/d/{row['uid']}/{render.slug(row['title'])}"


def _meta(row: Row, level: int) -> dict[str, Any]:
    may = dict.fromkeys(("canAdd", "canEdit", "canDelete"), level >= EDIT)
    meta = {
        "type": "db", **render.rights(level), "canStar": True, "slug": render.slug(row["title"]), "url": _url(row),
        "expires": "0001-01-01T00:00:00Z", "created": row["created"], "updated": row["updated"],
        "updatedBy": row["creator"], "createdBy": row["creator"], "version": row["version"], "hasAcl": False,
        "isFolder": False, "apiVersion": "v0alpha1", "folderId": row["folder_id"] or 0, "folderUid": row["folder"] or "",
        "folderTitle": row["folder_title"] or "Dashboards", "folderUrl": "", "provisioned": bool(row["file"]),
        "provisionedExternalId": row["file"] or "", "annotationsPermissions": {"dashboard": may, "organization": may},
    }  # fmt: skip
    if row["folder"]:
        meta["folderUrl"] = render.folder_url({"uid": row["folder"], "title": row["folder_title"]})
    return meta


@api.get("/dashboards/uid/<uid>")
@requires("dashboards:read")
def get_dashboard(uid: str) -> Answer:
    """Show a dashboard with what the user may do to it."""
    row = _existing(uid)
    level = _allow(row, VIEW, "dashboards:read")
    model = json.loads(row["model"]) | {"id": row["id"], "version": row["version"]}
    return answer({"meta": _meta(row, level), "dashboard": model})


@api.post("/dashboards/db")
@requires("dashboards:create", "dashboards:write")
def save_dashboard() -> Answer:
    """Add a dashboard, or change one."""
    data = body()
    model = data.get("dashboard")
    if not isinstance(model, dict) or not text(model, "title"):
        raise Refused(400, "Dashboard title cannot be empty" if isinstance(model, dict) else BAD_REQUEST)
    uid, folder = text(model, "uid") or new_uid(), text(data, "folderUid")
    before = dashboards.find(store(), uid)
    if before and before["file"]:
        raise Refused(400, "Cannot save provisioned dashboard")
    if folder and not store().row("SELECT 1 FROM folder WHERE uid = ?", folder):
        raise Refused(404, "folder not found")
    if folder_level(store(), g.account, folder) < EDIT or (before and _allow(before, VIEW, "dashboards:write") < EDIT):
        raise denied("dashboards:write")
    if before and not data.get("overwrite") and model.get("version") != before["version"]:
        changed = "The dashboard has been changed by someone else"
        raise Refused(412, {"message": changed, "status": "version-mismatch"})
    row = dashboards.save(store(), model | {"uid": uid}, folder=folder or None, creator=g.account.login)
    return answer({
        "folderUid": folder, "id": row["id"], "slug": render.slug(row["title"]), "status": "success", "uid": uid,
        "url": _url(row), "version": row["version"],
    })  # fmt: skip


@api.delete("/dashboards/uid/<uid>")
def delete_dashboard(uid: str) -> Answer:
    """Remove a dashboard."""
    row = _existing(uid)
    if "dashboards:delete" not in actions_of(g.account):
        raise denied("dashboards:delete")
    _allow(row, EDIT, "dashboards:delete")
    if row["file"]:
        raise Refused(400, "provisioned dashboard cannot be deleted")
    store().run("DELETE FROM dashboard WHERE uid = ?", uid)
    return answer({"message": f"Dashboard {row['title']} deleted", "title": row["title"], "uid": uid})


def _hit(row: Row) -> dict[str, Any]:
    hit = {
        "id": row["id"], "uid": row["uid"], "orgId": 1, "title": row["title"],
        "uri": f"db/{render.slug(row['title'])}", "url": _url(row), "slug": "", "type": "dash-db",
        "tags": json.loads(row["tags"]), "isStarred": False,
    }  # fmt: skip
    if row["folder"]:
        url = render.folder_url({"uid": row["folder"], "title": row["folder_title"]})
        hit |= {"folderId": row["folder_id"], "folderUid": row["folder"], "folderTitle": row["folder_title"]}
        hit["folderUrl"] = url
    return hit | {"sortMeta": 0, "isDeleted": False}


@api.get("/search")
@requires("dashboards:read")
def search() -> Answer:
    """Find dashboards by a part of the title, by tags and by folder."""
    arguments = request.args
    part, tags, folders = (
        arguments.get("query", "").lower(),
        set(arguments.getlist("tag")),
        arguments.getlist("folderUIDs"),
    )
    if arguments.get("type", "dash-db") != "dash-db":
        return answer([])
    found = [
        _hit(row)
        for row in dashboards.everything(store())
        if part in row["title"].lower()
        and tags <= set(json.loads(row["tags"]))
        and (not folders or row["folder"] in folders)
        and folder_level(store(), g.account, row["folder"]) >= VIEW
    ]
    return answer(found)
