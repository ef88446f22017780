"""What Terraform writes is read: outputs, and who holds the lock."""

from plugins.filter.terraform import terraform_leftovers, terraform_outputs, terraform_problem

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
