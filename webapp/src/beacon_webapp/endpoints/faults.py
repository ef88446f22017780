"""Faults on request, for tests of a platform. Served only with WEBAPP_TEST_ENDPOINTS=true."""

import os
import re
import time
from http import HTTPStatus
from typing import Any, Final

import structlog
from flask import Blueprint, Response, abort, current_app, jsonify

LONGEST_DELAY: Final = 30.0
_SECONDS: Final = re.compile(r"[0-9]{1,2}(\.[0-9]{1,3})?")
PANIC_EXIT_CODE: Final = 255
# 1xx are no final answers. The others that have a name are few: the status label stays bounded.
STATUSES: Final = tuple(status.value for status in HTTPStatus if status.value >= HTTPStatus.OK)
# What the faults do to this process; a test puts others into the application's configuration.
ACTIONS: Final[dict[str, Any]] = {"SLEEP": time.sleep, "EXIT": os._exit}

bp = Blueprint("faults", __name__)


@bp.get("/status/<int:code>")
def status(code: int) -> Response:
    """Answer with the status that is asked for."""
    if code not in STATUSES:
        abort(404)
    return Response(f"{code} {HTTPStatus(code).phrase}\n", code, content_type="text/plain; charset=utf-8")


@bp.get("/delay/<seconds>")
def delay(seconds: str) -> Response:
    """Answer after that time."""
    if not _SECONDS.fullmatch(seconds) or float(seconds) > LONGEST_DELAY:
        abort(404)
    current_app.config["SLEEP"](float(seconds))
    return jsonify({"slept_seconds": float(seconds)})


@bp.get("/panic")
def panic() -> Response:
    """End the process at once."""
    structlog.get_logger().error("panic asked for", exit_code=PANIC_EXIT_CODE)
    current_app.config["EXIT"](PANIC_EXIT_CODE)
    abort(500)  # reached only where the end is a fake one
