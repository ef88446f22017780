"""What must be there before anything is changed: all that is missing is said at once, each with the way to get it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from . import engine, incurable, machine, ownership, paths, ports
from .missing import Check, Missing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PYTHON_MINIMUM = (3, 12)
DISK_GIB = 24
# program -> Debian package
PROGRAMS = {"git": "git", "ssh": "openssh-client", "ssh-keygen": "openssh-client"}
LOCAL_PROGRAMS = {"mmdebstrap": "mmdebstrap", "zstd": "zstd", "curl": "curl"}
# program -> the command that prints its version, the oldest that will do, where to get it
VERSIONS = {"terraform": ("terraform version", (1, 11), "https://developer.hashicorp.com/terraform/install")}
LOCAL_VERSIONS = {"go": ("go version", (1, 26), "https://go.dev/doc/install (it builds what can't be downloaded)")}


def find_python() -> Path | None:
    """Return a Python that is new enough: this one, one of PATH, or one of pyenv's versions; None without any."""
    names = [f"python3.{minor}" for minor in (13, 12, 14)]  # requirements.txt was resolved with 3.13
    found = [shutil.which(name) for name in names]
    versions = Path.home() / ".pyenv" / "versions"
    candidates = [Path(sys.executable)] if sys.version_info[:2] >= PYTHON_MINIMUM else []
    candidates += [Path(path) for path in found if path and "shims" not in path]
    candidates += [path for name in names for path in sorted(versions.glob(f"{name[6:]}.*/bin/{name}"))]
    for candidate in candidates:
        if _version([str(candidate), "--version"]) >= PYTHON_MINIMUM:
            return candidate
    return None


def _version(command: list[str]) -> tuple[int, ...]:
    """Return the first version number in a command's answer; () where it can't be run."""
    # asked for their version, Go would begin a directory for its telemetry, and Terraform would ask for a newer one
    quiet = {**os.environ, "XDG_CONFIG_HOME": os.devnull, "CHECKPOINT_DISABLE": "1"}
    try:
        answer = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30, env=quiet)
    except OSError:
        return ()
    match = re.search(r"(\d+)\.(\d+)", answer.stdout + answer.stderr)
    return tuple(map(int, match.groups())) if match and answer.returncode == 0 else ()


def _can_make_environments(python: Path) -> bool:
    """Tell whether this Python has what `python -m venv` needs; Debian ships that as a package of its own."""
    command = [str(python), "-c", "import ensurepip, venv"]
    return subprocess.run(command, check=False, capture_output=True, timeout=30).returncode == 0


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def python() -> Path:
    """Return a Python that is new enough. Raises RuntimeError where there is none."""
    found = find_python()
    if found is None:
        raise RuntimeError(str(check_python()))
    return found


def check_python() -> Iterator[Missing]:
    """Look for a Python that is new enough, and can make environments or be taught to."""
    found = find_python()
    if not found:
        yield Missing(
            f"Python {_dotted(PYTHON_MINIMUM)} or newer is needed, this one is {_dotted(tuple(sys.version_info[:2]))}",
            "Install python3.13 by your distribution, or `pyenv install 3.13`",
        )
    elif not _can_make_environments(found) and not machine.installs():
        yield Missing(
            f"{found} can't make virtual environments (it has no module ensurepip)",
            "Install the package python3-venv, or a Python that has it: `pyenv install 3.13`",
        )


def check_programs(programs: Mapping[str, str]) -> Iterator[Missing]:
    """Look for programs, unless `install` may bring them."""
    for program, package in _absent(programs).items():
        if not machine.installs():
            yield Missing(f"{program} is not on PATH", f"Install the package {package}")


def _absent(programs: Mapping[str, str]) -> dict[str, str]:
    return {program: package for program, package in programs.items() if not shutil.which(program)}


def install(programs: Mapping[str, str]) -> None:
    """Install what is not there: on Debian, as root. Raises CommandError, and RuntimeError where Python stays unable."""
    if not machine.installs():
        return
    packages = set(_absent(programs).values())
    found = find_python()
    if found and not _can_make_environments(found):
        packages.add("python3-venv")
    if packages:
        machine.install(*sorted(packages))
    if found and not _can_make_environments(found):
        raise RuntimeError(
            f"{found} can't make virtual environments, and the package python3-venv does not help: take another"
        )


def check_versions(programs: Mapping[str, tuple[str, tuple[int, ...], str]]) -> Iterator[Missing]:
    """Look for programs that must be new enough and that no distribution of today ships so new."""
    for name, (command, minimum, address) in programs.items():
        version = _version(command.split())
        if version < minimum:
            have = f"this one is {_dotted(version)}" if version else "none is on PATH"
            yield Missing(f"{name} {_dotted(minimum)} or newer is needed, {have}", f"See {address}")


def check_disk() -> Iterator[Missing]:
    """Look for enough room in the cache folder; what is built already needs no more."""
    folder = paths.cache()
    free = machine.free_gib(folder)
    needed = DISK_GIB if not (folder / "images").exists() else DISK_GIB / 3
    if free < needed:
        yield Missing(
            f"{needed:.0f} GiB of disk are needed at {folder}, {free:.1f} GiB are free",
            "Free some, or set BEACON_CACHE to a folder on a larger disk",
        )


# a row is a check: `make doctor` shows each, and a verb is refused while one of its own misses something
PLAYBOOKS = (
    Check("Python", check_python),
    Check("programs", lambda: check_programs(PROGRAMS)),
    Check("Terraform", lambda: check_versions(VERSIONS)),
)
GATES = (*PLAYBOOKS, Check("Go", lambda: check_versions(LOCAL_VERSIONS)))
ENGINE = (
    *GATES,
    Check("disk", check_disk),
    Check("Docker engine", engine.check),
    Check("builders", lambda: check_programs(LOCAL_PROGRAMS)),
    *incurable.CHECKS,
)
STACK = (*ENGINE, ports.CHECK, ownership.CHECK)
