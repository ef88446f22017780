"""Files by HTTPS: a bounded number of tries, each said; one that breaks off is gone on with where it ended."""

import contextlib
import email.utils
import http.client
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from mirror.errors import MirrorError

BLOCK = 1 << 16
LONGEST_TEXT = 1 << 22
FAILURES = (OSError, http.client.HTTPException)
# What a later try may answer otherwise: too slow a question, too many of them, a server that is not well.
PASSING = {408, 425, 429, 500, 502, 503, 504}


class NotGivenError(MirrorError):
    """The host answers, and doesn't give the file: it has none (404), or refuses it (403). Another try changes nothing."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How long anything may take, in seconds, and how often it is tried."""

    tries: int = 5
    silence: float = 30  # without a byte
    pause: float = 1  # before the second try; twice as long before each further one
    longest_pause: float = 60  # also where a server asks for more
    slow: float = 60  # in which at least `slow_bytes` must come
    slow_bytes: int = 1 << 18
    whole: float = 45 * 60


class _BrokenOffError(Exception):
    """A try that may go better another time; `pause` is what the server asked for."""

    def __init__(self, why: str, pause: float | None = None) -> None:
        super().__init__(why)
        self.pause = pause


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows within HTTPS only, and knows where it ended: that host is the one to name."""

    def __init__(self, url: str) -> None:
        self.url = url

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """Refuse what nobody could trust."""
        require_https(newurl, asked=req.full_url)
        self.url = newurl
        return super().redirect_request(req, fp, code, msg, headers, newurl)


@dataclass(kw_only=True)
class _Partial:
    """What there is of a file, and the server's name for this very content."""

    target: Path
    etag: str = ""

    @property
    def size(self) -> int:
        return self.target.stat().st_size if self.target.exists() else 0

    def headers(self) -> dict[str, str]:
        """Ask for the rest, if it is still the same file; without a strong name nobody can tell."""
        return {"Range": f"bytes={self.size}-", "If-Range": self.etag} if self.size and self.etag else {}


