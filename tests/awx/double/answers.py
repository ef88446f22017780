"""How objects look to a client: related links, summaries, secrets hidden; and how lists are searched and paged."""

from __future__ import annotations

from typing import Any

from .models import KINDS, NODES, SECRET
from .state import NotFound, Object, State

ROOT = "/api/v2"
PAGE = 25  # AWX's own default
SURVEYED = ("job_templates", "workflow_job_templates")


def kind_of(entry: Object) -> str:
    """Return the list that an object is in."""
    return next(name for name, kind in KINDS.items() if kind.type == entry["type"])


def shown(state: State, entry: Object) -> Object:
    """Return an object as the API shows it."""
    kind = kind_of(entry)
    url = f"{ROOT}/{kind}/{entry['id']}/"
    related = {name: f"{url}{name}/" for name in KINDS[kind].associations}
    summary: Object = {}
    for field, other in KINDS[kind].references.items():
        if entry.get(field):
            found = state.get(other, entry[field])
            related[field] = f"{ROOT}/{kind_of(found)}/{found['id']}/"
            summary[field] = {"id": found["id"], "name": found["name"]}
    if kind in SURVEYED:
        related["survey_spec"] = f"{url}survey_spec/"
    if "roles" in entry:
        summary["object_roles"] = {
            name: {"id": key, "name": name.removesuffix("_role").capitalize()} for name, key in entry["roles"].items()
        }
    links = {name: [found["id"] for found in state.linked(kind, entry["id"], name)] for name in _links(kind)}
    rest = {name: value for name, value in entry.items() if name != "roles"}
    return {**rest, **links, **_hidden(state, kind, entry), "url": url, "related": related, "summary_fields": summary}


def _links(kind: str) -> list[str]:
    return [name for name in KINDS[kind].associations if name.endswith("_nodes")] if kind == NODES else []


def _hidden(state: State, kind: str, entry: Object) -> Object:
    if kind != "credentials":
        return {}
    fields = state.get("credential_types", entry["credential_type"])["inputs"].get("fields", [])
    secret = {item["id"] for item in fields if item.get("secret")}
    return {"inputs": {name: SECRET if name in secret else value for name, value in entry["inputs"].items()}}


def searched(state: State, objects: list[Object], query: dict[str, str]) -> list[Object]:
    """Return the objects that fit all of a query, or one of its or__ parts."""
    wanted = {name: value for name, value in query.items() if name not in ("page", "page_size")}
    either = {name.removeprefix("or__"): value for name, value in wanted.items() if name.startswith("or__")}
    every = {name: value for name, value in wanted.items() if not name.startswith("or__")}
    return [
        entry
        for entry in objects
        if all(_fits(state, entry, name, value) for name, value in every.items())
        and (not either or any(_fits(state, entry, name, value) for name, value in either.items()))
    ]


def _fits(state: State, entry: Object, path: str, wanted: str) -> bool:
    name, _, rest = path.partition("__")
    value: Any = entry.get(name)
    if rest in ("", "in", "startswith"):
        text = str(value).lower() if isinstance(value, bool) else str(value)
        if rest == "startswith":
            return text.startswith(wanted)
        return text in (wanted.split(",") if rest else [wanted])
    if value is None:
        return False
    try:
        other = state.get(KINDS[kind_of(entry)].references[name], value)
    except NotFound:
        return False
    return _fits(state, other, rest, wanted)


def page(state: State, objects: list[Object], path: str, query: dict[str, str]) -> Object:
    """Return one page of a list."""
    size, number = int(query.get("page_size", PAGE)), int(query.get("page", 1))
    found = searched(state, objects, query)
    more = len(found) > size * number
    rest = "&".join(f"{name}={value}" for name, value in query.items() if name != "page")
    return {
        "count": len(found),
        "next": f"{path}?page={number + 1}&{rest}" if more else None,
        "previous": None,
        "results": [shown(state, entry) for entry in found[size * (number - 1) : size * number]],
    }
