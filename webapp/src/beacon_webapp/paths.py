"""One address for each page: /gandalf/ and //gandalf lead to /gandalf."""

from urllib.parse import quote

from flask import Flask, current_app, redirect, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule
from werkzeug.wrappers import Response as BaseResponse

from beacon_webapp.middleware import ROUTE_KEY


def add_redirects(app: Flask) -> None:
    """Redirect from every other spelling with slashes to the one that is served."""
    app.url_map.merge_slashes = False  # werkzeug's own redirects name a host, and lose the port behind a proxy
    app.before_request(_redirect)


def _redirect() -> BaseResponse | None:
    path: str = request.environ["PATH_INFO"]
    canonical = "/" + "/".join(filter(None, path.split("/")))
    rule = None if path == canonical else _find(canonical)
    if rule is None:
        return None
    request.environ[ROUTE_KEY] = rule.rule
    query = request.query_string.decode("latin-1")
    # 308, not 301: the method and the body stay what they were (RFC 9110, 15.4.9).
    response = redirect(quote(canonical.encode("latin-1")) + (f"?{query}" if query else ""), 308)
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


def _find(path: str) -> Rule | None:
    try:
        rule, _ = current_app.url_map.bind("").match(path, "GET", return_rule=True)
    except HTTPException:
        return None
    return rule
