"""How users, teams, folders, dashboards and data sources look in answers."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .accounts import Account

PICTURE = "/public/img/user_profile.png"
_STEPS = ((365 * 86400, "year"), (30 * 86400, "month"), (86400, "day"), (3600, "hour"), (60, "minute"))


def slug(title: str) -> str:
    """Return a title as it stands in an address."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def age(moment: str) -> str:
    """Return how long ago, in the largest whole unit."""
    seconds = (datetime.now(UTC) - datetime.fromisoformat(moment)).total_seconds()
    for size, unit in _STEPS:
        count = int(seconds // size)
        if count:
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "< 1 minute"


def user(account: Account, *, picture: str = "") -> dict[str, Any]:
    """Return a user as the profile shows it."""
    never = dict.fromkeys(("isExternal", "isExternallySynced", "isGrafanaAdminExternallySynced"), False)
    return {
        "id": account.id, "uid": account.uid, "email": account.email, "name": account.name, "login": account.login,
        "theme": "", "orgId": 1, "isGrafanaAdmin": account.administrator, "isDisabled": account.disabled, **never,
        "authLabels": [], "updatedAt": account.updated, "createdAt": account.created, "avatarUrl": picture,
        "isProvisioned": False,
    }  # fmt: skip


def listed_user(account: Account) -> dict[str, Any]:
    """Return a user as the server's list of users shows it."""
    return {
        "id": account.id, "uid": account.uid, "name": account.name, "login": account.login, "email": account.email,
        "avatarUrl": PICTURE, "isAdmin": account.administrator, "isDisabled": account.disabled, "isProvisioned": False,
        "lastSeenAt": account.seen, "lastSeenAtAge": age(account.seen), "authLabels": [], "created": account.created,
    }  # fmt: skip


def organisation_user(account: Account) -> dict[str, Any]:
    """Return a user as the organisation's list shows it."""
    return {
        "orgId": 1, "userId": account.id, "uid": account.uid, "email": account.email, "name": account.name,
        "avatarUrl": PICTURE, "login": account.login, "role": account.role, "lastSeenAt": account.seen,
        "created": account.created, "lastSeenAtAge": age(account.seen), "isDisabled": account.disabled,
        "authLabels": None, "isExternallySynced": False, "isProvisioned": False,
    }  # fmt: skip


def team(row: dict[str, Any], members: int) -> dict[str, Any]:
    """Return a team as the search shows it."""
    return {
        "id": row["id"], "uid": row["uid"], "orgId": 1, "name": row["name"], "email": row["email"], "externalUID": "",
        "isProvisioned": False, "avatarUrl": PICTURE, "memberCount": members, "permission": 0, "accessControl": None,
    }  # fmt: skip


def member(row: dict[str, Any]) -> dict[str, Any]:
    """Return a member of a team."""
    return {
        "uid": row["uid"], "orgId": 1, "teamId": row["team"], "teamUID": row["team_uid"], "userId": row["account"],
        "userUID": row["account_uid"], "auth_module": "", "email": row["email"], "name": row["name"],
        "login": row["login"], "avatarUrl": PICTURE, "labels": [], "permission": row["permission"],
    }  # fmt: skip


def rights(level: int) -> dict[str, bool]:
    """Return what a level allows, in the words of folders and dashboards."""
    edit, admin = level > 1, level > 2  # noqa: PLR2004 - access.VIEW and access.EDIT
    return {"canSave": edit, "canEdit": edit, "canAdmin": admin, "canDelete": edit}


def folder_url(row: dict[str, Any]) -> str:
    """Return a folder's address."""
    return f"/dashboards/f/{row['uid']}/{slug(row['title'])}"


def folder(row: dict[str, Any], level: int) -> dict[str, Any]:
    """Return a folder for somebody who has this level in it."""
    shown = {
        "id": row["id"], "uid": row["uid"], "orgId": 1, "title": row["title"], "url": folder_url(row), "hasAcl": False,
        **rights(level), "createdBy": row["creator"], "created": row["created"], "updatedBy": "Anonymous",
        "updated": row["updated"], "version": row["version"],
    }  # fmt: skip
    return shown | provenance(row) | ({"parentUid": row["parent"]} if row["parent"] else {})


def listed_folder(row: dict[str, Any]) -> dict[str, Any]:
    """Return a folder as the list shows it."""
    shown = {"id": row["id"], "uid": row["uid"], "title": row["title"]}
    return shown | provenance(row) | ({"parentUid": row["parent"]} if row["parent"] else {})


def provenance(row: dict[str, Any]) -> dict[str, str]:
    """Return who manages a folder, where it isn't people."""
    return {"managedBy": "classic-file-provisioning"} if row["provisioned"] else {}
