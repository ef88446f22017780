"""Roles are for anybody: what the platform alone has comes from its playbooks, and is no default of a role."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

CHECKOUT = Path(__file__).parents[2]
OWN = re.compile(r"(?i)\bbeacon\b(?!\.platform)|webapp|169\.254\.")
EXCEPTED = {"application": "it is the web application's own", "infrastructure": "an environment's names are its"}
ROLES = sorted(path.parents[1].name for path in CHECKOUT.glob("roles/*/defaults/main.yml"))


@pytest.mark.parametrize("role", [role for role in ROLES if role not in EXCEPTED])
def test_no_default_is_the_platforms(role: str) -> None:
    defaults = yaml.safe_load((CHECKOUT / "roles" / role / "defaults" / "main.yml").read_text()) or {}
    assert {name: value for name, value in defaults.items() if OWN.search(str(value))} == {}


@pytest.mark.parametrize("role", EXCEPTED)
def test_an_exception_is_needed(role: str) -> None:
    assert OWN.search((CHECKOUT / "roles" / role / "defaults" / "main.yml").read_text())


@pytest.mark.parametrize(
    ("role", "option", "files"),
    [("grafana", "grafana_dashboards", "dashboards/*.json"), ("prometheus", "prometheus_rules", "rules/*.yml")],
)
def test_what_a_role_brings_can_be_chosen(role: str, option: str, files: str) -> None:
    specification = yaml.safe_load((CHECKOUT / "roles" / role / "meta" / "argument_specs.yml").read_text())
    choices = specification["argument_specs"]["main"]["options"][option]["choices"]
    assert sorted(choices) == sorted(path.stem for path in (CHECKOUT / "roles" / role / "files").glob(files))
