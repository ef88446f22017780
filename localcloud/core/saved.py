"""Files that must survive a crash and a loss of power, and the saved state's first line, which says what can read it."""

from __future__ import annotations

import os
from importlib import metadata
from typing import TYPE_CHECKING

from localcloud.core.errors import LocalCloudError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

VERSION = 5  # raised when this package reads another form
UNFINISHED = ".new"  # suffix of a file while it is written
# pickles name moto's classes, so the state is one moto's; asked of the package, since importing moto takes seconds
HEADER = f"beacon localcloud state {VERSION}, moto {metadata.version('moto')}"


def check(path: Path) -> None:
    """Raise LocalCloudError unless the saved state is of this version, and of this moto's."""
    with path.open("rb") as file:
        header = file.readline(100).decode(errors="replace").strip()
    if header != HEADER:
        raise LocalCloudError(
            f"{path} was written by another version ({header[:60]!r}; this one reads {HEADER!r}). Remove the old local "
            "cloud with `python -m localcloud down`, then `up` again."
        )


def write(path: Path, parts: Iterable[bytes]) -> None:
    """Replace the file by one with this content that only its owner reads; it and its name are on the disk at the end."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = path.with_name(f"{path.name}{UNFINISHED}")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.writelines(parts)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
