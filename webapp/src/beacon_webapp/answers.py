"""How pages and data are answered: type by the Accept header, ETag, Cache-Control."""

from flask import Response, request

from beacon_webapp.shelf import FOR_EVER, KEEP_KEY

HTML = "text/html"
JSON = "application/json"


def wants_json() -> bool:
    """Tell whether the client likes JSON better than a page; a browser and `*/*` get the page."""
    return request.accept_mimetypes.best_match([HTML, JSON]) == JSON


def keep(until: float = FOR_EVER) -> None:
    """Say until when, in seconds since the epoch, the same request may get the same answer."""
    request.environ[KEEP_KEY] = until


def cached(response: Response, policy: str) -> Response:
    """Let caches keep an answer by `policy`, answer 304 to who has it already; it never changes in this process."""
    keep()
    response.headers["Cache-Control"] = policy
    response.add_etag()
    response.make_conditional(request)
    return response
