"""The registry that clients see: manifests and tags are ECR's model, layers are passed on to the registry's container."""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import urllib3
from moto.ecr.exceptions import ImageAlreadyExistsException
from moto.ecr.models import ecr_backends
from urllib3.util import make_headers
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Request, Response

from localcloud.core import runtime
from localcloud.core.config import ACCOUNT
from localcloud.ecr import policy, tokens
from localcloud.ecr.policy import Manifest, RefusedError
from localcloud.ecr.registry import PORT, USER
from localcloud.http import errors, principals
from localcloud.http.operations import Operation
from localcloud.iam import authorization

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from localcloud.ecr.models import LocalECRBackend
    from localcloud.ecr.registry import Registry
    from localcloud.http.principals import Principal

LOG = logging.getLogger(__name__)
PIECE = 1 << 20
LARGEST_MANIFEST = 4 << 20
# each side of a proxy has its own
NOT_PASSED_ON = frozenset(
    {
        *("connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade"),
        *("authorization", "content-length", "date", "expect", "host", "server"),
    }
)
# The action of each request of the protocol: https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html
ACTIONS = {
    ("DELETE", "manifests"): "BatchDeleteImage",
    ("GET", "blobs"): "GetDownloadUrlForLayer",
    ("GET", "manifests"): "BatchGetImage",
    ("GET", "referrers"): "ListImageReferrers",
    ("GET", "tags"): "ListImages",
    ("GET", "uploads"): "UploadLayerPart",
    ("HEAD", "blobs"): "BatchCheckLayerAvailability",
    ("HEAD", "manifests"): "BatchGetImage",
    ("DELETE", "uploads"): "CompleteLayerUpload",
    ("PATCH", "uploads"): "UploadLayerPart",
    ("POST", "uploads"): "InitiateLayerUpload",
    ("PUT", "manifests"): "PutImage",
    ("PUT", "uploads"): "CompleteLayerUpload",
}
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
        try:
            answer = self._answer(Request(environ))
        except RefusedError as refusal:
            answer = Response(refusal.body, refusal.status, mimetype="application/json")
        answer.headers["Docker-Distribution-Api-Version"] = "registry/2.0"
        if answer.status_code == 401:  # noqa: PLR2004
            answer.headers["WWW-Authenticate"] = (
                f'Basic realm="https://{self.registry.host}/",service="ecr.amazonaws.com"'
            )
        return answer(environ, start_response)

    def _answer(self, request: Request) -> Response:
        who = self._owner(request)
        if request.path.rstrip("/") == "/v2":
            return _json({})
        match = policy.PATH.fullmatch(request.path)
        if match is None:
            raise RefusedError(404, "UNSUPPORTED", f"The registry has no {request.method} {request.path}.")
        name, kind, rest = match["name"], match["kind"], match["rest"]
        with runtime.current().model.lock:
            _authorize(who, request, name, kind, rest)
            if name not in _backend().repositories:
                message = f"The repository with name '{name}' does not exist in the registry with id '{ACCOUNT}'"
                raise RefusedError(404, "NAME_UNKNOWN", message)
        if request.method == "DELETE" and (kind != "manifests" or ":" not in rest):
            message = "Images are deleted by their digest, tags by ecr:BatchDeleteImage, layers by ECR itself."
            raise RefusedError(405, "UNSUPPORTED", message)
        if kind == "blobs":
            return self._layer(request, rest)
        if request.method == "PUT" and kind == "manifests":
            return self._push(request, name, rest)
        with runtime.current().model.lock:
            return _delete(name, rest) if request.method == "DELETE" else self._read(request, name, kind, rest)

    def _owner(self, request: Request) -> Principal:
        """Return whose token this is."""
        key = tokens.owner(self.registry.token_key, request.headers.get("Authorization", ""), now=time.time())
        with runtime.current().model.lock:
            who = principals.find(key) if key else None
        if who is None:
            raise RefusedError(401, "UNAUTHORIZED", "Your authorization token has expired or is not valid.")
        return who

    def _read(self, request: Request, name: str, kind: str, rest: str) -> Response:
        backend = _backend()
        if kind == "tags":
            limit, last = request.args.get("n", str(policy.PAGE)), request.args.get("last", "")
            found, following = policy.page(backend.tags(name), limit=limit, last=last)
            address = f"https://{self.registry.host}{request.path}?{following}"
            return _json({"name": name, "tags": found}, **({"Link": f'<{address}>; rel="next"'} if following else {}))
        if kind == "referrers":
            policy.check_digest(rest)
            index = policy.referrers(backend.manifests(name), subject=rest, query=request.args)
            filters = {"OCI-Filters-Applied": "artifactType"} if "artifactType" in request.args else {}
            return _json(index, **{"Content-Type": policy.INDEX}, **filters)
        manifest = backend.find_manifest(name, rest)
        if manifest is None:
            raise RefusedError(404, "MANIFEST_UNKNOWN", f"Requested image not found: {name}:{rest}")
        return Response(
            manifest.text, content_type=manifest.media_type, headers={"Docker-Content-Digest": manifest.digest}
        )

    def _push(self, request: Request, name: str, reference: str) -> Response:
        request.max_content_length = LARGEST_MANIFEST
        try:
            body = request.get_data()
        except RequestEntityTooLarge:
            message = f"The manifest is larger than {LARGEST_MANIFEST} bytes."
            raise RefusedError(413, "MANIFEST_INVALID", message) from None
        digest = f"sha256:{sha256(body).hexdigest()}"
        manifest = policy.read_manifest(body, digest=digest, media_type=request.headers.get("Content-Type", ""))
        if ":" in reference and reference != digest:
            policy.check_digest(reference)
            raise RefusedError(400, "DIGEST_INVALID", f"The manifest's digest is {digest}, not {reference}.")
        missing = [one for one in manifest.blobs if self._ask("HEAD", f"/v2/{name}/blobs/{one}").status != 200]  # noqa: PLR2004
        if missing:
            message = f"Layers with digests {missing} required for pushing the image do not exist."
            raise RefusedError(404, "MANIFEST_BLOB_UNKNOWN", message)
        record_push(name, None if ":" in reference else reference, manifest)
        location = f"https://{self.registry.host}/v2/{name}/manifests/{reference}"
        headers = {"Location": location, "Docker-Content-Digest": digest}
        return Response(status=201, headers=headers | ({"OCI-Subject": manifest.subject} if manifest.subject else {}))

    def _layer(self, request: Request, rest: str) -> Response:
        """Pass on what is about layers."""
        for digest in (request.args.get("digest"), request.args.get("mount"), None if "uploads/" in rest else rest):
            if digest is not None:
                policy.check_digest(digest)
        target = request.path + (f"?{request.query_string.decode()}" if request.query_string else "")
        headers = {key: value for key, value in request.headers.items() if key.lower() not in NOT_PASSED_ON}
        if request.method in ("PATCH", "PUT") and (piece := request.headers.get("Content-Range")):
            policy.check_range(piece, there=self._ask("GET", target).headers.get("Range", ""))
        body: Any = None
        if request.content_length:
            headers["Content-Length"] = str(request.content_length)
            body = request.stream
        elif request.headers.get("Transfer-Encoding", "").lower() == "chunked":
            body = iter(lambda: request.stream.read(PIECE), b"")
        answer = self._ask(request.method, target, headers=headers, body=body, preload_content=False)
        kept = [(key, value) for key, value in answer.headers.items() if key.lower() not in NOT_PASSED_ON]
        if length := answer.headers.get("Content-Length"):
            kept.append(("Content-Length", length))
        if request.method == "HEAD":
            answer.release_conn()
            return Response(status=answer.status, headers=kept)
        return Response(_pieces(answer), answer.status, headers=kept, direct_passthrough=True)

    def _ask(
        self, method: str, target: str, *, headers: dict[str, str] | None = None, **options: Any
    ) -> urllib3.BaseHTTPResponse:
        ours = {"Host": self.registry.host, "X-Forwarded-Proto": "https"}
        ours |= make_headers(basic_auth=f"{USER}:{self.registry.password}")
        chunked = options.get("body") is not None and "Content-Length" not in (headers or {})
        try:
            return self.pool.urlopen(
                method,
                target,
                headers=(headers or {}) | ours,
                chunked=chunked,
                redirect=False,
                retries=False,
                decode_content=False,
                **options,
            )
        except urllib3.exceptions.HTTPError as error:
            LOG.warning("registry: %s %s: %s", method, target, error)
            raise RefusedError(503, "UNAVAILABLE", f"The registry does not answer: {error}") from error


