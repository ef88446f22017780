"""An environment that is destroyed leaves what is named, and comes back: a new stack for the tests after it.

Who plays has the policies of `terraform/permissions/provision`, and no other right.
"""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

import boto3
import pytest

from setup import ownership
from tests.contracts import terraform_files
from tests.e2e.stack import ENVIRONMENT, STATE, play
from tests.e2e.test_again import recap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.soak
ROLE = "somebody-who-provisions"


@pytest.fixture
def provisioner() -> Iterator[Callable[..., str]]:
    """Play as somebody who provisions, and return what was printed; at the end the stack is the administrator's again."""
    iam, sts = boto3.client("iam"), boto3.client("sts")
    caller = sts.get_caller_identity()
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": caller["Arn"]}}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    arn = iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    attached = []
    for name in terraform_files.documents("provision"):
        policy = terraform_files.policy(
            name,
            account_id=caller["Account"],
            environment=ENVIRONMENT,
            partition="aws",
            region=os.environ["AWS_REGION"],
            state_bucket=f"beacon-{ENVIRONMENT}-state-{caller['Account']}",
        )
        made = iam.create_policy(PolicyName=f"{ROLE}-{name.rpartition('/')[2]}", PolicyDocument=policy)
        attached.append(made["Policy"]["Arn"])
        iam.attach_role_policy(RoleName=ROLE, PolicyArn=attached[-1])
    keys = sts.assume_role(RoleArn=arn, RoleSessionName="soak")["Credentials"]
    environment = os.environ | {
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
        "AWS_SESSION_TOKEN": keys["SessionToken"],
    }
    trusted = json.dumps({"infrastructure_deployer_trusted_arns": [caller["Arn"], arn]})

    def play_as(name: str, *arguments: str) -> str:
        answer = play(name, *arguments, "-e", trusted, env=environment)
        assert answer.returncode == 0, answer.stdout[-4000:] + answer.stderr
        return answer.stdout

    try:
        yield play_as
    finally:
        restored = play("provision")
        for policy_arn in attached:
            iam.detach_role_policy(RoleName=ROLE, PolicyArn=policy_arn)
            iam.delete_policy(PolicyArn=policy_arn)
        iam.delete_role(RoleName=ROLE)
    assert restored.returncode == 0, restored.stdout[-4000:] + restored.stderr


def test_a_destroyed_environment_leaves_what_is_named_and_comes_back(provisioner: Callable[..., str]) -> None:
    told = provisioner("destroy", "-e", f"confirm={ENVIRONMENT}", "-e", "infrastructure_leftovers_wait=20")
    told = " ".join(told.split())
    bucket = rf"arn:aws:s3:::beacon-{ENVIRONMENT}-state-\d+"
    assert re.search(rf"{bucket} stays with all versions of the state, for less than 0\.01 USD a month", told)
    assert re.search(r"arn:aws:kms:\S+ is deleted on \d{4}-\d\d-\d\d, and costs nothing until then", told)
    assert "is left, and AWS bills it" not in told
    assert boto3.client("eks").list_clusters()["clusters"] == []
    running = [{"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]}]
    assert boto3.client("ec2").describe_instances(Filters=running)["Reservations"] == []
    below = boto3.client("ssm").get_parameters_by_path(Path=f"/beacon/{ENVIRONMENT}/", Recursive=True)
    assert below["Parameters"] == []
    # whose stack runs is set-up's to know, not the environment's
    assert {path.name for path in (STATE / ENVIRONMENT).iterdir()} <= {ownership.NAME}
    for name in ("site", "verify"):
        provisioner(name)
    assert set(recap(provisioner("site")).values()) == {(0, 0, 0)}
