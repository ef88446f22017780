"""Terraform files as plain data, and the contracts of the official modules that they are held against."""

from __future__ import annotations

import functools
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hcl2
from hcl2.utils import SerializationOptions

if TYPE_CHECKING:
    from collections.abc import Mapping

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
ROOT_MODULE = ROOT / "terraform"
STAND_INS = ROOT / "doubles" / "terraform-modules"
MODULES = ("vpc", "eks")

_PLAIN = SerializationOptions(with_comments=False, explicit_blocks=False, strip_string_quotes=True)


@dataclass(frozen=True)
class Contract:
    """Interface of an official module, as recorded from its release."""

    source: str
    version: str
    variables: Mapping[str, Mapping[str, Any]]
    outputs: tuple[str, ...]

    @classmethod
    def read(cls, module: str) -> Contract:
        """Read the one recorded contract of a module."""
        (path,) = HERE.glob(f"terraform-aws-{module}-*.json")
        data = json.loads(path.read_text())
        return cls(data["module"], data["version"], data["variables"], tuple(data["outputs"]))


@functools.cache
def parse(path: Path) -> dict[str, Any]:
    """Read one file; strings come without quotes, expressions as `${…}`."""
    with path.open() as stream:
        parsed: dict[str, Any] = hcl2.load(stream, serialization_options=_PLAIN)
    return parsed


def blocks(folder: Path, kind: str, *, among: tuple[str, ...] = ("*.tf",)) -> dict[str, dict[str, Any]]:
    """Return the blocks of a kind by their label (`variable`, `output`, `module`), from a module's files."""
    found: dict[str, dict[str, Any]] = {}
    for pattern in among:
        for path in sorted(folder.glob(pattern)):
            for block in parse(path).get(kind, []):
                found.update({name.strip('"'): body for name, body in block.items()})
    return found


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
