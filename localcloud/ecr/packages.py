"""Which packages an image has: read from its layers, as a scanner reads them. No moto, no I/O of its own.

Debian's packages stand in dpkg's status (or, in images without dpkg, in one file each), Python's in their metadata.
"""

from __future__ import annotations

import re
import tarfile
from dataclasses import dataclass
from email.parser import HeaderParser
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DPKG = re.compile(r"var/lib/dpkg/(status|status\.d/[^/]+)")
PYTHON = re.compile(r".+\.dist-info/METADATA")
WHITEOUT, OPAQUE = ".wh.", ".wh..wh..opq"
LARGEST = 32 << 20
INSTALLED = "installed"


@dataclass(frozen=True, order=True)
class Package:
    """A package of an image, by the manager that knows it: OS or PYTHONPKG, as Amazon Inspector calls them."""

    name: str
    version: str
    manager: str


def packages_of(layers: Iterable[IO[bytes]]) -> tuple[Package, ...]:
    """Return the packages of an image from its layers (tar, also compressed), the lowest first."""
    files: dict[str, tuple[Package, ...]] = {}
    for layer in layers:
        found: dict[str, tuple[Package, ...]] = {}
        with tarfile.open(fileobj=layer, mode="r|*") as archive:
            for member in archive:
                path = member.name.removeprefix("./").lstrip("/")
                folder, _, name = path.rpartition("/")
                if name == OPAQUE:
                    _forget(files, folder)
                elif name.startswith(WHITEOUT):
                    _forget(files, f"{folder}/{name.removeprefix(WHITEOUT)}".lstrip("/"))
                elif member.isfile() and member.size <= LARGEST and (DPKG.fullmatch(path) or PYTHON.fullmatch(path)):
                    content = archive.extractfile(member)
                    text = content.read().decode(errors="replace") if content else ""
                    found[path] = tuple(_debian(text) if DPKG.fullmatch(path) else _python(text))
        files |= found
    return tuple(sorted({package for of_file in files.values() for package in of_file}))


def _forget(files: dict[str, tuple[Package, ...]], path: str) -> None:
    """Take out what an upper layer removes: a file, or all below a directory."""
    for known in [one for one in files if one == path or one.startswith(f"{path}/")]:
        del files[known]


def _debian(text: str) -> Iterator[Package]:
    for stanza in re.split(r"\n\s*\n", text):
        fields = HeaderParser().parsestr(stanza)
        installed = fields.get("Status", INSTALLED).split()[-1] == INSTALLED
        if installed and fields["Package"] and fields["Version"]:
            yield Package(fields["Package"], fields["Version"], "OS")


def _python(text: str) -> Iterator[Package]:
    fields = HeaderParser().parsestr(text)
    if fields["Name"] and fields["Version"]:
        yield Package(fields["Name"], fields["Version"], "PYTHONPKG")
