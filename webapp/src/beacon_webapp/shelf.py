"""Answers that stay right for a while, given again without making them again.

The pages depend on nothing that a client sends, but for a few headers; the index and /gandalf never change while the
process runs, /colombo changes with the second. Counting and logging happen outside (observer.py), for each request.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from beacon_webapp.observer import ROUTE_KEY

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

KEEP_KEY: Final = "beacon.keep_until"
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
class _Kept:
    until: float
    route: str
    status: str
    headers: list[tuple[str, str]]
    body: list[bytes]


class Shelf:
    """WSGI middleware around the application. A view says by KEEP_KEY until when its answer stays right."""

    def __init__(self, app: "WSGIApplication", *, clock: Callable[[], float]) -> None:
        self._app = app
        self._clock = clock
        self._kept: dict[tuple[str | None, ...], _Kept] = {}

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer from the shelf, or by the application."""
        if environ["REQUEST_METHOD"] != "GET" or environ.get("CONTENT_LENGTH") or "HTTP_TRANSFER_ENCODING" in environ:
            return self._app(environ, start_response)
        key = (environ["PATH_INFO"], *map(environ.get, _HEADERS))
        kept = self._kept.get(key)
        if kept is None or kept.until <= self._clock():
            return self._make(key, environ, start_response)
        environ[ROUTE_KEY] = kept.route
        start_response(kept.status, kept.headers.copy())
        return kept.body

    def _make(
        self, key: tuple[str | None, ...], environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        head: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
            head[:] = status, headers.copy()
            return start_response(status, headers, exc_info)

        answer = self._app(environ, start)
        if KEEP_KEY not in environ:
            return answer
        body = [b"".join(answer)]
        if hasattr(answer, "close"):
            answer.close()
        if len(self._kept) >= _CAPACITY:
            self._kept.clear()
        status, headers = head
        until = environ[KEEP_KEY]
        self._kept[key] = _Kept(until=until, route=environ[ROUTE_KEY], status=status, headers=headers, body=body)
        return body
