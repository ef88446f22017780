"""How this machine finds the registry: a marked line in /etc/hosts and its CA for the Docker engine."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from localcloud.core.config import Config

HOSTS = Path("/etc/hosts")
CERTIFICATES = Path("/etc/docker/certs.d")
BYTES = "surrogateescape"  # what others wrote is kept byte by byte

type Change = Callable[[str], str]


@dataclass(frozen=True, kw_only=True)
class Names:
    """The two traces outside of the state directory."""

    config: Config
    address: str
    hosts: Path = HOSTS
    certificates: Path = CERTIFICATES

    @property
    def line(self) -> str:
        """The line of /etc/hosts."""
        return f"{self.address} {self.config.registry} # {self.config.label}"

    @property
    def directory(self) -> Path:
        """Where the Docker engine looks for the registry's CA."""
        return self.certificates / self.config.registry

    def add(self, ca: Path) -> str | None:
        """Make both; without the right to, return what the person has to do."""
        wanted = ca.read_text()
        present = self.directory / "ca.crt"
        if self._added(text := _read(self.hosts)) == text and present.exists() and present.read_text() == wanted:
            return None
        if not os.access(self.hosts, os.W_OK):
            return (
                "This user may not tell the Docker engine where the image registry is. Run once, as root:\n"
                f"  echo '{self.line}' >> {self.hosts}\n"
                f"  install -D -m 644 {ca} {present}"
            )
        edit(self.hosts, self._added)
        present.parent.mkdir(parents=True, exist_ok=True)
        present.write_text(wanted)
        return None

    def remove(self) -> str | None:
        """Remove both; without the right to, return what the person has to do."""
        if self._removed(text := _read(self.hosts)) == text and not self.directory.exists():
            return None
        if not os.access(self.hosts, os.W_OK):
            return (
                f"Run as root, to remove the last traces:\n  sed -i '/{self.config.label}$/d' {self.hosts}\n"
                f"  rm -r {self.directory}"
            )
        edit(self.hosts, self._removed)
        shutil.rmtree(self.directory, ignore_errors=True)
        return None

    def _added(self, text: str) -> str:
        """Leave a line that is right where it is; else append it."""
        ours = [line for line in text.splitlines() if line.endswith(f"# {self.config.label}")]
        if ours == [self.line]:
            return text
        others = self._removed(text)
        return f"{others}{'' if others.endswith('\n') or not others else '\n'}{self.line}\n"

    def _removed(self, text: str) -> str:
        return "".join(
            line for line in text.splitlines(keepends=True) if not line.rstrip().endswith(f"# {self.config.label}")
        )


def edit(path: Path, change: Change) -> None:
    """Change a file that others edit, too: whole at any moment, with its mode, owner and attributes.

    What another program writes between the look and the change is looked at again. Clouds wait for each other.
    """
    path = path.resolve()
    with _locked(path.parent):
        while (text := change(before := _read(path))) != before:
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
        if _read(path) != before:
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


def _read(path: Path) -> str:
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
