"""Data sources: look-up and change; one that a file provisions can't be changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import datasources
from ..access import requires
from ..answers import BAD_REQUEST, Answer, Refused, answer, body, text
from . import api, store
from .query import source

if TYPE_CHECKING:
    from ..datasources import DataSource


def _by_name(name: str) -> DataSource:
    found = datasources.find(store(), name=name)
    if found is None:
        raise Refused(404, "Data source not found")
    return found


def _wanted() -> dict[str, Any]:
    data = body()
    if not (text(data, "name") and text(data, "type")):
        raise Refused(400, BAD_REQUEST)
    return data


def _saved(found: DataSource, done: str) -> Answer:
    return answer({"datasource": found.shown(), "id": found.id, "message": done, "name": found.name})


def _removed(found: DataSource) -> Answer:
    if found.locked:
        raise Refused(403, "Cannot delete read-only data source")
    store().run("DELETE FROM datasource WHERE id = ?", found.id)
    return answer({"id": found.id, "message": "Data source deleted"})


@api.get("/datasources")
@requires("datasources:read")
def list_sources() -> Answer:
    """List all data sources."""
    return answer([found.listed() for found in datasources.everything(store())])


@api.get("/datasources/uid/<uid>")
@requires("datasources:read")
def get_by_uid(uid: str) -> Answer:
    """Show one by uid."""
    return answer(source(uid).shown())


@api.get("/datasources/name/<name>")
@requires("datasources:read")
def get_by_name(name: str) -> Answer:
    """Show one by name."""
    return answer(_by_name(name).shown())


@api.post("/datasources")
@requires("datasources:create")
def create() -> Answer:
    """Add a data source."""
    data = _wanted()
    if datasources.find(store(), uid=text(data, "uid"), name=data["name"]):
        raise Refused(409, "data source with the same name already exists")
    return _saved(datasources.save(store(), data, before=None), "Datasource added")


@api.put("/datasources/uid/<uid>")
@requires("datasources:write")
def update(uid: str) -> Answer:
    """Change a data source."""
    before, data = source(uid), _wanted()
    if before.locked:
        raise Refused(403, "Cannot update read-only data source")
    return _saved(datasources.save(store(), data | {"uid": uid}, before=before), "Datasource updated")


@api.delete("/datasources/uid/<uid>")
@requires("datasources:delete")
def delete_by_uid(uid: str) -> Answer:
    """Remove one by uid."""
    return _removed(source(uid))


@api.delete("/datasources/name/<name>")
@requires("datasources:delete")
def delete_by_name(name: str) -> Answer:
    """Remove one by name."""
    return _removed(_by_name(name))
