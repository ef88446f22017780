"""Data sources as they are kept: what is shown, what is secret, who may change them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .store import new_uid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .store import Row, Store

_SHOWN = ("access", "url", "user", "database", "basicAuth", "basicAuthUser", "withCredentials", "jsonData")
_DEFAULTS: dict[str, Any] = {
    "access": "proxy", "url": "", "user": "", "database": "", "basicAuth": False, "basicAuthUser": "",
    "withCredentials": False, "jsonData": {},
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class DataSource:
    """One data source with its secrets, for the server's own use."""

    id: int
    uid: str
    name: str
    type: str
    settings: Mapping[str, Any]
    secrets: Mapping[str, str]
    standard: bool
    locked: bool
    version: int

    def shown(self) -> dict[str, Any]:
        """Return it as the API shows it: of secrets only that they are set."""
        return {
            "id": self.id, "uid": self.uid, "orgId": 1, "name": self.name, "type": self.type,
            "typeLogoUrl": f"public/plugins/{self.type}/img/{self.type}_logo.svg", **self.settings,
            "isDefault": self.standard, "secureJsonFields": dict.fromkeys(self.secrets, True),
            "version": self.version, "readOnly": self.locked, "apiVersion": "",
        }  # fmt: skip

    def listed(self) -> dict[str, Any]:
        """Return it as the list shows it."""
        hidden = ("secureJsonFields", "version", "apiVersion", "basicAuthUser", "withCredentials")
        shown = {key: value for key, value in self.shown().items() if key not in hidden}
        return shown | {"typeName": self.type.capitalize()}


def _source(row: Row) -> DataSource:
    plain = {key: row[key] for key in ("id", "uid", "name", "type", "version")}
    parsed = {key: json.loads(row[key]) for key in ("settings", "secrets")}
    return DataSource(**plain, **parsed, standard=bool(row["standard"]), locked=bool(row["locked"]))


def everything(store: Store) -> list[DataSource]:
    """Return all data sources by name."""
    return [_source(row) for row in store.rows("SELECT * FROM datasource ORDER BY name")]


def find(store: Store, *, uid: str = "", name: str = "") -> DataSource | None:
    """Return one by uid or by name."""
    row = store.row("SELECT * FROM datasource WHERE uid = ? OR name = ?", uid, name)
    return _source(row) if row else None


def _columns(data: Mapping[str, Any]) -> dict[str, Any]:
    settings = {key: data[key] if data.get(key) is not None else _DEFAULTS[key] for key in _SHOWN}
    return {
        "name": data["name"], "type": data["type"], "settings": json.dumps(settings),
        "secrets": json.dumps(data.get("secureJsonData") or {}), "standard": bool(data.get("isDefault")),
    }  # fmt: skip


def save(
    store: Store, data: Mapping[str, Any], *, before: DataSource | None, locked: bool = False, provisioned: bool = False
) -> DataSource:
    """Add a data source, or change one; secrets that a change doesn't name stay. There is one default at most."""
    columns = _columns(data) | {"locked": locked, "provisioned": provisioned}
    if columns["standard"]:
        store.run("UPDATE datasource SET standard = 0")
    uid = str(data.get("uid") or (before.uid if before else new_uid()))
    if before is None:
        store.insert("datasource", uid=uid, **columns)
    else:
        kept = dict(before.secrets) | json.loads(columns["secrets"])
        columns |= {"secrets": json.dumps(kept), "version": before.version + 1, "uid": uid}
        marks = ", ".join(f"{name} = ?" for name in columns)
        store.run(f"UPDATE datasource SET {marks} WHERE id = ?", *columns.values(), before.id)  # noqa: S608 - own names
    found = find(store, uid=uid)
    if found is None:
        raise LookupError(f"data source {uid} is gone right after it was saved")
    return found
