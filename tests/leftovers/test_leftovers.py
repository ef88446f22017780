"""After `make down`: no container, network, volume, process or file of ours, but for the cache."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from setup import paths

pytestmark = pytest.mark.leftovers
STATE = paths.local_state()
SSH_SECONDS = 90  # a kept connection ends by itself once its host is gone
LABELS = ("beacon.localcloud", "beacon.molecule")


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("kind", ["container", "network", "volume"])
def test_no_docker_object_is_left(kind: str, label: str) -> None:
    everything = ["--all"] if kind == "container" else []
    command = ["docker", kind, "ls", "--quiet", *everything, "--filter", f"label={label}"]
    answer = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    if answer.returncode:  # the engine was ours and is gone with all that it ran
        assert "Cannot connect to the Docker daemon" in answer.stderr
    assert answer.stdout == ""


def ours() -> list[str]:
    """Return the command lines of processes that belong to the stack."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # ended meanwhile
            continue
        if (
            any(name in command for name in ("-m localcloud", "-m mirror", *(f"{path}/" for path in STATE)))
            and "pytest" not in command
        ):
            found.append(command)
    return found


def test_no_process_is_left() -> None:
    deadline = time.monotonic() + SSH_SECONDS
    while ours() and time.monotonic() < deadline:
        time.sleep(1)
    assert ours() == []


def test_no_file_is_left() -> None:
    assert [path for path in STATE if path.exists()] == []
    if (paths.CHECKOUT / ".git").exists():  # an unpacked tarball has nothing to compare with
        changed = ["git", "status", "--porcelain", "--ignored=no"]
        answer = subprocess.run(changed, cwd=paths.CHECKOUT, check=True, capture_output=True, text=True, timeout=60)
        assert [line for line in answer.stdout.splitlines() if line.startswith("??")] == []
    hosts = Path("/etc/hosts").read_text()
    assert ".dkr.ecr." not in hosts
    assert not list(Path("/etc/docker").glob("certs.d/*.dkr.ecr.*"))
