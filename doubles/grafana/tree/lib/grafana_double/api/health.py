"""Health and metrics: what may be asked without a log-in."""

import hmac
from typing import TYPE_CHECKING

from flask import Blueprint, Response, current_app, request

from .. import COMMIT, VERSION
from ..answers import Answer, answer
from ..pages import missing
from . import api, store

if TYPE_CHECKING:
    from ..settings import Settings

metrics = Blueprint("metrics", __name__)
_METRICS = """\
# HELP deprecated_flags_inuse_total The number of deprecated flags currently set.
# TYPE deprecated_flags_inuse_total counter
deprecated_flags_inuse_total 0
# HELP grafana_build_info A metric with a constant '1' value labeled by version and edition: here, of a double of Grafana.
# TYPE grafana_build_info gauge
grafana_build_info{{edition="beacon-double",version="{version}"}} 1
# HELP grafana_stat_totals_dashboard total amount of dashboards
# TYPE grafana_stat_totals_dashboard gauge
grafana_stat_totals_dashboard {dashboards}
# HELP grafana_stat_total_users total amount of users
# TYPE grafana_stat_total_users gauge
grafana_stat_total_users {users}
"""


@api.get("/health")
def health() -> Answer:
    """Say that the database answers, and that this is a double."""
    store().count("organisation")
    return answer({"database": "ok", "version": VERSION, "commit": COMMIT}, charset=True)


@metrics.get("/metrics")
def show() -> Answer:
    """Count what is there, for Prometheus: for whom [metrics] lets. Where it is off, there is no such page."""
    settings: Settings = current_app.config["SETTINGS"]
    if not settings.flag("metrics", "enabled"):
        return missing()
    wanted = [settings.text("metrics", key) for key in ("basic_auth_username", "basic_auth_password")]
    given = request.authorization
    told = [given.username or "", given.password or ""] if given else ["", ""]
    if all(wanted) and not all(
        hmac.compare_digest(value.encode(), right.encode()) for value, right in zip(told, wanted, strict=True)
    ):
        return Response(status=401)
    counts = {"dashboards": store().count("dashboard"), "users": store().count("account", "service = 0")}
    kind = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"
    return Response(_METRICS.format(version=VERSION, **counts), content_type=kind)
