"""The built collection, far from the checkout, plays the same on the running stack."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.collection.built import NAME, install, run
from tests.e2e.stack import STATE, play

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.stack import Stack

pytestmark = pytest.mark.again


def test_site_plays_from_the_installed_collection(stack: Stack, tmp_path: Path) -> None:
    folder = install(tmp_path)
    inventory = folder / "installed/ansible_collections/beacon/platform/inventories/local"
    ours = {name: value for name, value in os.environ.items() if name.startswith(("AWS_", "BEACON_"))}
    done = run(
        folder,
        "ansible-playbook",
        f"{NAME}.site",
        "-i",
        str(inventory),
        environment={**ours, "BEACON_STATE": str(STATE)},
        limit=900,
    )
    # its image has another name than one that a checkout builds: what comes after finds the one it knows
    back = play("deploy")
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    # the same environment: Terraform finds nothing to do
    assert "terraform | Ensure the infrastructure" in done.stdout
    assert back.returncode == 0, back.stdout[-4000:] + back.stderr[-2000:]
    for path in ("/gandalf", "/colombo"):
        assert stack.page(path).status_code == 200
