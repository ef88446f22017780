"""ECR whose repositories are those of a real registry: the gate records each push here, so ECR's answers need no registry."""

from __future__ import annotations

import json
import logging
from functools import partial
from typing import TYPE_CHECKING, Any, override

import urllib3
from moto.core.resource_tagging import TaggableResourcesMixin, TaggedResource
from moto.core.utils import utcnow
from moto.ecr.models import ECRBackend, Image
from urllib3.util import make_headers

from localcloud.core import runtime
from localcloud.ecr import scans
from localcloud.ecr.registry import PORT, USER

if TYPE_CHECKING:
    from collections.abc import Iterator

LOG = logging.getLogger(__name__)
TIMEOUT = urllib3.Timeout(connect=5, read=30)


class PushedImage(Image):
    """moto's image with the size that ECR shows: the layers' bytes as they were pushed."""

    @override
    def get_image_size_in_bytes(self) -> int | None:
        manifest = json.loads(self.image_manifest)
        if "layers" not in manifest:
            return None
        return int(sum(layer["size"] for layer in manifest["layers"]) + manifest["config"]["size"])

    def scan(self) -> dict[str, Any]:
        """Return how the scan ended, in ECR's words; empty for an image that was never scanned."""
        if not self.last_scan:
            return {}
        found = scans.result(runtime.current().config.state, repository=self.repository_name, tags=self.image_tags)
        if "imageScanFindings" in found:
            findings = found["imageScanFindings"]
            found["imageScanFindings"] = {
                "imageScanCompletedAt": self.last_scan,
                "vulnerabilitySourceUpdatedAt": self.last_scan,
                "findingSeverityCounts": scans.counts(findings),
                **findings,
            }
        return found

    @property
    def image_scan_status(self) -> dict[str, str] | None:
        """What DescribeImages says of the scan."""
        return self.scan().get("imageScanStatus")

    @property
    def image_scan_findings_summary(self) -> dict[str, Any] | None:
        """What DescribeImages says of the scan's findings."""
        findings = self.scan().get("imageScanFindings")
        return findings and {key: value for key, value in findings.items() if not key.lower().endswith("findings")}


class LocalECRBackend(ECRBackend, TaggableResourcesMixin):
    """moto's ECR with a registry behind it."""

    SERVICE_NAMESPACE = "ecr"

    @override
    def iter_tagged_resources(self) -> Iterator[TaggedResource]:
        for repository in self.repositories.values():
            tags = self.tagger.get_tag_dict_for_resource(repository.arn)
            yield TaggedResource(arn=repository.arn, tags=tags, resource_type="ecr:repository")

    @override
    def tag_resource(self, arn: str, tags: Any) -> Any:
        """Take ECR's list of tags, and the tagging API's dict."""
        listed = [{"Key": k, "Value": v} for k, v in tags.items()] if isinstance(tags, dict) else tags
        return super().tag_resource(arn, listed)

    @override
    def create_repository(self, *args: Any, **kwargs: Any) -> Any:
        repository = super().create_repository(*args, **kwargs)
        repository.uri = f"{runtime.current().registry.host}/{repository.name}"
        return repository

    @override
    def delete_repository(self, repository_name: str, registry_id: str | None = None, force: bool = False) -> Any:
        digests = self._digests(repository_name)
        repository = super().delete_repository(repository_name, registry_id, force)
        self._delete_later(repository_name, digests)
        return repository

    @override
    def batch_delete_image(self, repository_name: str, *args: Any, **kwargs: Any) -> Any:
        before = self._digests(repository_name)
        response = super().batch_delete_image(repository_name, *args, **kwargs)
        self._delete_later(repository_name, before - self._digests(repository_name))
        return response

    def record_push(self, name: str, tag: str | None, manifest: str, digest: str, media_type: str) -> None:
        """Note a pushed manifest: a new image, or a tag that moved or came to an image."""
        repository: Any = self.repositories[name]
        make: Any = PushedImage  # moto's own type forbids what its code expects of an image without a tag
        for image in repository.images:
            if tag is not None and image.image_digest != digest:
                image.remove_tag(tag)
                if not image.image_tags:
                    image.image_tag = None
        image = next((i for i in repository.images if i.image_digest == digest), None)
        if image is None:
            image = make(self.account_id, tag, manifest, name, media_type, digest)
            repository.images.append(image)
        elif tag is not None:
            image.update_tag(tag)
        if (repository.image_scanning_configuration or {}).get("scanOnPush"):
            self._scan(image)

    @override
    def start_image_scan(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        answer: dict[str, Any] = super().start_image_scan(*args, **kwargs)
        return {**answer, "imageScanStatus": {"status": "IN_PROGRESS"}}

    def describe_image_scan_findings(
        self, registry_id: str, repository_name: str, image_id: dict[str, Any]
    ) -> dict[str, Any]:
        """Answer with what is written of the image (scans.py): moto answers with an invented finding."""
        super().describe_image_scan_findings(registry_id, repository_name, image_id)  # for its errors
        repository = self._get_repository(repository_name, registry_id)
        image: Any = repository._get_image(image_id.get("imageTag"), image_id.get("imageDigest"))  # noqa: SLF001
        return {
            "registryId": repository.registry_id,
            "repositoryName": repository_name,
            "imageId": {"imageDigest": image.image_digest, **{k: v for k, v in image_id.items() if k == "imageTag"}},
            **image.scan(),
        }

    def _scan(self, image: Any) -> None:
        image.last_scan = utcnow()

    def _digests(self, name: str) -> set[str]:
        repository = self.repositories.get(name)
        return {image.image_digest for image in repository.images} if repository else set()

    def _delete_later(self, name: str, digests: set[str]) -> None:
        for digest in sorted(digests):
            runtime.current().queue.submit(f"image/{name}@{digest}", partial(delete_from_registry, name, digest))


def delete_from_registry(name: str, digest: str) -> None:
    """Remove a manifest from the registry; not there is fine. A job."""
    registry = runtime.current().registry
    headers = make_headers(basic_auth=f"{USER}:{registry.password}")
    url = f"http://{registry.address}:{PORT}/v2/{name}/manifests/{digest}"
    answer = urllib3.request("DELETE", url, headers=headers, timeout=TIMEOUT, retries=False)
    if answer.status not in (202, 404):
        raise RuntimeError(f"deleting {name}@{digest}: the registry answered {answer.status}")
