"""What tests of the marker `awx` need: the environment that has awx.awx, and the stack that `make up` brought up."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from setup import paths
from setup.phases import exported
from tests.awx.data import CHECKOUT, by_name, load
from tests.awx.launch import Credential, Launcher
from tests.ports import free_port

if TYPE_CHECKING:
    from pathlib import Path

ROLE = "arn:aws:iam::123456789012:role/beacon-local-{}"


def credentials(verb: str) -> list[str]:
    """Return what a template has in the local environment, in the place of production's."""
    template = by_name(load()["job_templates"])[f"Beacon {verb}"]
    own = [name.replace("Beacon production", "Local") for name in template["credentials"]]
    return [*own, "Local endpoint"]


@pytest.fixture(scope="session")
def cloud() -> dict[str, str]:
    """What `python -m localcloud env` exports; without a stack the tests can't be, and say so."""
    command = [sys.executable, "-m", "localcloud", "env"]
    answer = subprocess.run(command, cwd=CHECKOUT, check=False, capture_output=True, text=True, timeout=60)
    key = state() / "id_ed25519"
    if answer.returncode != 0 or not key.exists():
        pytest.fail(f"These tests launch jobs against the running stack: `make up` first. {answer.stderr} {key}")
    return exported(answer.stdout)


def state() -> Path:
    return paths.state() / "local"


@pytest.fixture(scope="session")
def launcher(cloud: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Launcher:
    folder = tmp_path_factory.mktemp("awx")
    keys = {"access_key": cloud["AWS_ACCESS_KEY_ID"], "secret_key": cloud["AWS_SECRET_ACCESS_KEY"]}
    return Launcher(
        folder=folder,
        # nothing is kept from one job to the next, as in AWX's containers; the mirror's files are this machine's
        task_environment={"BEACON_CACHE": str(paths.cache()), "BEACON_STATE": str(folder / "state")},
        # a job of AWX has a container's ports for itself; here somebody may have a tunnel open
        variables={"cluster_access_port": str(free_port())},
        credentials={
            "Local verifier": Credential("Beacon AWS role", keys | {"role_arn": ROLE.format("verifier")}),
            "Local deployer": Credential("Beacon AWS role", keys | {"role_arn": ROLE.format("deployer")}),
            # the local cloud has no role of its administrators
            "Local administrator": Credential("Beacon AWS keys", keys),
            "Local endpoint": Credential("Beacon AWS endpoint", {"endpoint_url": cloud["AWS_ENDPOINT_URL"]}),
            "Local state": Credential("Beacon state bucket", {"bucket": "beacon-local-state-123456789012"}),
        },
    )
