"""Upstream's releases: probed once per host, downloaded with their checksum."""

import http.client
import json
import re
import threading
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Protocol
from urllib.parse import urlsplit

from mirror.errors import MirrorError
from mirror.fetch import FAILURES, PASSING, Fetcher, Limits, host_of
from mirror.files import sha256

PROBE_SECONDS = 4
PROBES = 2  # a lost packet decides no origin
# The host answers: whether it has the file, and whether it has it now, is the download's business.
ANSWERS = {http.client.OK, http.client.NOT_FOUND, http.client.METHOD_NOT_ALLOWED, http.client.GONE} | PASSING


class Upstream(Protocol):
    """What the builder asks of the outside world."""

    def unreachable(self, url: str) -> str:
        """Why the address's host can't be reached; empty when it can."""

    def download(self, url: str, target: Path, *, checksum: str) -> None:
        """Fetch a file and verify it against the checksum file at that address."""


class HttpUpstream:
    """Upstream by HTTPS."""

    def __init__(self, *, say: Callable[[str], None], limits: Limits | None = None) -> None:
        self._fetcher = Fetcher(say=say, limits=limits or Limits())
        self._answers: dict[str, str] = {}
        self._lock = threading.Lock()

    def unreachable(self, url: str) -> str:
        """Ask each host once: the first answer holds for this run."""
        host = host_of(url)
        with self._lock:
            if host not in self._answers:
                self._answers[host] = self._probe(url)
            return self._answers[host]

    def download(self, url: str, target: Path, *, checksum: str) -> None:
        """Fetch a file and its checksum; what doesn't match is no file.

        Raises NotGivenError where the host answers and has no such file, or refuses it; MirrorError for what may go better later.
        """
        expected = find_checksum(self._fetcher.text(checksum), name=file_of(url), where=checksum)
        self._fetcher.file(url, target)
        verify(target, expected, url=url, checksum=checksum)

    def _probe(self, url: str) -> str:
        why = ""
        for _ in range(PROBES):
            try:
                host, status = self._fetcher.head(url, seconds=PROBE_SECONDS)
            except FAILURES as error:
                why = str(error)
                if "timed out" not in why:
                    return why
            else:
                return "" if status in ANSWERS else f"{host} answered {status} for {urlsplit(url).path}"
        return why


class NoUpstream:
    """For --no-upstream: what this machine would do without a way out."""

    def unreachable(self, url: str) -> str:
        """Nothing can be reached."""
        return f"not asked: {host_of(url)} (--no-upstream)"

    def download(self, url: str, target: Path, *, checksum: str) -> None:
        """Refuse: nobody may get here."""
        raise MirrorError(f"{url}: not fetched into {target} ({checksum}) because of --no-upstream")


def file_of(url: str) -> str:
    """Return the name of an address's file."""
    return PurePosixPath(urlsplit(url).path).name


def find_checksum(text: str, *, name: str, where: str) -> str:
    """Find a file's SHA-256: in lines `sum  name`, as the only sum of the text (whatever it calls its file), or in GitHub's list of a release."""
    if text.lstrip().startswith("{"):
        return _digest(text, name=name, where=where)
    sums = re.findall(r"^([0-9a-f]{64})(?:[ \t]+\*?(\S+))?[ \t\r]*$", text, re.MULTILINE)
    for value, file in sums:
        if PurePosixPath(file).name == name or len(sums) == 1:
            return str(value)
    raise MirrorError(f"{where}: has no SHA-256 for {name}; the release's checksum file has another form than expected")


def _digest(text: str, *, name: str, where: str) -> str:
    """Find a file's digest in what GitHub's API says of a release."""
    try:
        assets = {asset["name"]: asset["digest"] or "" for asset in json.loads(text)["assets"]}
    except (KeyError, TypeError, json.JSONDecodeError):
        assets = {}
    kind, _, value = assets.get(name, "").partition(":")
    if kind != "sha256" or not re.fullmatch(r"[0-9a-f]{64}", value):
        raise MirrorError(f"{where}: has no digest sha256 of {name}; it has {', '.join(assets) or 'no assets'}")
    return value


def verify(file: Path, expected: str, *, url: str, checksum: str) -> None:
    """Compare; the message has both values and both addresses."""
    actual = sha256(file)
    if actual != expected:
        raise MirrorError(
            f"{url}: checksum mismatch: expected {expected} (from {checksum}), got {actual}; "
            "nothing was kept: try again, and if it stays so, don't use this release"
        )
