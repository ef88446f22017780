"""ECR whose images are those that were pushed: manifests and tags are kept here, layers by the registry's container."""

from __future__ import annotations

import hashlib
import json
import logging
from functools import partial
from typing import TYPE_CHECKING, Any, override

from moto.core.exceptions import ServiceException
from moto.core.resource_tagging import TaggableResourcesMixin, TaggedResource
from moto.core.utils import utcnow
from moto.ecr import models as moto_models
from moto.ecr.exceptions import InvalidParameterException
from moto.ecr.models import ECRBackend, Image

from localcloud.core import runtime
from localcloud.core.config import ACCOUNT
from localcloud.ecr import scans
from localcloud.ecr.packages import packages_of
from localcloud.ecr.policy import Manifest
from localcloud.ecr.registry import place_of
from localcloud.iam import sources
from localcloud.iam.conditions import PolicyError
from localcloud.iam.policy import Kind, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localcloud.ecr.packages import Package

LOG = logging.getLogger(__name__)
OTHER_DIGEST = "The image digest '{}' does not match the digest '{}' that was calculated of the manifest"
MISSING = "{} with digests '[{}]' required for pushing image into repository with name '{}' in the registry with id '{}' do not exist"


class PutError(ServiceException):
    """An image that ECR does not take; moto finds the service by the module of the class."""


class PushedImage(Image):
    """moto's image with the size that ECR shows (the layers' bytes as they were pushed), and its packages once they were read."""

    region: str = ""
    packages: tuple[Package, ...] | None = None

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
        state = runtime.current().config.state
        found = scans.written(state, repository=self.repository_name, tags=self.image_tags)
        if found is None:
            found = self._compared(scans.known(state))
        if "imageScanFindings" in found:
            findings = found["imageScanFindings"]
            found["imageScanFindings"] = {
                "imageScanCompletedAt": self.last_scan,
                "vulnerabilitySourceUpdatedAt": self.last_scan,
                "findingSeverityCounts": scans.counts(findings),
                **findings,
            }
        return found

    def _compared(self, vulnerabilities: list[scans.Vulnerability]) -> dict[str, Any]:
        """Compare the packages with what is known; they are read when something is known for the first time."""
        if not vulnerabilities:
            return dict(scans.CLEAN)
        if self.packages is None:
            read = partial(read_packages, self.region, self.repository_name, self.image_digest)
            image = f"{self.region}/{self.repository_name}@{self.image_digest}"
            runtime.current().queue.submit(f"packages of {image}", read)
            return dict(scans.READING)
        return scans.result(vulnerabilities, self.packages)

    def layers(self) -> list[str]:
        """Return the digests of the layers that are archives: none of an index, or of what is attached to an image."""
        found = json.loads(self.image_manifest).get("layers", [])
        return [layer["digest"] for layer in found if "tar" in layer.get("mediaType", "tar")]

    @property
    def image_scan_status(self) -> dict[str, str] | None:
        """What DescribeImages says of the scan."""
        return self.scan().get("imageScanStatus")

    @property
    def image_scan_findings_summary(self) -> dict[str, Any] | None:
        """What DescribeImages says of the scan's findings."""
        findings = self.scan().get("imageScanFindings")
        return findings and {key: value for key, value in findings.items() if not key.lower().endswith("findings")}


