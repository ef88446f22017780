"""The registries that clients see, one a region: manifests and tags are ECR's model, layers are passed on to the container."""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import urllib3
from moto.ecr.exceptions import ImageAlreadyExistsException
from urllib3.util import make_headers
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Request, Response

from localcloud.arguments.rules.ecr import IMAGE_TAG
from localcloud.core import runtime
from localcloud.core.config import ACCOUNT
from localcloud.ecr import policy, tokens
from localcloud.ecr.models import backend_of
from localcloud.ecr.policy import Manifest, RefusedError
from localcloud.ecr.registry import PORT, USER, place_of
from localcloud.http import errors, principals
from localcloud.http.edge import hostname
from localcloud.http.operations import Operation
from localcloud.iam import authorization

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

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


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request about a repository."""

    http: Request
    who: Principal  # whose token it brings
    region: str
    name: str
    kind: str
    rest: str

    @property
    def action(self) -> str:
        """The operation's name in IAM."""
        what = "uploads" if self.kind == "blobs" and self.rest.startswith("uploads") else self.kind
        return ACTIONS.get((self.http.method, what), "UnknownOperation")

    def address(self, path: str) -> str:
        """Return an address of this registry."""
        return f"https://{runtime.current().config.registry_of(self.region)}{path}"


@dataclass(kw_only=True)
class Proxy:
    """One per process."""

    registry: Registry
    pool: urllib3.HTTPConnectionPool = field(init=False)
    regions: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.pool = urllib3.HTTPConnectionPool(self.registry.address, PORT, maxsize=8, timeout=TIMEOUT)
        self.regions = self.registry.config.registries()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request of the registry protocol."""
        request = Request(environ)
        host = hostname(request.host)
        try:
            answer = self._answer(request, self.regions[host])  # the edge lets no other host through
        except RefusedError as refusal:
            answer = Response(refusal.body, refusal.status, mimetype="application/json")
        answer.headers["Docker-Distribution-Api-Version"] = "registry/2.0"
        if answer.status_code == 401:  # noqa: PLR2004
            answer.headers["WWW-Authenticate"] = f'Basic realm="https://{host}/",service="ecr.amazonaws.com"'
        return answer(environ, start_response)

    def _answer(self, request: Request, region: str) -> Response:
        who = self._owner(request, region)
        if request.path.rstrip("/") == "/v2":
            return _json({})
        match = policy.PATH.fullmatch(request.path)
        if match is None:
            raise RefusedError(404, "UNSUPPORTED", f"The registry has no {request.method} {request.path}.")
        asked = Asked(http=request, who=who, region=region, **match.groupdict())
        with runtime.current().model.lock:
            _authorize(asked, asked.action, asked.name)
            repository = backend_of(region).repositories.get(asked.name)
        if repository is None:
            message = f"The repository with name '{asked.name}' does not exist in the registry with id '{ACCOUNT}'"
            raise RefusedError(404, "NAME_UNKNOWN", message)
        if request.method == "DELETE" and (asked.kind != "manifests" or ":" not in asked.rest):
            message = "Images are deleted by their digest, tags by ecr:BatchDeleteImage, layers by ECR itself."
            raise RefusedError(405, "UNSUPPORTED", message)
        if asked.kind == "blobs":
            return self._layer(asked, place_of(repository))
        if request.method == "PUT" and asked.kind == "manifests":
            return self._push(asked, place_of(repository))
        with runtime.current().model.lock:
            return _delete(asked) if request.method == "DELETE" else _read(asked)

    def _owner(self, request: Request, region: str) -> Principal:
        """Return whose token this is."""
        authorization = request.headers.get("Authorization", "")
        key = tokens.owner(self.registry.token_key, authorization, region=region, now=time.time())
        with runtime.current().model.lock:
            who = principals.find(key) if key else None
        if who is None:
            raise RefusedError(401, "UNAUTHORIZED", "Your authorization token has expired or is not valid.")
        return who

    def _push(self, asked: Asked, place: str) -> Response:
        asked.http.max_content_length = LARGEST_MANIFEST
        try:
            body = asked.http.get_data()
        except RequestEntityTooLarge:
            message = f"The manifest is larger than {LARGEST_MANIFEST} bytes."
            raise RefusedError(413, "MANIFEST_INVALID", message) from None
        digest = f"sha256:{sha256(body).hexdigest()}"
        manifest = policy.read_manifest(body, digest=digest, media_type=asked.http.headers.get("Content-Type", ""))
        reference = asked.rest
        if ":" in reference and reference != digest:
            policy.check_digest(reference)
            raise RefusedError(400, "DIGEST_INVALID", f"The manifest's digest is {digest}, not {reference}.")
        if ":" not in reference and not IMAGE_TAG.fullmatch(reference):
            message = f"The tag {reference!r} is invalid: it must match {IMAGE_TAG.pattern}."
            raise RefusedError(400, "TAG_INVALID", message)
        missing = [one for one in manifest.blobs if self._ask("HEAD", f"/v2/{place}/blobs/{one}").status != 200]  # noqa: PLR2004
        if missing:
            message = f"Layers with digests {missing} required for pushing the image do not exist."
            raise RefusedError(404, "MANIFEST_BLOB_UNKNOWN", message)
        record_push(asked.region, asked.name, None if ":" in reference else reference, manifest)
        location = asked.address(f"/v2/{asked.name}/manifests/{reference}")
        headers = {"Location": location, "Docker-Content-Digest": digest}
        return Response(status=201, headers=headers | ({"OCI-Subject": manifest.subject} if manifest.subject else {}))

    def _layer(self, asked: Asked, place: str) -> Response:
        """Pass on what is about layers, with the place where the container keeps them for the repository's name."""
        request = asked.http
        for digest in (
            request.args.get("digest"),
            request.args.get("mount"),
            None if "uploads/" in asked.rest else asked.rest,
        ):
            if digest is not None:
                policy.check_digest(digest)
        query = _mount(asked) if "mount" in request.args else request.query_string.decode()
        target = f"/v2/{place}/blobs/{asked.rest}" + (f"?{query}" if query else "")
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
        if location := answer.headers.get("Location"):
            there = urlsplit(location)
            path = there.path.replace(f"/v2/{place}/", f"/v2/{asked.name}/")
            kept = [(key, value) for key, value in kept if key.lower() != "location"]
            kept.append(("Location", asked.address(f"{path}?{there.query}" if there.query else path)))
        if request.method == "HEAD":
            answer.release_conn()
            return Response(status=answer.status, headers=kept)
        return Response(_pieces(answer), answer.status, headers=kept, direct_passthrough=True)

    def _ask(
        self, method: str, target: str, *, headers: dict[str, str] | None = None, **options: Any
    ) -> urllib3.BaseHTTPResponse:
        ours = make_headers(basic_auth=f"{USER}:{self.registry.password}")
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


