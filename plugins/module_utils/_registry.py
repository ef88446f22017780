"""Artefacts of images in ECR: what belongs to an image, and the registry protocol that they are pushed and read by.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md
"""

from __future__ import annotations

import base64
import hashlib
import json
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import quote, urljoin
from urllib.request import Request, urlopen

if TYPE_CHECKING:
    from collections.abc import Callable

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
EMPTY_TYPE = "application/vnd.oci.empty.v1+json"  # what the specification wants of an artefact without configuration
EMPTY = b"{}"
TIMEOUT = 30
LARGEST = 8 * 1024 * 1024  # bytes that are read of an answer


@dataclass(frozen=True)
class Stored:
    """What a tag in ECR names."""

    descriptor: dict[str, Any]
    ids: frozenset[str]  # by which an engine may know it: of its manifest, or of its configuration


def descriptor(media_type: str, data: bytes) -> dict[str, Any]:
    """Describe a piece of content as manifests do."""
    return {"mediaType": media_type, "digest": f"sha256:{hashlib.sha256(data).hexdigest()}", "size": len(data)}


def manifest(
    *, subject: dict[str, Any], media_type: str, content: bytes, annotations: dict[str, str] | None = None
) -> bytes:
    """Write the artefact's manifest; the same for the same content and subject."""
    document = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": media_type,
        "config": {**descriptor(EMPTY_TYPE, EMPTY), "data": base64.b64encode(EMPTY).decode()},
        "layers": [descriptor(media_type, content)],
        "subject": subject,
        **({"annotations": annotations} if annotations else {}),
    }
    return json.dumps(document, separators=(",", ":"), sort_keys=True).encode()


def trust(host: str, folder: Path = Path("/etc/docker/certs.d")) -> ssl.SSLContext:
    """Trust whom the Docker engine trusts for this registry: an authority of its own, else those of this machine."""
    authority = folder / host / "ca.crt"
    if not authority.exists():
        return ssl.create_default_context()
    context = ssl.create_default_context(cafile=str(authority))
    # As the engine does: Python since 3.13 asks private authorities for identifiers that few of them write.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


class Registry:
    """The few calls of the registry protocol that artefacts are pushed and read by."""

    def __init__(self, host: str, *, token: str, ask: Callable[..., Any] = urlopen) -> None:
        self._base = f"https://{host}"
        self._context = trust(host)
        self._token = token
        self._ask = ask

    def _send(self, method: str, url: str, data: bytes | None = None, **headers: str) -> Any:
        request = Request(url, data=data, headers=headers, method=method)  # noqa: S310 - https, by the base above
        # not to S3, where ECR redirects who reads a layer: an address that is signed takes no second proof
        request.add_unredirected_header("Authorization", f"Basic {self._token}")
        return self._ask(request, timeout=TIMEOUT, context=self._context)

    def _put(self, method: str, url: str, data: bytes = b"", media_type: str = "application/octet-stream") -> Any:
        with self._send(method, url, data, **{"Content-Type": media_type}) as answer:
            return answer.headers

    def _get(self, url: str, media_type: str = "*/*") -> bytes:
        with self._send("GET", url, Accept=media_type) as answer:
            content: bytes = answer.read(LARGEST)
        return content

    def put_blob(self, name: str, data: bytes) -> None:
        """Upload a piece of content."""
        begun = self._put("POST", f"{self._base}/v2/{name}/blobs/uploads/")
        place = urljoin(self._base, begun["Location"])
        digest = descriptor("", data)["digest"]
        self._put("PUT", f"{place}{'&' if '?' in place else '?'}digest={digest}", data)

    def put_manifest(self, name: str, tag: str, data: bytes) -> None:
        """Give what was uploaded a name."""
        self._put("PUT", f"{self._base}/v2/{name}/manifests/{tag}", data, MANIFEST)

    def attachments(self, name: str, digest: str, media_type: str) -> list[bytes]:
        """Return the first layers of an image's artefacts of this type."""
        kind = quote(media_type, safe="")
        index = json.loads(self._get(f"{self._base}/v2/{name}/referrers/{digest}?artifactType={kind}"))
        # a registry may list artefacts of other types as well
        found = [each["digest"] for each in index["manifests"] if each.get("artifactType") == media_type]
        documents = [json.loads(self._get(f"{self._base}/v2/{name}/manifests/{each}", MANIFEST)) for each in found]
        return [self._get(f"{self._base}/v2/{name}/blobs/{each['layers'][0]['digest']}") for each in documents]


def reason(error: OSError, host: str) -> str:
    """Say why a registry did not do as it was asked."""
    if isinstance(error, HTTPError):
        return f"the registry answered {error.code} {error.read().decode(errors='replace')[:500]}"
    return f"{error}. This machine must reach {host}."  # URLError and the network's own


def token_of(client: Any) -> str:
    """Ask ECR for a log-in of twelve hours: user and password, as HTTP's basic authentication has them."""
    token: str = client.get_authorization_token(aws_retry=True)["authorizationData"][0]["authorizationToken"]
    return token


def registry_of(client: Any, host: str) -> Registry:
    """Log in to ECR's registry."""
    return Registry(host, token=token_of(client))


def stored(client: Any, *, repository: str, tag: str) -> Stored | None:
    """Describe what a tag names; None where there is nothing."""
    answer = client.batch_get_image(aws_retry=True, repositoryName=repository, imageIds=[{"imageTag": tag}])
    if not answer["images"]:
        return None
    image = answer["images"][0]
    text = image["imageManifest"].encode()
    document = json.loads(text)
    media_type = image.get("imageManifestMediaType") or document["mediaType"]
    digest = image["imageId"]["imageDigest"]
    return Stored(
        descriptor={"mediaType": media_type, "digest": digest, "size": len(text)},
        ids=frozenset({digest, document.get("config", {}).get("digest", "")}),
    )


def image_of(client: Any, url: str, tag: str, image_id: str | None = None) -> dict[str, Any]:
    """Describe the image that an artefact belongs to. Raises LookupError where it is not there, or is not the engine's of this ID."""
    repository = url.partition("/")[2]
    image = stored(client, repository=repository, tag=tag)
    if image is None:
        raise LookupError(f"ECR has no image {repository}:{tag} that a file could be attached to. Push it first.")
    if image_id and image_id not in image.ids:
        raise LookupError(
            f"{url}:{tag} in ECR is {image.descriptor['digest']}, and not {image_id}, which the engine has: somebody else "
            f"pushed it, or another machine. Another commit or version has a tag of its own; where nothing runs this one, "
            f"`aws ecr batch-delete-image --repository-name {repository} --image-ids imageTag={tag}` removes it. Nothing was attached."
        )
    return image.descriptor


def attach(registry: Registry, name: str, tag: str, *, content: bytes, **about: Any) -> str:
    """Push an artefact, described as `manifest` takes it; return its digest."""
    data = manifest(content=content, **about)
    for blob in (EMPTY, content):
        registry.put_blob(name, blob)
    registry.put_manifest(name, tag, data)
    return str(descriptor(MANIFEST, data)["digest"])