@dataclass(frozen=True, kw_only=True)
class Fetcher:
    """Fetches; proxies and certificates come from the environment and the machine, as for every other tool."""

    say: Callable[[str], None]
    limits: Limits = field(default_factory=Limits)

    @cached_property
    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context()

    def head(self, url: str, *, seconds: float) -> tuple[str, int]:
        """Ask for a file's headers once: the host that answered at last, its status. Raises OSError, or http.client's errors."""
        redirects = _Redirects(url)
        try:
            self._open(url, redirects, method="HEAD", seconds=seconds).close()
        except urllib.error.HTTPError as error:
            error.close()
            return host_of(redirects.url), error.code
        except FAILURES as error:
            raise ConnectionError(f"{host_of(redirects.url)} can't be reached ({reason_of(error)})") from error
        return host_of(redirects.url), 200

    def text(self, url: str) -> str:
        """Fetch a small file."""

        def once() -> str:
            with self._answer(url, {}) as answer:
                try:
                    content = answer.read(LONGEST_TEXT)
                except FAILURES as error:
                    raise _BrokenOffError(f"broke off ({reason_of(error)})") from error
                if answer.length:  # what is missing of it
                    raise _BrokenOffError(f"broke off after {len(content)} of {len(content) + answer.length} bytes")
                return content.decode(errors="replace")

        return self._tried(url, once)

    def file(self, url: str, target: Path) -> None:
        """Fetch a file into `target`; what it holds after an error is not whole."""
        target.unlink(missing_ok=True)
        partial = _Partial(target=target)
        ends = time.monotonic() + self.limits.whole
        self._tried(url, lambda: self._rest(url, partial, ends))

    def _tried[T](self, url: str, once: Callable[[], T]) -> T:
        """Try until it works; a wait before each further try, which grows or is what the server asked for."""
        what = f"{host_of(url)}{urlsplit(url).path}"
        for number in range(1, self.limits.tries + 1):
            try:
                return once()
            except _BrokenOffError as error:
                pause = self.limits.pause * 2 ** (number - 1) if error.pause is None else error.pause
                if number == self.limits.tries:
                    raise MirrorError(f"{url}: {error}, after {number} tries; try again later") from error
                if pause > self.limits.longest_pause:
                    raise MirrorError(
                        f"{url}: {error}, and asks to wait {pause:.0f} s; try again after that"
                    ) from error
                self.say(f"{what}: {error}; try {number + 1} of {self.limits.tries} in {pause:.0f} s")
                time.sleep(pause)
        raise MirrorError(f"{url}: not tried: the limits allow {self.limits.tries} tries")

    def _rest(self, url: str, partial: _Partial, ends: float) -> None:
        """Fetch what is missing of a file."""
        asked = partial.headers()
        with self._answer(url, asked) as answer:
            begins = partial.size if asked and answer.status == http.client.PARTIAL_CONTENT else 0
            etag = answer.headers.get("ETag", "")
            partial.etag = "" if etag.startswith("W/") else etag
            length = answer.headers.get("Content-Length")
            with partial.target.open("ab" if begins else "wb") as output:
                self._copy(answer, output, ends)
        if length is not None and partial.size != begins + int(length):
            raise _BrokenOffError(f"broke off after {partial.size} of {begins + int(length)} bytes")

    def _copy(self, answer: http.client.HTTPResponse, output: IO[bytes], ends: float) -> None:
        """Copy what comes, as long as it comes fast enough."""
        since, counted = time.monotonic(), 0
        try:
            while block := answer.read1(BLOCK):
                output.write(block)
                counted += len(block)
                now = time.monotonic()
                if now > ends:
                    raise _BrokenOffError(f"not whole after {self.limits.whole:.0f} s", self.limits.longest_pause + 1)
                if now - since >= self.limits.slow:
                    if counted < self.limits.slow_bytes:
                        raise _BrokenOffError(f"too slow: {counted} bytes in {now - since:.0f} s")
                    since, counted = now, 0
        except FAILURES as error:
            raise _BrokenOffError(f"broke off ({reason_of(error)})") from error

    def _answer(self, url: str, headers: dict[str, str]) -> http.client.HTTPResponse:
        """Open an address; errors name the host that answered."""
        redirects = _Redirects(url)
        try:
            return self._open(url, redirects, headers=headers, seconds=self.limits.silence)
        except urllib.error.HTTPError as error:
            error.close()
            answered = f"{host_of(redirects.url)} answered {error.code}"
            if error.code in PASSING:
                raise _BrokenOffError(answered, retry_after(error.headers.get("Retry-After"))) from error
            raise NotGivenError(f"{answered} for {urlsplit(url).path}") from error
        except FAILURES as error:
            raise _BrokenOffError(f"{host_of(redirects.url)} can't be reached ({reason_of(error)})") from error

    def _open(
        self,
        url: str,
        redirects: _Redirects,
        *,
        seconds: float,
        method: str = "GET",
        headers: dict[str, str] | None = None,
    ) -> http.client.HTTPResponse:
        require_https(url)
        given = {"User-Agent": "beacon-mirror", **(headers or {})}
        request = urllib.request.Request(url, method=method, headers=given)  # noqa: S310 - https only
        opener = urllib.request.build_opener(redirects, urllib.request.HTTPSHandler(context=self._context))
        answer: http.client.HTTPResponse = opener.open(request, timeout=seconds)
        return answer


def host_of(url: str) -> str:
    """Return the host of an address."""
    return urlsplit(url).netloc


def require_https(url: str, *, asked: str = "") -> None:
    """Refuse an address that is not one of HTTPS. Raises MirrorError."""
    if urlsplit(url).scheme != "https":
        raise MirrorError(
            f"{asked or url}: {'leads to ' + url if asked else 'is no address of HTTPS'}; upstream's address must be https"
        )


def reason_of(error: Exception) -> str:
    """Say what went wrong, without the wrappings."""
    reason = getattr(error, "reason", None) or error
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"{reason.verify_message}; where a proxy signs anew, let SSL_CERT_FILE name a file with its CA"
    return str(reason) or type(reason).__name__


def retry_after(header: str | None) -> float | None:
    """Return the seconds that a server asks to wait, in either of the two forms; None where it asks for nothing."""
    if header is None:
        return None
    if header.isdecimal():
        return float(header)
    with contextlib.suppress(ValueError):
        return max(0.0, email.utils.parsedate_to_datetime(header).timestamp() - time.time())
    return None
