"""The WSGI application around moto's: who asks, one request at a time, saved after each that may change something."""

from __future__ import annotations

import io
import json
import logging
import re
import time
from collections import deque
from dataclasses import dataclass, field
from ipaddress import ip_address
from statistics import median
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from moto.core.request import Request as MotoRequest
from moto.core.routing import get_service_router
from werkzeug.exceptions import HTTPException

from localcloud.core import runtime, services
from localcloud.eks import callbacks
from localcloud.http import errors, signatures
from localcloud.http.errors import Answer, Fault, RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from localcloud.ec2.metadata import Metadata

LOG = logging.getLogger(__name__)
READ_ONLY = re.compile(r"^(Describe|List|Get|Head|BatchGet|BatchCheck|Lookup|Search|Filter|Simulate)")
CHANGING_READS = frozenset({"GetSessionToken", "GetFederationToken"})
SIGNING_SCOPE = re.compile(r"Credential=[^/\s]+/\d+/[^/]*/([^/]+)/aws4_request")
KEEP_TIMES = 500
SLOW_SECONDS = 2.0


@dataclass(kw_only=True)
class Call:
    """One request, read and understood so far as the local cloud itself needs it."""

    environ: dict[str, Any]
    body: bytes
    headers: dict[str, str]
    service: str
    protocol: str  # query, json or rest
    action: str  # "" in REST protocols

    @property
    def method(self) -> str:
        """HTTP method."""
        return str(self.environ["REQUEST_METHOD"])

    @property
    def changes(self) -> bool:
        """Whether it may change something."""
        if self.action:
            return self.action in CHANGING_READS or not READ_ONLY.match(self.action)
        return self.method not in ("GET", "HEAD")

    @property
    def signed(self) -> signatures.Request:
        """The request as the signature sees it."""
        target = self.environ.get("RAW_URI") or self.environ.get("REQUEST_URI") or self.environ["PATH_INFO"]
        return signatures.Request(method=self.method, target=target, headers=self.headers, body=self.body)


def read_call(environ: dict[str, Any]) -> Call:
    """Read the body once, so that moto and the signature both have it; see which service and action are meant."""
    length = environ.get("CONTENT_LENGTH")
    if length:
        body = environ["wsgi.input"].read(int(length))
    elif environ.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked":
        body = environ["wsgi.input"].read()
        environ["CONTENT_LENGTH"] = str(len(body))
    else:
        body = b""
    environ["wsgi.input"] = io.BytesIO(body)
    headers = {k[5:].replace("_", "-").lower(): v for k, v in environ.items() if k.startswith("HTTP_")}
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name):
            headers[name.replace("_", "-").lower()] = environ[name]
    query = parse_qs(environ.get("QUERY_STRING", ""))
    scope = SIGNING_SCOPE.search(headers.get("authorization", ""))
    credential = query.get("X-Amz-Credential", [""])[0].split("/")
    service = scope[1] if scope else credential[3] if len(credential) == signatures.PARTS_OF_CREDENTIAL else "s3"
    action, protocol = "", "rest"
    if target := headers.get("x-amz-target"):
        action, protocol = target.rpartition(".")[2], "json"
    else:
        form = headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
        found = (parse_qs(body.decode("latin-1")) if form else {}).get("Action") or query.get("Action")
        if found:
            action, protocol = found[0], "query"
    return Call(environ=environ, body=body, headers=headers, service=service, protocol=protocol, action=action)


