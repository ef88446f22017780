"""How pages and data are answered: type by the Accept header, ETag, Cache-Control."""

from flask import Response, request

HTML = "text/html"
JSON = "application/json"


def wants_json() -> bool:
    """Tell whether the client likes JSON better than a page; a browser and `*/*` get the page."""
    return request.accept_mimetypes.best_match([HTML, JSON]) == JSON


def cached(response: Response, policy: str) -> Response:
    """Let caches keep an answer by `policy`, and answer 304 to who has it already."""
    response.headers["Cache-Control"] = policy
    response.add_etag()
    response.make_conditional(request)
    return response
