"""Hashes, locks, atomic replacement and reproducible archives."""

import fcntl
import gzip
import hashlib
import os
import shutil
import stat
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mirror.errors import MirrorError

CHUNK = 1 << 20
LOCK_SECONDS = 45 * 60
# Archives carry this date instead of the build's, so that the same inputs give the same bytes.
ARCHIVE_DATE = 1767225600


def sha256(path: Path) -> str:
    """Hash of a file's content."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def tree_digest(paths: Iterable[Path], *, root: Path) -> str:
    """Hash over names, executable bits and contents of files and folders; caches of tools don't count."""
    digest = hashlib.sha256()
    for path in sorted(leaf for start in paths for leaf in leaves(start)):
        executable = bool(path.stat().st_mode & 0o100)
        digest.update(f"{os.path.relpath(path, root)}\0{executable}\0".encode())
        digest.update(bytes.fromhex(sha256(path)))
    return digest.hexdigest()


def leaves(start: Path) -> Iterator[Path]:
    """Every file at or below a path, without what tools leave behind and what no build reads."""
    if start.is_file():
        yield start
        return
    if not start.is_dir():
        raise MirrorError(f"{start}: no such file or folder; a recipe or artefact names it")
    for path in start.rglob("*"):
        left = any(part == "__pycache__" or part.startswith((".pytest", ".mypy", ".ruff")) for part in path.parts)
        if path.is_file() and not left and not path.name.endswith("_test.go"):
            yield path


def let_others_read(folder: Path) -> None:
    """Let modes follow from the executable bit alone, whatever the umask of the checkout or of a build: users of images read it."""
    for path in [folder, *folder.rglob("*")]:
        mode = path.lstat().st_mode
        if not stat.S_ISLNK(mode):
            path.chmod(0o755 if stat.S_ISDIR(mode) or mode & 0o100 else 0o644)


@contextmanager
def workspace(work: Path) -> Iterator[Path]:
    """Make a temporary folder beside the results, so that they can be renamed into place; gone at the end."""
    work.mkdir(parents=True, exist_ok=True)
    sweep(work)
    folder = Path(tempfile.mkdtemp(prefix=f"tmp-{os.getpid()}-", dir=work))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def sweep(work: Path) -> None:
    """Remove temporary folders of processes that were killed."""
    for folder in work.glob("tmp-*-*"):
        owner = folder.name.split("-")[1]
        if not Path(f"/proc/{owner}").exists():
            shutil.rmtree(folder, ignore_errors=True)  # another run may be doing the same


def publish(source: Path, target: Path) -> None:
    """Move a finished file into place: readers see the old one or the new one, never a part."""
    target.parent.mkdir(parents=True, exist_ok=True)
    source.replace(target)


def write_atomically(target: Path, text: str) -> None:
    """Write a small file so that readers see the old text or the new one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    with os.fdopen(handle, "w") as stream:
        stream.write(text)
    Path(name).chmod(0o644)
    Path(name).replace(target)


def update(target: Path, text: str) -> None:
    """Write a small file unless it has this text."""
    if not target.exists() or target.read_text() != text:
        write_atomically(target, text)


@contextmanager
def lock(path: Path, *, say: Callable[[str], None], seconds: float = LOCK_SECONDS) -> Iterator[None]:
    """Hold a lock that dies with its process; wait (bounded) while another one holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + seconds
    with path.open("a+") as stream:
        waiting = False
        while True:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                stream.seek(0)
                holder = stream.read().strip() or "unknown"
                if time.monotonic() > deadline:
                    message = f"{path}: still locked by process {holder} after {seconds:.0f} s; end it, then try again"
                    raise MirrorError(message) from None
                if not waiting:
                    say(f"{path.stem}: waiting for process {holder}")
                waiting = True
                time.sleep(0.5)
        stream.truncate(0)
        stream.write(str(os.getpid()))
        stream.flush()
        yield


def pack(folder: Path, target: Path) -> None:
    """Pack a folder (with its name) as .tar.gz; the same content gives the same bytes."""
    with (
        target.open("wb") as raw,
        gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=1, mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.GNU_FORMAT) as archive,
    ):
        for path in [folder, *sorted(folder.rglob("*"))]:
            info = archive.gettarinfo(str(path), str(path.relative_to(folder.parent)))
            info.uid = info.gid = 0
            info.uname = info.gname = "root"
            info.mtime = ARCHIVE_DATE
            info.mode = 0o755 if path.is_dir() or info.mode & 0o100 else 0o644
            if info.isreg():
                with path.open("rb") as stream:
                    archive.addfile(info, stream)
            else:
                archive.addfile(info)


def unpack_member(archive: Path, member: str, target: Path) -> None:
    """Take one program out of an archive."""
    if not tarfile.is_tarfile(archive):
        raise MirrorError(f"{archive}: is no archive of tar; its maker's layout differs from the table's")
    with tarfile.open(archive) as opened:
        try:
            stream = opened.extractfile(member)
        except KeyError:
            raise MirrorError(f"{archive}: has no {member}; its layout differs from the table's") from None
        if stream is None:
            raise MirrorError(f"{archive}: {member} is no file")
        with stream, target.open("wb") as output:
            shutil.copyfileobj(stream, output, CHUNK)
    target.chmod(0o755)
