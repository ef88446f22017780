"""/colombo: the time there, as a page or as JSON."""

from flask import Blueprint, Response, current_app, jsonify, render_template

from beacon_webapp.clock import ColomboTime, Now
from beacon_webapp.responses import cache_until, prefers_json

bp = Blueprint("colombo", __name__)


@bp.get("/colombo")
def colombo() -> Response:
    """Show the time of this second."""
    now: Now = current_app.config["NOW"]
    moment = now()
    clock = ColomboTime.at(moment)
    cache_until(int(moment.timestamp()) + 1)
    response = jsonify(clock.as_json()) if prefers_json() else Response(render_template("colombo.html", clock=clock))
    response.headers["Vary"] = "Accept"
    response.headers["Cache-Control"] = "no-store"  # it is old after a second
    return response
