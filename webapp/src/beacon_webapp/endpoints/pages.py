"""The index and /gandalf: what they show is fixed while the process runs."""

from flask import Blueprint, Response, current_app, jsonify, render_template

from beacon_webapp import VERSION
from beacon_webapp.responses import cacheable, prefers_json

bp = Blueprint("pages", __name__)


@bp.get("/")
def index() -> Response:
    """Show which version, commit, pod and zone answers."""
    settings = current_app.config["SETTINGS"]
    identity = {"version": VERSION, "commit": settings.commit, "pod": settings.pod, "zone": settings.zone}
    response = (
        jsonify(identity | {"pages": ["/gandalf", "/colombo"]})
        if prefers_json()
        else Response(render_template("index.html", identity=identity))
    )
    response.headers["Vary"] = "Accept"
    # Each pod says something else about itself: ask again, and answer 304 if it is the same one.
    return cacheable(response, "no-cache")


@bp.get("/gandalf")
def gandalf() -> Response:
    """Show the wizard."""
    return cacheable(Response(render_template("gandalf.html")), "public, max-age=60")
