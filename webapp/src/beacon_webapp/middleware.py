"""Around the application: an id, a count and a log line for each request."""

import re
import secrets
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from beacon_webapp.metrics import UNMATCHED_ROUTE

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from structlog.typing import FilteringBoundLogger

    from beacon_webapp.metrics import Metrics
    from beacon_webapp.shutdown import ShutdownState

# Asked every few seconds by the kubelet and the load balancer: they would drown what people ask for.
PROBES: Final = frozenset({"/healthz", "/readyz"})
ROUTE_KEY: Final = "beacon.route"
REQUEST_ID_KEY: Final = "beacon.request_id"
_LOGGED_CHARACTERS: Final = 256
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
# https://www.w3.org/TR/trace-context/#traceparent-header
_TRACE_PARENT: Final = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def request_id(environ: "WSGIEnvironment") -> str:
    """Take the caller's id if it is harmless, else make one."""
    given = environ.get("HTTP_X_REQUEST_ID", "")
    return given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(16)


def trace_id(environ: "WSGIEnvironment") -> str | None:
    """Take the trace's id from a valid W3C traceparent header."""
    match = _TRACE_PARENT.fullmatch(environ.get("HTTP_TRACEPARENT", ""))
    return match[1] if match else None


def shown_path(environ: "WSGIEnvironment") -> str:
    """Decode the path for the log; WSGI hands bytes over as Latin-1 characters."""
    path: str = environ.get("PATH_INFO", "")
    return path[:_LOGGED_CHARACTERS].encode("latin-1", "replace").decode("utf-8", "replace")


def is_forwarded(environ: "WSGIEnvironment") -> bool:
    """Tell whether it came through a proxy that we know of: each names its caller, and no caller can take that away."""
    # set by werkzeug's ProxyFix, which is there when WEBAPP_PROXIES is
    return "werkzeug.proxy_fix.orig" in environ and "HTTP_X_FORWARDED_FOR" in environ


class RequestMiddleware:
    """WSGI middleware. It sees every answer, also those that never reach a view."""

    def __init__(
        self,
        app: "WSGIApplication",
        *,
        metrics: "Metrics",
        shutdown: "ShutdownState",
        log: "FilteringBoundLogger",
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._shutdown = shutdown
        self._log = log
        self._clock = clock

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request."""
        begin = self._clock()
        identity = environ[REQUEST_ID_KEY] = request_id(environ)
        answered: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
            headers.append(("X-Request-Id", identity))
            if self._shutdown.draining:
                # Kept-alive connections must move to another pod before the listener closes.
                headers.append(("Connection", "close"))
            answered.append(int(status[:3]))
            return start_response(status, headers, exc_info)

        if environ.get("PATH_INFO") in PROBES and not is_forwarded(environ):
            return self._app(environ, start)

        with self._metrics.in_progress.track_inprogress():
            body = self._app(environ, start)
            # In one piece: the answer is complete before it counts, and the server sends a list faster.
            answer = body if isinstance(body, list) else [b"".join(body)]
            if hasattr(body, "close"):
                body.close()

        seconds = self._clock() - begin
        size = sum(map(len, answer))
        self._report(environ, status=answered[-1], seconds=seconds, size=size, identity=identity)
        return answer

    def _report(self, environ: "WSGIEnvironment", *, status: int, seconds: float, size: int, identity: str) -> None:
        method: str = environ["REQUEST_METHOD"]
        route: str = environ.get(ROUTE_KEY, UNMATCHED_ROUTE)
        trace = trace_id(environ)
        self._metrics.count(method=method, route=route, status=status, seconds=seconds, trace_id=trace)
        fields = {"trace_id": trace} if trace else {}
        self._log.info(
            "request",
            method=method[:16],
            route=route,
            path=shown_path(environ),
            status=status,
            bytes=size,
            duration_ms=round(seconds * 1000, 3),
            client=environ.get("REMOTE_ADDR", ""),
            user_agent=environ.get("HTTP_USER_AGENT", "")[:_LOGGED_CHARACTERS],
            request_id=identity,
            **fields,
        )
