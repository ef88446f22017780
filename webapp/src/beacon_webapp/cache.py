"""In-process response cache: responses that stay right for a while, given again without making them again.

The pages depend on nothing that a client sends but its choice of page or JSON, its coding, and TLS in front; the index
and /gandalf never change while the process runs, /colombo changes with the second. Conditional requests are answered
here as well (RFC 9110, 13). Counting and logging happen outside (middleware.py), for each request.
"""

import gzip
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Self

from werkzeug.http import parse_etags

from beacon_webapp.middleware import ROUTE_KEY, is_forwarded
from beacon_webapp.negotiation import accepts_gzip, accepts_json_first

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CACHE_UNTIL_KEY: Final = "beacon.cache_until"
FOR_EVER: Final = float("inf")
_SMALLEST_COMPRESSED: Final = 1024  # less fits into one packet anyway
# What a 304 leaves out: it describes the content that is not sent.
_OF_CONTENT: Final = frozenset({"content-type", "content-length", "content-encoding"})

type Headers = list[tuple[str, str]]
type Key = tuple[str, bool, bool, bool]


@dataclass(frozen=True, kw_only=True)
class Representation:
    """One response in one coding."""

    headers: Headers
    body: bytes
    etag: str | None

    @classmethod
    def of(cls, headers: Headers, body: bytes) -> Self:
        """Take a response as the application made it."""
        return cls(headers=headers, body=body, etag=next((value for name, value in headers if name == "ETag"), None))

    @cached_property
    def not_modified(self) -> Headers:
        """Return the headers of a 304."""
        return [(name, value) for name, value in self.headers if name.lower() not in _OF_CONTENT]

    def is_known(self, if_none_match: str) -> bool:
        """Tell whether the client has it already."""
        return self.etag is not None and parse_etags(if_none_match).contains_weak(self.etag.strip('"'))

    def varying(self) -> "Representation":
        """Say that another Accept-Encoding would have got another coding."""
        vary = ", ".join([value for name, value in self.headers if name == "Vary"] + ["Accept-Encoding"])
        headers = [(name, value) for name, value in self.headers if name != "Vary"]
        return Representation(headers=[*headers, ("Vary", vary)], body=self.body, etag=self.etag)

    def compressed(self) -> "Representation":
        """Return it by gzip: other bytes, hence another ETag (RFC 9110, 8.8.3.3)."""
        body = gzip.compress(self.body, mtime=0)
        replaced = {"Content-Length": str(len(body))}
        if self.etag is not None:
            replaced["ETag"] = self.etag[:-1] + '-gzip"'
        headers = [(name, replaced.get(name, value)) for name, value in self.headers]
        return Representation.of([*headers, ("Content-Encoding", "gzip")], body)


class Entry:
    """A cached response with its codings; gzip's is made when the first client asks for it."""

    def __init__(self, *, until: float, route: str, made: Representation) -> None:
        self.until = until
        self.route = route
        self._compressible = len(made.body) >= _SMALLEST_COMPRESSED
        self._plain = made.varying() if self._compressible else made

    @cached_property
    def _gzipped(self) -> Representation:
        return self._plain.compressed()

    def choose(self, accept_encoding: str) -> Representation:
        """Return the coding for a client."""
        return self._gzipped if self._compressible and accepts_gzip(accept_encoding) else self._plain


class ResponseCache:
    """WSGI middleware around the application. A view says by CACHE_UNTIL_KEY until when its response stays right."""

    def __init__(self, app: "WSGIApplication", *, clock: Callable[[], float]) -> None:
        self._app = app
        self._clock = clock
        self._entries: dict[Key, Entry] = {}

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer from the cache, or by the application."""
        method = environ["REQUEST_METHOD"]
        if method not in {"GET", "HEAD"} or environ.get("CONTENT_LENGTH") or "HTTP_TRANSFER_ENCODING" in environ:
            return self._app(environ, start_response)
        # No value that clients choose freely: there are no more entries than routes, times eight.
        key = (
            environ["PATH_INFO"],
            accepts_json_first(environ.get("HTTP_ACCEPT", "")),
            environ["wsgi.url_scheme"] == "https",
            is_forwarded(environ),
        )
        entry = self._entries.get(key)
        if entry is None or entry.until <= self._clock():
            if method == "HEAD":
                return self._app(environ, start_response)
            return self._make(key, environ, start_response)
        environ[ROUTE_KEY] = entry.route
        return _send(entry, environ, start_response)

    def _make(self, key: Key, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        head: list[Any] = []

        def start(status: str, headers: Headers, exc_info: Any = None) -> Callable[[bytes], object]:
            head[:] = status, headers, exc_info
            return lambda _: None  # the application returns its body, it writes none

        answer = self._app(environ, start)
        body = b"".join(answer)
        answer.close()  # type: ignore[attr-defined] # Flask's
        status, headers, exc_info = head
        if CACHE_UNTIL_KEY not in environ:
            start_response(status, headers, exc_info)
            return [body]
        made = Representation.of(headers, body)
        entry = Entry(until=environ[CACHE_UNTIL_KEY], route=environ[ROUTE_KEY], made=made)
        self._entries[key] = entry
        return _send(entry, environ, start_response)


def _send(entry: Entry, environ: "WSGIEnvironment", start_response: "StartResponse") -> list[bytes]:
    chosen = entry.choose(environ.get("HTTP_ACCEPT_ENCODING", ""))
    if "HTTP_IF_NONE_MATCH" in environ and chosen.is_known(environ["HTTP_IF_NONE_MATCH"]):
        start_response("304 Not Modified", chosen.not_modified.copy())
        return []
    start_response("200 OK", chosen.headers.copy())
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [chosen.body]
