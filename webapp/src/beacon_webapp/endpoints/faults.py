"""Faults on request, for tests of a platform. Served only with WEBAPP_TEST_ENDPOINTS=true."""

import os
import re
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

import structlog
from flask import Blueprint, Response, abort, jsonify

LONGEST_DELAY: Final = 30.0
_SECONDS: Final = re.compile(r"[0-9]{1,2}(\.[0-9]{1,3})?")
PANIC_EXIT_CODE: Final = 255
# 1xx are no final answers. The others that have a name are few: the status label stays bounded.
STATUSES: Final = tuple(status.value for status in HTTPStatus if status.value >= HTTPStatus.OK)


def blueprint(*, sleep: Callable[[float], None] = time.sleep, end: Callable[[int], object] = os._exit) -> Blueprint:
    """Make the group; sleeping and ending are handed in, so that a test needs neither."""
    faults = Blueprint("faults", __name__)

    @faults.get("/status/<int:code>")
    def status(code: int) -> Response:
        if code not in STATUSES:
            abort(404)
        return Response(f"{code} {HTTPStatus(code).phrase}\n", code, content_type="text/plain; charset=utf-8")

    @faults.get("/delay/<seconds>")
    def delay(seconds: str) -> Response:
        if not _SECONDS.fullmatch(seconds) or float(seconds) > LONGEST_DELAY:
            abort(404)
        sleep(float(seconds))
        return jsonify({"slept_seconds": float(seconds)})

    @faults.get("/panic")
    def panic() -> Response:
        structlog.get_logger().error("panic asked for", exit_code=PANIC_EXIT_CODE)
        end(PANIC_EXIT_CODE)
        abort(500)  # reached only where the end is a fake one

    return faults
