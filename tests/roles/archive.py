"""Programs of Prometheus' release, for tests that ask them instead of a model of them."""

from __future__ import annotations

import os
import shutil
import tarfile
from pathlib import Path

import pytest


def program(name: str, folder: Path) -> Path:
    """Return PATH's program, or the one of the archive that the mirror serves, unpacked; skip the test where there is neither."""
    if found := shutil.which(name):
        return Path(found)
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    cache = Path(os.environ.get("BEACON_CACHE") or home / "beacon")
    archives = sorted(cache.glob("artefacts/prometheus-*.tar.gz"))
    if not archives:
        pytest.skip(f"no {name}: `python -m mirror build prometheus` makes it")
    with tarfile.open(archives[-1]) as archive:
        member = next(member for member in archive.getnames() if member.endswith(f"/{name}"))
        archive.extract(member, folder, filter="data")
    return folder / member
