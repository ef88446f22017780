"""Responses: JSON or a page by the Accept header, ETag, Cache-Control."""

from flask import Response, request

from beacon_webapp.cache import CACHE_UNTIL_KEY, FOR_EVER

HTML = "text/html"
JSON = "application/json"


def prefers_json() -> bool:
    """Tell whether the client prefers JSON to a page; a browser and `*/*` get the page."""
    return request.accept_mimetypes.best_match([HTML, JSON]) == JSON


def cache_until(until: float = FOR_EVER) -> None:
    """Say until when, in seconds since the epoch, the same request may get the same answer."""
    request.environ[CACHE_UNTIL_KEY] = until


def cacheable(response: Response, policy: str) -> Response:
    """Let caches keep an answer by `policy`, answer 304 to who has it already; it never changes in this process."""
    cache_until()
    response.headers["Cache-Control"] = policy
    response.add_etag()
    response.make_conditional(request)
    return response
