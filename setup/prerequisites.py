"""What must be there before anything is changed: all that is missing is said at once, each with the way to get it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from . import engine, machine, paths

PYTHON_MINIMUM = (3, 12)
TERRAFORM_MINIMUM = (1, 11)
GO_MINIMUM = (1, 26)
DISK_GIB = 24
# program -> Debian package
PROGRAMS = {
    "git": "git",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "mmdebstrap": "mmdebstrap",
    "zstd": "zstd",
    "curl": "curl",
}
# port -> what listens there, and the file of the state where it keeps its process id
PORTS = {5600: ("the local cloud", "localcloud/server.pid"), 5680: ("the mirror", "mirror/pid")}


@dataclass(frozen=True)
class Missing:
    """A prerequisite that isn't met: what, and the way to get it."""

    what: str
    how: str

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.what}. {self.how}"


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
    try:
        answer = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)
    except OSError:
        return ()
    match = re.search(r"(\d+)\.(\d+)", answer.stdout + answer.stderr)
    return tuple(map(int, match.groups())) if match and answer.returncode == 0 else ()


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def python() -> Path:
    """Return a Python that is new enough. Raises RuntimeError where there is none."""
    found = find_python()
    if found is None:
        raise RuntimeError(str(check_python()))
    return found


def check_python() -> Missing | None:
    """Look for a Python that is new enough."""
    if find_python():
        return None
    return Missing(
        f"Python {_dotted(PYTHON_MINIMUM)} or newer is needed, this one is {_dotted(tuple(sys.version_info[:2]))}",
        "Install python3.13 by your distribution, or `pyenv install 3.13`",
    )


def check_programs(programs: dict[str, str] = PROGRAMS) -> list[Missing]:
    """Look for programs; on Debian as root they are installed."""
    missing = {program: package for program, package in programs.items() if not shutil.which(program)}
    if missing and machine.is_debian() and machine.is_root():
        machine.install(*sorted(set(missing.values())))
        return []
    return [Missing(f"{program} is not on PATH", f"Install the package {missing[program]}") for program in missing]


def check_versions() -> list[Missing]:
    """Look for programs that must be new enough and that no distribution of today ships so new."""
    wanted = {
        "terraform": (["terraform", "version"], TERRAFORM_MINIMUM, "https://developer.hashicorp.com/terraform/install"),
        "go": (["go", "version"], GO_MINIMUM, "https://go.dev/doc/install (it builds what can't be downloaded)"),
    }
    missing = []
    for name, (command, minimum, address) in wanted.items():
        version = _version(command)
        if version < minimum:
            have = f"this one is {_dotted(version)}" if version else "none is on PATH"
            missing.append(Missing(f"{name} {_dotted(minimum)} or newer is needed, {have}", f"See {address}"))
    return missing


def check_disk() -> Missing | None:
    """Look for enough room in the cache folder; what is built already needs no more."""
    folder = paths.cache()
    free = machine.free_gib(folder)
    needed = DISK_GIB if not (folder / "images").exists() else DISK_GIB / 3
    if free >= needed:
        return None
    return Missing(
        f"{needed:.0f} GiB of disk are needed at {folder}, {free:.1f} GiB are free",
        "Free some, or set BEACON_CACHE to a folder on a larger disk",
    )


def check_ports() -> list[Missing]:
    """Look whether the ports are free, or held by what an earlier `make up` started."""
    return [
        Missing(
            f"port {port} on 127.0.0.1, where {owner} listens, is taken by {machine.port_holder(port)}",
            "End that process, or run `make down` if it is a left-over of an earlier `make up`",
        )
        for port, (owner, pid_file) in PORTS.items()
        if machine.is_listening(port) and not _is_ours(port, pid_file)
    ]


def _is_ours(port: int, pid_file: str) -> bool:
    file = paths.state() / pid_file
    return file.exists() and f"(process {file.read_text().strip()})" in machine.port_holder(port)


def missing() -> list[Missing]:
    """Return all that is missing, the Docker engine included."""
    found = [check_python(), check_disk(), engine.check()]
    return [item for item in [*found, *check_programs(), *check_versions(), *check_ports()] if item]
