"""The Docker engine, through its command line: build, load, save, look."""

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from mirror.errors import MirrorError

LABEL = "beacon.mirror"
ORIGIN = "beacon.origin"
REASON = "beacon.reason"  # why it is not its publisher's own
CONTENT = "beacon.content"  # its publisher's name for the very content: repository@digest
PULL_SECONDS = 300
PULL_TRIES = 3
PULL_PAUSE = 10.0
# What a registry that answers says, and may not say another time
PASSING = re.compile(
    r"toomanyrequests|too many requests|status:? (429|50[0234])|connection reset|unexpected EOF", re.IGNORECASE
)


def labels(tag: str) -> dict[str, str] | None:
    """Labels of an image; None where the engine has none by that tag."""
    done = _docker(["image", "inspect", "--format", "{{json .Config.Labels}}", tag], check=False)
    if done.returncode:
        if "No such image" in done.stderr:
            return None
        raise MirrorError(f"docker image inspect {tag}: {done.stderr.strip()}; is a Docker engine running?")
    return json.loads(done.stdout) or {}


def build(context: Path, tag: str, *, base: str, given: Mapping[str, str]) -> None:
    """Build with the classic builder: it is in every engine from 20.10 on."""
    arguments = ["build", "--quiet", "--force-rm", "--tag", tag, "--build-arg", f"BASE={base}"]
    for name, value in given.items():
        arguments += ["--label", f"{name}={value}"]
    _docker([*arguments, str(context)])


def pull(reference: str, *, say: Callable[[str], None]) -> str:
    """Pull from upstream, by its digest where the reference has one; what failed as text, empty when it worked."""
    failure = ""
    for number in range(1, PULL_TRIES + 1):
        try:
            done = _docker(["pull", "--quiet", reference], check=False, timeout=PULL_SECONDS)
        except subprocess.TimeoutExpired:
            return f"no answer after {PULL_SECONDS} s"
        if not done.returncode:
            return ""
        failure = (done.stderr.strip() or "unknown").splitlines()[-1]
        if not PASSING.search(failure) or number == PULL_TRIES:
            break
        say(f"{reference}: {failure}; try {number + 1} of {PULL_TRIES} in {PULL_PAUSE:.0f} s")
        time.sleep(PULL_PAUSE)
    return failure


def content(reference: str) -> str:
    """Return the digest of what was pulled, with its repository."""
    done = _docker(["image", "inspect", "--format", "{{json .RepoDigests}}", reference])
    return next(iter(json.loads(done.stdout) or []), "")


def prune() -> None:
    """Remove images of ours that lost their tag to a newer build and that no container uses."""
    done = _docker(["image", "prune", "--force", "--filter", f"label={LABEL}"], check=False)
    # Another one that runs now does the same.
    if done.returncode and "already running" not in done.stderr:
        raise MirrorError(f"docker image prune: {done.stderr.strip()}")


def export(tags: Sequence[str], target: Path) -> None:
    """Save images as one docker-archive, compressed where the name ends in .zst."""
    if target.suffix == ".zst":
        _pipe([["docker", "save", *tags], ["zstd", "-q", "-1", "-T2", "-o", str(target)]])
    else:
        _docker(["save", "--output", str(target), *tags])


def load(archive: Path) -> None:
    """Load what `export` saved."""
    if archive.suffix == ".zst":
        _pipe([["zstd", "-q", "-d", "-c", str(archive)], ["docker", "load", "--quiet"]])
    else:
        _docker(["load", "--quiet", "--input", str(archive)])


def suffix() -> str:
    """Compressed where zstd is there: a fifth of the size at no cost worth naming."""
    return ".tar.zst" if shutil.which("zstd") else ".tar"


def _docker(arguments: Sequence[str], *, check: bool = True, timeout: float = 1800) -> subprocess.CompletedProcess[str]:
    if not shutil.which("docker"):
        raise MirrorError("docker is missing: install Docker Engine 20.10 or newer")
    environment = os.environ | {"DOCKER_BUILDKIT": "0"}
    command = ["docker", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=timeout)
    if check and done.returncode:
        output = f"{done.stdout}\n{done.stderr}".strip()
        raise MirrorError(f"docker {' '.join(arguments[:1])} failed ({arguments[-1]}):\n{output[-3000:]}")
    return done


def _pipe(commands: Sequence[Sequence[str]]) -> None:
    first, second = commands
    with subprocess.Popen(first, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as source:
        done = subprocess.run(second, stdin=source.stdout, capture_output=True, text=True, check=False, timeout=1800)
        error = source.stderr.read().decode() if source.stderr else ""
    if source.returncode or done.returncode:
        raise MirrorError(f"{' '.join(first[:2])} | {second[0]} failed: {error.strip()} {done.stderr.strip()}")
