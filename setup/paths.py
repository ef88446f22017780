"""Where things are kept: the cache may be lost, the state must not; both are outside of the checkout."""

from __future__ import annotations

import os
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
VENV = CHECKOUT / ".venv"
# What `make up` makes in the state directory. All else there belongs to other environments.
LOCAL_ENVIRONMENT = "local"
LOCAL_PROGRAMS = ("localcloud", "mirror", "engine", "molecule")


def cache() -> Path:
    """Return the directory of what may be lost and made again (`BEACON_CACHE`)."""
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "beacon"
    return Path(os.environ.get("BEACON_CACHE") or default)


def state() -> Path:
    """Return the directory that holds one directory for each environment (`BEACON_STATE`)."""
    default = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "beacon"
    return Path(os.environ.get("BEACON_STATE") or default)


def local_state() -> list[Path]:
    """Return the parts of the state directory that `make down` removes."""
    return [state() / name for name in (LOCAL_ENVIRONMENT, *LOCAL_PROGRAMS)]
