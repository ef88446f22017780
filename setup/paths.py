"""Where things are kept: one cache folder, one state folder in it, both outside of the checkout."""

from __future__ import annotations

import os
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
VENV = CHECKOUT / ".venv"


def cache() -> Path:
    """Return the folder of what may be kept between runs (`BEACON_CACHE`)."""
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "beacon"
    return Path(os.environ.get("BEACON_CACHE") or default)


def state() -> Path:
    """Return the folder of what belongs to the running stack (`BEACON_STATE`); `make down` removes it."""
    return Path(os.environ.get("BEACON_STATE") or cache() / "state")
