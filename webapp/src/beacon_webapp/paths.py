"""One address for each page (/gandalf/ and //gandalf lead to /gandalf), and what is no page stays inside."""

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from flask import Flask, abort, current_app, redirect, request
from werkzeug.exceptions import HTTPException

from beacon_webapp.endpoints import colombo, pages
from beacon_webapp.middleware import ROUTE_KEY, is_forwarded

if TYPE_CHECKING:
    from werkzeug.routing import Rule
    from werkzeug.wrappers import Response

# Probes and what describes the process are for its own network.
_PUBLIC: Final = frozenset({pages.bp.name, colombo.bp.name})


def add_paths(app: Flask) -> None:
    """Name each request's route, refuse what is not for its caller, and redirect from other spellings with slashes."""
    app.url_map.merge_slashes = False  # werkzeug's own redirects name a host, and lose the port behind a proxy
    app.before_request(_find_route)


def _find_route() -> "Response | None":
    path: str = request.environ["PATH_INFO"]
    canonical = "/" + "/".join(filter(None, path.split("/")))
    rule = request.url_rule or _get_rule(canonical)
    if rule is None:
        return None
    if is_forwarded(request.environ) and rule.endpoint.partition(".")[0] not in _PUBLIC:
        abort(404)
    request.environ[ROUTE_KEY] = rule.rule
    if path == canonical:
        return None
    query = request.query_string.decode("latin-1")
    # 308, not 301: the method and the body stay what they were (RFC 9110, 15.4.9).
    response = redirect(quote(canonical.encode("latin-1")) + (f"?{query}" if query else ""), 308)
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


def _get_rule(path: str) -> "Rule | None":
    """Find the rule whatever the method, and for other spellings of the path."""
    try:
        rule, _ = current_app.url_map.bind("").match(path, "GET", return_rule=True)
    except HTTPException:
        return None
    return rule
