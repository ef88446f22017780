#!/usr/bin/python
"""A file attached to an image in ECR, as an OCI artefact."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ecr_attachment
author: The Beacon authors (@beacon)
short_description: A file attached to an image in ECR
version_added: 0.1.0
description:
  - Pushes a file as an OCI artefact whose subject is an image, so that the registry lists it among the image's
    referrers, under a tag of its own, so that people find it, too. Where the tag is there already, nothing is done.
  - The registry's certificate is checked against C(/etc/docker/certs.d/<registry>/ca.crt) where the Docker engine has
    been given one, else against this machine's authorities.
options:
  repository_url:
    description: The repository as C(registry/name).
    type: str
    required: true
  image_tag:
    description: Tag of the image that the file belongs to.
    type: str
    required: true
  tag:
    description: Tag of the artefact.
    type: str
    required: true
  media_type:
    description: What the file is, such as C(application/vnd.cyclonedx+json).
    type: str
    required: true
  content:
    description: The file's text.
    type: str
    required: true
attributes:
  check_mode:
    support: full
    description: It tells whether it would push.
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Attach the SBOM
  beacon.platform.ecr_attachment:
    region: eu-west-1
    repository_url: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/beacon-local/webapp
    image_tag: 1.0.0-59f7485d2c1a
    tag: 1.0.0-59f7485d2c1a.sbom
    media_type: application/vnd.cyclonedx+json
    content: "{{ lookup('ansible.builtin.file', 'sbom.cdx.json') }}"
"""

RETURN = r"""
digest:
  description: Digest of the artefact; empty in check mode where it is not there yet.
  returned: always
  type: str
"""

import base64
import hashlib
import json
import ssl
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import urljoin
from urllib.request import Request, urlopen

if TYPE_CHECKING:
    from collections.abc import Callable

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry

with suppress(ImportError):  # AnsibleAWSModule names a missing package
    from botocore.exceptions import BotoCoreError, ClientError

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
EMPTY_TYPE = "application/vnd.oci.empty.v1+json"  # what the specification wants of an artefact without configuration
EMPTY = b"{}"
TIMEOUT = 30


def descriptor(media_type: str, data: bytes) -> dict[str, Any]:
    """Describe a piece of content as manifests do."""
    return {"mediaType": media_type, "digest": f"sha256:{hashlib.sha256(data).hexdigest()}", "size": len(data)}


def manifest(*, subject: dict[str, Any], media_type: str, content: bytes) -> bytes:
    """Write the artefact's manifest; the same for the same content and subject."""
    document = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": media_type,
        "config": {**descriptor(EMPTY_TYPE, EMPTY), "data": base64.b64encode(EMPTY).decode()},
        "layers": [descriptor(media_type, content)],
        "subject": subject,
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
    """The few calls of the registry protocol that a push is made of."""

    def __init__(self, host: str, *, token: str, ask: Callable[..., Any] = urlopen) -> None:
        self._base = f"https://{host}"
        self._context = trust(host)
        self._token = token
        self._ask = ask

    def _send(self, method: str, url: str, data: bytes = b"", media_type: str = "application/octet-stream") -> Any:
        headers = {"Content-Type": media_type, "Authorization": f"Basic {self._token}"}
        request = Request(url, data=data, headers=headers, method=method)  # noqa: S310 - https, by the base above
        with self._ask(request, timeout=TIMEOUT, context=self._context) as answer:
            return answer.headers

    def put_blob(self, name: str, data: bytes) -> None:
        """Upload a piece of content."""
        begun = self._send("POST", f"{self._base}/v2/{name}/blobs/uploads/")
        place = urljoin(self._base, begun["Location"])
        digest = descriptor("", data)["digest"]
        self._send("PUT", f"{place}{'&' if '?' in place else '?'}digest={digest}", data)

    def put_manifest(self, name: str, tag: str, data: bytes) -> None:
        """Give what was uploaded a name."""
        self._send("PUT", f"{self._base}/v2/{name}/manifests/{tag}", data, MANIFEST)


def stored(client: Any, *, repository: str, tag: str) -> dict[str, Any] | None:
    """Describe what a tag names; None where there is nothing."""
    answer = client.batch_get_image(aws_retry=True, repositoryName=repository, imageIds=[{"imageTag": tag}])
    if not answer["images"]:
        return None
    image = answer["images"][0]
    text = image["imageManifest"].encode()
    media_type = image.get("imageManifestMediaType") or json.loads(text)["mediaType"]
    return {"mediaType": media_type, "digest": image["imageId"]["imageDigest"], "size": len(text)}


def attach(client: Any, url: str, *, image_tag: str, tag: str, media_type: str, content: bytes) -> str:
    """Push the artefact; return its digest. Raises LookupError where the image is not there."""
    host, _, repository = url.partition("/")
    subject = stored(client, repository=repository, tag=image_tag)
    if subject is None:
        raise LookupError(f"ECR has no image {repository}:{image_tag} that a file could be attached to. Push it first.")
    token = client.get_authorization_token(aws_retry=True)["authorizationData"][0]["authorizationToken"]
    registry = Registry(host, token=token)
    data = manifest(subject=subject, media_type=media_type, content=content)
    for blob in (EMPTY, content):
        registry.put_blob(repository, blob)
    registry.put_manifest(repository, tag, data)
    return str(descriptor(MANIFEST, data)["digest"])


def main() -> None:
    """Run the module."""
    texts = ("repository_url", "image_tag", "tag", "media_type", "content")
    module = AnsibleAWSModule(
        argument_spec={name: {"type": "str", "required": True} for name in texts}, supports_check_mode=True
    )
    client = module.client("ecr", retry_decorator=AWSRetry.jittered_backoff())
    url, tag = module.params["repository_url"], module.params["tag"]
    result: dict[str, Any] = {}
    try:
        before = stored(client, repository=url.partition("/")[2], tag=tag)
        result = {"changed": before is None, "digest": before["digest"] if before else ""}
        if before is None and not module.check_mode:
            names = {name: module.params[name] for name in ("image_tag", "tag", "media_type")}
            result["digest"] = attach(client, url, content=module.params["content"].encode(), **names)
    except LookupError as error:
        module.fail_json(msg=str(error))
    except HTTPError as error:
        answer = error.read().decode(errors="replace")[:500]
        module.fail_json(msg=f"{url}:{tag} can't be pushed: the registry answered {error.code} {answer}")
    except OSError as error:  # URLError and the network's own
        module.fail_json(msg=f"{url}:{tag} can't be pushed: {error}. This machine must reach {url.partition('/')[0]}.")
    except (BotoCoreError, ClientError) as error:
        module.fail_json_aws(error, msg=f"ECR does not tell about {url}:{tag}")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
