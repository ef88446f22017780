import re

import jsonschema  # type: ignore[import-untyped] # no stubs in the lock
import pytest
from beacon_webapp.openapi import openapi
from flask import Flask
from flask.testing import FlaskClient
from openapi_spec_validator import validate

COMPONENTS = openapi(test_endpoints=True)


def paths_of(app: Flask) -> set[str]:
    return {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule) for rule in app.url_map.iter_rules()}


@pytest.mark.parametrize("which", ["client", "fault_client"])
def test_describes_what_is_served_and_nothing_else(request: pytest.FixtureRequest, which: str) -> None:
    client: FlaskClient = request.getfixturevalue(which)
    document = client.get("/openapi.json").get_json()
    validate(document)
    assert set(document["paths"]) == paths_of(client.application)


@pytest.mark.parametrize(
    ("path", "schema"),
    [
        ("/", "Identity"),
        ("/colombo", "ColomboTime"),
        ("/healthz", "Health"),
        ("/readyz", "Health"),
        ("/version", "Version"),
        ("/delay/0", "Slept"),
        ("/nothing", "Problem"),
    ],
)
def test_answers_fit_their_schemas(fault_client: FlaskClient, path: str, schema: str) -> None:
    answer = fault_client.get(path, headers={"Accept": "application/json"}).get_json(force=True)
    jsonschema.validate(answer, COMPONENTS["components"]["schemas"][schema])
