"""/version and /openapi.json: what runs here, and what it serves."""

from flask import Blueprint, Response, current_app, jsonify

from beacon_webapp import VERSION
from beacon_webapp.openapi import openapi
from beacon_webapp.responses import cacheable

bp = Blueprint("description", __name__)


@bp.get("/version")
def version() -> Response:
    """Answer version and commit."""
    return cacheable(jsonify({"version": VERSION, "commit": current_app.config["SETTINGS"].commit}), "no-cache")


@bp.get("/openapi.json")
def document() -> Response:
    """Answer the OpenAPI description of what this process serves."""
    test_endpoints = current_app.config["SETTINGS"].test_endpoints
    return cacheable(jsonify(openapi(test_endpoints=test_endpoints)), "public, max-age=300")
