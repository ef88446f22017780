"""The HTTP API: one file for each thing, all registered on one blueprint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, current_app, g, request

from ..identity import identify

if TYPE_CHECKING:
    from ..settings import Settings
    from ..store import Store

api = Blueprint("api", __name__, url_prefix="/api")


def store() -> Store:
    """Return this request's connection."""
    found: Store = g.store
    return found


def settings() -> Settings:
    """Return the configuration."""
    found: Settings = current_app.config["SETTINGS"]
    return found


@api.before_request
def _identify() -> None:
    g.account = None if request.endpoint == "api.health" else identify(store())
