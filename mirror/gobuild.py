"""Static programs from the Go module proxy that this machine is configured for."""

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from mirror.errors import MirrorError

# One at a time: a build uses every core by itself, and two links at once need twice the memory.
_ONE_BUILD = threading.Lock()
BUILD_SECONDS = 45 * 60


def environment(cache: Path) -> dict[str, str]:
    """Go's settings: caches of our own; proxy and checksum database stay the machine's."""
    ours = {
        "CGO_ENABLED": "0",
        "GOARCH": "amd64",
        "GOOS": "linux",
        "GOWORK": "off",
        "GOFLAGS": "-mod=readonly",
        "GOCACHE": str(cache / "go-build"),
        "GOMODCACHE": str(cache / "go-mod"),
    }
    return dict(os.environ) | ours


def build(
    module: Path,
    packages: Mapping[str, str],
    target: Path,
    *,
    cache: Path,
    ldflags: Sequence[str] = (),
    tags: Sequence[str] = (),
) -> None:
    """Build programs (name -> package) of a module into the folder `target`."""
    require_go()
    target.mkdir(parents=True, exist_ok=True)
    flags = ["-trimpath", "-buildvcs=false", "-ldflags", " ".join(["-s -w", *ldflags]), "-tags", ",".join(tags)]
    with _ONE_BUILD:
        for group in groups(packages):
            # Several programs in one call share their compile steps; `-o folder/` names each after its package.
            single = len(group) == 1
            output = target / next(iter(group)) if single else f"{target}/"
            _go(["build", *flags, "-o", str(output), *group.values()], module=module, cache=cache)


def groups(packages: Mapping[str, str]) -> list[dict[str, str]]:
    """Programs that go by their package's name together, each other one alone (its file gets the name)."""
    natural = {name: package for name, package in packages.items() if Path(package).name == name}
    others = [{name: package} for name, package in packages.items() if name not in natural]
    return ([natural] if natural else []) + others


def module_directory(wrapper: Path, module: str, *, cache: Path) -> Path:
    """Where the sources of a required module are (fetched when they aren't there yet)."""
    answer = json.loads(_go(["mod", "download", "-json", module], module=wrapper, cache=cache))
    return Path(answer["Dir"])


def replace(wrapper: Path, module: str, source: Path, *, cache: Path) -> None:
    """Let a wrapper take a module from a folder instead of the proxy."""
    _go(["mod", "edit", f"-replace={module}={source}"], module=wrapper, cache=cache)


def require_go() -> None:
    """Fail early, with the way out."""
    if not shutil.which("go"):
        raise MirrorError(
            "Go is missing, and upstream's releases can't be reached: install Go 1.21 or newer "
            "(it fetches the version that go.mod asks for), then try again"
        )


def _go(arguments: Sequence[str], *, module: Path, cache: Path) -> str:
    try:
        done = subprocess.run(
            ["nice", "-n", "5", "go", *arguments],
            cwd=module,
            env=environment(cache),
            capture_output=True,
            text=True,
            check=False,
            timeout=BUILD_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise MirrorError(
            f"go {arguments[0]} was not done in {module} after {BUILD_SECONDS / 60:.0f} min: the machine is busy. "
            f"Try again when it is less so: what was compiled is in {cache / 'go-build'}, and the next run goes on from there"
        ) from error
    if done.returncode:
        raise MirrorError(f"go {arguments[0]} failed in {module}:\n{done.stderr.strip()[-3000:]}")
    return done.stdout
