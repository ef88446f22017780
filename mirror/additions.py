"""Files of ours in a module that is published without some that its programs embed."""

import gzip
import shutil
from collections.abc import Mapping
from pathlib import Path

from mirror.errors import MirrorError

# A stream of Brotli holds this much in one stored block; our files are pages of a few lines.
STORED_BYTES = 65536


def brotli_stored(data: bytes) -> bytes:
    """Return a Brotli stream that holds the data as it is: what needs no compressor.

    Raises MirrorError for more than one block of it.
    """
    if not 0 < len(data) <= STORED_BYTES:
        raise MirrorError(f"{len(data)} bytes don't fit into one stored Brotli block of 1 to {STORED_BYTES} bytes")
    # 21 bits (RFC 7932, 9.2): window 16 (0), not the last (0), length in 4 nibbles (00), length - 1, stored (1)
    header = (len(data) - 1) << 4 | 1 << 20
    return header.to_bytes(3, "little") + data + b"\x03"  # the last block, and empty


def content(target: str, source: bytes) -> bytes:
    """Return what belongs at a path, by its ending: .gz and .br are compressed forms of the source."""
    if target.endswith(".gz"):
        return gzip.compress(source, mtime=0)
    return brotli_stored(source) if target.endswith(".br") else source


def with_additions(module: Path, additions: Mapping[str, str], sources: Path, target: Path) -> None:
    """Copy a module (of Go's cache: read-only) to `target`, with our files (path in it -> path below `sources`) added."""
    shutil.copytree(module, target, copy_function=shutil.copyfile)
    target.chmod(0o755)
    for folder in target.rglob("*/"):
        folder.chmod(0o755)
    for inner, source in additions.items():
        file = target / inner
        if file.exists():
            raise MirrorError(f"{inner} is in the module already: take it out of `additions` in artefacts.toml")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content(inner, (sources / source).read_bytes()))
