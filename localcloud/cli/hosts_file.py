"""How this machine finds the registry: a marked line in /etc/hosts and its CA for the Docker engine."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from localcloud.core.config import Config

HOSTS = Path("/etc/hosts")
CERTIFICATES = Path("/etc/docker/certs.d")


@dataclass(frozen=True, kw_only=True)
class Names:
    """The two traces outside of the state folder."""

    config: Config
    address: str
    hosts: Path = HOSTS
    certificates: Path = CERTIFICATES

    @property
    def line(self) -> str:
        """The line of /etc/hosts."""
        return f"{self.address} {self.config.registry} # {self.config.label}"

    @property
    def folder(self) -> Path:
        """Where the Docker engine looks for the registry's CA."""
        return self.certificates / self.config.registry

    def add(self, ca: Path) -> str | None:
        """Make both; without the right to, return what the person has to do."""
        lines = self.hosts.read_text().splitlines() if self.hosts.exists() else []
        wanted = ca.read_text()
        present = self.folder / "ca.crt"
        if self.line in lines and present.exists() and present.read_text() == wanted:
            return None
        if not os.access(self.hosts, os.W_OK):
            return (
                "This user may not tell the Docker engine where the image registry is. Run once, as root:\n"
                f"  echo '{self.line}' >> {self.hosts}\n"
                f"  install -D -m 644 {ca} {present}"
            )
        self._rewrite([*self._others(lines), self.line])
        present.parent.mkdir(parents=True, exist_ok=True)
        present.write_text(wanted)
        return None

    def remove(self) -> str | None:
        """Remove both; without the right to, return what the person has to do."""
        lines = self.hosts.read_text().splitlines() if self.hosts.exists() else []
        others = self._others(lines)
        if others == lines and not self.folder.exists():
            return None
        if not os.access(self.hosts, os.W_OK):
            return (
                f"Run as root, to remove the last traces:\n  sed -i '/{self.config.label}$/d' {self.hosts}\n"
                f"  rm -r {self.folder}"
            )
        if others != lines:
            self._rewrite(others)
        shutil.rmtree(self.folder, ignore_errors=True)
        return None

    def _others(self, lines: list[str]) -> list[str]:
        return [line for line in lines if not line.endswith(f"# {self.config.label}")]

    def _rewrite(self, lines: list[str]) -> None:
        # in place: in a container /etc/hosts is a mount, which cannot be replaced
        self.hosts.write_text("\n".join([*lines, ""]))