def _read(asked: Asked) -> Response:
    """Answer with tags, with what is attached to an image, or with a manifest. The model's lock is held."""
    backend, query = backend_of(asked.region), asked.http.args
    if asked.kind == "tags":
        limit, last = query.get("n", str(policy.PAGE)), query.get("last", "")
        found, following = policy.page(backend.tags(asked.name), limit=limit, last=last)
        address = asked.address(f"{asked.http.path}?{following}")
        link = {"Link": f'<{address}>; rel="next"'} if following else {}
        return _json({"name": asked.name, "tags": found}, **link)
    if asked.kind == "referrers":
        policy.check_digest(asked.rest)
        index = policy.referrers(backend.manifests(asked.name), subject=asked.rest, query=query)
        filters = {"OCI-Filters-Applied": "artifactType"} if "artifactType" in query else {}
        return _json(index, **{"Content-Type": policy.INDEX}, **filters)
    manifest = backend.find_manifest(asked.name, asked.rest)
    if manifest is None:
        raise RefusedError(404, "MANIFEST_UNKNOWN", f"Requested image not found: {asked.name}:{asked.rest}")
    return Response(manifest.text, content_type=manifest.media_type, headers={"Docker-Content-Digest": manifest.digest})


def _mount(asked: Asked) -> str:
    """Return the query of a mount, from a repository of the same region whose layers the caller may read; "" begins an upload."""
    source = asked.http.args.get("from", "")
    with runtime.current().model.lock:
        repository = backend_of(asked.region).repositories.get(source)
        try:
            _authorize(asked, ACTIONS["GET", "blobs"], source)
        except RefusedError:
            return ""
    return urlencode({"mount": asked.http.args["mount"], "from": place_of(repository)}) if repository else ""


def record_push(region: str, name: str, tag: str | None, manifest: Manifest) -> None:
    """Decide on a pushed manifest and keep it, in one transaction. Raises RefusedError."""
    with runtime.current().model.transaction():
        backend = backend_of(region)
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


def _authorize(asked: Asked, action: str, repository: str) -> None:
    """Raise RefusedError when IAM does not let the token's owner do this. The model's lock is held."""
    operation = Operation(
        service="ecr",
        protocol="json",
        name=action,
        region=asked.region,
        source=asked.http.remote_addr or "",
        parameters={"repositoryName": repository},
        accepts=frozenset({"repositoryName"}),
    )
    try:
        authorization.check(asked.who, operation)
    except errors.RefusedError as refusal:
        raise RefusedError(403, "DENIED", refusal.fault.message) from refusal


def _delete(asked: Asked) -> Response:
    policy.check_digest(asked.rest)
    with runtime.current().model.transaction():
        deleted = backend_of(asked.region).batch_delete_image(asked.name, None, [{"imageDigest": asked.rest}])
    if deleted["failures"]:
        raise RefusedError(404, "MANIFEST_UNKNOWN", f"Requested image not found: {asked.name}@{asked.rest}")
    return Response(status=202)


def _json(content: dict[str, Any], **headers: str) -> Response:
    return Response(json.dumps(content), headers={"Content-Type": "application/json"} | headers)


def _pieces(answer: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    try:
        yield from answer.stream(PIECE, decode_content=False)
    finally:
        answer.release_conn()
