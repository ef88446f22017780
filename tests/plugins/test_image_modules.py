"""What role image asks of the engine, and how it attaches a file to an image in the registry."""

import hashlib
import io
import json
import ssl
import tarfile
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request

import certifi
import pytest
from docker.errors import NotFound

from tests.plugins.test_image_plugins import load

ecr_attachment = load("modules/ecr_attachment.py")
engine_image_info = load("modules/engine_image_info.py")
Registry = ecr_attachment.Registry
HOST = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
IMAGE_MANIFEST = '{"mediaType":"application/vnd.docker.distribution.manifest.v2+json"}'
TOKEN = "QVdTOnNlY3JldA=="  # AWS:secret
TYPE = "application/vnd.cyclonedx+json"


class Engine:
    """One image with one file, and the containers that were made to read it."""

    def __init__(self, **files: str) -> None:
        self.files, self.open = files, 0
        self.id, self.attrs = "sha256:1", {"Size": 3, "Os": "linux", "Architecture": "arm64"}
        self.containers = self

    def history(self) -> list[dict[str, Any]]:
        return [
            {"Size": 0, "CreatedBy": "/bin/sh -c #(nop)  USER 65532"},
            {"Size": 2, "CreatedBy": "/bin/sh -c #(nop)  COPY dir:1 in /"},
            {"Size": 1, "CreatedBy": "x" * 200},
        ]

    def create(self, name: str, *, command: str) -> "Engine":
        assert (name, command) == ("sha256:1", "none")
        self.open += 1
        return self

    def get_archive(self, path: str) -> tuple[list[bytes], None]:
        if path not in self.files:
            raise NotFound("no such file")
        raw = io.BytesIO()
        with tarfile.open(fileobj=raw, mode="w") as archive:
            data = self.files[path].encode()
            member = tarfile.TarInfo(path)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        return [raw.getvalue()[:100], raw.getvalue()[100:]], None

    def remove(self, *, v: bool) -> None:
        assert v
        self.open -= 1


def test_layers_come_lowest_first_without_empty_ones() -> None:
    assert engine_image_info.layers(Engine()) == [
        {"bytes": 1, "step": "x" * 80},
        {"bytes": 2, "step": "COPY dir:1 in /"},
    ]


def test_the_platform_is_named_as_in_options_of_docker() -> None:
    assert engine_image_info.platform(Engine()) == "linux/arm64"


def test_a_file_is_read_and_the_container_goes() -> None:
    engine = Engine(parts="some text")
    assert engine_image_info.read_file(engine, engine, "parts") == "some text"
    assert engine.open == 0


def test_a_file_that_is_not_there_leaves_no_container() -> None:
    engine = Engine()
    with pytest.raises(NotFound):
        engine_image_info.read_file(engine, engine, "parts")
    assert engine.open == 0


class FakeRegistry:
    """Takes what a registry takes, at an address that may be relative and have a query, as the protocol allows."""

    def __init__(self, location: str) -> None:
        self.headers = {"Location": location}
        self.blobs, self.manifests = dict[str, bytes](), dict[str, tuple[str, bytes]]()

    def __call__(self, request: Request, *, timeout: float, context: ssl.SSLContext) -> AbstractContextManager[Any]:
        assert request.get_header("Authorization") == f"Basic {TOKEN}"
        assert timeout > 0
        assert context.verify_mode == ssl.CERT_REQUIRED
        assert context.check_hostname
        url, data = request.full_url, request.data
        assert isinstance(data, bytes)
        assert url.startswith(f"https://{HOST}/v2/beacon/webapp/")
        if request.method == "PUT" and "/manifests/" in url:
            self.manifests[url.rpartition("/")[2]] = request.get_header("Content-type") or "", data
        elif request.method == "PUT":
            assert urlsplit(url).path == urlsplit(self.headers["Location"]).path
            self.blobs[parse_qs(urlsplit(url).query)["digest"][0]] = data
        return nullcontext(self)


class Ecr:
    """Knows one image."""

    def batch_get_image(self, *, imageIds: list[dict[str, str]], **_: Any) -> dict[str, Any]:  # noqa: N803 - AWS's word
        if imageIds != [{"imageTag": "1.0.0"}]:
            return {"images": [], "failures": [{"failureCode": "ImageNotFound"}]}
        return {"images": [{"imageManifest": IMAGE_MANIFEST, "imageId": {"imageDigest": "sha256:5"}}]}

    def get_authorization_token(self, **_: Any) -> dict[str, Any]:
        return {"authorizationData": [{"authorizationToken": TOKEN}]}


def attach(registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch, image_tag: str = "1.0.0") -> str:
    monkeypatch.setattr(ecr_attachment, "Registry", lambda host, *, token: Registry(host, token=token, ask=registry))
    url = f"{HOST}/beacon/webapp"
    digest: str = ecr_attachment.attach(
        Ecr(), url, image_tag=image_tag, tag="1.0.0.sbom", media_type=TYPE, content=b"{parts}"
    )
    return digest


@pytest.mark.parametrize(
    "location",
    ["/v2/beacon/webapp/blobs/uploads/7?_state=a", f"https://{HOST}/v2/beacon/webapp/blobs/uploads/7"],
)
def test_a_file_is_attached(location: str, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = FakeRegistry(location)
    digest = attach(registry, monkeypatch)
    media_type, data = registry.manifests["1.0.0.sbom"]
    assert digest == f"sha256:{hashlib.sha256(data).hexdigest()}"
    assert media_type == "application/vnd.oci.image.manifest.v1+json"
    document = json.loads(data)
    assert document["artifactType"] == TYPE
    assert document["subject"] == {
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "digest": "sha256:5",
        "size": len(IMAGE_MANIFEST),
    }
    for part in (document["config"], document["layers"][0]):
        blob = registry.blobs[part["digest"]]
        assert (part["size"], part["digest"]) == (len(blob), f"sha256:{hashlib.sha256(blob).hexdigest()}")
    assert registry.blobs[document["layers"][0]["digest"]] == b"{parts}"


def test_the_same_file_has_the_same_manifest(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len({attach(FakeRegistry("/v2/beacon/webapp/blobs/uploads/7"), monkeypatch) for _ in range(2)}) == 1


def test_an_image_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LookupError, match=r"^ECR has no image beacon/webapp:2\.0\.0 that a file could be attached to"):
        attach(FakeRegistry("/"), monkeypatch, image_tag="2.0.0")


def test_an_authority_of_the_registrys_own_is_the_only_one(tmp_path: Path) -> None:
    certificates = Path(certifi.where()).read_text().split("-----END CERTIFICATE-----")
    (tmp_path / HOST).mkdir()
    (tmp_path / HOST / "ca.crt").write_text(certificates[0] + "-----END CERTIFICATE-----\n")
    assert len(ecr_attachment.trust(HOST, tmp_path).get_ca_certs()) == 1
    assert ecr_attachment.trust("elsewhere.example.org", tmp_path).verify_mode == ssl.CERT_REQUIRED
