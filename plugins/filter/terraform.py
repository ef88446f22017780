"""Reads what Terraform writes: outputs, what was initialised, and who holds the lock on the state; says what it left."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

LOCKED = "Error acquiring the state lock"


def terraform_outputs(outputs: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the outputs' values by their names; takes the shape of `terraform output -json` and of a state."""
    return {name: output["value"] for name, output in outputs.items()}


def terraform_initialised(arguments: Iterable[str], directory: str) -> str:
    """Return a digest of what `terraform init` with these arguments depends on and makes in a working directory.

    It is another one when an argument, a file of the module, the lock file, the backend or a module is, and when a provider or a
    module has left the folder that it was fetched to.
    """
    root, modules = Path(directory), Path(directory, ".terraform/modules/modules.json")
    read = [*sorted(root.glob("*.tf")), root / ".terraform.lock.hcl", root / ".terraform/terraform.tfstate", modules]
    fetched = json.loads(modules.read_bytes())["Modules"] if modules.is_file() else []
    providers = root.glob(".terraform/providers/*/*/*/*/*/*")  # HOST/NAMESPACE/TYPE/VERSION/SYSTEM/PROGRAM
    parts = [
        *arguments,
        *(f"{path.name} {path.read_bytes()!r}" for path in read if path.is_file()),
        *(module["Dir"] for module in fetched if (root / module["Dir"]).is_dir()),
        *sorted(str(path.relative_to(root)) for path in providers),
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def terraform_problem(error: str) -> str:
    """Say who holds the lock, since when, and how to release it; any other error stays as Terraform said it."""
    if LOCKED not in error:
        return error
    found = dict(re.findall(r"^\W*(ID|Operation|Who|Created):\s+(\S.*?)\s*$", error, re.MULTILINE))
    lock = found.get("ID", "LOCK_ID")
    return (
        f"Another run holds the lock on Terraform's state: {found.get('Who', 'nobody known')}, since "
        f"{found.get('Created', 'an unknown time')} ({found.get('Operation', 'unknown operation')}, lock {lock}). "
        "Nothing was changed. Wait for that run to end and try again; if it is gone for good, run the same again with "
        f"-e infrastructure_unlock={lock}, which releases the lock first (docs/runbooks.md: Terraform was cut short)."
    )


def terraform_leftovers(resources: Iterable[Mapping[str, Any]], bucket_arn: str) -> list[str]:
    """Say of each resource that a destroyed environment leaves what it costs, and how it goes."""
    lines = []
    for resource in resources:
        if resource["arn"] == bucket_arn:
            how = "stays with all versions of the state, for less than 0.01 USD a month; -e infrastructure_state_bucket_delete=true removes it"
        elif resource["ends"]:
            how = f"is deleted on {resource['ends']}, and costs nothing until then"
        else:
            how = (
                "is left, and AWS bills it"
                if resource["billed"]
                else "is left, and costs nothing; AWS may name what is gone for a while"
            )
        lines.append(f"{resource['arn']} {how}")
    return lines or ["Nothing is left of what bears the environment's tags."]


class FilterModule:
    """The filters by their names."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return them."""
        return {
            "terraform_initialised": terraform_initialised,
            "terraform_leftovers": terraform_leftovers,
            "terraform_outputs": terraform_outputs,
            "terraform_problem": terraform_problem,
        }
