"""How this machine finds the registries, one a region: marked lines in /etc/hosts and their CA for the Docker engine.

Neither a hosts file nor the engine's `certs.d` knows patterns, and a DNS server of one's own would have to be entered in
this machine's resolver: the few dozen names are written out.
"""

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
    """The traces outside of the state directory: a line and a directory a region."""

    config: Config
    address: str
    certificates: Path = CERTIFICATES

    @property
    def lines(self) -> list[str]:
        """The lines of /etc/hosts."""
        return [f"{self.address} {host} {self._mark}" for host in self.config.registries()]

    def certificate(self, host: str) -> Path:
        """Return where the Docker engine looks for a registry's CA."""
        return self.certificates / host / "ca.crt"

    def add(self, ca: Path) -> str | None:
        """Make both; without the right to, return what the person has to do."""
        wanted = ca.read_text()
        files = [self.certificate(host) for host in self.config.registries()]
        missing = [file for file in files if not file.exists() or file.read_text() != wanted]
        if self._added(text := read(self.config.hosts_file)) == text and not missing:
            return None
        if not os.access(self.config.hosts_file, os.W_OK):
            return (
                "This user may not tell the Docker engine where the image registries are. Run once, as root:\n"
                f"  for region in {' '.join(self.config.registries().values())}; do\n"
                f'    host="{self.config.registry_of("$region")}"\n'
                f'    echo "{self.address} $host {self._mark}" >> {self.config.hosts_file}\n'
                f'    install -D -m 644 {ca} "{self.certificate("$host")}"\n'
                "  done"
            )
        edit(self.config.hosts_file, self._added)
        for file in missing:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(wanted)
        return None

    def remove(self) -> str | None:
        """Remove both; without the right to, return what the person has to do."""
        pattern = self.config.registry_of("*")
        directories = list(self.certificates.glob(pattern))
        if self._cleared(text := read(self.config.hosts_file)) == text and not directories:
            return None
        if not os.access(self.config.hosts_file, os.W_OK):
            return (
                f"Run as root, to remove the last traces:\n  sed -i -E '/# {self.config.label}( server)?$/d' {self.config.hosts_file}\n"
                f"  rm -rf {self.certificates / pattern}"
            )
        edit(self.config.hosts_file, self._cleared)
        for directory in directories:
            shutil.rmtree(directory)
        return None

    def _added(self, text: str) -> str:
        """Leave lines that are right where they are; else append them."""
        return with_lines(text, self.lines, ours=lambda line: line.rstrip().endswith(self._mark))

    def _cleared(self, text: str) -> str:
        """Leave no line of ours: neither the registries' nor the server's."""
        marks = (self._mark, HostNames(path=self.config.hosts_file, label=self.config.label).mark)
        return with_lines(text, [], ours=lambda line: line.rstrip().endswith(marks))

    @property
    def _mark(self) -> str:
        return f"# {self.config.label}"
