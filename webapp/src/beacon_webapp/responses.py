"""Responses: JSON or a page by the Accept header, ETag, Cache-Control."""

from flask import Response, request

from beacon_webapp.cache import CACHE_UNTIL_KEY, FOR_EVER
from beacon_webapp.negotiation import accepts_json_first


def prefers_json() -> bool:
    """Tell whether the client prefers JSON to a page."""
    return accepts_json_first(request.headers.get("Accept", ""))


def cache_until(until: float = FOR_EVER) -> None:
    """Say until when, in seconds since the epoch, the response cache may give this response again."""
    request.environ[CACHE_UNTIL_KEY] = until


def cacheable(response: Response, policy: str) -> Response:
    """Let caches keep a response by `policy`; it never changes in this process. cache.py answers 304 to its ETag."""
    cache_until()
    response.headers["Cache-Control"] = policy
    response.add_etag()
    return response
