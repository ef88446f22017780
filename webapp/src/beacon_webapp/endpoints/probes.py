"""/healthz: the process runs. /readyz: it wants requests."""

from flask import Blueprint, Response, jsonify

from beacon_webapp.shutdown import ShutdownState


def blueprint(shutdown: ShutdownState) -> Blueprint:
    """Make the group."""
    probes = Blueprint("probes", __name__)

    @probes.get("/healthz")
    def healthz() -> Response:
        return jsonify({"ok": True, "failing": []})

    @probes.get("/readyz")
    def readyz() -> tuple[Response, int]:
        failing = ["draining"] if shutdown.draining else []
        return jsonify({"ok": not failing, "failing": failing}), 503 if failing else 200

    return probes
