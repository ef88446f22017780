"""The index and /gandalf: what they show is fixed while the process runs."""

from flask import Blueprint, Response, jsonify, render_template

from beacon_webapp import VERSION
from beacon_webapp.responses import cacheable, prefers_json
from beacon_webapp.settings import Settings


def blueprint(settings: Settings) -> Blueprint:
    """Make the group."""
    pages = Blueprint("pages", __name__)
    identity = {"version": VERSION, "commit": settings.commit, "pod": settings.pod, "zone": settings.zone}

    @pages.get("/")
    def index() -> Response:
        response = (
            jsonify(identity | {"pages": ["/gandalf", "/colombo"]})
            if prefers_json()
            else Response(render_template("index.html", identity=identity))
        )
        response.headers["Vary"] = "Accept"
        # Each pod says something else about itself: ask again, and answer 304 if it is the same one.
        return cacheable(response, "no-cache")

    @pages.get("/gandalf")
    def gandalf() -> Response:
        return cacheable(Response(render_template("gandalf.html")), "public, max-age=60")

    return pages
