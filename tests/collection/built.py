"""The collection, built from what git knows and installed into an empty folder."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from setup.files import listed
from setup.paths import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAME = "beacon.platform"


def run(
    folder: Path, program: str, *arguments: str, environment: Mapping[str, str] | None = None, limit: float = 300
) -> subprocess.CompletedProcess[str]:
    """Run a program of Ansible's as a person does who has nothing but the installed collection."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "AWS_", "BEACON_"))}
    everything = {
        **kept,
        "PATH": f"{CHECKOUT / '.venv/bin'}{os.pathsep}{os.environ['PATH']}",  # Galaxy's importer calls ansible-doc
        "ANSIBLE_COLLECTIONS_PATH": str(folder / "installed"),
        "ANSIBLE_NOCOLOR": "1",
        "AWS_REGION": "eu-west-1",
        "BEACON_STATE": str(folder / "state"),
        **(environment or {}),
    }
    command = [str(CHECKOUT / ".venv/bin" / program), *arguments]
    return subprocess.run(
        command, check=False, cwd=folder, env=everything, capture_output=True, text=True, timeout=limit
    )


def archive(made: Path) -> Path:
    """Build the collection in this folder; return the archive."""
    source = made / "source"
    for name in listed(untracked=True):
        path = CHECKOUT / name
        if path.is_file() and not path.is_symlink():
            target = source / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
            target.chmod(path.stat().st_mode)
    built = run(made, "ansible-galaxy", "collection", "build", str(source), "--output-path", str(made))
    assert built.returncode == 0, built.stderr
    (file,) = made.glob("beacon-platform-*.tar.gz")
    return file


def install(made: Path) -> Path:
    """Build the collection and install it into a folder `installed` of this one, which is returned."""
    options = ["--no-deps", "--collections-path", str(made / "installed")]
    installed = run(made, "ansible-galaxy", "collection", "install", *options, str(archive(made)))
    assert installed.returncode == 0, installed.stderr
    return made
