"""The application: one connection and one transaction for each request."""

from __future__ import annotations

import logging
from importlib import import_module
from typing import TYPE_CHECKING

from flask import Flask, Response, current_app, g, request

from . import HEADER
from .answers import Refused, answer
from .api import api
from .api.health import metrics
from .pages import pages
from .store import Store

if TYPE_CHECKING:
    from werkzeug.exceptions import HTTPException

    from .settings import Settings

MODULES = (
    "administration", "alerting", "dashboards", "datasources", "folders", "frontend", "myself", "organisation", "query",
    "serviceaccounts", "teams", "users",
)  # fmt: skip
log = logging.getLogger("http")
_SECURITY = {"X-Content-Type-Options": "nosniff", "X-Frame-Options": "deny", "Cache-Control": "no-store"}
# stricter than Grafana's own, as fits these pages
_POLICY = {"Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'"}


def database(settings: Settings) -> Store:
    """Open the database in paths.data."""
    return Store(settings.path("data") / (settings.text("database", "path") or "grafana.db"))


def _finish(response: Response) -> Response:
    settings: Settings = current_app.config["SETTINGS"]
    policy = _POLICY if settings.flag("security", "content_security_policy") else {}
    response.headers.update({HEADER[0]: HEADER[1], **_SECURITY, **policy})
    log.info("%s %s %s", request.method, request.path, response.status_code)
    return response


def _close(error: BaseException | None) -> None:
    store: Store | None = g.pop("store", None)
    failure = error or g.pop("refused", None)
    if store is not None:
        store.__exit__(type(failure) if failure else None)


def _refuse(refused: Refused) -> Response:
    g.refused = refused
    return refused.answer()


def _http_error(error: HTTPException) -> Response:
    text = "Not found" if error.code == 404 else error.name  # noqa: PLR2004 - HTTP's own number
    return answer({"message": text}, error.code or 500, charset=True)


def create_app(settings: Settings) -> Flask:
    """Return the application for this configuration."""
    for name in MODULES:
        import_module(f"{api.import_name}.{name}")
    app = Flask(__name__, static_folder=str(settings.home / "public"), static_url_path="/public")
    app.config["SETTINGS"] = settings
    app.config["MAX_CONTENT_LENGTH"] = 8 * 1024 * 1024
    app.json.sort_keys = False  # type: ignore[attr-defined]  # of the default provider

    @app.before_request
    def _open() -> None:
        g.store = database(settings)

    app.register_blueprint(api)
    app.register_blueprint(metrics)
    app.register_blueprint(pages)
    app.after_request(_finish)
    app.teardown_request(_close)
    app.register_error_handler(Refused, _refuse)
    for code in (404, 405, 413):
        app.register_error_handler(code, _http_error)
    return app
