"""This machine's hosts file: edited whole, with names of what runs in lines that have the local cloud's label."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

LOG = logging.getLogger(__name__)
BYTES = "surrogateescape"  # what others wrote is kept byte by byte

type Change = Callable[[str], str]


@dataclass(frozen=True, kw_only=True)
class HostNames:
    """The lines that the server writes: names that come and go."""

    path: Path
    label: str

    @property
    def mark(self) -> str:
        """What ends each of these lines."""
        return f"# {self.label} server"

    def keep(self, suffix: str, names: Mapping[str, str]) -> None:
        """Have these names (name -> address) and no other ones that end so; without the right to, say what is to be done."""
        lines = [f"{address} {name} {self.mark}" for name, address in sorted(names.items())]

        def change(text: str) -> str:
            return with_lines(text, lines, ours=lambda line: self._has(line, suffix))

        if change(text := read(self.path)) == text:
            return
        if not os.access(self.path if self.path.exists() else self.path.parent, os.W_OK):
            LOG.warning(
                "This user may not write %s, where these lines should be, and no other ones of %s: %s",
                self.path,
                suffix,
                "; ".join(lines) or "none",
            )
            return
        edit(self.path, change)

    def _has(self, line: str, suffix: str) -> bool:
        words = line.split()
        return line.rstrip().endswith(self.mark) and len(words) > 1 and words[1].endswith(suffix)


def with_lines(text: str, lines: Sequence[str], *, ours: Callable[[str], bool]) -> str:
    """Have these lines and no other ones of ours: right ones stay where they are, else all of them end the text."""
    parts = text.splitlines(keepends=True)
    if sorted(part.rstrip("\r\n") for part in parts if ours(part)) == sorted(lines):
        return text
    others = "".join(part for part in parts if not ours(part))
    gap = "\n" if lines and others and not others.endswith("\n") else ""
    return f"{others}{gap}{''.join(f'{line}\n' for line in lines)}"


def edit(path: Path, change: Change) -> None:
    """Change a file that others edit, too: whole at any moment, with its mode, owner and attributes.

    What another program writes between the look and the change is looked at again. Clouds wait for each other.
    """
    path = path.resolve()
    with _locked(path.parent):
        while (text := change(before := read(path))) != before:
            if text.startswith(before):  # the usual case: nothing of others is written again
                _append(path, text[len(before) :])
            elif _replace(path, before, text):
                return


def _append(path: Path, text: str) -> None:
    with path.open("ab", buffering=0) as file:
        file.write(text.encode(errors=BYTES))


def _replace(path: Path, before: str, text: str) -> bool:
    """Put a new file in its place; False when it was changed meanwhile."""
    number, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    new = Path(name)
    try:
        shutil.copystat(path, new)
        os.chown(new, path.stat().st_uid, path.stat().st_gid)
        with os.fdopen(number, "wb") as file:
            file.write(text.encode(errors=BYTES))
            file.flush()
            os.fsync(file.fileno())
        if read(path) != before:
            return False
        try:
            new.replace(path)
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise
            _overwrite(path, text)  # in a container /etc/hosts is a mount, which can't be replaced
        return True
    finally:
        new.unlink(missing_ok=True)


def _overwrite(path: Path, text: str) -> None:
    """Write in place, shorten last: a kill leaves lines twice, but none is lost."""
    with path.open("r+b", buffering=0) as file:
        file.write(text.encode(errors=BYTES))
        file.truncate()


def read(path: Path) -> str:
    """Return the text; nothing when there is no such file."""
    return path.read_bytes().decode(errors=BYTES) if path.exists() else ""


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """Let one process of ours at a time edit here: the directory stays when a file in it is replaced."""
    number = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(number, fcntl.LOCK_EX)
        yield
    finally:
        os.close(number)
