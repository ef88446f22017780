"""Stub modules of Terraform, made complete: what a stub does not implement of its official module's interface is refused.

A stub's own files are written by hand; `contract.json` beside them has the official module's variables (type, default) and
outputs (the value of what does not exist). All other variables are known, so that a caller needs no other text, and refused
by name when they are used; all other outputs are empty.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mirror.files import update

REGISTRY = "registry.terraform.io"
REST = "rest.tf.json"
SCALARS = ("bool", "number", "string")


@dataclass(frozen=True, kw_only=True)
class Contract:
    """Interface of an official module, as recorded from its release."""

    source: str
    version: str
    variables: Mapping[str, Mapping[str, Any]]  # name -> type and default
    outputs: Mapping[str, Any]  # name -> its value where there is nothing

    @classmethod
    def read(cls, folder: Path) -> "Contract":
        """Read a stub's contract."""
        data = json.loads((folder / "contract.json").read_text())
        return cls(source=data["module"], version=data["version"], variables=data["variables"], outputs=data["outputs"])


def contracts(source: Path) -> dict[str, Contract]:
    """Return the contracts of all stubs, by the name that the root module calls them."""
    return {path.parent.name: Contract.read(path.parent) for path in sorted(source.glob("*/contract.json"))}


def install(source: Path, target: Path) -> str:
    """Write each stub, complete, to a folder below `target`; Terraform's list of installed modules that names them."""
    modules = [{"Key": "", "Source": "", "Dir": "."}]
    for name, contract in contracts(source).items():
        texts = {path.name: path.read_text() for path in (source / name).glob("*.tf")}
        texts[REST] = json.dumps(rest(contract, "\n".join(texts.values())), indent=1) + "\n"
        _write(target / name, texts)
        address = f"{REGISTRY}/{contract.source}"
        modules.append({"Key": name, "Source": address, "Version": contract.version, "Dir": str(target / name)})
    return json.dumps({"Modules": modules}, indent=2) + "\n"


def rest(contract: Contract, written: str) -> dict[str, Any]:
    """Return what the stub's files lack of the interface, in Terraform's JSON syntax."""
    variables = set(re.findall(r'^variable "(\w+)"', written, flags=re.MULTILINE))
    outputs = set(re.findall(r'^output "(\w+)"', written, flags=re.MULTILINE))
    return {
        "variable": {
            name: {**variable, "description": "Not implemented by this stub.", "validation": _refusal(contract, name)}
            for name, variable in contract.variables.items()
            if name not in variables
        },
        "output": {
            name: {"description": "Not made by this stub.", "value": "${null}" if value is None else value}
            for name, value in contract.outputs.items()
            if name not in outputs
        },
    }


def _refusal(contract: Contract, name: str) -> dict[str, str]:
    message = f"The stub module for {contract.source} does not implement {name}: leave it out, or run where the official module can be had."
    return {"condition": f"${{{_unused(name, contract.variables[name])}}}", "error_message": message}


def _unused(name: str, variable: Mapping[str, Any]) -> str:
    """Return the expression that holds while an argument has its default."""
    kind, default = variable["type"], variable["default"]
    if default is None or kind in SCALARS:
        return f"var.{name} == {json.dumps(default)}"
    if not default:
        return f"try(length(var.{name}) == 0, false)"
    if "map(string)" in kind:  # Terraform has made strings of the numbers
        default = [{key: str(value) for key, value in each.items()} for each in default]
    return f"jsonencode(var.{name}) == jsonencode({json.dumps(default)})"


def _write(folder: Path, texts: Mapping[str, str]) -> None:
    """Have these files in the folder and no others; one that is as it must be is left alone."""
    for name, text in texts.items():
        update(folder / name, text)
    for path in set(folder.iterdir()) - {folder / name for name in texts}:
        path.unlink()
