"""Dashboards as they are kept."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .store import new_id, now

if TYPE_CHECKING:
    from .store import Row, Store

_ALL = """SELECT dashboard.*, folder.id AS folder_id, folder.title AS folder_title
FROM dashboard LEFT JOIN folder ON folder.uid = dashboard.folder"""


def everything(store: Store) -> list[Row]:
    """Return all dashboards by title."""
    return store.rows(f"{_ALL} ORDER BY dashboard.title")


def find(store: Store, uid: str) -> Row | None:
    """Return one by uid."""
    return store.row(f"{_ALL} WHERE dashboard.uid = ?", uid)


def save(
    store: Store, model: dict[str, Any], *, folder: str | None, creator: str, file: str | None = None,
    provider: str | None = None,
) -> Row:  # fmt: skip
    """Add a dashboard, or change the one of this uid; an equal one stays as it is."""
    uid = str(model["uid"])
    kept = {key: value for key, value in model.items() if key not in {"id", "version"}}
    columns: dict[str, Any] = {
        "title": str(model["title"]), "tags": json.dumps(model.get("tags") or []), "folder": folder,
        "model": json.dumps(kept, sort_keys=True), "file": file, "provider": provider,
    }  # fmt: skip
    before = find(store, uid)
    if before is None:
        times = {"created": now(), "updated": now()}
        store.insert("dashboard", id=new_id(), uid=uid, creator=creator, **columns, **times)
    elif any(before[key] != value for key, value in columns.items()):
        marks = ", ".join(f"{name} = ?" for name in columns)
        change = f"UPDATE dashboard SET {marks}, updated = ?, version = version + 1 WHERE uid = ?"  # noqa: S608 - own names
        store.run(change, *columns.values(), now(), uid)
    found = find(store, uid)
    if found is None:
        raise LookupError(f"dashboard {uid} is gone right after it was saved")
    return found
