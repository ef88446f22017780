"""/healthz: the process runs. /readyz: it wants requests."""

from flask import Blueprint, Response, current_app, jsonify

bp = Blueprint("probes", __name__)


@bp.get("/healthz")
def healthz() -> Response:
    """Answer 200 while the process runs."""
    return jsonify({"ok": True, "failing": []})


@bp.get("/readyz")
def readyz() -> tuple[Response, int]:
    """Answer 503 once the process is draining."""
    failing = ["draining"] if current_app.config["SHUTDOWN"].draining else []
    return jsonify({"ok": not failing, "failing": failing}), 503 if failing else 200
