"""The OpenAPI description, written by hand: few endpoints, and each sentence is for a person."""

from typing import Any

from beacon_webapp import VERSION
from beacon_webapp.endpoints.faults import LONGEST_DELAY, STATUSES
from beacon_webapp.errors import PROBLEM_JSON

type Json = dict[str, Any]


def _content(schema: str, media: str = "application/json") -> Json:
    return {media: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


_PAGE: Json = {"text/html": {"schema": {"type": "string"}}}


def _get(summary: str, answers: Json, *, parameters: list[Json] | None = None) -> Json:
    operation: Json = {
        "summary": summary,
        "responses": {**answers, "default": {"$ref": "#/components/responses/Error"}},
    }
    return {"get": operation | ({"parameters": parameters} if parameters else {})}


def _ok(description: str, content: Json) -> Json:
    return {"description": description, "content": content}


def _path_parameter(name: str, schema: Json) -> list[Json]:
    return [{"name": name, "in": "path", "required": True, "schema": schema}]


def _object(**properties: Json) -> Json:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


_TEXT: Json = {"type": "string"}
_SCHEMAS: Json = {
    "Identity": _object(version=_TEXT, commit=_TEXT, pod=_TEXT, zone=_TEXT, pages={"type": "array", "items": _TEXT}),
    "Version": _object(version=_TEXT, commit=_TEXT),
    "Health": _object(ok={"type": "boolean"}, failing={"type": "array", "items": _TEXT}),
    "ColomboTime": _object(
        zone={"const": "Asia/Colombo"},
        time={"type": "string", "pattern": "^[0-2][0-9]:[0-5][0-9]:[0-5][0-9]$"},
        date={"type": "string", "format": "date"},
        utc_offset={"type": "string", "pattern": "^[+-][0-9]{2}:[0-9]{2}$"},
        iso={"type": "string", "format": "date-time"},
        unix={"type": "integer"},
    ),
    "Problem": _object(title=_TEXT, status={"type": "integer"}, detail=_TEXT, request_id=_TEXT),
    "Slept": _object(slept_seconds={"type": "number"}),
}


def _paths() -> Json:
    not_modified = {"304": {"description": "The caller has this already (If-None-Match)."}}
    unready = _ok("The process is draining before its end.", _content("Health"))
    return {
        "/": _get(
            "Index: version, pod and zone",
            {"200": _ok("A page, or JSON by Accept.", _PAGE | _content("Identity"))} | not_modified,
        ),
        "/gandalf": _get("A wizard at the pass", {"200": _ok("A page.", _PAGE)} | not_modified),
        "/colombo": _get(
            "The time in Colombo, to the second",
            {"200": _ok("A page, or JSON by Accept.", _PAGE | _content("ColomboTime"))},
        ),
        "/healthz": _get("Does the process run?", {"200": _ok("It does.", _content("Health"))}),
        "/readyz": _get(
            "Does the process want requests?", {"200": _ok("It does.", _content("Health")), "503": unready}
        ),
        "/version": _get("Version and commit", {"200": _ok("Both.", _content("Version"))} | not_modified),
        "/openapi.json": _get(
            "This description", {"200": _ok("It.", {"application/json": {"schema": {"type": "object"}}})} | not_modified
        ),
    }


def _test_paths() -> Json:
    statuses = {str(code): {"description": "As asked."} for code in STATUSES}
    return {
        "/status/{code}": _get(
            "Answer with a status",
            statuses,
            parameters=_path_parameter("code", {"type": "integer", "enum": list(STATUSES)}),
        ),
        "/delay/{seconds}": _get(
            "Answer later",
            {"200": _ok("After the time.", _content("Slept"))},
            parameters=_path_parameter(
                "seconds", {"type": "number", "minimum": 0, "maximum": LONGEST_DELAY, "multipleOf": 0.001}
            ),
        ),
        "/panic": _get("End the process at once", {}),
    }


def openapi(*, test_endpoints: bool) -> Json:
    """Describe what is served; the test endpoints only where they are switched on."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Beacon web application",
            "version": VERSION,
            "description": "Two pages, probes and their description. Metrics are on a port of their own.",
        },
        "paths": _paths() | (_test_paths() if test_endpoints else {}),
        "components": {
            "schemas": _SCHEMAS,
            "responses": {
                "Error": {
                    "description": "An error page, or problem details by Accept.",
                    "content": _PAGE | _content("Problem", PROBLEM_JSON),
                }
            },
        },
    }
