"""In-process response cache: answers that stay right for a while, given again without making them again.

The pages depend on nothing that a client sends, but for a few headers; the index and /gandalf never change while the
process runs, /colombo changes with the second. Counting and logging happen outside (middleware.py), for each request.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from beacon_webapp.middleware import ROUTE_KEY

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CACHE_UNTIL_KEY: Final = "beacon.cache_until"
FOR_EVER: Final = float("inf")
# Headers that an answer depends on. Clients choose their values, so the number of kept answers is bounded.
_HEADERS: Final = (
    "HTTP_ACCEPT",
    "HTTP_IF_NONE_MATCH",
    "HTTP_IF_MODIFIED_SINCE",
    "HTTP_RANGE",
    "HTTP_X_FORWARDED_PROTO",
)
_CAPACITY: Final = 64


@dataclass(frozen=True, kw_only=True, slots=True)
class _Entry:
    until: float
    route: str
    status: str
    headers: list[tuple[str, str]]
    body: list[bytes]


class ResponseCache:
    """WSGI middleware around the application. A view says by CACHE_UNTIL_KEY until when its answer stays right."""

    def __init__(self, app: "WSGIApplication", *, clock: Callable[[], float]) -> None:
        self._app = app
        self._clock = clock
        self._entries: dict[tuple[str | None, ...], _Entry] = {}

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer from the cache, or by the application."""
        if environ["REQUEST_METHOD"] != "GET" or environ.get("CONTENT_LENGTH") or "HTTP_TRANSFER_ENCODING" in environ:
            return self._app(environ, start_response)
        key = (environ["PATH_INFO"], *map(environ.get, _HEADERS))
        entry = self._entries.get(key)
        if entry is None or entry.until <= self._clock():
            return self._make(key, environ, start_response)
        environ[ROUTE_KEY] = entry.route
        start_response(entry.status, entry.headers.copy())
        return entry.body

    def _make(
        self, key: tuple[str | None, ...], environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        head: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
            head[:] = status, headers.copy()
            return start_response(status, headers, exc_info)

        answer = self._app(environ, start)
        if CACHE_UNTIL_KEY not in environ:
            return answer
        body = [b"".join(answer)]
        if hasattr(answer, "close"):
            answer.close()
        if len(self._entries) >= _CAPACITY:
            self._entries.clear()
        status, headers = head
        until = environ[CACHE_UNTIL_KEY]
        self._entries[key] = _Entry(until=until, route=environ[ROUTE_KEY], status=status, headers=headers, body=body)
        return body
