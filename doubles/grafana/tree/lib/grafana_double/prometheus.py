"""Ask a Prometheus on behalf of a data source: with its CA, its basic auth and a time limit."""

from __future__ import annotations

import base64
import json
import ssl
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .datasources import DataSource

TIMEOUT = 30


class Unreachable(Exception):  # noqa: N818 - said as it is
    """The data source gave no answer."""


@dataclass(frozen=True)
class Reply:
    """What Prometheus answered."""

    status: int
    body: bytes
    content_type: str

    def json(self) -> dict[str, Any]:
        """Return the answer's JSON object; an answer of another kind becomes an error of Prometheus's shape."""
        try:
            found = json.loads(self.body)
        except ValueError:
            found = None
        if isinstance(found, dict):
            return found
        return {"status": "error", "errorType": "unexpected", "error": f"HTTP status {self.status}"}


def _context(source: DataSource) -> ssl.SSLContext:
    settings = source.settings["jsonData"]
    context = ssl.create_default_context()
    if settings.get("tlsAuthWithCACert"):
        context = ssl.create_default_context(cadata=source.secrets.get("tlsCACert", ""))
    if settings.get("tlsSkipVerify"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _headers(source: DataSource) -> dict[str, str]:
    if not source.settings["basicAuth"]:
        return {}
    pair = f"{source.settings['basicAuthUser']}:{source.secrets.get('basicAuthPassword', '')}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def ask(
    source: DataSource, path: str, *, fields: Mapping[str, str] | None = None, raw_query: str = "", method: str = "GET",
    body: bytes | None = None,
) -> Reply:  # fmt: skip
    """Send a request; an error status is a reply too, no answer at all raises Unreachable."""
    url = f"{source.settings['url'].rstrip('/')}/{path.lstrip('/')}" + (f"?{raw_query}" if raw_query else "")
    data = urllib.parse.urlencode(fields).encode() if fields is not None else body
    headers = _headers(source)
    if data is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    if urllib.parse.urlsplit(url).scheme not in {"http", "https"}:
        raise Unreachable(f"{url}: a data source's address begins with http:// or https://")
    request = urllib.request.Request(url, data=data, headers=headers, method=method)  # noqa: S310 - checked above
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT, context=_context(source)) as response:  # noqa: S310 - checked
            return Reply(response.status, response.read(), response.headers.get_content_type())
    except urllib.error.HTTPError as error:
        return Reply(error.code, error.read(), error.headers.get_content_type())
    except (OSError, ssl.SSLError) as error:
        reason = getattr(error, "reason", error)
        raise Unreachable(f"{url}: {reason}") from error
