"""Environments beside the local one: a folder each, as an operator makes it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from setup import paths

if TYPE_CHECKING:
    from pathlib import Path

NAMES = {"aws_ec2.yml": "tag:Environment: {}\n", "group_vars/all/beacon.yml": "beacon_environment: {}\n"}


def copied(name: str, folder: Path, sample: str = "local") -> Path:
    """Copy an inventory, with another environment's name in it; return the copy."""
    target = folder / name
    shutil.copytree(paths.CHECKOUT / "inventories" / sample, target)
    for file, line in NAMES.items():
        text = (target / file).read_text()
        assert line.format(sample) in text, f"inventories/{sample}/{file} names no environment"
        (target / file).write_text(text.replace(line.format(sample), line.format(name)))
    return target
