"""The Python environments, by uv, from hash-locked files: `.venv`, and one apart for checkov."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shlex
import subprocess
from typing import TYPE_CHECKING

from . import paths, processes, progress

if TYPE_CHECKING:
    from pathlib import Path

READY, OLD, MOVED, ABSENT = "ready", "not what requirements.txt says", "of another place", "not made yet"
STAMP = "requirements.sha256"  # in the environment: the hash of the file that it was made from
UV = "uv==0.13.9"


def _uv(python: Path) -> Path:
    """Return uv, installed once into the cache by the machine's own pip configuration."""
    home = paths.cache() / "uv" / UV.rpartition("=")[2]
    program = home / "bin" / "uv"
    if not program.exists():
        with progress.step("uv", f"installing {UV}"):
            processes.run(str(python), "-m", "venv", "--clear", str(home), limit=300)
            processes.run(str(home / "bin" / "pip"), "install", "--quiet", UV, limit=600)
    return program


def _pip_setting(python: Path, name: str) -> str:
    """Return a setting of pip's configuration, which uv doesn't read: the index's address is the machine's business."""
    command = [str(python), "-m", "pip", "config", "get", name]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60).stdout.strip()


def state_of(folder: Path, name: str = "requirements") -> str:
    """Return whether an environment is what NAME.txt says: READY, OLD, MOVED with its checkout, or ABSENT."""
    if not (folder / "bin" / "python").exists():
        return ABSENT
    if not _made_here(folder):
        return MOVED
    stamp = folder / STAMP
    return READY if stamp.exists() and stamp.read_text() == _hash(paths.CHECKOUT / f"{name}.txt") else OLD


def _hash(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def ensure(python: Path, name: str = "requirements", folder: Path = paths.VENV) -> None:
    """Make the environment in the folder what NAME.txt says; nothing is done when it is so already.

    Raises CommandError when a package can't be had or its hash differs.
    """
    lock = paths.CHECKOUT / f"{name}.txt"
    state = state_of(folder, name)
    if state == READY:
        return
    environment = dict(os.environ)
    for variable, setting in {"UV_DEFAULT_INDEX": "global.index-url", "SSL_CERT_FILE": "global.cert"}.items():
        value = _pip_setting(python, setting)
        if value and variable not in environment:
            environment[variable] = value
    uv = str(_uv(python))
    target = str(folder / "bin" / "python")
    if state in {ABSENT, MOVED}:
        make = [uv, "venv", "--quiet", "--clear", "--no-python-downloads", "--python", str(python), str(folder)]
        processes.run(*make, environment=environment, limit=300)
    sync = [uv, "pip", "sync", "--quiet", "--require-hashes", "--python", target, str(lock)]
    with progress.step(f"{name}.txt", f"installing {name}.txt into {folder.name}"):
        processes.run(*sync, environment=environment, limit=1800)
        _compile(target)
    (folder / STAMP).write_text(_hash(lock))


def _made_here(folder: Path) -> bool:
    """Tell whether an environment's programs find it: those of a checkout that was moved look where it was."""
    activate = folder / "bin" / "activate"
    text = activate.read_text() if activate.exists() else ""
    places = [shlex.split(place) for place in re.findall(r"^VIRTUAL_ENV=(.+)$", text, re.MULTILINE)]
    return [str(folder.resolve())] in places


def _compile(python: str) -> None:
    """Compile the packages now: where Python may not write bytecode, each start of each program would do it again.

    Ansible loads its collections from their sources, so theirs would never be read.
    """
    packages = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    folder = subprocess.run(packages, check=True, capture_output=True, text=True, timeout=60).stdout.strip()
    options = ["-q", "-j", "0", "-x", "ansible_collections|/tests?/"]
    # may fail: packages hold templates and examples for other Pythons, which don't compile
    with contextlib.suppress(processes.CommandError):
        processes.run(python, "-m", "compileall", *options, folder, quiet=True, limit=900)


def lock(python: Path, name: str) -> None:
    """Write NAME.txt from NAME.in: all versions and hashes, no index's address."""
    compile_ = [str(_uv(python)), "pip", "compile", "--quiet", "--upgrade", "--generate-hashes", "--no-header"]
    options = ["--no-emit-index-url", "--no-emit-find-links", "--python-version", "3.13"]
    files = [f"{name}.in", "-o", f"{name}.txt"]
    subprocess.run([*compile_, *options, *files], check=True, cwd=paths.CHECKOUT, timeout=600)
