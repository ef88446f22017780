"""Role release on a host that has the release: one question, no change; what drifted is put right."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.roles.entry import play

if TYPE_CHECKING:
    from pathlib import Path

URL, CHECKSUM = "https://example.invalid/app-1.1.tar.gz", f"sha256:{'0' * 64}"


@pytest.fixture
def inputs(tmp_path: Path) -> dict[str, object]:
    """Unpack version 1.1, which runs, beside two older ones; return the role's inputs."""
    home = tmp_path / "app"
    for version in ("1.1", "1.0", "0.9"):
        (home / version).mkdir(parents=True)
    (home / "1.1" / ".release").write_text(f"{URL} {CHECKSUM}\n")
    (home / "current").symlink_to("1.1")
    return {
        "release_directory": str(home),
        "release_version": "1.1",
        "release_url": URL,
        "release_checksum": CHECKSUM,
        "release_keep": 2,
    }


def tasks(said: str) -> dict[str, str]:
    """Return what became of each task of the role, by its name."""
    found = re.findall(r"TASK \[beacon\.platform\.release : ([^\]]+)\] \*+\n(\w+)", said)
    return dict(found)


def test_what_stands_is_asked_for_once(tmp_path: Path, inputs: dict[str, object]) -> None:
    done = play("release", "main", tmp_path, inputs)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"changed=0\b", done.stdout)
    came = tasks(done.stdout)
    # each of the others starts Python on the host
    started = {name for name, what in came.items() if what not in {"skipping", "included"}}
    assert [name for name in came if name in started and name.startswith(("present", "switch"))] == [
        "present | Look what the host has"
    ]


def test_a_link_that_drifted_and_versions_that_are_too_many_are_put_right(
    tmp_path: Path, inputs: dict[str, object]
) -> None:
    home = tmp_path / "app"
    (home / "current").unlink()
    (home / "current").symlink_to("1.0")
    arguments = {**inputs, "release_keep": 0}
    predicted = play("release", "main", tmp_path, arguments, "--check")
    assert re.search(r"changed=2\b", predicted.stdout), predicted.stdout
    assert (home / "current").readlink().name == "1.0"
    done = play("release", "main", tmp_path, arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (home / "current").readlink().name == "1.1"
    assert sorted(path.name for path in home.iterdir()) == ["1.1", "current"]


def test_a_missing_user_is_made(tmp_path: Path, inputs: dict[str, object]) -> None:
    predicted = play("release", "main", tmp_path, {**inputs, "release_user": "beacon-test-nobody"}, "--check")
    assert tasks(predicted.stdout)["change | Ensure the user that runs it"] == "changed", predicted.stdout
