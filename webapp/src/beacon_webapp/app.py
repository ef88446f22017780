"""The application factory."""

import os

import structlog
from flask import Flask, abort, request
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

from beacon_webapp import VERSION
from beacon_webapp.assets import asset
from beacon_webapp.cache import ResponseCache
from beacon_webapp.clock import Now, utc_now
from beacon_webapp.endpoints import colombo, description, faults, pages, probes
from beacon_webapp.errors import add_error_pages
from beacon_webapp.headers import add_headers
from beacon_webapp.metrics import Metrics
from beacon_webapp.middleware import PROBES, RequestMiddleware
from beacon_webapp.paths import add_paths
from beacon_webapp.settings import Settings
from beacon_webapp.shutdown import ShutdownState


def create_app(
    settings: Settings | None = None,
    *,
    metrics: Metrics | None = None,
    shutdown: ShutdownState | None = None,
    now: Now = utc_now,
) -> Flask:
    """Build the application; settings are the environment's where none are given. May raise SettingError."""
    settings = settings or Settings.from_environ(os.environ)
    metrics = metrics or Metrics(commit=settings.commit)
    shutdown = shutdown or ShutdownState()
    app = Flask("beacon_webapp", static_folder=None)
    app.config.from_mapping(SETTINGS=settings, SHUTDOWN=shutdown, NOW=now, **faults.ACTIONS)
    app.jinja_options = {"undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    app.jinja_env.globals.update(asset=asset, version=VERSION)
    app.json.sort_keys = False  # type: ignore[attr-defined] # Flask's default provider has it, its base class has not

    add_paths(app)

    @app.before_request
    def refuse_large_bodies() -> None:
        if (request.content_length or 0) > settings.max_body_bytes:
            abort(413)

    for group in (pages, colombo, probes, description, *([faults] if settings.test_endpoints else [])):
        app.register_blueprint(group.bp)
    add_error_pages(app)
    add_headers(app)
    for rule in app.url_map.iter_rules():
        if rule.rule not in PROBES and not rule.arguments:
            metrics.announce(rule.rule)
    cache = ResponseCache(app.wsgi_app, clock=lambda: now().timestamp())
    app.wsgi_app = RequestMiddleware(  # type: ignore[method-assign] # Flask's documented way to wrap middleware
        cache, metrics=metrics, shutdown=shutdown, log=structlog.get_logger()
    )
    if settings.proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign] # likewise
            app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies, x_host=0
        )
    return app
