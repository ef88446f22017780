"""From an HTTP request to the operation that it asks for, and its parameters: by botocore's models, in moto's parsers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from botocore.exceptions import UnknownServiceError
from moto.core.parse import PROTOCOL_PARSERS, RequestParserError
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from werkzeug.exceptions import NotFound

from localcloud.arguments import rules, words
from localcloud.arguments.model import check
from localcloud.arguments.wire import malformed
from localcloud.core.errors import Fault
from localcloud.http import errors

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
# requests for the first generation of load balancers are signed for the same name; their version tells them apart:
# https://docs.aws.amazon.com/elasticloadbalancing/2012-06-01/APIReference/CommonParameters.html
CLASSIC = {("elasticloadbalancing", "2012-06-01"): "elb"}
UNKNOWN = "UnknownOperation"
QUERIES = ("ec2", "query")
TWICE = "The parameter {} is given twice, or in the query beside a form: give each once, in one place."


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
    fault: Fault | None = None  # what the service refuses of the parameters, whoever asks


@cache
def _model(service: str) -> Any:
    try:
        return get_service_model(service)
    except UnknownServiceError:
        return None


def read(asked: AwsRequest) -> Operation:
    """Find the operation and its parameters. One that botocore does not know as the service's has none."""
    request = Request(asked.replay())
    name = NAMES.get(asked.service, asked.service)
    service = CLASSIC.get((asked.service, request.values.get("Version", "")), name)
    model = _model(service)
    found: OperationModel | None = None
    uri: dict[str, Any] = {}
    if model is not None:
        try:
            found, uri = get_service_router(service).match(request)
        except (NotFound, NotImplementedError):  # no such path, or a content type of another protocol
            found = None
    parameters: Mapping[str, Any] | None = {}
    fault: Fault | None = None
    if found is not None:
        protocol = determine_request_protocol(model, request.content_type)
        parameters, fault = _parameters(found, request, uri, asked.body, protocol)
        if protocol in QUERIES and (twice := _twice(request)):
            fault = Fault(code="MalformedQueryString", message=TWICE.format(twice))
    elif model is not None and name != "s3":  # moto would look for an operation in headers, too
        fault = errors.unimplemented(asked.service, asked.action or f"{asked.method} {asked.path}")
    return Operation(
        service=asked.service,
        protocol=asked.protocol,
        name=str(found.name) if found else asked.action or UNKNOWN,
        region=asked.scope[0],
        source=str(asked.environ.get("REMOTE_ADDR", "")),
        parameters=parameters,
        accepts=frozenset(found.input_shape.members if found and found.input_shape else ()),
        fault=fault,
    )


def _twice(request: Request) -> str:
    """Return a parameter that stands twice, or beside a form: who decides by one may answer by the other."""
    query = [name for name, _ in request.args.items(multi=True) if not name.startswith("X-Amz-")]
    form = [name for name, _ in request.form.items(multi=True)]
    if query and form:
        return query[0]
    return next((name for name, count in Counter(query + form).items() if count > 1), "")


def _parameters(
    operation: OperationModel, request: Request, uri: dict[str, Any], body: bytes, protocol: str
) -> tuple[Mapping[str, Any] | None, Fault | None]:
    """Return the parameters, None when they can't be read; and what the service refuses of them."""
    if wrong := malformed(operation, protocol, request.values, body):
        return None, words.of_malformed(operation, protocol, wrong)
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
        return None, words.unreadable(operation, protocol)
    violations = list(check(operation.input_shape, found)) if operation.input_shape else []
    if violations and (fault := words.of_violations(operation, protocol, violations)):
        return found, fault
    return found, rules.refusal(operation.service_model.service_name, operation.name, found)
