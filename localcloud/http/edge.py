"""What stands before every application that listens: refuses whom no client of AWS can be, before anything is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from werkzeug.exceptions import BadRequest

from localcloud.core.errors import Fault
from localcloud.http import errors

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

NO_PAGE = "none"  # asked for by the user, as in the address bar


@dataclass(frozen=True, kw_only=True)
class Edge:
    """Refuses web pages (`Origin`, `Sec-Fetch-Site`), names that were made to lead here (DNS rebinding), and broken bodies."""

    application: WSGIApplication
    hosts: frozenset[str]  # what `Host` may be, without the port
    ask: str = ""  # what else to ask; "": any of the hosts

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Pass the request on, or refuse it."""
        fault = self._refusal(environ)
        if fault is None:
            try:
                return self.application(environ, start_response)
            except BadRequest as error:  # by who reads the body
                fault = Fault(code="BadRequest", message=str(error.description))
        return errors.response(fault)(environ, start_response)

    def _refusal(self, environ: WSGIEnvironment) -> Fault | None:
        if origin := environ.get("HTTP_ORIGIN"):
            return errors.foreign(f"from web pages (Origin: {origin})")
        site = environ.get("HTTP_SEC_FETCH_SITE", NO_PAGE)  # sent by browsers, also where they send no origin
        if site != NO_PAGE:
            return errors.foreign(f"from web pages (Sec-Fetch-Site: {site})")
        host = environ.get("HTTP_HOST", "")
        if hostname(host) not in self.hosts:
            return errors.foreign(f"for {host or 'no host'}: ask {self.ask or ' or '.join(sorted(self.hosts))}")
        length = environ.get("CONTENT_LENGTH") or "0"
        if not (length.isascii() and length.isdigit()):
            return Fault(code="BadRequest", message=f"Content-Length {length!r} is no number of bytes.")
        return None


def hostname(host: str) -> str:
    """Return a `Host` without its port; "" for what is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:  # such as "[": no address of version 6
        return ""
