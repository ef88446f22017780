"""/version and /openapi.json: what runs here, and what it serves."""

from flask import Blueprint, Response, jsonify

from beacon_webapp import VERSION
from beacon_webapp.openapi import openapi
from beacon_webapp.responses import cacheable
from beacon_webapp.settings import Settings


def blueprint(settings: Settings) -> Blueprint:
    """Make the group."""
    description = Blueprint("description", __name__)

    @description.get("/version")
    def version() -> Response:
        return cacheable(jsonify({"version": VERSION, "commit": settings.commit}), "no-cache")

    @description.get("/openapi.json")
    def document() -> Response:
        return cacheable(jsonify(openapi(test_endpoints=settings.test_endpoints)), "public, max-age=300")

    return description
