"""Terraform files as plain data."""

from __future__ import annotations

import functools
import json
import subprocess
from string import Template
from typing import TYPE_CHECKING, Any

import hcl2
from hcl2.utils import SerializationOptions

from mirror.settings import MODULES, SOURCE
from mirror.stub_modules import contracts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ROOT_MODULE = SOURCE / "terraform"
PERMISSIONS = ROOT_MODULE / "permissions"
STUBS = SOURCE / MODULES
CONTRACTS = contracts(STUBS)

_PLAIN = SerializationOptions(with_comments=False, explicit_blocks=False, strip_string_quotes=True)


@functools.cache
def parse(path: Path) -> dict[str, Any]:
    """Read one file; strings come without quotes, expressions as `${…}`."""
    with path.open() as stream:
        parsed: dict[str, Any] = hcl2.load(stream, serialization_options=_PLAIN)
    return parsed


def blocks(folder: Path, kind: str) -> dict[str, dict[str, Any]]:
    """Return the blocks of a kind by their label (`variable`, `output`, `module`), from a module's files."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("*.tf")):
        for block in parse(path).get(kind, []):
            found.update({name.strip('"'): body for name, body in block.items()})
    for path in folder.glob("*.tf.json"):
        found.update(json.loads(path.read_text())[kind])
    return found


def policy(name: str, **values: str) -> str:
    """Return a policy of terraform/permissions, filled in as Terraform does."""
    (file,) = PERMISSIONS.glob(f"{name}.json*")
    # most callers have no images that anybody signs
    return Template(file.read_text()).substitute({"images_key": values.get("key", "")} | values)


def documents(name: str) -> list[str]:
    """Return the names of a policy's documents: several, in a folder, where one would be too long."""
    return sorted(f"{name}/{file.stem}" for file in (PERMISSIONS / name).glob("*.json")) or [name]


def type_of(variable: Mapping[str, Any]) -> str:
    """Return a variable's type as one comparable line."""
    written = str(variable["type"]).removeprefix("${").removesuffix("}")
    return "".join(written.split())


def terraform(folder: Path, *arguments: str, seconds: int = 240) -> subprocess.CompletedProcess[str]:
    """Run Terraform in a folder; its outcome, whatever it is."""
    command = ["terraform", f"-chdir={folder}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)


def mocks() -> str:
    """Return the mocked provider and the variables of the root module's own tests."""
    return (ROOT_MODULE / "tests" / "plan.tftest.hcl").read_text().partition('\nrun "')[0]
