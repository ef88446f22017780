"""A clone of this checkout, whose verbs are called as a person calls them."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from setup import paths

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SECONDS = {"setup": 900, "up": 2400, "verify": 600, "down": 600}
UMASK = 0o022


def caller() -> dict[str, str]:
    """Return the caller's environment, without what set-up has put in the place of a person's own settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "LC_", "DOCKER_CONFIG"))}


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """A clone at this path; what its verbs print goes into the folder beside it, and each is told as it ends."""

    path: Path
    label: str = ""
    umask: int = UMASK

    def clone(self) -> None:
        """Make it."""
        command = ["git", "clone", "--quiet", paths.CHECKOUT.as_uri(), str(self.path)]
        subprocess.run(command, check=True, timeout=300, umask=self.umask)

    def make(self, verb: str, environment: Mapping[str, str]) -> str:
        """Call a verb that must succeed; return what it printed."""
        started, log = time.monotonic(), self.path.parent / f"{verb}.log"
        with log.open("wb") as output:
            ended = subprocess.run(
                ["make", verb],
                cwd=self.path,
                env=environment,
                umask=self.umask,
                stdout=output,
                stderr=output,
                timeout=SECONDS[verb],
                check=False,
            )
        text = log.read_text(errors="replace")
        print(f"{self.label}make {verb}: {ended.returncode}, {time.monotonic() - started:.0f} s", flush=True)  # noqa: T201
        assert ended.returncode == 0, text[-6000:]
        return text
