"""Provisioning: what the files in paths.provisioning say is in the database, and nothing else that came from files."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from . import dashboards, datasources
from .api.folders import add_folder
from .settings import expand
from .store import new_uid

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator

    from .settings import Settings
    from .store import Store

WATCH_INTERVAL = 10
PLAIN = re.compile(r"\$(\w+)(?!\{)\b")  # $NAME; but for $__file{...} and its like
log = logging.getLogger("provisioning")


class ProvisioningError(Exception):
    """A file can't be used; the message names it."""


def expanded(value: Any) -> Any:
    """Replace variables in each text; of two dollar signs one is left."""
    if isinstance(value, str):
        return "$".join(expand(PLAIN.sub(r"${\1}", part)) for part in value.split("$$"))
    if isinstance(value, dict):
        return {key: expanded(item) for key, item in value.items()}
    return [expanded(item) for item in value] if isinstance(value, list) else value


def read(settings: Settings, kind: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Read the files of one kind, as they are."""
    for file in sorted((settings.path("provisioning") / kind).glob("*.y*ml")):
        try:
            found = yaml.safe_load(file.read_text()) or {}
        except (yaml.YAMLError, OSError) as error:
            raise ProvisioningError(f"{file}: {error}: correct the file, then restart or reload.") from error
        if not isinstance(found, dict):
            raise ProvisioningError(f"{file}: a mapping is needed.")
        yield file, found


def _entries(settings: Settings, kind: str, key: str) -> Iterator[dict[str, Any]]:
    for _, found in read(settings, kind):
        yield from (expanded(entry) for entry in found.get(key) or [])


def provision_datasources(store: Store, settings: Settings) -> None:
    """Bring the data sources of the files in; remove those that no file names any more."""
    wanted = list(_entries(settings, "datasources", "datasources"))
    for entry in _entries(settings, "datasources", "deleteDatasources"):
        store.run("DELETE FROM datasource WHERE name = ?", entry.get("name"))
    if sum(bool(entry.get("isDefault")) for entry in wanted) > 1:
        raise ProvisioningError(
            "datasource.yaml config is invalid. Only one datasource per organization can be marked as default"
        )
    for entry in wanted:
        if not (entry.get("name") and entry.get("type")):
            raise ProvisioningError(f"data source {entry.get('name')!r}: name and type are needed.")
        before = datasources.find(store, uid=entry.get("uid") or "", name=entry["name"])
        locked = not entry.get("editable", False)
        datasources.save(store, entry, before=before, locked=locked, provisioned=True)
    names = [entry["name"] for entry in wanted]
    for row in store.rows("SELECT id, name FROM datasource WHERE provisioned = 1"):
        if row["name"] not in names:
            store.run("DELETE FROM datasource WHERE id = ?", row["id"])
    log.info("%d data sources provisioned", len(wanted))


def _folder(store: Store, provider: dict[str, Any]) -> str | None:
    title = provider.get("folder")
    if not title:
        return None
    found = store.row("SELECT uid FROM folder WHERE uid = ? OR title = ?", provider.get("folderUid"), title)
    if found:
        return str(found["uid"])
    uid = str(provider.get("folderUid") or new_uid())
    add_folder(store, uid=uid, title=title, creator="Anonymous", provisioned=True)
    return uid


def _models(provider: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    path = Path((provider.get("options") or {}).get("path", ""))
    if not path.is_dir():
        raise ProvisioningError(f"dashboards of {provider.get('name')!r}: the directory {path} does not exist.")
    for file in sorted(path.rglob("*.json")):
        try:
            model = json.loads(file.read_text())
        except ValueError as error:
            raise ProvisioningError(f"{file}: {error}: correct the file, then restart or reload.") from error
        if not (isinstance(model, dict) and model.get("title")):
            raise ProvisioningError(f"{file}: a dashboard with a title is needed.")
        yield str(file.relative_to(path)), {"uid": new_uid()} | model


def provision_dashboards(store: Store, settings: Settings) -> None:
    """Bring the dashboards of the files in; remove those that no file holds any more."""
    seen: set[str] = set()
    for provider in _entries(settings, "dashboards", "providers"):
        folder = _folder(store, provider)
        for name, model in _models(provider):
            known = {"file": name, "provider": str(provider.get("name", ""))}
            dashboards.save(store, model, folder=folder, creator="Anonymous", **known)
            seen.add(model["uid"])
    for row in store.rows("SELECT uid FROM dashboard WHERE file IS NOT NULL"):
        if row["uid"] not in seen:
            store.run("DELETE FROM dashboard WHERE uid = ?", row["uid"])
    log.info("%d dashboards provisioned", len(seen))


def _stamps(settings: Settings) -> list[tuple[str, int]]:
    """Return the dashboards' files with their times."""
    paths = [Path((it.get("options") or {}).get("path", "")) for it in _entries(settings, "dashboards", "providers")]
    files = [file for path in paths for file in sorted(path.rglob("*.json"))]
    return [(str(file), file.stat().st_mtime_ns) for file in files]


def watch(settings: Settings, store: Callable[[], Store], stop: threading.Event) -> None:
    """Bring changed dashboards in, as Grafana does every updateIntervalSeconds; a broken file is logged and left out."""
    before = _stamps(settings)
    while not stop.wait(WATCH_INTERVAL):
        try:
            found = _stamps(settings)
            if found != before:
                with store() as opened:
                    provision_dashboards(opened, settings)
                before = found
        except (ProvisioningError, OSError) as error:
            log.error("%s", error)  # noqa: TRY400 - the message says it all; the next look may find it corrected
