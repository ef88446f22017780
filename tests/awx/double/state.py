"""What the double keeps, and the rules by which it changes. Knows nothing of HTTP."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .models import KINDS, NODES, SECRET, UNIFIED, WEBHOOK, Kind
from .prompts import NOT_ASKED, missing, rejected, strangers

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Object = dict[str, Any]
ROLE_NAMES = {"approval_role": "Approve", "adhoc_role": "Ad Hoc"}
FORBIDDEN = ("ANSIBLE_", "VIRTUAL_ENV", "PATH", "PYTHONPATH", "JOB_ID", "AWX_HOST")  # as AWX's own list begins


class BadRequest(Exception):  # noqa: N818 - the name that HTTP gives it
    """What a client asked is wrong; the text is the answer."""


class Forbidden(Exception):  # noqa: N818 - likewise
    """Who asks may not."""


class NotFound(Exception):  # noqa: N818 - likewise
    """There is no such object."""


class State:
    """All objects, links and grants, kept in a file between runs where one is given."""

    def __init__(self, file: Path | None = None) -> None:
        self.file = file
        self.content: dict[str, Any] = {"last": 0, "objects": {}, "links": {}, "surveys": {}, "writes": []}
        if file and file.exists():
            self.content = json.loads(file.read_text())
        elif not self.objects("users"):
            self.create("users", {"username": "admin", "is_superuser": True})
            self.content["writes"].clear()

    def objects(self, kind: str) -> list[Object]:
        """Return a list's objects."""
        if kind == "unified_job_templates":
            return [entry for part in UNIFIED for entry in self.objects(part)]
        return list(self.content["objects"].setdefault(kind, {}).values())

    def get(self, kind: str, key: str | int) -> Object:
        """Return an object by its id. Raises NotFound."""
        for entry in self.objects(kind):
            if str(entry["id"]) == str(key):
                return entry
        raise NotFound(f"{kind}/{key}")

    def linked(self, kind: str, key: int, name: str) -> list[Object]:
        """Return the objects of a sub-list, such as a job template's credentials."""
        return [
            self.get(self._target(kind, name), found) for found in self.content["links"].get(f"{kind}/{key}/{name}", [])
        ]

    def _target(self, kind: str, name: str) -> str:
        if kind == "roles":
            return name
        try:
            return KINDS[kind].associations[name]
        except KeyError:
            raise NotFound(f"{kind} has no list {name}") from None

    def link(self, kind: str, key: int, name: str, request: Object) -> None:
        """Add to a sub-list, or take from it. Raises BadRequest and NotFound."""
        target = self._target(kind, name)
        links = self.content["links"].setdefault(f"{kind}/{key}/{name}", [])
        if request.get("disassociate"):
            links.remove(request["id"])
        else:
            other = self.get(target, request["id"])
            if kind == NODES and self._reaches(other["id"], key):
                raise BadRequest("Cycle detected.")
            links.append(other["id"])
        self.wrote("link", kind, f"{key}/{name}")

    def _reaches(self, start: int, goal: int) -> bool:
        """Tell whether a workflow leads from one node to another."""
        if start == goal:
            return True
        following = [
            entry
            for name in KINDS[NODES].associations
            if name.endswith("_nodes")
            for entry in self.linked(NODES, start, name)
        ]
        return any(self._reaches(entry["id"], goal) for entry in following)

    def create(self, kind: str, given: Object) -> Object:
        """Create an object. Raises BadRequest where AWX would, as far as the data can be wrong."""
        shape = KINDS[kind]
        entry: Object = {"description": "", **shape.fields, **dict.fromkeys(shape.references)}
        self._fill(kind, entry, given)
        missing = [name for name in (shape.identity, *shape.required) if entry.get(name) in (None, "")]
        if missing:
            raise BadRequest(json.dumps({name: ["This field is required."] for name in missing}))
        self.content["last"] += 1
        entry["id"] = self.content["last"]
        entry["type"] = shape.type
        same = [other for other in self.objects(kind) if self._place(shape, other) == self._place(shape, entry)]
        if same:
            raise BadRequest(json.dumps({"__all__": [f"{shape.type} with this {shape.identity} already exists."]}))
        if kind in ("schedules", NODES) and entry.get("unified_job_template"):
            self._check_prompts(entry)
        if shape.roles:
            entry["roles"] = {f"{role}_role": self._next() for role in shape.roles}
        if kind == "projects":
            entry["scm_revision"] = "0" * 40  # what its first update finds
        self.content["objects"].setdefault(kind, {})[str(entry["id"])] = entry
        self.wrote("create", kind, entry[shape.identity])
        return entry

    def _next(self) -> int:
        self.content["last"] += 1
        return int(self.content["last"])

    @staticmethod
    def _place(shape: Kind, entry: Object) -> list[Any]:
        return [entry.get(name) for name in (shape.identity, *shape.unique)]

    def update(self, kind: str, entry: Object, given: Object) -> Object:
        """Change an object's fields. Raises BadRequest."""
        self._fill(kind, entry, given)
        if kind in ("schedules", NODES) and entry.get("unified_job_template"):
            self._check_prompts(entry)
        self.wrote("update", kind, entry[KINDS[kind].identity])
        return entry

    def _fill(self, kind: str, entry: Object, given: Object) -> None:
        shape = KINDS[kind]
        known = {shape.identity, "description", *shape.fields, *shape.references, "type"}
        unknown = sorted(given.keys() - known)
        if unknown:
            raise BadRequest(json.dumps({name: [f"The double knows no such field of {kind}."] for name in unknown}))
        for name, other in shape.references.items():
            if given.get(name) is not None:
                try:
                    self.get(other, given[name])
                except NotFound:
                    raise BadRequest(
                        json.dumps({name: [f'Invalid pk "{given[name]}" - object does not exist.']})
                    ) from None
        if kind == "credentials":
            given = self._inputs(entry, given)
        if (
            kind == "notification_templates"
            and given.get("notification_type", entry.get("notification_type")) == "webhook"
        ):
            given = given | {"notification_configuration": WEBHOOK | given.get("notification_configuration", {})}
        if kind == "credential_types":
            for name in given.get("injectors", {}).get("env", {}):
                if name.startswith(FORBIDDEN):
                    raise BadRequest(json.dumps({"injectors": [f"Environment variable {name} may not be set."]}))
        entry.update({name: value for name, value in given.items() if name != "type"})

    def _inputs(self, entry: Object, given: Object) -> Object:
        """Check a credential's values by its type; what is not said stays."""
        kind = self.get("credential_types", given.get("credential_type") or entry["credential_type"])
        if "inputs" not in given and entry.get("id"):
            return given
        inputs = {name: value for name, value in given.get("inputs", {}).items() if value != SECRET}
        fields = {item["id"] for item in kind["inputs"].get("fields", [])}
        wrong = [name for name in inputs if name not in fields]
        wrong += [name for name in kind["inputs"].get("required", []) if not inputs.get(name)]
        if wrong:
            raise BadRequest(json.dumps({"inputs": {name: ["wrong or missing"] for name in wrong}}))
        return given | {"inputs": entry.get("inputs", {}) | inputs}

    def delete(self, kind: str, key: int) -> None:
        """Remove an object and all links to it. Raises NotFound."""
        entry = self.get(kind, key)
        del self.content["objects"][kind][str(key)]
        links = self.content["links"]
        for name in [name for name in links if name.startswith(f"{kind}/{key}/")]:
            del links[name]
        for found in links.values():
            found[:] = [other for other in found if other != key]
        if kind == "workflow_job_templates":
            for node in [node for node in self.objects(NODES) if node["workflow_job_template"] == key]:
                self.delete(NODES, node["id"])
        self.wrote("delete", kind, entry[KINDS[kind].identity])

    def survey(self, kind: str, key: int, spec: Object | None = None) -> Object:
        """Return a template's survey, or set it."""
        place = f"{kind}/{key}"
        if spec is not None:
            self.content["surveys"][place] = spec
            self.wrote("survey", kind, self.get(kind, key)["name"])
        found: Object = self.content["surveys"].get(place, {})
        return found

    def launch(self, kind: str, key: int, given: Object, *, team: int | None = None) -> Object:
        """Start a template as a member of a team, or as the administrator; return the job, with the fields that were ignored.

        As AWX does: what is not asked for is left out and told. Raises Forbidden and BadRequest.
        """
        template = self.get(kind, key)
        if team is not None and not self._holds(team, template["roles"]["execute_role"]):
            raise Forbidden("You do not have permission to perform this action.")
        survey, variables = self.survey(kind, key), dict(given.get("extra_vars", {}))
        ignored: Object = {name: given[name] for name in rejected(template, given)}
        others = {name: variables.pop(name) for name in strangers(template, survey, variables)}
        wrong = missing(template, survey, variables)
        if wrong:
            raise BadRequest(json.dumps({"variables_needed_to_start": wrong}))
        own = [entry["id"] for entry in self.linked(kind, key, "credentials")] if kind == "job_templates" else []
        job = {"inventory": template["inventory"], "job_type": template.get("job_type", ""), "scm_branch": ""}
        asked = {name: value for name, value in given.items() if name not in (*ignored, "extra_vars")}
        return {
            **job,
            "credentials": own,
            **asked,
            "extra_vars": variables,
            "ignored_fields": ignored | ({"extra_vars": others} if others else {}),
        }

    def _holds(self, team: int, role: int) -> bool:
        return team in self.content["links"].get(f"roles/{role}/teams", [])

    def _check_prompts(self, given: Object) -> None:
        """Refuse a schedule or a workflow's node that says what its template does not ask for."""
        template = self.get("unified_job_templates", given["unified_job_template"])
        if template["type"] not in ("job_template", "workflow_job_template"):
            return
        kind = f"{template['type']}s"
        wrong: dict[str, list[str]] = {name: [NOT_ASKED] for name in rejected(template, given)}
        others = strangers(template, self.survey(kind, template["id"]), given.get("extra_data") or {})
        if others:
            wrong["extra_data"] = [f"Variables {', '.join(others)} are not allowed on launch."]
        if wrong:
            raise BadRequest(json.dumps(wrong))

    def approval(self, node: Object, given: Object) -> Object:
        """Make the approval of a workflow's node."""
        entry = self.create("workflow_approval_templates", given)
        node["unified_job_template"] = entry["id"]
        return entry

    def role(self, key: int) -> Object:
        """Return the role with this id. Raises NotFound."""
        for kind in KINDS:
            for entry in self.objects(kind):
                for name, found in entry.get("roles", {}).items():
                    if found == key:
                        return {"id": key, "name": name, "kind": kind, "resource": entry["name"]}
        raise NotFound(f"roles/{key}")

    def roles_of(self, team: int) -> list[Object]:
        """Return a team's roles, as the API shows them."""
        held = [
            self.role(int(place.split("/")[1]))
            for place, found in self.content["links"].items()
            if place.startswith("roles/") and place.endswith("/teams") and team in found
        ]
        return [
            {
                "id": role["id"],
                "name": ROLE_NAMES.get(role["name"], role["name"].removesuffix("_role").capitalize()),
                "summary_fields": {"resource_name": role["resource"], "resource_type": KINDS[role["kind"]].type},
            }
            for role in held
        ]

    def grants(self) -> Iterable[tuple[str, str, str, str]]:
        """Yield who may do what: team, role, kind, name."""
        for place, found in self.content["links"].items():
            kind, key, name = place.split("/")
            if kind == "roles" and name == "teams":
                role = self.role(int(key))
                for team in found:
                    yield self.get("teams", team)["name"], role["name"], role["kind"], role["resource"]

    def wrote(self, what: str, kind: str, name: str) -> None:
        """Remember a change, and keep everything."""
        self.content["writes"].append([what, kind, name])
        if self.file:
            self.file.write_text(json.dumps(self.content))
