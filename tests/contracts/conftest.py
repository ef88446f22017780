"""Where Terraform finds its provider, also without a network."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mirror.stub_modules import install
from mirror.terraform import PROVIDER, lock_of
from tests.contracts.terraform_files import ROOT_MODULE, STUBS, terraform

if TYPE_CHECKING:
    from collections.abc import Iterator


def cli_config() -> Path | None:
    """Return the configuration by which Terraform finds its provider: the process's own, else the mirror's."""
    user_cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    cache = Path(os.environ.get("BEACON_CACHE") or user_cache / "beacon")
    places = (Path(os.environ.get("TF_CLI_CONFIG_FILE") or "."), cache / "terraform" / "cli.tfrc")
    return next((place for place in places if place.is_file()), None)


@pytest.fixture(scope="session")
def terraform_providers() -> Iterator[None]:
    """Let Terraform find its provider as the role does."""
    if shutil.which("terraform") is None:
        pytest.skip("terraform is not installed: `make setup` says how to get it")
    found = cli_config()
    with pytest.MonkeyPatch.context() as patch:
        if found:
            patch.setenv("TF_CLI_CONFIG_FILE", str(found))
        else:
            patch.delenv("TF_CLI_CONFIG_FILE", raising=False)  # one that names no file is an error message
        patch.setenv("TF_IN_AUTOMATION", "1")
        yield


@pytest.fixture(scope="session")
def stubs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory of the complete stub modules."""
    folder: Path = tmp_path_factory.mktemp("stubs")
    install(STUBS, folder)
    return folder


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory, stubs: Path, terraform_providers: None) -> Path:
    """Return a copy of the root module, initialised with the stub modules."""
    folder: Path = tmp_path_factory.mktemp("root") / "terraform"
    shutil.copytree(ROOT_MODULE, folder, ignore=shutil.ignore_patterns(".terraform*"))
    modules = folder / ".terraform" / "modules"
    modules.mkdir(parents=True)
    (modules / "modules.json").write_text(install(STUBS, stubs))
    (folder / ".terraform.lock.hcl").write_text(lock_of((ROOT_MODULE / ".terraform.lock.hcl").read_text(), PROVIDER))
    done = terraform(folder, "init", "-backend=false", "-input=false", "-no-color", "-lockfile=readonly")
    assert done.returncode == 0, done.stderr
    return folder
