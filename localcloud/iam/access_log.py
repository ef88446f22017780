"""The access log: who asked for which action on what, and whether it was allowed. One line of JSON an answer.

It lies in the local cloud's state, readable by its owner only, and is bounded: one older file is kept.
"""

from __future__ import annotations

import json
import logging
import os
from logging.handlers import RotatingFileHandler
from typing import TYPE_CHECKING, override

from localcloud.core.errors import LocalCloudError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import TextIOWrapper
    from pathlib import Path

LOGGER = logging.getLogger("localcloud.access")
LARGEST = 32 << 20


class _Handler(RotatingFileHandler):
    @override
    def _open(self) -> TextIOWrapper:
        os.close(os.open(self.baseFilename, os.O_CREAT | os.O_APPEND, 0o600))
        return super()._open()


def path(state: Path) -> Path:
    """Return where the log of a local cloud is."""
    return state / "access.log"


def start(state: Path) -> None:
    """Write the log from now on."""
    LOGGER.addHandler(_Handler(path(state), maxBytes=LARGEST, backupCount=1, encoding="utf-8"))
    LOGGER.setLevel(logging.INFO)
    LOGGER.propagate = False


def entries(state: Path) -> Iterator[str]:
    """Return the log's entries, JSON each, oldest first. Raises LocalCloudError when there is none."""
    files = [file for file in (path(state).with_suffix(".log.1"), path(state)) if file.exists()]
    if not files:
        raise LocalCloudError(f"There is no access log: {path(state)} does not exist. Start with `up`.")
    for file in files:
        with file.open(encoding="utf-8") as stream:
            yield from (entry.rstrip("\n") for entry in stream)


def line(entry: str) -> str:
    """Return an entry for a person."""
    found = json.loads(entry)
    answer = "allowed" if found["allowed"] else "DENIED "
    words = (found["time"], answer, found["action"], found["resource"] or "(not named)", found["principal"])
    return "  ".join((*words, *filter(None, [found.get("reason")])))
