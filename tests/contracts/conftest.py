"""Where Terraform finds its provider, also without a network."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

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
        yield
