"""The WSGI application on the way to the registry: asks the gate, passes on, records what was pushed."""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import urllib3
from moto.ecr.models import ecr_backends
from urllib3.util import make_headers

from localcloud.core import runtime
from localcloud.core.config import ACCOUNT
from localcloud.ecr import policy, tokens
from localcloud.ecr.registry import PORT, USER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from localcloud.ecr.registry import Registry

LOG = logging.getLogger(__name__)
PIECE = 1 << 20
LARGEST_MANIFEST = 4 << 20
HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "authorization", "expect", "host"}
)
TIMEOUT = urllib3.Timeout(connect=5, read=300)


@dataclass(kw_only=True)
class Proxy:
    """One per process."""

    registry: Registry
    pool: urllib3.HTTPConnectionPool = field(init=False)

    def __post_init__(self) -> None:
        self.pool = urllib3.HTTPConnectionPool(self.registry.address, PORT, maxsize=8, timeout=TIMEOUT)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request of the registry protocol."""
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        authorized = tokens.valid(self.registry.token_key, environ.get("HTTP_AUTHORIZATION", ""), now=time.time())
        manifest = b""
        if authorized and method == "PUT" and "/manifests/" in path:
            manifest = read_manifest(environ)
            if (problem := manifest_problem(manifest)) is not None:
                return self._refuse(problem, start_response)
        digest = f"sha256:{sha256(manifest).hexdigest()}" if manifest else ""
        decision = policy.decide(method, path, authorized=authorized, find=find_repository, digest=digest)
        if isinstance(decision, policy.Refusal):
            return self._refuse(decision, start_response)
        try:
            answer = self._ask(environ, decision, manifest)
        except urllib3.exceptions.HTTPError as error:
            LOG.warning("registry: %s %s: %s", method, path, error)
            refusal = policy.Refusal(status=503, code="UNAVAILABLE", message=f"The registry does not answer: {error}")
            return self._refuse(refusal, start_response)
        if decision.push and answer.status < 300:  # noqa: PLR2004
            record_push(decision.repository, decision.push, manifest, digest, environ.get("CONTENT_TYPE", ""))
        headers = [(k, v) for k, v in answer.headers.items() if k.lower() not in HOP_BY_HOP]
        start_response(f"{answer.status} {answer.reason}", headers)
        if method == "HEAD":
            answer.release_conn()
            return []
        return _pieces(answer)

    def _ask(self, environ: dict[str, Any], decision: policy.Pass, manifest: bytes) -> urllib3.BaseHTTPResponse:
        headers = {
            k[5:].replace("_", "-"): v
            for k, v in environ.items()
            if k.startswith("HTTP_") and k[5:].replace("_", "-").lower() not in HOP_BY_HOP
        }
        headers |= make_headers(basic_auth=f"{USER}:{self.registry.password}")
        headers |= {"Host": environ.get("HTTP_HOST", self.registry.host), "X-Forwarded-Proto": "https"}
        if environ.get("CONTENT_TYPE"):
            headers["Content-Type"] = environ["CONTENT_TYPE"]
        body: Any = None
        chunked = False
        if manifest:
            body = manifest
        elif environ.get("CONTENT_LENGTH"):
            headers["Content-Length"] = environ["CONTENT_LENGTH"]
            body = _limited(environ["wsgi.input"], int(environ["CONTENT_LENGTH"]))
        elif environ.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked":
            body, chunked = iter(lambda: environ["wsgi.input"].read(PIECE), b""), True
        target = decision.path + (f"?{environ['QUERY_STRING']}" if environ.get("QUERY_STRING") else "")
        return self.pool.urlopen(
            environ["REQUEST_METHOD"],
            target,
            body=body,
            headers=headers,
            chunked=chunked,
            redirect=False,
            retries=False,
            preload_content=False,
            decode_content=False,
        )

    def _refuse(self, refusal: policy.Refusal, start_response: Callable[..., Any]) -> list[bytes]:
        headers = [
            ("Content-Type", "application/json"),
            ("Docker-Distribution-Api-Version", "registry/2.0"),
            ("Content-Length", str(len(refusal.body))),
        ]
        if refusal.status == 401:  # noqa: PLR2004
            headers.append(
                ("WWW-Authenticate", f'Basic realm="https://{self.registry.host}/",service="ecr.amazonaws.com"')
            )
        start_response(f"{refusal.status} {refusal.code or 'OK'}", headers)
        return [refusal.body]


def read_manifest(environ: dict[str, Any]) -> bytes:
    """Read a pushed manifest whatever its framing, at most one byte more than is allowed."""
    chunked = environ.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked"
    length = LARGEST_MANIFEST + 1 if chunked else int(environ.get("CONTENT_LENGTH") or 0)
    return b"".join(_limited(environ["wsgi.input"], min(length, LARGEST_MANIFEST + 1)))


def manifest_problem(manifest: bytes) -> policy.Refusal | None:
    """Return why a manifest can't be taken, or nothing."""
    if len(manifest) > LARGEST_MANIFEST:
        message = f"The manifest is larger than {LARGEST_MANIFEST} bytes."
        return policy.Refusal(status=413, code="MANIFEST_INVALID", message=message)
    try:
        if isinstance(json.loads(manifest), dict):
            return None
    except ValueError:
        pass
    message = f"The manifest ({len(manifest)} bytes) is no JSON object. Push an image manifest or an image index."
    return policy.Refusal(status=400, code="MANIFEST_INVALID", message=message)


def find_repository(name: str) -> policy.Repository | None:
    """Look the repository up in ECR's model."""
    now = runtime.current()
    with now.model.lock:
        repository = ecr_backends[ACCOUNT][now.config.region].repositories.get(name)
        if repository is None:
            return None
        mutability = repository.image_tag_mutability
        return policy.Repository(
            immutable=lambda _: mutability.startswith("IMMUTABLE"),
            tags={tag: image.image_digest for image in repository.images for tag in image.image_tags},
        )


def record_push(name: str, reference: str, manifest: bytes, digest: str, media_type: str) -> None:
    """Tell ECR's model what the registry has now."""
    now = runtime.current()
    kind = media_type or json.loads(manifest).get("mediaType", "")
    with now.model.transaction():
        backend: Any = ecr_backends[ACCOUNT][now.config.region]
        backend.record_push(
            name, None if reference.startswith("sha256:") else reference, manifest.decode(), digest, kind
        )


def _limited(stream: Any, length: int) -> Iterator[bytes]:
    while length > 0 and (piece := stream.read(min(PIECE, length))):
        length -= len(piece)
        yield piece


def _pieces(answer: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    try:
        yield from answer.stream(PIECE, decode_content=False)
    finally:
        answer.release_conn()
