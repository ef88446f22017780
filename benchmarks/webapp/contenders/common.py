"""What every contender does for a request, besides its framework's own work: the same page, counted and logged."""

import sys
from time import perf_counter

import structlog
from beacon_webapp import VERSION
from beacon_webapp.assets import asset
from beacon_webapp.clock import ColomboTime, utc_now
from beacon_webapp.logs import configure_logs
from beacon_webapp.metrics import Metrics
from jinja2 import Environment, PackageLoader, StrictUndefined

configure_logs("info")
METRICS = Metrics(commit="benchmark")
LOG = structlog.get_logger()
PAGES = Environment(loader=PackageLoader("beacon_webapp"), autoescape=True, undefined=StrictUndefined)
PAGES.globals.update(asset=asset, version=VERSION)


def page(path: str) -> str:
    """Render a page by the application's own templates."""
    if path == "/colombo":
        return PAGES.get_template("colombo.html").render(clock=ColomboTime.at(utc_now()))
    return PAGES.get_template("gandalf.html").render()


def observe(method: str, route: str, status: int, begin: float) -> None:
    """Count and log one request, as the application does."""
    seconds = perf_counter() - begin
    METRICS.count(method=method, route=route, status=status, seconds=seconds, trace_id=None)
    LOG.info("request", method=method, route=route, path=route, status=status, duration_ms=round(seconds * 1000, 3))


def port() -> int:
    """Read the port from the command line."""
    return int(sys.argv[1])
