"""Schemathesis against the OpenAPI description: what is asked as described is answered as described, and so is the rest."""

from typing import Any

import pytest
import schemathesis
from beacon_webapp.app import create_app
from beacon_webapp.endpoints import faults
from beacon_webapp.openapi import openapi
from beacon_webapp.settings import Settings
from hypothesis import settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import positive_data_acceptance

EXAMPLES = 25
PLAIN, ALL = (set(openapi(test_endpoints=switch)["paths"]) for switch in (False, True))


def described(*, test_endpoints: bool) -> BaseSchema:
    """The application by its own description; its faults neither sleep nor end the tests."""
    app = create_app(Settings())
    if test_endpoints:
        app.config.update(SLEEP=lambda _: None, EXIT=lambda _: None)
        app.register_blueprint(faults.bp)
    schema = schemathesis.openapi.from_dict(openapi(test_endpoints=test_endpoints))
    schema.app = app
    return schema.exclude(path=sorted(PLAIN)) if test_endpoints else schema


PAGES, FAULTS = described(test_endpoints=False), described(test_endpoints=True)


@PAGES.parametrize()
@settings(max_examples=EXAMPLES, deadline=None)
def test_pages_and_probes_keep_to_the_description(case: schemathesis.Case[Any]) -> None:
    # its transport inflates nothing
    case.call_and_validate(headers={"Accept-Encoding": "identity"})


@FAULTS.parametrize()
@settings(max_examples=EXAMPLES, deadline=None)
def test_faults_keep_to_the_description(case: schemathesis.Case[Any]) -> None:
    # They fail as they are asked to: that is what they are for.
    case.call_and_validate(excluded_checks=[not_a_server_error, positive_data_acceptance])


@pytest.mark.parametrize(("schema", "paths"), [(PAGES, PLAIN), (FAULTS, ALL - PLAIN)])
def test_each_operation_is_tried(schema: BaseSchema, paths: set[str]) -> None:
    """One that the tool can't read would be left out without a word."""
    assert {result.ok().path for result in schema.get_all_operations() if isinstance(result, Ok)} == paths
