"""Whose the local environment is: of two checkouts on one machine, neither takes over or removes what the other runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from . import paths, ports
from .missing import Check, Missing

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "checkout"


def _file() -> Path:
    return paths.state() / paths.LOCAL_ENVIRONMENT / NAME


def take() -> None:
    """Note that this checkout runs the local environment."""
    _file().parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _file().write_text(f"{paths.CHECKOUT}\n")


def other() -> Path | None:
    """Return the other checkout whose local environment runs; one that is gone or was moved owns nothing."""
    try:
        owner = Path(_file().read_text().rstrip("\n"))
    except OSError:
        return None
    there = (owner / "setup").is_dir() and owner.resolve() != paths.CHECKOUT
    return owner if there and ports.server("LOCALCLOUD_PORT") is not None else None


def check() -> Iterator[Missing]:
    """Look whether the local environment that runs is another checkout's."""
    if owner := other():
        yield Missing(
            f"the local environment in {paths.state()} is of the checkout {owner}, and runs",
            "End it there (`make down`); a second one beside it needs a BEACON_STATE, LOCALCLOUD_NAME, LOCALCLOUD_PORT, "
            "LOCALCLOUD_PUBLIC_RANGE, BEACON_NETWORK and MIRROR_PORT of its own",
        )


CHECK = Check("other checkouts", check)
