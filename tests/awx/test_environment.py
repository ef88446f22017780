"""The execution environment: jobs in the image, by ansible-runner, against the local cloud; and nothing in it but tools."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
import tempfile

import pytest

from awx.image import name
from setup import paths
from tests.awx.conftest import credentials
from tests.awx.data import CHECKOUT
from tests.awx.launch import Container, Launcher
from tests.layers import index_secrets, leaks

pytestmark = pytest.mark.awx
IN_CONTAINER = "/tmp/beacon"


@pytest.fixture(scope="session")
def image() -> str:
    answer = subprocess.run(["docker", "image", "inspect", name()], check=False, capture_output=True, timeout=60)
    if answer.returncode != 0:
        pytest.fail(f"There is no image {name()}: `python -m awx.image` builds it")
    return name()


def mounts() -> list[str]:
    """Return what the local cloud's inventory names on this machine: the mirror's files, Terraform's plugins and modules."""
    terraform = paths.cache() / "terraform"
    plugins = re.findall(r'path\s*=\s*"([^"]+)"', (terraform / "cli.tfrc").read_text())
    return [f"{path}:{path}:ro" for path in (str(terraform), *plugins)]


@pytest.fixture(scope="session")
def contained(launcher: Launcher, image: str) -> Launcher:
    # the local cloud's addresses are this machine's own
    container = Container(image, options=("--network=host",), mounts=tuple(mounts()))
    environment = launcher.task_environment | {"BEACON_STATE": IN_CONTAINER, "HOME": "/tmp"}
    folder = launcher.folder / "contained"
    return dataclasses.replace(launcher, container=container, task_environment=environment, folder=folder)


@pytest.mark.parametrize(("verb", "job_type"), [("verify", "run"), ("deploy", "run"), ("site", "check")])
def test_a_job_runs_in_the_image(contained: Launcher, verb: str, job_type: str) -> None:
    job = contained.launch(
        f"Beacon {verb}",
        inventory="Beacon local",
        credentials=credentials(verb),
        answers={"beacon_environment": "local"},
        job_type=job_type,
    )
    assert job.status == "successful", job.output
    assert (job.count("failures"), job.count("dark")) == (0, 0)
    assert job.changed == [], job.output


def inside(image: str, *command: str) -> str:
    docker = ["docker", "run", "--rm", "--network=none", image, *command]
    return subprocess.run(docker, check=True, capture_output=True, text=True, timeout=120).stdout


def test_the_image_has_the_pinned_collections_and_no_others(image: str) -> None:
    listed = inside(image, "ansible-galaxy", "collection", "list", "--format", "json")
    places = {
        path: items for path, items in json.loads(listed).items() if "/_internal/" not in path
    }  # ansible-core's own
    found = {name: item["version"] for items in places.values() for name, item in items.items()}
    pins = re.findall(r"name: ([\w.]+), version: ([\d.]+)", (CHECKOUT / "collections" / "requirements.yml").read_text())
    assert dict(pins).items() <= found.items()
    assert found.keys() - dict(pins).keys() == {"community.library_inventory_filtering_v1"}  # community.docker needs it


def test_the_image_has_its_tools_and_keeps_nothing_of_the_machine_that_built_it(image: str) -> None:
    script = (
        "terraform version; aws --version; ssh -V 2>&1; git --version; ansible-runner --version; "
        "ls /etc/pip.conf /tmp/beacon /root/.pip /root/.config/pip 2>&1; which kubectl || echo no kubectl"
    )
    text = inside(image, "bash", "-c", script)
    for tool in ("Terraform v1.11.4", "aws-cli/1.", "OpenSSH_", "git version", "no kubectl"):
        assert tool in text
    for path in ("/etc/pip.conf", "/tmp/beacon"):
        assert f"cannot access '{path}'" in text


def test_no_layer_of_the_image_holds_how_pip_reached_its_index(image: str) -> None:
    with tempfile.TemporaryFile() as file:
        subprocess.run(["docker", "image", "save", image], check=True, stdout=file, timeout=600)
        file.seek(0)
        assert leaks(file, index_secrets(os.environ)) == []
