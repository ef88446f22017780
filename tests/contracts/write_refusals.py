"""Write what the stand-ins lack: `refused.tf` (arguments) and `empty.tf` (outputs), from the official modules' contracts.

A person writes variables.tf and outputs.tf of a stand-in; whatever else the contract holds is refused by name, or empty.
Run it after either changed: `python -m tests.contracts.write_refusals`. A test tells when that was forgotten.
"""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

from tests.contracts.terraform_files import MODULES, STAND_INS, Contract, blocks

if TYPE_CHECKING:
    from collections.abc import Mapping

SCALARS = ("bool", "number", "string")
LISTS = re.compile(r"(_subnets|_objects|_arns|_blocks|_ids)$")
MAPS = ("vpc_block_public_access_exclusions", "this_customer_gateway", "cluster_identity_providers", "fargate_profiles",
        "self_managed_node_groups")  # fmt: skip
LISTS_BY_NAME = ("self_managed_node_groups_autoscaling_group_names",)

REFUSED_HEADER = """\
# Written by tests/contracts/write_refusals.py from the contract of {source} {version}: arguments
# that this stand-in does not implement. Each is known, so that a caller needs no other text, and refused when it is used.
"""
EMPTY_HEADER = """\
# Written by tests/contracts/write_refusals.py from the contract of {source} {version}: outputs of
# what this stand-in does not make.
"""


def unused(name: str, variable: Mapping[str, Any]) -> str:
    """Return the expression that holds while an argument has its default."""
    kind, default = variable["type"], variable["default"]
    if default is None or kind in SCALARS:
        return f"var.{name} == {json.dumps(default)}"
    if not default:
        return f"try(length(var.{name}) == 0, false)"
    if "map(string)" in kind:  # Terraform has made strings of the numbers
        default = [{key: str(value) for key, value in each.items()} for each in default]
    return f"jsonencode(var.{name}) == jsonencode({json.dumps(default)})"


def refused(contract: Contract, name: str) -> str:
    """Return the block of an argument that is refused."""
    variable = contract.variables[name]
    return f"""
variable "{name}" {{
  description = "Not implemented by this stand-in."
  type        = {variable["type"]}
  default     = {json.dumps(variable["default"], indent=2)}

  validation {{
    condition     = {unused(name, variable)}
    error_message = "The stand-in for {contract.source} does not implement {name}: leave it out, or run where the official module can be had."
  }}
}}
"""


def empty(name: str) -> str:
    """Return the block of an output of nothing: the official module has lists and maps for some."""
    value = "null"
    if LISTS.search(name) or name in LISTS_BY_NAME:
        value = "[]"
    elif name in MAPS:
        value = "{}"
    return f"""
output "{name}" {{
  description = "Not made by this stand-in."
  value       = {value}
}}
"""


def render(module: str) -> dict[str, str]:
    """Return the written files of a stand-in by name."""
    contract = Contract.read(module)
    folder = STAND_INS / module
    own_variables = blocks(folder, "variable", among=("variables.tf",))
    own_outputs = blocks(folder, "output", among=("outputs.tf",))
    texts = {
        "refused.tf": REFUSED_HEADER.format(source=contract.source, version=contract.version)
        + "".join(refused(contract, name) for name in contract.variables if name not in own_variables),
        "empty.tf": EMPTY_HEADER.format(source=contract.source, version=contract.version)
        + "".join(empty(name) for name in contract.outputs if name not in own_outputs),
    }
    return {name: formatted(text) for name, text in texts.items()}


def formatted(text: str) -> str:
    """Return a file as `terraform fmt` has it."""
    done = subprocess.run(["terraform", "fmt", "-"], input=text, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout


if __name__ == "__main__":
    for each in MODULES:
        for file_name, content in render(each).items():
            (STAND_INS / each / file_name).write_text(content)