moto_models.Image = PushedImage  # type: ignore[misc] # PutImage makes its images of this name


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
        repository.uri = f"{runtime.current().config.registry_of(self.region_name)}/{repository.name}"
        return repository

    @override
    def set_repository_policy(self, registry_id: str, repository_name: str, policy_text: str) -> dict[str, Any]:
        try:
            policy = parse(policy_text, name="repository", kind=Kind.RESOURCE)
            wrong = sources.invalid_principal(policy, account=self.account_id)
        except PolicyError:
            wrong = None  # moto refuses what can't be read
        if wrong:
            constraint = "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Principal not found'"
            raise InvalidParameterException(constraint)
        answer: dict[str, Any] = super().set_repository_policy(registry_id, repository_name, policy_text)
        return answer

    @override
    def put_image(
        self,
        repository_name: str,
        image_manifest: str,
        image_tag: str,
        image_manifest_mediatype: str | None = None,
        digest: str | None = None,
    ) -> Any:
        repository = self._get_repository(repository_name)
        calculated = digest_of(image_manifest)
        manifest = Manifest(text=image_manifest, media_type=image_manifest_mediatype or "", digest=calculated)
        if digest and digest != calculated:
            raise PutError("ImageDigestDoesNotMatchException", OTHER_DIGEST.format(digest, calculated))
        images = {one.image_digest for one in repository.images}
        for what, code, needed, there in (
            ("Layers", "LayersNotFoundException", manifest.blobs, self._layers(repository)),
            ("Images", "ReferencedImagesNotFoundException", manifest.images, images),
        ):
            if missing := [one for one in needed if one not in there]:
                raise PutError(code, MISSING.format(what, ", ".join(missing), repository_name, self.account_id))
        image: Any = super().put_image(repository_name, image_manifest, image_tag, image_manifest_mediatype, calculated)
        image.region = self.region_name
        return image

    def _layers(self, repository: Any) -> set[str]:
        """Return the digests of a repository's layers: those of its images, and those that came by UploadLayerPart."""
        return {*repository.layers, *(blob for image in repository.images for blob in _manifest(image).blobs)}

    def reconcile(self) -> None:
        """Drop what can't be read: earlier versions recorded pushes whose manifest was empty, and no operation mends those."""
        for repository in self.repositories.values():
            for image in [one for one in repository.images if not readable(one)]:
                LOG.warning("%s: an image without a readable manifest is dropped", repository.name)
                repository.images.remove(image)

    def image(self, name: str, digest: str) -> PushedImage | None:
        """Return an image by its digest; None when it, or its repository, is gone."""
        images: Any = self.repositories[name].images if name in self.repositories else ()
        return next((one for one in images if one.image_digest == digest), None)

    def tags(self, name: str) -> list[str]:
        """Return the tags of a repository."""
        return [tag for image in self.repositories[name].images for tag in image.image_tags]

    def manifests(self, name: str) -> list[Manifest]:
        """Return the manifests of a repository, in the order of their pushes."""
        return [_manifest(image) for image in self.repositories[name].images]

    def find_manifest(self, name: str, reference: str) -> Manifest | None:
        """Return what a tag or a digest names."""
        found = self.repositories[name].images
        return next((_manifest(i) for i in found if reference in (i.image_digest, *i.image_tags)), None)

    def record_push(self, name: str, tag: str | None, manifest: Manifest) -> None:
        """Keep a pushed manifest: a new image, or a tag that moved or came to an image.

        Raises moto's ImageAlreadyExistsException where the tag may not move.
        """
        repository: Any = self.repositories[name]
        make: Any = PushedImage  # moto's own type forbids what its code expects of an image without a tag
        others = [i for i in repository.images if tag is not None and tag in i.image_tags]
        if any(other.image_digest != manifest.digest for other in others):
            self._resolve_image_tag_mutability(repository, str(tag))
        image = next((i for i in repository.images if i.image_digest == manifest.digest), None)
        for other in others:
            if other is not image:
                other.remove_tag(tag)
                if not other.image_tags:
                    other.image_tag = None
        if image is None:
            image = make(self.account_id, tag, manifest.text, name, manifest.media_type, manifest.digest)
            image.region = self.region_name
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
        """Answer with what is known of the image's packages (scans.py): moto answers with an invented finding."""
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


def backend_of(region: str) -> LocalECRBackend:
    """Return a region's ECR. The model's lock is held."""
    backend: Any = moto_models.ecr_backends[ACCOUNT][region]
    found: LocalECRBackend = backend
    return found


def read_packages(region: str, repository: str, digest: str) -> None:
    """Read an image's packages from its layers, without the model's lock."""
    with runtime.current().model.lock:
        image = backend_of(region).image(repository, digest)
        layers = image.layers() if image else []
        place = place_of(backend_of(region).repositories[repository]) if image else ""
    packages = packages_of(runtime.current().registry.layer(place, one) for one in layers)
    with runtime.current().model.transaction():
        image = backend_of(region).image(repository, digest)
        if image:
            image.packages = packages


def digest_of(manifest: str) -> str:
    """Return the digest of a manifest's text: moto has one of its layers' digests."""
    return f"sha256:{hashlib.sha256(manifest.encode()).hexdigest()}"


def readable(image: Image) -> bool:
    """Whether an image has a manifest."""
    try:
        return isinstance(json.loads(image.image_manifest), dict)
    except ValueError:
        return False


def _manifest(image: Image) -> Manifest:
    return Manifest(
        text=image.image_manifest, media_type=image.image_manifest_media_type or "", digest=image.image_digest
    )
