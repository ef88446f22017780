"""An account that has nothing yet: a check shows the plan, wrong keys are refused, and nothing is changed by either."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import boto3
import pytest

from setup import paths
from setup.phases import exported
from tests.e2e.stack import play, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.again
# beside the stack that is up: a local cloud of its own, of which only the API is used
SETTINGS = {
    "LOCALCLOUD_NAME": "empty",
    "LOCALCLOUD_PORT": "5740",
    "LOCALCLOUD_PUBLIC_RANGE": "198.18.40.0/24",
    "BEACON_NETWORK": "10.57",
}


@dataclass(frozen=True)
class Account:
    """The account, by the variables of a process that talks to it."""

    state: Path
    environment: dict[str, str] = field(repr=False)

    def content(self) -> list[str]:
        """Say what is in it."""
        session = boto3.Session(
            self.environment["AWS_ACCESS_KEY_ID"],
            self.environment["AWS_SECRET_ACCESS_KEY"],
            region_name=self.environment["AWS_REGION"],
        )

        def client(name: str) -> object:
            return session.client(name, endpoint_url=self.environment["AWS_ENDPOINT_URL"])

        asked: dict[str, tuple[str, str]] = {
            "s3": ("list_buckets", "Buckets"),
            "ec2": ("describe_vpcs", "Vpcs"),
            "ecr": ("describe_repositories", "repositories"),
            "eks": ("list_clusters", "clusters"),
            "ssm": ("describe_parameters", "Parameters"),
            "iam": ("list_roles", "Roles"),
            "kms": ("list_keys", "Keys"),
        }
        return [f"{name}: {getattr(client(name), verb)()[key]}" for name, (verb, key) in asked.items()]

    def files(self) -> list[str]:
        """Return what a run keeps on this machine."""
        return sorted(str(path) for name in ("local", "production") for path in self.state.glob(f"{name}/**/*"))


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    state = tmp_path_factory.mktemp("state")
    environment = {**os.environ, **SETTINGS, "BEACON_STATE": str(state)}
    up = run("python", "-m", "localcloud", "up", limit=120, env=environment)
    assert up.returncode == 0, up.stderr
    try:
        exports = run("python", "-m", "localcloud", "env", env=environment).stdout
        yield Account(state, environment | exported(exports))
    finally:
        down = run("python", "-m", "localcloud", "down", limit=120, env=environment)
    assert down.returncode == 0, down.stderr


def test_a_first_check_shows_the_plan_and_changes_nothing(account: Account) -> None:
    content, files = account.content(), account.files()
    answer = play("site", "--check", env=account.environment)
    assert answer.returncode == 0, answer.stdout[-4000:] + answer.stderr
    planned = re.search(r"Plan: (\d+) to add, 0 to change, 0 to destroy", answer.stdout)
    assert planned, answer.stdout[-4000:]
    assert int(planned[1]) > 80
    for name in ("module.eks", "module.vpc", "aws_lb.", "aws_ecr_repository.", "aws_instance."):
        assert name in answer.stdout
    assert "is not provisioned yet, so what follows can't be predicted" in answer.stdout.replace("''", "'")
    assert account.content() == content
    assert account.files() == files


def test_a_check_by_the_sample_tells_what_its_examples_lack_and_shows_the_plan(account: Account) -> None:
    content, files = account.content(), account.files()
    answer = play(
        "site",
        "--check",
        *of_the_mirror(),
        inventory="sample",
        env=account.environment,
    )
    assert answer.returncode == 0, answer.stdout[-4000:] + answer.stderr
    told = " ".join(answer.stdout.split())
    assert "A run would end here: 5 problems, and nothing was changed." in told
    for value in (
        "(1) account: ",
        "beacon_account_id",
        "192.0.2.1/32",
        "infrastructure_deployer_trusted_arns",
        "alertmanager_",
    ):
        assert value in told
    assert re.search(r"Plan: 1\d\d to add, 0 to change, 0 to destroy", told), told[-4000:]
    assert "beacon-sample/webapp" in told
    assert account.content() == content
    assert account.files() == files


def of_the_mirror() -> tuple[str, ...]:
    """Hand over what the local inventory has of the mirror."""
    folder = paths.cache() / "terraform"
    if not (folder / "modules.json").exists():
        return ()
    files = {"terraform_cli_config": "cli.tfrc", "module_seed": "modules.json", "lock_file": "lock.hcl"}
    return tuple(part for name, file in files.items() for part in ("-e", f"infrastructure_{name}={folder / file}"))


@pytest.mark.parametrize(
    ("variables", "texts"),
    [
        ({"AWS_SECRET_ACCESS_KEY": "wrong"}, ("SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY")),
        ({"AWS_ACCESS_KEY_ID": "AKIAWRONG"}, ("InvalidClientTokenId", "AWS_ACCESS_KEY_ID")),
    ],
    ids=["wrong secret", "unknown key"],
)
def test_wrong_keys_are_refused_before_anything_is_changed(
    account: Account, variables: dict[str, str], texts: tuple[str, ...]
) -> None:
    content, files = account.content(), account.files()
    answer = play("provision", env=account.environment | variables)
    assert answer.returncode != 0
    for text in texts:
        assert text in answer.stdout
    assert account.content() == content
    assert account.files() == files


def test_a_verb_before_provisioning_says_what_comes_first(account: Account) -> None:
    answer = play("deploy", env=account.environment)
    assert answer.returncode != 0
    assert "Environment 'local' in eu-west-1 is not provisioned: run beacon.platform.provision" in " ".join(
        answer.stdout.split()
    )
