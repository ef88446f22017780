"""From an HTTP request to the operation that it asks for, and its parameters: by botocore's models, in moto's parsers."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from botocore.exceptions import UnknownServiceError
from moto.core.parse import PROTOCOL_PARSERS, RequestParserError
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from werkzeug.exceptions import NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from moto.core.model import OperationModel

    from localcloud.http.request import AwsRequest

# botocore's name of a service, where it is not the one that requests are signed for
NAMES = {
    "elasticloadbalancing": "elbv2",
    "monitoring": "cloudwatch",
    "servicequotas": "service-quotas",
    "tagging": "resourcegroupstaggingapi",
}
UNKNOWN = "UnknownOperation"


@dataclass(frozen=True, kw_only=True)
class Operation:
    """What is asked for. No parameters are known of what botocore has no model of."""

    service: str  # as requests are signed for
    protocol: str  # query, json or rest
    name: str
    region: str
    source: str  # the caller's address
    parameters: Mapping[str, Any] | None = field(default_factory=dict)  # None: they can't be read
    accepts: frozenset[str] = frozenset()  # the names of all parameters that it has


@cache
def _model(service: str) -> Any:
    try:
        return get_service_model(service)
    except UnknownServiceError:
        return None


def read(asked: AwsRequest) -> Operation:
    """Find the operation and its parameters. One that botocore does not know as the service's has none."""
    service = NAMES.get(asked.service, asked.service)
    model = _model(service)
    request = Request(asked.replay())
    found: OperationModel | None = None
    uri: dict[str, Any] = {}
    if model is not None:
        try:
            found, uri = get_service_router(service).match(request)
        except (NotFound, NotImplementedError):  # no such path, or a content type of another protocol
            found = None
    return Operation(
        service=asked.service,
        protocol=asked.protocol,
        name=str(found.name) if found else asked.action or UNKNOWN,
        region=asked.scope[0],
        source=str(asked.environ.get("REMOTE_ADDR", "")),
        parameters=_parameters(found, request, uri, asked.body, determine_request_protocol(model, request.content_type))
        if found
        else {},
        accepts=frozenset(found.input_shape.members if found and found.input_shape else ()),
    )


def _parameters(
    operation: OperationModel, request: Request, uri: dict[str, Any], body: bytes, protocol: str
) -> Mapping[str, Any] | None:
    parser = PROTOCOL_PARSERS[protocol](operation)
    asked = {
        "method": request.method,
        "values": request.values,
        "headers": request.headers,
        "body": body,
        "url_path": request.path,
        "url_params": uri,
    }
    try:
        found: Mapping[str, Any] = parser.parse(asked)  # type: ignore[arg-type]
    except (RequestParserError, KeyError, TypeError, ValueError):
        return None  # the service refuses it in its own words
    return found
