"""How this machine finds the registry: a marked line in /etc/hosts and its CA for the Docker engine."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from localcloud.core.hosts_file import HostNames, edit, read, with_lines

if TYPE_CHECKING:
    from localcloud.core.config import Config

CERTIFICATES = Path("/etc/docker/certs.d")


@dataclass(frozen=True, kw_only=True)
class Names:
    """The two traces outside of the state directory."""

    config: Config
    address: str
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
        if (
            self._added(text := read(self.config.hosts_file)) == text
            and present.exists()
            and present.read_text() == wanted
        ):
            return None
        if not os.access(self.config.hosts_file, os.W_OK):
            return (
                "This user may not tell the Docker engine where the image registry is. Run once, as root:\n"
                f"  echo '{self.line}' >> {self.config.hosts_file}\n"
                f"  install -D -m 644 {ca} {present}"
            )
        edit(self.config.hosts_file, self._added)
        present.parent.mkdir(parents=True, exist_ok=True)
        present.write_text(wanted)
        return None

    def remove(self) -> str | None:
        """Remove both; without the right to, return what the person has to do."""
        if self._cleared(text := read(self.config.hosts_file)) == text and not self.directory.exists():
            return None
        if not os.access(self.config.hosts_file, os.W_OK):
            return (
                f"Run as root, to remove the last traces:\n  sed -i -E '/# {self.config.label}( server)?$/d' {self.config.hosts_file}\n"
                f"  rm -r {self.directory}"
            )
        edit(self.config.hosts_file, self._cleared)
        shutil.rmtree(self.directory, ignore_errors=True)
        return None

    def _added(self, text: str) -> str:
        """Leave a line that is right where it is; else append it."""
        return with_lines(text, [self.line], ours=lambda line: line.rstrip().endswith(self._mark))

    def _cleared(self, text: str) -> str:
        """Leave no line of ours: neither the registry's nor the server's."""
        marks = (self._mark, HostNames(path=self.config.hosts_file, label=self.config.label).mark)
        return with_lines(text, [], ours=lambda line: line.rstrip().endswith(marks))

    @property
    def _mark(self) -> str:
        return f"# {self.config.label}"
