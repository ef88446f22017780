"""Root file systems of Debian by mmdebstrap, from this machine's own apt sources."""

import fnmatch
import os
import platform
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from mirror.errors import MirrorError
from mirror.files import ARCHIVE_DATE

SUITES = ("trixie", "bookworm")  # Debian 13, which is the default, and 12
ONE_LINE = re.compile(r"^deb\s+(?:\[[^]]*\]\s+)?(\S+)\s+(\S+)\s+main\b", re.MULTILINE)
# Documentation and translations are half of a small system; the copyright files stay, as their licences ask.
SLIM = (
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    "--dpkgopt=path-include=/usr/share/doc/*/copyright",
    "--dpkgopt=path-exclude=/usr/share/man/*",
    "--dpkgopt=path-exclude=/usr/share/info/*",
    "--dpkgopt=path-exclude=/usr/share/locale/*",
    "--dpkgopt=path-exclude=/usr/share/lintian/*",
)


def sources(texts: Iterable[str], *, codename: str, suite: str, uri: str = "") -> str:
    """Apt lines for a suite of Debian, from the text of this machine's sources, whatever release it runs itself."""
    if uri:
        return f"deb {uri} {suite} main\n"
    lines = []
    for text in texts:
        found = [(where, name) for where, name in ONE_LINE.findall(text)]
        for stanza in re.split(r"\n\s*\n", text):
            fields = dict(re.findall(r"^(\w[\w-]*):[ \t]*(.+)$", stanza, re.MULTILINE))
            if "deb" in fields.get("Types", "").split() and fields.get("Enabled", "yes") != "no":
                suites = fields.get("Suites", "").split()
                found += [(where, name) for where in fields.get("URIs", "").split() for name in suites]
        for where, name in found:
            ours = name in {codename, f"{codename}-updates", f"{codename}-security"}
            if ours and re.search(r"debian(-security)?/?$", where):
                lines.append(f"deb {where} {name.replace(codename, suite)} main")
    if not lines:
        raise MirrorError(
            f"no Debian archive of {codename!r} is among this machine's apt sources: "
            "set BEACON_DEBIAN_URI to the address of a Debian mirror"
        )
    return "\n".join(dict.fromkeys(lines)) + "\n"


# mmdebstrap lends the system this machine's name and resolver while it works; neither belongs in an image.
FORGET = 'rm -f "$1/etc/hostname" "$1/etc/resolv.conf"'


def machine_sources(uri: str, suite: str) -> str:
    """Read this machine's apt sources, as lines for the suite."""
    folder = Path("/etc/apt")
    files = [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))]
    texts = [file.read_text() for file in files if file.suffix in {".list", ".sources"} and file.is_file()]
    codename = platform.freedesktop_os_release().get("VERSION_CODENAME", "unknown")
    return sources(texts, codename=codename, suite=suite, uri=uri)


def require_mmdebstrap() -> None:
    """Install mmdebstrap where this user may and it is missing."""
    if shutil.which("mmdebstrap"):
        return
    if os.geteuid() or not shutil.which("apt-get"):
        raise MirrorError("mmdebstrap is missing: install it (Debian, Ubuntu: apt-get install mmdebstrap)")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", "install", "-y", "--no-install-recommends", "mmdebstrap"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MirrorError(f"mmdebstrap is missing and can't be installed: {done.stderr.strip()[-500:]}")


def root_file_system(
    target: Path,
    *,
    suite: str,
    packages: Sequence[str],
    base: Path | None,
    variant: str,
    apt_lines: str,
    hooks: Sequence[str],
) -> None:
    """Write a root file system as tar: `base` (a tar) with the packages on top, or a new system of that variant."""
    require_mmdebstrap()
    command = ["nice", "-n", "5", "mmdebstrap", "--format=tar", f"--include={','.join(packages)}", *SLIM]
    command += [f"--variant={'custom' if base else variant}"]
    command += [f"--setup-hook=tar-in {base} /"] if base else []
    # Of the late hooks, an extracted system (no script runs in it) has this one only.
    stage = "extract" if variant == "extract" and not base else "customize"
    command += [f"--{stage}-hook={hook}" for hook in [*hooks, FORGET]]
    environment = os.environ | {"SOURCE_DATE_EPOCH": str(ARCHIVE_DATE), "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(
        [*command, suite, str(target), "-"],
        input=apt_lines,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=1800,
    )
    if done.returncode:
        raise MirrorError(f"mmdebstrap failed for {', '.join(packages)}:\n{done.stderr.strip()[-2000:]}")
    end_at_marker(target)


def end_at_marker(archive: Path) -> None:
    """Cut off what follows the two empty blocks that end a tar.

    GNU tar stops reading a pipe at them: mmdebstrap's tar-in, which goes on to write the padding, then ended by SIGPIPE now and then.
    """
    with tarfile.open(archive) as opened:
        for _ in opened:
            pass
        end = opened.offset + 2 * tarfile.BLOCKSIZE
    os.truncate(archive, end)


def layer(full: Path, base: Path | None, target: Path, *, drop: Sequence[str] = (), keep: Sequence[str] = ()) -> None:
    """Write what `full` has and `base` has not, without the paths that match `drop` (unless `keep` has them)."""
    known = {}
    if base:
        with tarfile.open(base) as opened:
            known = {member.name: _identity(opened, member) for member in opened}
    with tarfile.open(full) as opened, tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as written:
        for member in opened:
            path = member.name.removeprefix("./")
            dropped = not member.isdir() and _matches(path, drop) and not _matches(path, keep)
            if dropped or known.get(member.name) == _identity(opened, member):
                continue
            written.addfile(member, opened.extractfile(member) if member.isreg() else None)


def _matches(path: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns)


def _identity(archive: tarfile.TarFile, member: tarfile.TarInfo) -> tuple[object, ...]:
    content = None
    if member.isreg():
        stream = archive.extractfile(member)
        content = hash(stream.read()) if stream else None
    kind = (member.type, member.mode, member.uid, member.gid, member.size, member.linkname)
    return (*kind, content)