def record_push(name: str, tag: str | None, manifest: Manifest) -> None:
    """Decide on a pushed manifest and keep it, in one transaction. Raises RefusedError."""
    with runtime.current().model.transaction():
        backend = _backend()
        missing = [one for one in manifest.images if backend.find_manifest(name, one) is None]
        if missing:
            message = f"Images with digests {missing} required for pushing image into repository '{name}' do not exist."
            raise RefusedError(404, "MANIFEST_BLOB_UNKNOWN", message)
        try:
            backend.record_push(name, tag, manifest)
        except ImageAlreadyExistsException:
            message = (
                f"The image tag '{tag}' already exists in the '{name}' repository and cannot be overwritten because the "
                "tag is immutable."
            )
            raise RefusedError(400, "TAG_INVALID", message) from None


def _authorize(who: Principal, request: Request, name: str, kind: str, rest: str) -> None:
    """Raise RefusedError when IAM does not let the token's owner do this."""
    what = "uploads" if kind == "blobs" and rest.startswith("uploads") else kind
    operation = Operation(
        service="ecr",
        protocol="json",
        name=ACTIONS.get((request.method, what), "UnknownOperation"),
        region=runtime.current().config.region,
        source=request.remote_addr or "",
        parameters={"repositoryName": name},
        accepts=frozenset({"repositoryName"}),
    )
    try:
        authorization.check(who, operation)
    except errors.RefusedError as refusal:
        raise RefusedError(403, "DENIED", refusal.fault.message) from refusal


def _delete(name: str, digest: str) -> Response:
    policy.check_digest(digest)
    with runtime.current().model.transaction():
        failures = _backend().batch_delete_image(name, None, [{"imageDigest": digest}])["failures"]
    if failures:
        raise RefusedError(404, "MANIFEST_UNKNOWN", f"Requested image not found: {name}@{digest}")
    return Response(status=202)


def _backend() -> LocalECRBackend:
    backend: Any = ecr_backends[ACCOUNT][runtime.current().config.region]
    found: LocalECRBackend = backend
    return found


def _json(content: dict[str, Any], **headers: str) -> Response:
    return Response(json.dumps(content), headers={"Content-Type": "application/json"} | headers)


def _pieces(answer: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    try:
        yield from answer.stream(PIECE, decode_content=False)
    finally:
        answer.release_conn()