@dataclass(kw_only=True)
class Application:
    """What the HTTP server calls."""

    moto: Callable[..., Iterable[bytes]]
    metadata: Metadata
    services: tuple[str, ...] = ()
    started: float = field(default_factory=time.time)
    warm: set[str] = field(default_factory=set)
    read_seconds: deque[float] = field(default_factory=lambda: deque(maxlen=KEEP_TIMES))

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request of the AWS API, of the metadata service, or for the health."""
        refusal = _refusal(environ)
        answer = errors.answer(refusal, service="", protocol="rest") if refusal else self._answer(environ)
        if environ["REQUEST_METHOD"] == "HEAD":
            start_response(f"{answer.status} {_reason(answer.status)}", list(answer.headers))
            return [b""]
        headers = [(k, v) for k, v in answer.headers if k.lower() != "content-length"]
        start_response(
            f"{answer.status} {_reason(answer.status)}", [*headers, ("Content-Length", str(len(answer.body)))]
        )
        return [answer.body]

    def health(self) -> dict[str, Any]:
        """Say what /health says: for `up`, `status` and the curious."""
        now = runtime.current()
        return {
            "status": "ok",
            "name": now.config.name,
            "uptime_seconds": round(time.time() - self.started, 1),
            "read_median_ms": round(median(self.read_seconds) * 1000, 1) if self.read_seconds else None,
            "save_ms": round(now.model.save_seconds * 1000, 1),
            "services": sorted(self.services),
            "seconds": {what: round(taken, 1) for what, taken in services.figures().items()},
            "waiting": now.queue.pending(),
            "failures": now.queue.failing(),
        }

    def _answer(self, environ: dict[str, Any]) -> Answer:
        path, source = environ["PATH_INFO"], environ.get("REMOTE_ADDR", "")
        if path == "/health":
            return Answer(
                status=200, headers=(("Content-Type", "application/json"),), body=json.dumps(self.health()).encode()
            )
        if path == "/reconcile" and environ["REQUEST_METHOD"] == "POST" and source == "127.0.0.1":
            services.reconcile(runtime.current().config.region)
            runtime.current().registry.networks_changed()
            return Answer(status=202, headers=(), body=b"")
        if path.startswith("/latest/"):
            headers = {k[5:].replace("_", "-").lower(): v for k, v in environ.items() if k.startswith("HTTP_")}
            with runtime.current().model.lock:
                return self.metadata.answer(method=environ["REQUEST_METHOD"], path=path, source=source, headers=headers)
        if path.startswith(callbacks.PREFIX):  # control planes ask who somebody is, each with its own secret
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            secret = environ.get("HTTP_AUTHORIZATION", "")
            return callbacks.answer(method=environ["REQUEST_METHOD"], path=path, authorization=secret, body=body)
        call = read_call(environ)
        if path.startswith("/moto-api"):  # would reset everything, for anybody
            return errors.answer(errors.unimplemented("moto-api", path), service="moto", protocol="rest")
        started = time.monotonic()
        answer = self._serve(call)
        taken = time.monotonic() - started
        if not call.changes and call.service in self.warm:  # the first call of a service loads it
            self.read_seconds.append(taken)
        self.warm.add(call.service)
        if taken > SLOW_SECONDS:
            LOG.warning(
                "%s %s%s took %.1f s", call.service, call.method, f" {call.action}" if call.action else path, taken
            )
        return answer

    def _serve(self, call: Call) -> Answer:
        model = runtime.current().model
        try:
            with model.lock:
                who = signatures.check(call.signed, service=call.service, protocol=call.protocol)
                if isinstance(who, Fault):
                    return errors.answer(who, service=call.service, protocol=call.protocol)
                if not call.changes:
                    return self._ask_moto(call)
                with model.transaction():
                    answer = self._ask_moto(call)
        except RefusedError as refusal:
            return errors.answer(refusal.fault, service=call.service, protocol=call.protocol)
        except Exception as error:  # the last resort: a client gets its protocol's error, the log the traceback
            LOG.exception("%s %s %s failed", call.service, call.method, call.action or call.environ["PATH_INFO"])
            fault = Fault(
                code="InternalFailure",
                message=f"The local cloud failed at {call.service}:{call.action or call.environ['PATH_INFO']}: "
                f"{type(error).__name__}: {error}. See `python -m localcloud logs`.",
            )
            return errors.answer(fault, service=call.service, protocol=call.protocol)
        if call.service == "ec2":
            runtime.current().queue.submit("packet-filters", runtime.current().machines.refresh)
        return answer

    def _ask_moto(self, call: Call) -> Answer:
        seen: dict[str, Any] = {}

        def start_response(status: str, headers: list[tuple[str, str]], _error: Any = None) -> None:
            seen["status"], seen["headers"] = int(status.split(" ", 1)[0]), headers

        try:
            body = b"".join(self.moto(call.environ, start_response))
        except NotImplementedError as error:
            return self._unimplemented(call, str(error))
        except HTTPException as error:
            response: Any = error.get_response(call.environ)
            return Answer(
                status=response.status_code, headers=tuple(response.headers.items()), body=response.get_data()
            )
        if _is_no_route(seen["status"], dict(seen["headers"]), body):
            return self._unimplemented(call, "")
        return Answer(status=seen["status"], headers=tuple(seen["headers"]), body=body)

    def _unimplemented(self, call: Call, detail: str) -> Answer:
        operation = call.action or _operation(call) or f"{call.method} {call.environ['PATH_INFO']}"
        LOG.warning("unimplemented: %s:%s %s", call.service, operation, detail)
        fault = errors.unimplemented(call.service, operation)
        return errors.answer(fault, service=call.service, protocol=call.protocol)


def _refusal(environ: Mapping[str, Any]) -> Fault | None:
    """Say what is wrong with a request before anything of it is read."""
    if why := _foreign(environ):
        return errors.foreign(why)
    length = environ.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()):
        return Fault(code="BadRequest", message=f"Content-Length {length!r} is no number of bytes.")
    return None


def _foreign(environ: Mapping[str, Any]) -> str | None:
    """Say why a request is none of a client's: sent by a web page, or to a name that was made to lead here."""
    if environ.get("HTTP_ORIGIN"):
        return f"from web pages (Origin: {environ['HTTP_ORIGIN']})"
    host = environ.get("HTTP_HOST", "")
    name = urlsplit(f"//{host}").hostname or ""
    if name == "localhost":
        return None
    try:
        ip_address(name)
    except ValueError:
        return f"for {host or 'no host'}: ask by an address"
    return None


def _operation(call: Call) -> str | None:
    """Find the operation's name in a REST protocol, from botocore's model of the service."""
    try:
        operation, _ = get_service_router(call.service).match(MotoRequest(call.environ))
    except Exception:  # noqa: BLE001 - only for a better message: whatever fails here, method and path are named instead
        return None
    return str(operation.name)


def _is_no_route(status: int, headers: dict[str, str], body: bytes) -> bool:
    """Flask's own page for a path that no service has; S3's answer to HEAD has the same type, but no body."""
    return status == 404 and headers.get("Content-Type", "").startswith("text/html") and b"<title>404" in body  # noqa: PLR2004


def _reason(status: int) -> str:
    return {200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}.get(
        status, "Status"
    )
