"""What stands before every application that listens: refuses whom no client of AWS can be, before anything is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from localcloud.core.errors import Fault
from localcloud.http import errors

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


@dataclass(frozen=True, kw_only=True)
class Edge:
    """Refuses web pages (`Origin`), names that were made to lead here (DNS rebinding), and lengths that are no number."""

    application: WSGIApplication
    hosts: frozenset[str]  # what `Host` may be, without the port

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Pass the request on, or refuse it."""
        fault = self._refusal(environ)
        answer = errors.response(fault) if fault else self.application
        return answer(environ, start_response)

    def _refusal(self, environ: WSGIEnvironment) -> Fault | None:
        if origin := environ.get("HTTP_ORIGIN"):
            return errors.foreign(f"from web pages (Origin: {origin})")
        host = environ.get("HTTP_HOST", "")
        if (urlsplit(f"//{host}").hostname or "") not in self.hosts:
            return errors.foreign(f"for {host or 'no host'}: ask {' or '.join(sorted(self.hosts))}")
        length = environ.get("CONTENT_LENGTH") or "0"
        if not (length.isascii() and length.isdigit()):
            return Fault(code="BadRequest", message=f"Content-Length {length!r} is no number of bytes.")
        return None
