"""python -m awx.image: builds the image that jobs run in, from execution-environment.yml, by ansible-builder and Docker.

Where the base image or Terraform's releases can't be had, the mirror's image and this machine's Terraform take their
places; it says so. Settings: EE_BASE_IMAGE (another base), EE_IMAGE (another name).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import yaml

from plugins.lookup.pip_files import pip_files

FOLDER = Path(__file__).resolve().parent
UPSTREAMS = {"registry": "https://registry-1.docker.io/v2/", "terraform": "https://releases.hashicorp.com/terraform/"}
MIRRORED_BASE = "mirror.beacon/python3-builder:1"  # Debian 13, too
LABEL = "beacon.awx=execution-environment"
BUILD_SECONDS = 1800


def name() -> str:
    """Return the image's name: the one that AWX is told."""
    data = yaml.safe_load((FOLDER / "data" / "organization.yml").read_text())
    told: str = data["controller_execution_environments"][0]["image"]
    return os.environ.get("EE_IMAGE") or told


def reached(upstream: str) -> bool:
    """Tell whether a maker's server answers; asked once, for 4 seconds."""
    try:
        with urlopen(UPSTREAMS[upstream], timeout=4):  # noqa: S310 - one of two fixed addresses
            return True
    except URLError as error:
        return hasattr(error, "code")  # it answers, if only that we have to log in
    except TimeoutError:
        return False


def base() -> str:
    """Return the base image to take instead of the usual one; nothing when that can be had."""
    given = os.environ.get("EE_BASE_IMAGE", "")
    if given or reached("registry"):
        return given
    print(f"the registry of the base image can't be reached: {MIRRORED_BASE} takes its place", flush=True)
    command = [sys.executable, "-m", "mirror", "images", "python3-builder"]
    subprocess.run(command, check=True, cwd=FOLDER.parent, timeout=BUILD_SECONDS)
    return MIRRORED_BASE


def add_machine(folder: Path) -> None:
    """Put into the build's context what only this machine can tell or give."""
    folder.mkdir(parents=True)
    for file, content in pip_files(os.environ).items():
        (folder / file).write_text(content)
    if not reached("terraform"):
        terraform = shutil.which("terraform")
        if terraform is None:
            raise SystemExit("Terraform's releases can't be reached, and PATH has no terraform: install 1.11.4")
        print(f"Terraform's releases can't be reached: {terraform} takes their place", flush=True)
        shutil.copy2(terraform, folder / "terraform")


def write_recipe(context: Path) -> Path:
    """Make the context by ansible-builder, with the stage of the tools before its own; return the Dockerfile."""
    builder = [str(Path(sys.executable).with_name("ansible-builder")), "create", "--output-filename", "Dockerfile"]
    command = [*builder, "--file", str(FOLDER / "execution-environment.yml"), "--context", str(context)]
    subprocess.run(command, check=True, timeout=120)
    recipe = context / "Dockerfile"
    head, base_stage, rest = recipe.read_text().partition("FROM $EE_BASE_IMAGE AS base\n")
    if not base_stage:
        raise SystemExit(f"{recipe} has no stage `base`: awx/image.py knows the recipes of ansible-builder 3")
    tools = (FOLDER / "execution-environment" / "tools.Dockerfile").read_text()
    recipe.write_text(head + tools + base_stage + rest)
    return recipe


def build() -> None:
    """Make the context, then the image. Raises subprocess.CalledProcessError with the builder's own words above."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    context = Path(os.environ.get("BEACON_CACHE") or home / "beacon") / "work" / "execution-environment"
    shutil.rmtree(context, ignore_errors=True)
    write_recipe(context)
    add_machine(context / "_build" / "machine")
    other = base()
    arguments = ["--build-arg", f"EE_BASE_IMAGE={other}"] if other else []
    docker = ["docker", "build", "--quiet", "--force-rm", "--label", LABEL, "--tag", name(), *arguments, str(context)]
    # the engine's own builder: buildx is not everywhere
    subprocess.run(docker, check=True, env={**os.environ, "DOCKER_BUILDKIT": "0"}, timeout=BUILD_SECONDS)
    # the image before it has lost its name by now
    prune = ["docker", "image", "prune", "--force", "--filter", f"label={LABEL}"]
    subprocess.run(prune, check=True, stdout=subprocess.DEVNULL, timeout=300)
    shutil.rmtree(context)


if __name__ == "__main__":
    started = time.monotonic()
    build()
    print(f"{name()} built in {time.monotonic() - started:.0f} s")
