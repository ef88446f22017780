"""Make the directory that the archive of the double holds: the tree, its Python packages, the plotting library."""

from __future__ import annotations

import base64
import compileall
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import IO

HERE = Path(__file__).resolve().parent
HOSTS_PYTHON = (3, 13)
PLATFORM = ["--platform", "manylinux2014_x86_64", "--python-version", "3.13", "--implementation", "cp"]
IGNORED = shutil.ignore_patterns("__pycache__", "*.pyc")


class BuildError(Exception):
    """The double could not be made; the message says what to do."""


def _run(command: list[str], *, cwd: Path | None = None) -> str:
    """Run a command to its end; raise with what it said when it fails."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()[-5:]
        raise BuildError(f"{' '.join(command[:4])} … failed with {done.returncode}: {' / '.join(said)}")
    return done.stdout


def install_packages(target: Path) -> None:
    """Install the hash-locked packages for the hosts' Python (Debian 13's 3.13), whatever Python this is.

    Debian 12's 3.11 runs them without their compiled parts, which each of them can do without.
    """
    with tempfile.TemporaryDirectory() as scratch:
        venv.create(
            scratch, with_pip=True, symlinks=True
        )  # pip reads the machine's own index configuration; uv doesn't
        pip = [str(Path(scratch) / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        wanted = ["--require-hashes", "--no-deps", "--only-binary=:all:", "-r", str(HERE / "requirements.txt")]
        _run([*pip, *PLATFORM, "--no-compile", "--target", str(target), *wanted])
    shutil.rmtree(target / "bin", ignore_errors=True)  # the packages' own commands name the build's Python


def check_integrity(archive: Path, integrity: str) -> None:
    """Compare a file with npm's `sha512-<base64>`; a wrong file is removed, so that it isn't taken next time."""
    found = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != integrity:
        archive.unlink()
        raise BuildError(
            f"{archive.name}: integrity is {found}, npm.json says {integrity}; compare it, then build again."
        )


def fetch_npm(package: dict[str, str], *, cache: Path) -> Path:
    """Return the package's archive, from the cache or by `npm pack` (the machine's own registry configuration)."""
    archive = cache / f"{package['name']}-{package['version']}.tgz"
    if not archive.exists():
        if shutil.which("npm") is None:
            raise BuildError("npm is missing, and it fetches the plotting library: install it (apt-get install npm).")
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            spec = f"{package['name']}@{package['version']}"
            _run(["npm", "pack", spec, "--silent", "--ignore-scripts"], cwd=Path(scratch))
            next(Path(scratch).glob("*.tgz")).replace(archive)
    check_integrity(archive, package["integrity"])
    return archive


def _copy(source: IO[bytes], target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        shutil.copyfileobj(source, file)


def install_npm(target: Path, *, cache: Path) -> None:
    """Put the files that npm.json names into the tree."""
    package = json.loads((HERE / "npm.json").read_text())
    with tarfile.open(fetch_npm(package, cache=cache)) as archive:
        for member, place in package["files"].items():
            content = archive.extractfile(member)
            if content is None:
                raise BuildError(f"{package['name']} {package['version']} has no file {member}: correct npm.json.")
            _copy(content, target / place)


def build(target: Path, *, version: str, cache: Path) -> None:
    """Make the content of the archive's inner directory in `target`, which must not exist yet; it says to be `version`."""
    if target.exists():
        raise BuildError(f"{target} exists already: name a new directory.")
    shutil.copytree(HERE / "tree", target, ignore=IGNORED)
    install_packages(target / "lib")
    install_npm(target, cache=cache)
    (target / "VERSION").write_text(f"{version}\n")
    if (
        sys.version_info[:2] == HOSTS_PYTHON
    ):  # the service may not write beside root's files, and starts twice as fast with these
        unchecked = PycInvalidationMode.UNCHECKED_HASH  # an archive may set other times
        compileall.compile_dir(target / "lib", quiet=2, stripdir=target, invalidation_mode=unchecked)
    for program in (target / "bin").iterdir():
        program.chmod(0o755)


def _default_cache() -> Path:
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get("BEACON_CACHE") or base / "beacon") / "work"


if __name__ == "__main__":
    try:
        build(Path(sys.argv[1]), version=sys.argv[2], cache=_default_cache())
    except BuildError as error:
        sys.exit(str(error))
