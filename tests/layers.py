"""What the layers of an image hold, the deleted files of later layers included."""

from __future__ import annotations

import tarfile
from typing import IO, TYPE_CHECKING

from plugins.lookup.pip_files import pip_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def index_secrets(environ: Mapping[str, str]) -> list[bytes]:
    """Return the addresses by which this machine's pip reaches its indexes, which may hold a password."""
    lines = pip_files(environ).get("pip.conf", "").splitlines()
    values = [line.partition(" = ")[2] or line.strip() for line in lines if "://" in line]
    return [value.encode() for value in values]


def leaks(saved: IO[bytes], secrets: list[bytes]) -> list[str]:
    """Return where an image, as `docker image save` writes it, has a pip configuration or one of the secrets."""
    return sorted({place for place, content in _files(saved, "") if _leaks(place, content, secrets)})


def _leaks(place: str, content: bytes, secrets: list[bytes]) -> bool:
    return place.endswith("/pip.conf") or any(secret in content for secret in secrets)


def _files(archive: IO[bytes], place: str) -> Iterator[tuple[str, bytes]]:
    """Yield each file of an archive, and of the layers in it; an image's configuration with its history is a file, too."""
    with tarfile.open(fileobj=archive) as opened:
        for member in opened:
            content = opened.extractfile(member) if member.isfile() else None
            if content is None:
                continue
            path = f"{place}/{member.name}"
            layer = place == "" and tarfile.is_tarfile(content)
            content.seek(0)
            if layer:
                yield from _files(content, path)
            else:
                yield path, content.read()
