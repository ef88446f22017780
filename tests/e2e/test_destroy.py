"""An environment that is destroyed leaves what is named, and comes back: a new stack for the tests after it."""

from __future__ import annotations

import re

import boto3
import pytest

from setup import ownership
from tests.e2e.stack import ENVIRONMENT, STATE, play
from tests.e2e.test_again import recap

pytestmark = pytest.mark.soak


def test_a_destroyed_environment_leaves_what_is_named_and_comes_back() -> None:
    destroyed = play("destroy", "-e", f"confirm={ENVIRONMENT}", "-e", "infrastructure_leftovers_wait=20")
    assert destroyed.returncode == 0, destroyed.stdout[-4000:] + destroyed.stderr
    told = " ".join(destroyed.stdout.split())
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
        answer = play(name)
        assert answer.returncode == 0, answer.stdout[-4000:] + answer.stderr
    again = play("site")
    assert set(recap(again.stdout).values()) == {(0, 0, 0)}, again.stdout[-4000:]
