"""Error pages: own templates for the frequent ones, problem details (RFC 9457) for programs."""

from http import HTTPStatus
from typing import Final

import structlog
from flask import Flask, Response, json, render_template, request
from werkzeug.exceptions import HTTPException, InternalServerError

from beacon_webapp.middleware import REQUEST_ID_KEY
from beacon_webapp.responses import prefers_json

_TEMPLATES: Final = {404: "404.html", 405: "405.html", 500: "500.html"}
PROBLEM_JSON: Final = "application/problem+json"
_DETAILS: Final = {
    404: "Nothing is served at this address. The index at / lists what is.",
    405: "This address takes GET, HEAD and OPTIONS only.",
    413: "The request's body is larger than this program takes.",
    500: "The program failed to answer. The log has the reason under the request's id.",
}


def add_error_pages(app: Flask) -> None:
    """Answer errors of the application, and exceptions that nobody caught, by our own pages."""
    app.register_error_handler(HTTPException, _answer)
    app.register_error_handler(Exception, _fail)


def _fail(error: Exception) -> Response:
    identity = request.environ.get(REQUEST_ID_KEY)
    structlog.get_logger().error("unhandled exception", request_id=identity, exc_info=error)
    return _answer(InternalServerError())


def _answer(error: HTTPException) -> Response:
    code = error.code or 500
    identity = request.environ.get(REQUEST_ID_KEY, "")
    title = HTTPStatus(code).phrase
    detail = _DETAILS.get(code, "The request could not be answered as it was asked.")
    if prefers_json():
        body = json.dumps({"title": title, "status": code, "detail": detail, "request_id": identity})
        response = Response(body, code, content_type=PROBLEM_JSON)
    else:
        template = _TEMPLATES.get(code, "error.html")
        page = render_template(template, code=code, title=title, detail=detail, request_id=identity)
        response = Response(page, code)
    for name, value in error.get_headers(request.environ):
        if name == "Allow":
            response.headers[name] = value
    response.headers["Vary"] = "Accept"
    return response
