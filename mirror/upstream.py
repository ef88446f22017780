"""Upstream's releases: probed once per host, downloaded with their checksum."""

import http.client
import re
import shutil
import threading
import urllib.error
import urllib.request
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from mirror.errors import MirrorError
from mirror.files import CHUNK, sha256

PROBE_SECONDS = 4
READ_SECONDS = 60
FAILURES = (OSError, http.client.HTTPException)


class Upstream(Protocol):
    """What the builder asks of the outside world."""

    def unreachable(self, url: str) -> str:
        """Why the address's host can't be reached; empty when it can."""

    def download(self, url: str, target: Path, *, checksum: str) -> None:
        """Fetch a file and verify it against the checksum file at that address."""


class HttpUpstream:
    """Upstream by HTTP; proxies come from the environment, as for every other tool."""

    def __init__(self) -> None:
        self._answers: dict[str, str] = {}
        self._lock = threading.Lock()

    def unreachable(self, url: str) -> str:
        """Ask each host once: the first answer holds for this run."""
        host = urlsplit(url).netloc
        with self._lock:
            if host not in self._answers:
                self._answers[host] = _probe(url)
            return self._answers[host]

    def download(self, url: str, target: Path, *, checksum: str) -> None:
        """Fetch a file and its checksum; what doesn't match is no file."""
        expected = find_checksum(_text(checksum), name=Path(urlsplit(url).path).name, where=checksum)
        try:
            with _open(url, seconds=READ_SECONDS) as answer, target.open("wb") as output:
                shutil.copyfileobj(answer, output, CHUNK)
        except FAILURES as error:
            raise MirrorError(f"{url}: download failed ({error}); try again") from error
        verify(target, expected, url=url, checksum=checksum)


class NoUpstream:
    """For --no-upstream: what this machine would do without a way out."""

    def unreachable(self, url: str) -> str:
        """Nothing can be reached."""
        return f"not asked: {urlsplit(url).netloc} (--no-upstream)"

    def download(self, url: str, target: Path, *, checksum: str) -> None:
        """Refuse: nobody may get here."""
        raise MirrorError(f"{url}: not fetched into {target} ({checksum}) because of --no-upstream")


def find_checksum(text: str, *, name: str, where: str) -> str:
    """Find a file's SHA-256: in a list of `sum  name` lines, or as the only sum of the text."""
    sums = re.findall(r"^([0-9a-f]{64})(?:[ \t]+\*?(\S+))?[ \t]*$", text, re.MULTILINE)
    for value, file in sums:
        if Path(file).name == name or len(sums) == 1:
            return str(value)
    raise MirrorError(f"{where}: has no SHA-256 for {name}; the release's checksum file has another form than expected")


def verify(file: Path, expected: str, *, url: str, checksum: str) -> None:
    """Compare; the message has both values and both addresses."""
    actual = sha256(file)
    if actual != expected:
        raise MirrorError(
            f"{url}: checksum mismatch: expected {expected} (from {checksum}), got {actual}; "
            "nothing was kept: try again, and if it stays so, don't use this release"
        )


def _open(url: str, *, seconds: float, method: str = "GET") -> http.client.HTTPResponse:
    if urlsplit(url).scheme != "https":
        raise MirrorError(f"{url}: upstream's address must be https")
    request = urllib.request.Request(url, method=method, headers={"User-Agent": "beacon-mirror"})  # noqa: S310 - https only
    answer: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=seconds)  # noqa: S310 - https only
    return answer


def _text(url: str) -> str:
    try:
        with _open(url, seconds=READ_SECONDS) as answer:
            return answer.read(CHUNK).decode()
    except FAILURES as error:
        raise MirrorError(f"{url}: the checksum file can't be read ({error})") from error


def _probe(url: str) -> str:
    try:
        _open(url, seconds=PROBE_SECONDS, method="HEAD").close()
    except urllib.error.HTTPError as error:
        return f"{urlsplit(url).netloc} answered {error.code} for {url}"
    except FAILURES as error:
        reason = getattr(error, "reason", error)
        return f"{urlsplit(url).netloc} can't be reached ({reason})"
    return ""
