"""What an execution environment with the built collection installs: ranges, of what the collection itself needs."""

from __future__ import annotations

import ast
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from packaging.requirements import Requirement

from setup.paths import CHECKOUT
from tests.collection.built import install, run

if TYPE_CHECKING:
    from pathlib import Path

LIST = CHECKOUT / "meta/ee-requirements.txt"
PROGRAMS = {"awscli"}  # run by the cluster's kubeconfig, imported by nothing
HAD = {"ansible", "ansible_collections", "plugins"}  # ansible-core, other collections, and this one from a checkout


def requirements() -> list[Requirement]:
    lines = (line.partition("#")[0].strip() for line in LIST.read_text().splitlines())
    return [Requirement(line) for line in lines if line]


def imports() -> dict[str, str]:
    """Return what the plugins import of other packages, each with a file that does."""
    found: dict[str, str] = {}
    for path in sorted(CHECKOUT.glob("plugins/**/*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level and node.module:
                names = [node.module]
            found |= {name.partition(".")[0]: str(path.relative_to(CHECKOUT)) for name in names}
    return {name: path for name, path in found.items() if name not in sys.stdlib_module_names | HAD}


def test_each_package_that_a_plugin_imports_is_named_and_no_other() -> None:
    imported = imports()
    named = {requirement.name for requirement in requirements()}
    missing = {name: path for name, path in imported.items() if name not in named}
    assert missing == {}, f"meta/ee-requirements.txt lacks {missing}"
    assert named - imported.keys() == PROGRAMS


def test_requirements_are_ranges_that_the_locked_environment_meets() -> None:
    """A pinned version would hold back every other collection of the image."""
    locked = dict(re.findall(r"^([\w.-]+)==(\S+)", (CHECKOUT / "requirements.txt").read_text(), re.MULTILINE))
    for requirement in requirements():
        assert {specifier.operator for specifier in requirement.specifier} == {">="}, requirement
        assert requirement.specifier.contains(locked[requirement.name]), requirement


@pytest.mark.collection
def test_a_builder_installs_these_and_nothing_locked(tmp_path: Path) -> None:
    folder = install(tmp_path)
    done = run(folder, "ansible-builder", "introspect", "--write-pip", "pip.txt", str(folder / "installed"))
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = yaml.safe_load(done.stdout)
    assert len(told["python"]) == len(requirements()), told["python"]
    assert [line for line in told["python"] if "==" in line or "--hash" in line] == []
    assert [line.split()[0] for line in told["system"]] == ["git", "openssh-client", "openssh-clients"]
    assert list((folder / "installed/ansible_collections/beacon/platform").glob("requirements*")) == []
