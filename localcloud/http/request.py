"""A request to AWS, read and understood so far as the local cloud itself needs it."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from moto.core.request import Request, environ_key_for_header
from werkzeug.exceptions import RequestEntityTooLarge

from localcloud.http import errors
from localcloud.http.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from wsgiref.types import WSGIEnvironment

    import werkzeug

READ_ONLY = re.compile(r"^(Describe|List|Get|Head|BatchGet|BatchCheck|Lookup|Search|Filter|Simulate)")
CHANGING_READS = frozenset({"GetSessionToken", "GetFederationToken"})
SIGNING_SCOPE = re.compile(r"Credential=[^/\s]+/\d+/([^/]*)/([^/]+)/aws4_request")
PARTS_OF_CREDENTIAL = 5
FORM = "application/x-www-form-urlencoded"
LARGEST_BODY = 16 << 20
LARGEST_OBJECT = 512 << 20  # S3: moto has objects in memory


@dataclass(kw_only=True)
class AwsRequest:
    """The body is read when it is first asked for, once, whatever its framing; it is bounded."""

    environ: WSGIEnvironment
    decoded: dict[str, str] = field(default_factory=dict)  # what moto must see instead of these headers' values

    @cached_property
    def http(self) -> Request:
        """The request as werkzeug reads it."""
        return Request(self.environ)

    @property
    def method(self) -> str:
        """HTTP method."""
        return str(self.environ["REQUEST_METHOD"])

    @property
    def path(self) -> str:
        """The path, decoded."""
        return str(self.environ["PATH_INFO"])

    @property
    def target(self) -> str:
        """Path and query as they came over the wire: what is signed."""
        return str(self.environ.get("RAW_URI") or self.environ.get("REQUEST_URI") or self.path)

    @cached_property
    def headers(self) -> Mapping[str, str]:
        """The headers by their names in lower case."""
        return {name.lower(): value for name, value in self.http.headers.items()}

    @cached_property
    def query(self) -> dict[str, str]:
        """The query's parameters; of repeated ones the first."""
        found = parse_qs(urlsplit(self.target).query, keep_blank_values=True)
        return {name: values[0] for name, values in found.items()}

    @cached_property
    def scope(self) -> tuple[str, str]:
        """The region and the service that the signature is for; without one, S3 unless something else is named."""
        if scope := SIGNING_SCOPE.search(self.environ.get("HTTP_AUTHORIZATION", "")):
            return scope[1], scope[2]
        credential = self.query.get("X-Amz-Credential", "").split("/")
        if len(credential) == PARTS_OF_CREDENTIAL:
            return credential[2], credential[3]
        return "", "s3" if self.protocol == "rest" else ""

    @property
    def service(self) -> str:
        """The service that the signature is for."""
        return self.scope[1]

    @cached_property
    def protocol(self) -> str:
        """The protocol: query, json or rest."""
        if self.environ.get("HTTP_X_AMZ_TARGET"):
            return "json"
        is_form = self.environ.get("CONTENT_TYPE", "").startswith(FORM)
        return "query" if is_form or "Action" in self.query else "rest"

    @cached_property
    def body(self) -> bytes:
        """The body. Raises RefusedError when it is too large."""
        most = LARGEST_OBJECT if self.service == "s3" else LARGEST_BODY
        body = read_body(self.http, most=most)
        if body is None:
            raise RefusedError(errors.too_large(self.service, most))
        return body

    @cached_property
    def action(self) -> str:
        """The operation's name; "" in REST protocols."""
        if self.protocol == "json":
            return self.headers["x-amz-target"].rpartition(".")[2]
        form = parse_qs(self.body.decode("latin-1")) if self.environ.get("CONTENT_TYPE", "").startswith(FORM) else {}
        return form.get("Action", [self.query.get("Action", "")])[0]

    @property
    def changes(self) -> bool:
        """Whether it may change something."""
        if self.action:
            return self.action in CHANGING_READS or not READ_ONLY.match(self.action)
        return self.method not in ("GET", "HEAD")

    def take_as(self, service: str) -> None:
        """Have it read as a request to this service, which is asked without a signature; moto goes by the signature, too."""
        scope = f"AWS4-HMAC-SHA256 Credential=nobody/20000101/us-east-1/{service}/aws4_request"
        self.environ = {**self.environ, "HTTP_AUTHORIZATION": scope}
        self.__dict__.pop("scope", None)

    def put_together(self, body: bytes, trailers: Mapping[str, str]) -> None:
        """Replace a body that came in pieces by the whole, and its trailers by headers, for moto."""
        self.__dict__["body"] = body
        encodings = [part.strip() for part in self.headers.get("content-encoding", "").split(",")]
        self.decoded = {
            "HTTP_X_AMZ_CONTENT_SHA256": "UNSIGNED-PAYLOAD",
            "HTTP_CONTENT_ENCODING": ",".join(part for part in encodings if part not in ("", "aws-chunked")),
            **{environ_key_for_header(name): value for name, value in trailers.items()},
        }

    def replay(self) -> WSGIEnvironment:
        """Return an environment in which moto reads the body anew."""
        gone = ("werkzeug.request", "wsgi.input_terminated", "HTTP_TRANSFER_ENCODING")
        kept = {name: value for name, value in self.environ.items() if name not in gone}
        kept |= self.decoded
        if not kept.get("HTTP_AUTHORIZATION") and self.service not in ("", "s3"):
            # moto takes a presigned URL for one of S3's, whatever service was signed for
            kept["HTTP_AUTHORIZATION"] = f"AWS4-HMAC-SHA256 Credential={self.query['X-Amz-Credential']}"
        return {**kept, "wsgi.input": io.BytesIO(self.body), "CONTENT_LENGTH": str(len(self.body))}

    def __str__(self) -> str:
        """Name what is asked, for the log."""
        return f"{self.service} {self.method} {self.action or self.path}"


def read_body(request: werkzeug.Request, *, most: int) -> bytes | None:
    """Read a body whatever its framing; None when it is larger than that."""
    request.max_content_length = most + 1  # without a length werkzeug stops there, and says nothing
    try:
        body = request.get_data(parse_form_data=False)
    except RequestEntityTooLarge:
        return None
    return body if len(body) <= most else None
