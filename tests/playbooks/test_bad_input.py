"""Bad input ends a verb before anything is changed, with one message that leads on. No cloud is asked but a dead end."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from setup import paths
from tests.environments import copied

CHECKOUT = Path(__file__).parents[2]
NOWHERE = "http://127.0.0.1:9"  # the discard port: nothing listens
AWS = ("AWS_", "BEACON_", "LOCALCLOUD_")


def play(verb: str, state: Path, *arguments: str, inventory: Path | str = "inventories/local", **variables: str) -> str:
    """Play a verb that has to fail; return what it printed as one line."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(AWS)}
    environment = {
        **clean,
        "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"),
        "AWS_ENDPOINT_URL": NOWHERE,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_MAX_ATTEMPTS": "1",
        "BEACON_STATE": str(state),
        "ANSIBLE_NOCOLOR": "1",
        **variables,
    }
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    command = [program, f"playbooks/{verb}.yml", "-i", f"{inventory}/hosts.yml", *arguments]
    answer = subprocess.run(
        command, cwd=CHECKOUT, env=environment, check=False, capture_output=True, text=True, timeout=300
    )
    assert answer.returncode != 0
    assert not list(state.iterdir()), "something was changed before the input was refused"
    return re.sub(r"\s+", " ", answer.stdout + answer.stderr)


@pytest.mark.parametrize(
    ("variables", "arguments", "message"),
    [
        (
            {"AWS_REGION": "eu-moon-1"},
            [],
            "The region is 'eu-moon-1', which AWS does not know.",
        ),
        (
            {},
            ["-e", '{"infrastructure_public_subnets": ["10.42.0.0/24", "10.42.0.128/25"]}'],
            (
                "'10.42.0.0/24' of public_subnets overlaps '10.42.0.128/25' of public_subnets; each subnet needs a range of its "
                "own. Correct public_subnets in the inventory."
            ),
        ),
        (
            {},
            ["-e", "beacon_vpc_cidr=10.42.0.0/33"],
            "vpc_cidr holds '10.42.0.0/33'",
        ),
        (
            {},
            [],
            (
                "There are no AWS credentials (AWS_ENDPOINT_URL is http://127.0.0.1:9). Export AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY, or AWS_PROFILE."
            ),
        ),
        (
            {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "x"},
            [],
            (
                "The AWS API does not answer (AWS_ENDPOINT_URL is http://127.0.0.1:9). Correct "
                "AWS_ENDPOINT_URL or the network; `python -m localcloud up` in a checkout of Beacon starts a local cloud."
            ),
        ),
        (
            {"AWS_ENDPOINT_URL": "", "AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "x"},
            [],
            (
                "The inventory is for a local cloud (beacon_endpoint_required), but AWS_ENDPOINT_URL is not set, so AWS itself "
                'would be asked. In a checkout of Beacon, start the local cloud and take its variables: eval "$(python -m localcloud env)".'
            ),
        ),
        (
            {"AWS_REGION": "eu-west-1"},
            ["-e", "beacon_region=us-east-1"],
            "The region of AWS_REGION, AWS_DEFAULT_REGION or the profile is eu-west-1, where the inventory looks for hosts, but beacon_region is us-east-1.",
        ),
    ],
    ids=[
        "region",
        "overlap",
        "malformed",
        "no-credentials",
        "no-answer",
        "no-endpoint",
        "two-regions",
    ],
)
def test_provision_refuses(tmp_path: Path, variables: dict[str, str], arguments: list[str], message: str) -> None:
    assert message in play("provision", tmp_path, *arguments, **variables)


# `make down` removes the directories of the local cloud's programs beside the environments'
@pytest.mark.parametrize("name", ["Prod_1", *paths.LOCAL_PROGRAMS])
def test_a_name_that_no_environment_can_have_is_refused(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    text = play("provision", tmp_path, inventory=copied(name, tmp_path_factory.mktemp("inventories")))
    assert (
        f"The environment's name is '{name}'; allowed are 2 to 15 lowercase letters, digits and single dashes, a letter first and "
        "no dash last, but not localcloud, mirror, engine or molecule. Set another one: beacon_environment in the inventory, and "
        "the same name in its aws_ec2.yml."
    ) in text


def test_an_inventory_of_two_names_is_refused(tmp_path: Path) -> None:
    text = play("provision", tmp_path, "-e", "beacon_environment=other")
    assert (
        "inventories/local/aws_ec2.yml looks for hosts of environment 'local', but beacon_environment is 'other'. "
        "Set both to the environment's name. Nothing was changed."
    ) in text


def test_destroy_wants_the_environments_name(tmp_path: Path) -> None:
    text = play("destroy", tmp_path, "-e", "confirm=other")
    assert "This destroys environment 'local' in eu-west-1" in text
    assert "confirm is 'other'; to go on, say its name: -e confirm=local" in text


def test_restore_wants_the_environments_name(tmp_path: Path) -> None:
    text = play("restore", tmp_path, "-e", "confirm=other", "-e", "snapshot=20260102T030405Z")
    assert "This puts the snapshot '20260102T030405Z' in the place of all metrics of environment 'local'" in text
    assert "confirm is 'other'; to go on, say its name: -e confirm=local" in text
