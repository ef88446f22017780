"""Each pinned version is found by a rule of renovate.json, so that none grows old unseen."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

import pytest
import yaml

from tests.docs.commands import CHECKOUT, tracked

RENOVATE = json.loads((CHECKOUT / "renovate.json").read_text())
RULES = RENOVATE["customManagers"]


def read(name: str) -> str:
    return (CHECKOUT / name).read_text()


def patterns(rule: dict[str, Any]) -> list[re.Pattern[str]]:
    """Return the rule's patterns of file names, which stand between slashes."""
    return [re.compile(pattern.strip("/")) for pattern in rule["managerFilePatterns"]]


def found(name: str) -> set[str]:
    """Return the versions that the rules for a file find in it."""
    versions = set()
    for rule in RULES:
        if any(pattern.search(name) for pattern in patterns(rule)):
            for text in rule["matchStrings"]:
                expression = re.compile(text.replace("(?<", "(?P<"))
                versions |= {match["currentValue"] for match in expression.finditer(read(name))}
    return versions


def artefacts() -> set[str]:
    return {row["version"] for row in tomllib.loads(read("mirror/artefacts.toml")).values()}


def images(name: str) -> set[str]:
    return {image["tag"] for image in yaml.safe_load(read(name))["beacon_images"]}


@pytest.mark.parametrize(
    ("name", "pinned"),
    [
        ("mirror/artefacts.toml", artefacts()),
        ("inventories/sample/group_vars/all/images.yml", images("inventories/sample/group_vars/all/images.yml")),
        (
            "collections/requirements.yml",
            {str(each["version"]) for each in yaml.safe_load(read("collections/requirements.yml"))["collections"]},
        ),
        (
            "webapp/Dockerfile",
            set(re.findall(r"^ARG \w+_IMAGE=[^:]+:([^@]+)@", read("webapp/Dockerfile"), re.MULTILINE)),
        ),
        ("mirror/terraform.py", set(re.findall(r'VERSION = "([\d.]+)"', read("mirror/terraform.py")))),
        (
            "awx/execution-environment/install.sh",
            set(re.findall(r"^TERRAFORM=(.+)$", read("awx/execution-environment/install.sh"), re.MULTILINE)),
        ),
        ("awx/execution-environment.yml", {"13-slim"}),
        ("setup/environment.py", set(re.findall(r'"uv==([\d.]+)"', read("setup/environment.py")))),
        (".github/workflows/release.yml", set(re.findall(r"==([\d.]+)", read(".github/workflows/release.yml")))),
    ],
)
def test_the_rules_find_each_pin_of_a_file(name: str, pinned: set[str]) -> None:
    assert pinned
    assert found(name) == pinned


def test_each_default_version_of_a_role_is_found() -> None:
    for path in tracked("roles/*/defaults/main.yml"):
        name = str(path.relative_to(CHECKOUT))
        pinned = re.findall(r"^(\w+)_version: \"?(\d+\.\d+\.\d+)\"?$", path.read_text(), re.MULTILINE)
        assert {version for _, version in pinned} == found(name), name


def test_requirements_go_modules_and_workflows_are_those_of_their_managers() -> None:
    managers = set(RENOVATE["enabledManagers"])
    assert {"dockerfile", "github-actions", "gomod", "pip_requirements", "terraform"} <= managers
    (pattern,) = patterns(RENOVATE["pip_requirements"])
    names = [str(path.relative_to(CHECKOUT)) for path in tracked("*requirements*.in")]
    assert names
    assert [name for name in names if not pattern.search(name)] == []
