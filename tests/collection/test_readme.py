"""The commands of the README's section "On AWS", typed in an empty directory by somebody who has no checkout.

The account is a local cloud in this process, without Docker, which a profile of the AWS configuration names. So everything runs
that asks an account only for what is there; the playbooks that would create something are read, not run.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from localcloud.conftest import cloud, config, docker
from setup.paths import CHECKOUT
from tests.collection.built import archive

if TYPE_CHECKING:
    from pathlib import Path

    from localcloud.conftest import Cloud

__all__ = ["cloud", "config", "docker"]  # fixtures

pytestmark = pytest.mark.collection

INSTALLED = ".ansible/collections/ansible_collections/beacon/platform"
# What a user types into the editor, by file: a line's beginning, and the line
VALUES = {
    "production/aws_ec2.yml": {"  tag:Environment:": "  tag:Environment: production"},
    "production/group_vars/all/beacon.yml": {
        "beacon_environment:": "beacon_environment: production",
        "beacon_account_id:": 'beacon_account_id: "123456789012"',
    },
    "production/group_vars/all/infrastructure.yml": {
        "infrastructure_ssh_allowed_cidrs:": "infrastructure_ssh_allowed_cidrs: [93.184.215.14/32]",
        "infrastructure_deployer_trusted_arns:": "infrastructure_deployer_trusted_arns: [TRUSTED]",
    },
    "production/group_vars/all/monitoring.yml": {
        "alertmanager_receivers:": "alertmanager_receivers: [{name: team, webhook_configs: [{url: 'https://alerts.test/hook'}]}]",
        "alertmanager_receiver:": "alertmanager_receiver: team",
    },
}
EDITOR = """#!{python}
import json, os, pathlib, sys
values = json.loads(os.environ["VALUES"])
for name in sys.argv[1:]:
    lines = pathlib.Path(name).read_text().splitlines()
    for beginning, line in values[name].items():
        (place,) = [number for number, old in enumerate(lines) if old.startswith(beginning)]
        lines[place] = line
    pathlib.Path(name).write_text("\\n".join(lines) + "\\n")
"""
# The tests' environment has the packages, but no pip: a list of them is compared with what is installed
PIP = """#!{python}
import sys
from importlib.metadata import version
from packaging.requirements import Requirement
*words, name = sys.argv[1:]
assert words == ["-m", "pip", "install", "-r"], words
for line in filter(None, (line.partition("#")[0].strip() for line in open(name))):
    wanted = Requirement(line)
    assert wanted.specifier.contains(version(wanted.name)), line
    print("Requirement already satisfied:", line)
"""
CREATES = re.compile(r"^ansible-playbook beacon\.platform\.(site|verify) ")


def lines() -> list[str]:
    """Return the README's commands."""
    section = (CHECKOUT / "README.md").read_text().partition("## On AWS\n")[2]
    (block,) = re.findall(r"```sh\n(.*?)```", section.partition("\n## ")[0], re.DOTALL)
    return [line.partition(" #")[0].strip() for line in block.splitlines()]


class User:
    """A home and an empty directory, with Ansible's programs in the path and a profile of an AWS account."""

    def __init__(self, home: Path, cloud: Cloud) -> None:
        """Write what the user has: programs and a profile."""
        self.home = home
        self.folder = home / "work"
        self.folder.mkdir()
        self.programs = home / "bin"
        self.programs.mkdir()
        for name, source in {"editor": EDITOR, "python": PIP}.items():
            (self.programs / name).write_text(source.format(python=sys.executable))
            (self.programs / name).chmod(0o755)
        key, secret = cloud._key
        (home / "aws").write_text(
            f"[profile production]\nendpoint_url = {cloud.endpoint}\n"
            f"aws_access_key_id = {key}\naws_secret_access_key = {secret}\n"
        )

    def type(self, commands: list[str], **variables: str) -> tuple[int, str]:
        """Type commands up to the first that fails; return its exit code, and all that was printed, as one line."""
        clean = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("ANSIBLE_", "AWS_", "BEACON_", "XDG_"))
        }
        done = subprocess.run(
            ["bash", "-ec", "\n".join(commands)],
            check=False,
            cwd=self.folder,
            env={
                **clean,
                "HOME": str(self.home),
                "PATH": os.pathsep.join([str(self.programs), str(CHECKOUT / ".venv/bin"), os.environ["PATH"]]),
                "EDITOR": "editor",
                "AWS_CONFIG_FILE": str(self.home / "aws"),
                "AWS_EC2_METADATA_DISABLED": "true",
                "ANSIBLE_NOCOLOR": "1",
                **variables,
            },
            capture_output=True,
            text=True,
            timeout=600,
        )
        return done.returncode, re.sub(r"\s+", " ", done.stdout + done.stderr)


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return the README's commands, with the built archive instead of the name on Galaxy."""
    file = archive(tmp_path_factory.mktemp("build"))
    first, *others = lines()
    assert first == "ansible-galaxy collection install beacon.platform"
    others = [f"{line} --syntax-check" if CREATES.match(line) else line for line in others]
    return [f"ansible-galaxy collection install --no-deps {file}", *others]


@pytest.fixture
def user(tmp_path: Path, cloud: Cloud) -> User:
    """Give somebody with a home of their own."""
    return User(tmp_path, cloud)


def test_there_are_no_more_lines_than_a_user_wants_to_read() -> None:
    assert len(lines()) <= 12


def test_the_readmes_lines_lead_to_an_account_that_fits(user: User, commands: list[str], cloud: Cloud) -> None:
    arn = cloud.client("sts").get_caller_identity()["Arn"]
    code, said = user.type(commands, VALUES=json.dumps(VALUES).replace("TRUSTED", arn))
    assert code == 0, said
    assert "Requirement already satisfied: boto3>=" in said
    assert "| ok | account | 123456789012 |" in said
    assert "problem |" not in said
    for playbook in ("site", "verify"):
        assert f"playbook: {user.home}/{INSTALLED}/playbooks/{playbook}.yml" in said
    assert sorted(path.name for path in user.folder.iterdir()) == ["production"]


def test_values_that_are_not_set_are_named_all_at_once(user: User, commands: list[str]) -> None:
    code, said = user.type(commands, EDITOR="true")
    assert code == 2, said
    for text in (
        'set beacon_account_id to "123456789012"',
        "infrastructure_deployer_trusted_arns is empty",
        "ssh_allowed_cidrs holds 192.0.2.1/32, a range for examples",
        "grafana_allowed_cidrs holds 192.0.2.1/32, a range for examples",
        "alerts reach nobody",
    ):
        assert text in said, said


def test_a_run_without_an_inventory_names_the_sample_to_copy(user: User, commands: list[str]) -> None:
    code, said = user.type([commands[0], "ansible-playbook beacon.platform.site -i localhost,"])
    assert code != 0
    sample = f"{user.home}/{INSTALLED}/inventories/sample"
    assert (
        f"The inventory is not one of Beacon's: it names no environment, or no groups ops and monitoring. Copy {sample},"
        in said
    )
    assert (user.home / INSTALLED / "inventories/sample").is_dir()
