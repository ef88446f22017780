"""What a controller (AWX) has, compared with what the data says."""

from __future__ import annotations

from typing import Any

Objects = list[dict[str, Any]]
Data = dict[str, Objects]

# A field of the data that names other objects, and the kinds that they may be of
REFERENCES = {
    "organization": ("organizations",),
    "lookup_organization": ("organizations",),
    "execution_environment": ("execution_environments",),
    "default_environment": ("execution_environments",),
    "credential_type": ("credential_types",),
    "credential": ("credentials",),
    "credentials": ("credentials",),
    "project": ("projects",),
    "projects": ("projects",),
    "source_project": ("projects",),
    "inventory": ("inventories",),
    "inventories": ("inventories",),
    "team": ("teams",),
    "job_templates": ("job_templates",),
    "workflows": ("workflow_job_templates",),
    "workflow_job_template": ("workflow_job_templates",),
    "unified_job_template": ("job_templates", "workflow_job_templates", "projects", "inventory_sources"),
    "success_nodes": ("workflow_job_template_nodes",),
    "failure_nodes": ("workflow_job_template_nodes",),
    "always_nodes": ("workflow_job_template_nodes",),
    "notification_templates_started": ("notification_templates",),
    "notification_templates_success": ("notification_templates",),
    "notification_templates_error": ("notification_templates",),
    "notification_templates_approvals": ("notification_templates",),
}
# What the module needs to know, besides the name, to remove an object
SCOPE = {
    "organizations": (),
    "credential_types": (),
    "execution_environments": (),
    "credentials": ("organization", "credential_type"),
    "inventory_sources": ("inventory",),
    "schedules": ("unified_job_template",),
    "workflow_job_template_nodes": ("workflow_job_template",),
}
# A grant's resource as the API calls its type, and as the module calls the list of such
RESOURCES = {
    "organization": "organizations",
    "team": "target_teams",
    "project": "projects",
    "inventory": "inventories",
    "credential": "credentials",
    "job_template": "job_templates",
    "workflow_job_template": "workflows",
}
ROLES = {"Approve": "approval", "Ad Hoc": "adhoc"}  # where the module's name is not the API's
# Where an object keeps what is only referred to
VALUES = {"credentials": "inputs", "notification_templates": "notification_configuration"}
MAY_BE_EMPTY = {"username", "password"}


def identity(kind: str) -> str:
    """Return the field that names an object of this kind."""
    return "identifier" if kind == "workflow_job_template_nodes" else "name"


def names(objects: Objects, kind: str) -> set[str]:
    """Return the objects' names."""
    return {entry[identity(kind)] for entry in objects}


def controller_missing(data: Data, existing: Data) -> dict[str, list[str]]:
    """Return what the controller does not have yet."""
    found = {kind: sorted(names(data[kind], kind) - names(existing.get(kind, []), kind)) for kind in data}
    return {kind: missing for kind, missing in found.items() if missing}


def references(entry: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the fields of an object that name others, with each name."""
    found = []
    for field in REFERENCES:
        value = entry.get(field) or []
        found += [(field, name) for name in ([value] if isinstance(value, str) else value)]
    return found


def controller_pending(objects: Objects, missing: dict[str, list[str]], kind: str) -> Objects:
    """Return the objects that a check can compare: they exist, and so does all that they name."""
    absent = {name for name, kinds in missing.items() if kinds}

    def settled(entry: dict[str, Any]) -> bool:
        if entry.get(identity(kind)) in missing.get(kind, []):
            return False
        return not any(
            name in missing[other]
            for field, name in references(entry)
            for other in REFERENCES[field]
            if other in absent
        )

    return [entry for entry in objects if settled(entry)]


def controller_without_values(objects: Objects, existing: Objects, kind: str) -> list[str]:
    """Return what is wrong with values that are only referred to: all are needed at first, later all or none."""
    there = names(existing, kind)
    problems = []
    for entry in objects:
        empty = _empty(entry, kind)
        given = set(entry.get(VALUES[kind], {})) - MAY_BE_EMPTY - set(empty)
        if empty and entry["name"] not in there:
            problems.append(f"'{entry['name']}' is new and has no {', '.join(empty)}")
        elif empty and kind == "credentials" and given:
            problems.append(f"'{entry['name']}' has {', '.join(sorted(given))} but no {', '.join(empty)}: all or none")
    return problems


def controller_values_kept(objects: Objects, kind: str) -> Objects:
    """Leave out values that were not given: the controller keeps the ones that it has."""
    field = VALUES[kind]
    return [
        {key: value for key, value in entry.items() if key != field} if _empty(entry, kind) else entry
        for entry in objects
    ]


def _empty(entry: dict[str, Any], kind: str) -> list[str]:
    values = entry.get(VALUES[kind], {})
    return sorted(key for key, value in values.items() if value == "" and key not in MAY_BE_EMPTY)


def controller_removals(existing: Data, data: Data, named: bool) -> Data:  # noqa: FBT001 - a filter's argument
    """Return, kind by kind, the modules' arguments that remove what the data names, or what it does not name."""
    return {
        kind: [
            _removal(entry, kind) for entry in objects if (entry[identity(kind)] in names(data[kind], kind)) is named
        ]
        for kind, objects in existing.items()
    }


def _removal(entry: dict[str, Any], kind: str) -> dict[str, Any]:
    summary = entry.get("summary_fields", {})
    scope = {field: summary[field]["name"] for field in SCOPE.get(kind, ("organization",)) if field in summary}
    return {identity(kind): entry[identity(kind)], **scope, "state": "absent"}


def controller_revocations(grants: dict[str, Objects], roles: Objects) -> Objects:
    """Return the modules' arguments that take from teams what the data does not give them."""
    wanted = {
        (entry["team"], entry["role"], kind, name)
        for entry in roles
        for kind in RESOURCES.values()
        for name in entry.get(kind, [])
        if "team" in entry
    }
    found = [
        (
            team,
            ROLES.get(grant["name"], grant["name"].lower().replace(" ", "_")),
            kind,
            grant["summary_fields"]["resource_name"],
        )
        for team, given in grants.items()
        for grant in given
        for kind in [RESOURCES.get(grant["summary_fields"].get("resource_type", ""))]
        if kind
    ]
    return [
        {"team": team, "role": role, kind: [name], "state": "absent"}
        for team, role, kind, name in found
        if (team, role, kind, name) not in wanted
    ]


class FilterModule:
    """Ansible's door to the filters."""

    def filters(self) -> dict[str, Any]:
        """Return the filters by their names."""
        return {
            "controller_missing": controller_missing,
            "controller_pending": controller_pending,
            "controller_without_values": controller_without_values,
            "controller_values_kept": controller_values_kept,
            "controller_removals": controller_removals,
            "controller_revocations": controller_revocations,
        }
