"""A checkout works as a tarball, a shallow clone, at any path, and after it was moved."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from setup import environment, files, paths, processes

if TYPE_CHECKING:
    from pathlib import Path

ODD = "Übung mit Leerzeichen"


def tarball(target: Path) -> None:
    """Lay the files as an unpacked tarball has them: without a repository."""
    for name in [*files.listed(untracked=True), f"{files.OTHERS}_collections/beacon/platform"]:
        source = paths.CHECKOUT / name
        if source.is_symlink() or source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name, follow_symlinks=False)


def shallow(target: Path) -> None:
    """Clone the last commit alone."""
    if not (paths.CHECKOUT / ".git").exists():
        pytest.skip("this checkout is no repository that could be cloned")
    origin = paths.CHECKOUT.as_uri()
    subprocess.run(
        ["git", "clone", "--quiet", "--depth", "1", origin, str(target)], check=True, capture_output=True, timeout=120
    )


@pytest.mark.parametrize("lay", [tarball, shallow])
def test_gates_find_the_files_and_a_source_its_name(tmp_path: Path, lay: object) -> None:
    assert callable(lay)
    checkout = tmp_path / ODD
    lay(checkout)
    (checkout / ".venv").symlink_to(paths.VENV)
    command = [sys.executable, "-E", "-m", "setup.gate", "shellcheck", "changelog"]
    done = subprocess.run(command, cwd=checkout, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert ".ci/run" in done.stdout  # among the scripts that were looked at
    lookup = "{{ lookup('beacon.platform.source_revision', 'webapp') }}"
    ask = [".venv/bin/ansible", "localhost", "-m", "ansible.builtin.debug", "-a", f"msg={lookup}"]
    isolated = {**os.environ, "ANSIBLE_CONFIG": str(checkout / "ansible.cfg")}
    said = subprocess.run(ask, cwd=checkout, check=False, capture_output=True, text=True, timeout=60, env=isolated)
    assert said.returncode == 0, said.stdout + said.stderr


def test_the_files_of_a_tarball_are_those_of_its_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = [name for name in files.listed(untracked=True) if (paths.CHECKOUT / name).exists()]
    tarball(tmp_path)
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "ignored").touch()
    monkeypatch.setattr(paths, "CHECKOUT", tmp_path)
    assert sorted(files.listed()) == sorted(expected)
    assert "Makefile" in files.listed("Make*")


def test_an_environment_that_was_moved_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its programs name the Python of the place where they were made."""
    ran: list[tuple[str, ...]] = []
    monkeypatch.setattr(paths, "CHECKOUT", tmp_path)
    monkeypatch.setattr(environment, "_uv", lambda _: "uv")
    monkeypatch.setattr(environment, "_pip_setting", lambda *_: "")
    monkeypatch.setattr(environment, "_compile", lambda _: None)
    monkeypatch.setattr(processes, "run", lambda *command, **_: ran.append(command))
    (tmp_path / "requirements.txt").touch()
    folder = tmp_path / "new place" / ".venv"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").touch()
    (folder / "bin" / "activate").write_text(f"VIRTUAL_ENV='{tmp_path}/old place/.venv'\nexport VIRTUAL_ENV\n")
    environment.ensure(tmp_path / "python3", folder=folder)
    assert [command[1:3] for command in ran] == [("venv", "--quiet"), ("pip", "sync")]
    assert "--clear" in ran[0]
    ran.clear()
    (folder / "bin" / "activate").write_text(f"VIRTUAL_ENV='{folder}'\nexport VIRTUAL_ENV\n")
    environment.ensure(tmp_path / "python3", folder=folder)
    assert ran == []
