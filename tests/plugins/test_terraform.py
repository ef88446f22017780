"""What Terraform writes is read: outputs, and who holds the lock."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from plugins.filter.terraform import terraform_initialised, terraform_leftovers, terraform_outputs, terraform_problem

LOCKED = """Terraform plan could not be created
STDERR:
Error: Error acquiring the state lock

Error message: operation error S3: PutObject, https response error StatusCode:
412, api error PreconditionFailed: At least one of the pre-conditions you
specified did not hold
Lock Info:
  ID:        5d4f6bc4-8f1a-9d0c-7d7b-0a0f6a1f0a11
  Path:      beacon-local-state-123456789012/terraform.tfstate
  Operation: OperationTypeApply
  Who:       ada@desk
  Version:   1.11.4
  Created:   2026-11-23 00:10:11.123456789 +0000 UTC
  Info:
"""


def test_outputs_are_their_values() -> None:
    assert terraform_outputs({"a": {"value": [1], "type": ["list"]}, "b": {"value": "x"}}) == {"a": [1], "b": "x"}


def remove(path: Path) -> None:
    """Remove a folder with one file, as a cache that is emptied."""
    for file in path.iterdir():
        file.unlink()
    path.rmdir()


def working_directory(tmp_path: Path) -> Path:
    """Make what `terraform init` leaves: a provider and a module that are links into a cache."""
    root, cache = tmp_path / "root", tmp_path / "cache"
    for name in ("provider", "module"):
        (cache / name).mkdir(parents=True)
        (cache / name / "file").touch()
    version = root / ".terraform/providers/registry.example/hashicorp/aws/5.1.0"
    version.mkdir(parents=True)
    (version / "linux_amd64").symlink_to(cache / "provider")
    (root / ".terraform/modules").mkdir()
    (root / ".terraform/modules/modules.json").write_text(
        json.dumps({"Modules": [{"Key": "", "Dir": "."}, {"Key": "vpc", "Dir": str(cache / "module")}]})
    )
    for name in ("main.tf", ".terraform.lock.hcl", ".terraform/terraform.tfstate"):
        (root / name).write_text("one")
    return root


def test_what_was_initialised_stays_so() -> None:
    assert terraform_initialised(["-input=false"], "gone") == terraform_initialised(["-input=false"], "gone")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda root: (root / "main.tf").write_text("two"), id="a file"),
        pytest.param(lambda root: (root / "more.tf").touch(), id="a new file"),
        pytest.param(lambda root: (root / ".terraform.lock.hcl").write_text("two"), id="the lock file"),
        pytest.param(lambda root: (root / ".terraform/terraform.tfstate").write_text("two"), id="the backend"),
        pytest.param(lambda root: (root / ".terraform/modules/modules.json").unlink(), id="which modules"),
        pytest.param(lambda root: remove(root.parent / "cache/provider"), id="a provider is gone"),
        pytest.param(lambda root: remove(root.parent / "cache/module"), id="a module is gone"),
    ],
)
def test_what_init_would_do_differently_changes_the_digest(change: Callable[[Path], object], tmp_path: Path) -> None:
    root = working_directory(tmp_path)
    before = terraform_initialised(["-input=false"], str(root))
    (root / "environment.auto.tfvars.json").write_text("{}")  # no business of init
    assert terraform_initialised(["-input=false"], str(root)) == before
    assert terraform_initialised(["-input=false", "-backend-config=bucket=other"], str(root)) != before
    change(root)
    assert terraform_initialised(["-input=false"], str(root)) != before


def test_a_held_lock_names_who_since_when_and_the_way_to_release_it() -> None:
    assert terraform_problem(LOCKED) == (
        "Another run holds the lock on Terraform's state: ada@desk, since 2026-11-23 00:10:11.123456789 +0000 UTC "
        "(OperationTypeApply, lock 5d4f6bc4-8f1a-9d0c-7d7b-0a0f6a1f0a11). Nothing was changed. Wait for that run to end "
        "and try again; if it is gone for good, run the same again with -e infrastructure_unlock=5d4f6bc4-8f1a-9d0c-7d7b-0a0f6a1f0a11, "
        "which releases the lock first (docs/runbooks.md: Terraform was cut short)."
    )


def test_any_other_error_stays_as_it_is() -> None:
    assert terraform_problem("Error: no") == "Error: no"


def test_what_is_left_is_said_with_its_cost_and_its_end() -> None:
    left = [
        {"arn": "arn:aws:s3:::state", "billed": True, "ends": ""},
        {"arn": "arn:aws:kms:r:1:key/k", "billed": False, "ends": "2026-12-29"},
        {"arn": "arn:aws:ec2:r:1:volume/v", "billed": True, "ends": ""},
        {"arn": "arn:aws:ec2:r:1:vpc/n", "billed": False, "ends": ""},
    ]
    assert terraform_leftovers(left, bucket_arn="arn:aws:s3:::state") == [
        (
            "arn:aws:s3:::state stays with all versions of the state, for less than 0.01 USD a month; "
            "-e infrastructure_state_bucket_delete=true removes it"
        ),
        "arn:aws:kms:r:1:key/k is deleted on 2026-12-29, and costs nothing until then",
        "arn:aws:ec2:r:1:volume/v is left, and AWS bills it",
        "arn:aws:ec2:r:1:vpc/n is left, and costs nothing; AWS may name what is gone for a while",
    ]
    assert terraform_leftovers([], bucket_arn="x") == ["Nothing is left of what bears the environment's tags."]
