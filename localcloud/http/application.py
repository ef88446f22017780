"""AWS's API around moto's: who asks, one request at a time, saved after each that may change something."""

from __future__ import annotations

import json
import logging
import time
from collections import deque
from contextlib import nullcontext
from dataclasses import dataclass, field
from http import HTTPStatus
from statistics import median
from typing import TYPE_CHECKING, Any

from moto.core.responses import BaseResponse
from werkzeug import Request, Response
from werkzeug.exceptions import BadRequest, HTTPException, NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from localcloud.core import runtime, services
from localcloud.core.errors import Fault
from localcloud.http import errors, operations, signatures
from localcloud.http.errors import RefusedError
from localcloud.http.request import AwsRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from localcloud.http.operations import Operation
    from localcloud.http.principals import Principal

LOG = logging.getLogger(__name__)
KEEP_TIMES = 500
SLOW_SECONDS = 2.0


class Plain(Response):
    """A response that has a type only when somebody gave it one."""

    default_mimetype = None


def _region(self: BaseResponse, request: Any, full_url: str) -> str:  # noqa: ARG001 - as moto calls it
    """Return the region that was signed, where permissions were asked: moto would believe the address or the client's name first."""
    return AwsRequest(environ=request.environ).scope[0] or self.default_region


BaseResponse.get_region_from_url = _region  # type: ignore[method-assign]


@dataclass(kw_only=True)
class Api:
    """The AWS API, a WSGI application."""

    moto: WSGIApplication
    authorize: Callable[[Principal, Operation], None]  # raises RefusedError
    refusal: Callable[[Principal, Operation], Fault | None]  # of what the model has: keys that can't be used
    services: tuple[str, ...] = ()
    started: float = field(default_factory=time.time)
    warm: set[str] = field(default_factory=set)
    read_seconds: deque[float] = field(default_factory=lambda: deque(maxlen=KEEP_TIMES))

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = AwsRequest(environ=environ)
        started = time.monotonic()
        try:
            who = signatures.authenticate(request)
        except RefusedError as refusal:
            return self._refuse(request, refusal.fault)(environ, start_response)
        response = self._answer(request, who)
        self._note(request, time.monotonic() - started)
        return response(environ, start_response)

    def figures(self) -> dict[str, Any]:
        """Return what this application is and measured."""
        return {
            "uptime_seconds": round(time.time() - self.started, 1),
            "read_median_ms": round(median(self.read_seconds) * 1000, 1) if self.read_seconds else None,
            "services": sorted(self.services),
        }

    def _note(self, request: AwsRequest, taken: float) -> None:
        """Remember how long it took."""
        if request.service in self.warm and not request.changes:  # the first call of a service loads it
            self.read_seconds.append(taken)
        self.warm.add(request.service)
        if taken > SLOW_SECONDS:
            LOG.warning("%s took %.1f s", request, taken)

    def _answer(self, request: AwsRequest, who: Principal) -> Response:
        try:
            response = self._ask_locked(request, who)
        except RefusedError as refusal:
            return self._refuse(request, refusal.fault)
        except BadRequest:  # a body that is broken: see edge.py
            raise
        except Exception as error:  # the last resort: a client gets its protocol's error, the log the traceback
            LOG.exception("%s failed", request)
            fault = Fault(
                code="InternalFailure",
                message=f"The local cloud failed at {request.service}:{request.action or request.path}: "
                f"{type(error).__name__}: {error}. See `python -m localcloud logs`.",
            )
            return self._refuse(request, fault)
        if request.changes:
            services.changed(request.service)
        return response

    def _ask_locked(self, request: AwsRequest, who: Principal) -> Response:
        """Ask moto, one request at a time, what the caller may ask; what it changed is saved before it is answered."""
        operation = operations.read(request)
        if request.changes and services.needs_look(request.service, operation.name):
            runtime.current().view.look()  # bounded, and before the lock: nobody else waits for Docker
        model = runtime.current().model
        with model.lock:
            self.authorize(who, operation)
            # who may not ask does not learn what is wrong with a question
            if fault := operation.fault or self.refusal(who, operation):
                raise RefusedError(fault)
            if operation.service == "ec2" and (operation.parameters or {}).get("DryRun"):
                raise RefusedError(errors.dry_run())
            with model.transaction() if request.changes else nullcontext():
                return self._ask(request, operation.name)

    def _ask(self, request: AwsRequest, operation: str) -> Response:
        environ = request.replay()
        try:
            response = Plain.from_app(self.moto, environ, buffered=True)
        except NotImplementedError as error:
            return self._unimplemented(request, operation, str(error))
        except HTTPException as error:
            response = Plain.force_type(error.get_response(environ))
        if _is_no_route(response):
            return self._unimplemented(request, operation)
        if request.method != "HEAD":
            response.content_length = len(response.get_data())
        return response

    def _unimplemented(self, request: AwsRequest, operation: str, detail: str = "") -> Response:
        named = f"{request.method} {request.path}" if operation == operations.UNKNOWN else operation
        LOG.warning("unimplemented: %s:%s %s", request.service, named, detail)
        return self._refuse(request, errors.unimplemented(request.service, named))

    def _refuse(self, request: AwsRequest, fault: Fault) -> Response:
        return errors.response(fault, service=request.service, protocol=request.protocol)


def application(api: Api) -> WSGIApplication:
    """Return the API with its health beside it."""

    @Request.application
    def health(_: Request) -> Response:
        body = {"status": "ok", "name": runtime.current().config.name}
        return Response(json.dumps(body), content_type="application/json")

    # moto's own path would reset everything, for anybody
    return DispatcherMiddleware(api, {"/health": health, "/moto-api": NotFound()})


def control_planes() -> WSGIApplication:
    """Return what the services bring for their control planes."""
    return DispatcherMiddleware(NotFound(), services.control_planes())


def _is_no_route(response: Response) -> bool:
    """Flask's own page for a path that no service has; S3's answer to HEAD has the same type, but no body."""
    is_page = response.status_code == HTTPStatus.NOT_FOUND and response.mimetype == "text/html"
    return is_page and b"<title>404" in response.get_data()
