"""Errors in the format of the protocol in which they were asked for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from uuid import uuid4
from xml.sax.saxutils import escape

from werkzeug import Response

from localcloud.core.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Sequence

XML_SERVICES = ("s3", "route53", "cloudfront")
NO_LENGTH = "You must provide the Content-Length HTTP header."
INCOMPLETE = "The request body terminated unexpectedly"
EXPIRES = "X-Amz-Expires must be between 1 and 604800 seconds, which is a week."


class RefusedError(Exception):
    """A request that is refused in a service's own words: the server renders it in the protocol that was asked in."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"{fault.code}: {fault.message}")
        self.fault = fault


def response(fault: Fault, *, service: str = "", protocol: str = "rest") -> Response:
    """Render a fault: protocol is query, json or rest."""
    request_id = str(uuid4())
    code, message = escape(fault.code), escape(fault.message)
    headers = {"x-amzn-RequestId": request_id}
    if protocol == "query" and service == "ec2":
        text = (
            f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
            f"<RequestID>{request_id}</RequestID></Response>"
        )
    elif protocol == "query" or service == "route53":
        text = (
            f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        )
    elif service in XML_SERVICES:
        text = f"<Error><Code>{code}</Code><Message>{message}</Message><RequestId>{request_id}</RequestId></Error>"
    else:
        kind = "application/x-amz-json-1.1" if protocol == "json" else "application/json"
        body = json.dumps({"__type": fault.code, "message": fault.message})
        return Response(body, fault.status, {**headers, "x-amzn-ErrorType": fault.code}, content_type=kind)
    text = f'<?xml version="1.0" encoding="UTF-8"?>{text}'
    return Response(text, fault.status, headers, content_type="text/xml")


def refused_status(protocol: str) -> int:
    """Return the status with which a caller is refused: JSON services answer 400."""
    return 400 if protocol == "json" else 403


def unknown_key(service: str, protocol: str) -> Fault:
    """Say that nobody has this access key, or that its session has another token."""
    if service == "s3":
        message = "The AWS Access Key Id you provided does not exist in our records."
        return Fault(code="InvalidAccessKeyId", message=message, status=403)
    if service == "ec2":
        message = "AWS was not able to validate the provided access credentials"
        return Fault(code="AuthFailure", message=message, status=403)
    xml = protocol == "query" or service in XML_SERVICES
    return Fault(
        code="InvalidClientTokenId" if xml else "UnrecognizedClientException",
        message="The security token included in the request is invalid.",
        status=refused_status(protocol),
    )


def bad_signature(service: str, protocol: str) -> Fault:
    """Say that the signature was not made with this key's secret."""
    message = (
        "The request signature we calculated does not match the signature you provided. "
        "Check your AWS Secret Access Key and signing method."
    )
    xml = protocol == "query" or service in XML_SERVICES
    code = "SignatureDoesNotMatch" if xml else "InvalidSignatureException"
    return Fault(code=code, message=message, status=refused_status(protocol))


def unknown_region(service: str, protocol: str, region: str) -> Fault:
    """Say that the signature is for a region that there is not: of no partition, or of another one than the account's."""
    if service == "s3":
        message = f"The authorization header is malformed; the region '{region}' is wrong"
        return Fault(code="AuthorizationHeaderMalformed", message=message)
    message = f"Credential should be scoped to a valid region, not '{region}'."
    return Fault(code=bad_signature(service, protocol).code, message=message, status=refused_status(protocol))


def skewed(service: str, protocol: str, message: str) -> Fault:
    """Say that the signer's clock, or the request's way, was more than 15 minutes off."""
    if service == "s3":
        message = "The difference between the request time and the current time is too large."
        return Fault(code="RequestTimeTooSkewed", message=message, status=403)
    if service == "ec2":
        return Fault(code="RequestExpired", message="Request has expired.")
    return Fault(code=bad_signature(service, protocol).code, message=message, status=refused_status(protocol))


def not_signed(headers: Sequence[str], service: str, protocol: str) -> Fault:
    """Say which headers the signature must cover, too."""
    if "host" in headers:
        code = bad_signature(service, protocol).code
        return Fault(code=code, message="'Host' must be a 'SignedHeader' in the AWS Authorization.", status=403)
    named = ", ".join(headers)
    return Fault(
        code="AccessDenied",
        message=f"There were headers present in the request which were not signed: {named}",
        status=403,
    )


def other_body() -> Fault:
    """Say that S3 got another body than the one that was signed."""
    return Fault(
        code="XAmzContentSHA256Mismatch",
        message="The provided 'x-amz-content-sha256' header does not match what was computed.",
    )


def no_digest() -> Fault:
    """Say that S3 needs to know what body was signed."""
    return Fault(code="InvalidRequest", message="Missing required header for this request: x-amz-content-sha256")


def too_large(service: str, most: int) -> Fault:
    """Say that a body is larger than what is read."""
    code, status = ("EntityTooLarge", 400) if service == "s3" else ("RequestEntityTooLarge", 413)
    return Fault(code=code, message=f"The body is larger than {most} bytes, the most that is taken.", status=status)


def foreign(what: str) -> Fault:
    """Refuse a web page's request, or one that came by a name that is none of ours."""
    return Fault(code="AccessDenied", message=f"The local cloud takes no requests {what}.", status=403)


def unsigned(service: str, protocol: str) -> Fault:
    """Say that the request has no signature."""
    if service == "s3":
        return Fault(code="AccessDenied", message="Access Denied", status=403)
    xml = protocol == "query" or service in XML_SERVICES
    return Fault(
        code="MissingAuthenticationToken" if xml else "MissingAuthenticationTokenException",
        message="Request is missing Authentication Token",
        status=refused_status(protocol),
    )


def unverified() -> Fault:
    """Say why an assertion opens no session."""
    return Fault(code="InvalidIdentityToken", message="The local cloud verifies no SAML assertions: use AssumeRole.")


def expired_token(service: str, protocol: str) -> Fault:
    """Say that a session is over."""
    message = "The security token included in the request is expired"
    if service == "s3":
        return Fault(code="ExpiredToken", message="The provided token has expired.")
    if service == "ec2":
        return Fault(code="RequestExpired", message="Request has expired.")
    if protocol == "query" or service in XML_SERVICES:
        return Fault(code="ExpiredToken", message=message, status=403)
    return Fault(code="ExpiredTokenException", message=message, status=refused_status(protocol))


def forbidden(service: str, protocol: str, message: str) -> Fault:
    """Say that the caller's policies do not allow this."""
    if service == "ec2":
        message = f"You are not authorized to perform this operation. {message}"
        return Fault(code="UnauthorizedOperation", message=message, status=403)
    xml = protocol == "query" or service in XML_SERVICES
    code = "AccessDenied" if xml else "AccessDeniedException"
    return Fault(code=code, message=message, status=refused_status(protocol))


def dry_run() -> Fault:
    """Say that EC2 would do it: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html."""
    message = "Request would have succeeded, but DryRun flag is set."
    return Fault(code="DryRunOperation", message=message, status=412)


def unimplemented(service: str, operation: str) -> Fault:
    """Name the operation that the local cloud lacks: a 4xx, since a 500 would be asked again for minutes."""
    return Fault(
        code="UnsupportedOperation", message=f"The local cloud does not implement {service}:{operation}.", status=400
    )
