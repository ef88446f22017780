"""What is attached to images in the registry: files, and statements that a key signs and verifies."""

import hashlib
import io
import json
import ssl
from base64 import b64decode, b64encode
from contextlib import AbstractContextManager, nullcontext
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import parse_qs, unquote, urlsplit
from urllib.request import Request

import certifi
import pytest
from botocore.exceptions import ClientError
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from plugins.module_utils import _registry, _signatures
from tests.plugins.test_image_plugins import load

ecr_attachment = load("modules/ecr_attachment.py")
ecr_signature_info = load("modules/ecr_signature_info.py")
HOST = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
NAME = "beacon/webapp"
CONFIGURATION = f"sha256:{'c' * 64}"
IMAGE = f"sha256:{'5' * 64}"
OTHER = f"sha256:{'6' * 64}"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
IMAGE_MANIFEST = json.dumps({"mediaType": DOCKER_MANIFEST, "config": {"digest": CONFIGURATION}})
TOKEN = "QVdTOnNlY3JldA=="  # AWS:secret
TYPE = "application/vnd.cyclonedx+json"
PROVENANCE = "https://slsa.dev/provenance/v1"


class Answer:
    """What a registry answers."""

    def __init__(self, content: bytes = b"", **headers: str) -> None:
        self.content, self.headers = content, headers

    def read(self, most: int) -> bytes:
        return self.content[:most]


class FakeRegistry:
    """Takes and gives what a registry does, at an address that may be relative and have a query, as the protocol allows."""

    def __init__(self, location: str = "/v2/beacon/webapp/blobs/uploads/7") -> None:
        self.location = location
        self.blobs, self.manifests = dict[str, bytes](), dict[str, tuple[str, bytes]]()

    def __call__(self, request: Request, *, timeout: float, context: ssl.SSLContext) -> AbstractContextManager[Any]:
        # where a redirection leads is not told who asks: https://docs.python.org/3/library/urllib.request.html
        assert request.unredirected_hdrs["Authorization"] == f"Basic {TOKEN}"
        assert "Authorization" not in request.headers
        assert timeout > 0
        assert context.verify_mode == ssl.CERT_REQUIRED
        assert context.check_hostname
        url, data = request.full_url, request.data
        assert url.startswith(f"https://{HOST}/v2/{NAME}/")
        last = urlsplit(url).path.rpartition("/")[2]
        if request.method == "GET":
            return nullcontext(Answer(self.given(url, last)))
        assert isinstance(data, bytes)
        if request.method == "PUT" and "/manifests/" in url:
            self.manifests[last] = request.get_header("Content-type") or "", data
        elif request.method == "PUT":
            assert urlsplit(url).path == urlsplit(self.location).path
            self.blobs[parse_qs(urlsplit(url).query)["digest"][0]] = data
        return nullcontext(Answer(Location=self.location))

    def given(self, url: str, last: str) -> bytes:
        if "/blobs/" in url:
            return self.blobs[last]
        documents = {f"sha256:{hashlib.sha256(data).hexdigest()}": data for _, data in self.manifests.values()}
        if "/manifests/" in url:
            return documents[last]
        assert unquote(urlsplit(url).query) == f"artifactType={_signatures.BUNDLE}"
        found = {digest: json.loads(data) for digest, data in documents.items()}
        listed = [
            {"digest": k, "artifactType": v["artifactType"]} for k, v in found.items() if v["subject"]["digest"] == last
        ]
        return json.dumps({"manifests": listed}).encode()


class Ecr:
    """Knows one image."""

    def batch_get_image(self, *, imageIds: list[dict[str, str]], **_: Any) -> dict[str, Any]:  # noqa: N803 - AWS's word
        if imageIds != [{"imageTag": "1.0.0"}]:
            return {"images": [], "failures": [{"failureCode": "ImageNotFound"}]}
        return {"images": [{"imageManifest": IMAGE_MANIFEST, "imageId": {"imageDigest": IMAGE}}]}

    def get_authorization_token(self, **_: Any) -> dict[str, Any]:
        return {"authorizationData": [{"authorizationToken": TOKEN}]}


class Kms:
    """Signs and verifies by a key of its own, as KMS does."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.how = ec.ECDSA(Prehashed(hashes.SHA256()))

    def sign(self, *, KeyId: str, Message: bytes, **asked: Any) -> dict[str, Any]:  # noqa: N803 - AWS's words
        assert (asked["MessageType"], asked["SigningAlgorithm"]) == ("DIGEST", "ECDSA_SHA_256")
        return {"KeyId": f"arn:{KeyId}", "Signature": self.key.sign(Message, self.how)}

    def verify(self, *, Message: bytes, Signature: bytes, **asked: Any) -> dict[str, Any]:  # noqa: N803 - AWS's words
        assert (asked["MessageType"], asked["SigningAlgorithm"]) == ("DIGEST", "ECDSA_SHA_256")
        try:
            self.key.public_key().verify(Signature, Message, self.how)
        except InvalidSignature as error:
            raise ClientError({"Error": {"Code": "KMSInvalidSignatureException"}}, "Verify") from error
        return {"SignatureValid": True}


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> FakeRegistry:
    fake = FakeRegistry()
    for module in (ecr_attachment, ecr_signature_info):
        monkeypatch.setattr(module, "registry_of", lambda _, host: _registry.Registry(host, token=TOKEN, ask=fake))
    return fake


def push(kms: Kms | None = None, **asked: str | None) -> str:
    usual = {
        "repository_url": f"{HOST}/{NAME}",
        "image_tag": "1.0.0",
        "image_id": None,
        "tag": "1.0.0.sbom",
        "content": "{}",
    }
    given = {"media_type": None, "predicate_type": None, "kms_key": None, **usual, **asked}
    digest: str = ecr_attachment.push(Ecr(), kms, given)
    return digest


def judged(registry: FakeRegistry, kms: Kms, digest: str = IMAGE) -> dict[str, Any]:
    bundles = _registry.Registry(HOST, token=TOKEN, ask=registry).attachments(NAME, IMAGE, _signatures.BUNDLE)
    found: dict[str, Any] = ecr_signature_info.judge(kms, "alias/images", digest, bundles)
    return found


@pytest.mark.parametrize(
    "location",
    ["/v2/beacon/webapp/blobs/uploads/7?_state=a", f"https://{HOST}/v2/beacon/webapp/blobs/uploads/7"],
)
def test_a_file_is_attached(registry: FakeRegistry, location: str) -> None:
    registry.location = location
    digest = push(media_type=TYPE, content="{parts}")
    media_type, data = registry.manifests["1.0.0.sbom"]
    assert digest == f"sha256:{hashlib.sha256(data).hexdigest()}"
    assert media_type == "application/vnd.oci.image.manifest.v1+json"
    document = json.loads(data)
    assert document["artifactType"] == TYPE
    assert document["subject"] == {"mediaType": DOCKER_MANIFEST, "digest": IMAGE, "size": len(IMAGE_MANIFEST)}
    for part in (document["config"], document["layers"][0]):
        blob = registry.blobs[part["digest"]]
        assert (part["size"], part["digest"]) == (len(blob), f"sha256:{hashlib.sha256(blob).hexdigest()}")
    assert registry.blobs[document["layers"][0]["digest"]] == b"{parts}"


def test_the_same_file_has_the_same_manifest(registry: FakeRegistry) -> None:
    assert push(media_type=TYPE) == push(media_type=TYPE)
    assert len(registry.manifests) == 1


def test_an_image_that_is_not_there_is_named() -> None:
    with pytest.raises(LookupError, match=r"^ECR has no image beacon/webapp:2\.0\.0 that a file could be attached to"):
        push(media_type=TYPE, image_tag="2.0.0")


def test_nothing_is_attached_to_an_image_that_somebody_else_pushed(registry: FakeRegistry) -> None:
    for known in (IMAGE, CONFIGURATION):  # an engine knows an image by either
        push(media_type=TYPE, image_id=known)
    registry.manifests.clear()
    with pytest.raises(
        LookupError, match=f"in ECR is {IMAGE}, and not {OTHER}, which the engine has: .* Nothing was attached."
    ):
        push(media_type=TYPE, image_id=OTHER)
    assert not registry.manifests


def test_an_authority_of_the_registrys_own_is_the_only_one(tmp_path: Path) -> None:
    certificates = Path(certifi.where()).read_text().split("-----END CERTIFICATE-----")
    (tmp_path / HOST).mkdir()
    (tmp_path / HOST / "ca.crt").write_text(certificates[0] + "-----END CERTIFICATE-----\n")
    assert len(_registry.trust(HOST, tmp_path).get_ca_certs()) == 1
    assert _registry.trust("elsewhere.example.org", tmp_path).verify_mode == ssl.CERT_REQUIRED


def test_why_a_registry_does_not_answer_is_told() -> None:
    refused = HTTPError(HOST, 403, "", Message(), io.BytesIO(b"no basic auth credentials"))
    assert _registry.reason(refused, HOST) == "the registry answered 403 no basic auth credentials"
    away = URLError("[Errno 111] Connection refused")
    assert _registry.reason(away, HOST) == f"{away}. This machine must reach {HOST}."


def test_a_signature_is_a_bundle_of_sigstores_about_the_image(registry: FakeRegistry) -> None:
    kms = Kms()
    push(kms, tag="1.0.0.sig", predicate_type=_signatures.SIGNED, kms_key="key")
    document = json.loads(registry.manifests["1.0.0.sig"][1])
    assert (
        document["artifactType"]
        == document["layers"][0]["mediaType"]
        == "application/vnd.dev.sigstore.bundle.v0.3+json"
    )
    assert document["annotations"]["dev.sigstore.bundle.predicateType"] == "https://sigstore.dev/cosign/sign/v1"
    bundle = json.loads(registry.blobs[document["layers"][0]["digest"]])
    assert bundle["verificationMaterial"] == {"publicKey": {"hint": "arn:key"}}
    envelope = bundle["dsseEnvelope"]
    payload = b64decode(envelope["payload"])
    assert json.loads(payload) == {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"digest": {"sha256": "5" * 64}}],
        "predicateType": "https://sigstore.dev/cosign/sign/v1",
        "predicate": {},
    }
    # https://github.com/secure-systems-lab/dsse/blob/master/protocol.md
    signed = b"DSSEv1 28 application/vnd.in-toto+json %d %b" % (len(payload), payload)
    kms.key.public_key().verify(b64decode(envelope["signatures"][0]["sig"]), signed, ec.ECDSA(hashes.SHA256()))


def test_statements_of_the_key_are_told(registry: FakeRegistry) -> None:
    kms = Kms()
    push(media_type=TYPE)
    assert judged(registry, kms) == {"signed": False, "statements": [], "problems": []}
    push(kms, tag="1.0.0.att", predicate_type=PROVENANCE, kms_key="key", content='{"runDetails": {}}')
    assert judged(registry, kms) == {"signed": False, "statements": [PROVENANCE], "problems": []}
    push(kms, tag="1.0.0.sig", predicate_type=_signatures.SIGNED, kms_key="key")
    assert judged(registry, kms) == {"signed": True, "statements": [_signatures.SIGNED, PROVENANCE], "problems": []}


def test_what_another_key_signed_and_what_is_about_another_image_does_not_count(registry: FakeRegistry) -> None:
    push(Kms(), tag="1.0.0.sig", predicate_type=_signatures.SIGNED, kms_key="key")
    kms = Kms()
    found = judged(registry, kms)
    assert found == {
        "signed": False,
        "statements": [],
        "problems": [f"A statement {_signatures.SIGNED} was not signed by alias/images."],
    }
    registry.manifests.clear()
    push(kms, tag="1.0.0.sig", predicate_type=_signatures.SIGNED, kms_key="key")
    found = judged(registry, kms, digest=OTHER)
    assert not found["signed"]
    assert found["problems"] == [f"A bundle does not count: it is about [{{'sha256': '{'5' * 64}'}}]."]


def bundle(payload: str, kind: str = _signatures.PAYLOAD) -> bytes:
    envelope = {"payload": b64encode(payload.encode()).decode(), "payloadType": kind, "signatures": [{"sig": "AAAA"}]}
    return json.dumps({"dsseEnvelope": envelope}).encode()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"{", "it is no bundle with a statement"),
        (b'{"messageSignature": {}}', "it is no bundle with a statement: KeyError"),
        (bundle("{}", "text/plain"), "it holds text/plain, not application/vnd.in-toto"),
        (bundle("[]"), "it is no statement"),
        (bundle('{"subject": [], "predicateType": "x"}'), "it is no statement: KeyError"),
    ],
)
def test_what_is_no_statement_is_told_and_does_not_count(content: bytes, says: str) -> None:
    found = ecr_signature_info.judge(Kms(), "alias/images", IMAGE, [content])
    assert (found["signed"], found["statements"]) == (False, [])
    assert says in found["problems"][0]


def test_only_json_is_signed(registry: FakeRegistry) -> None:
    with pytest.raises(ValueError, match="Expecting property name"):
        push(Kms(), predicate_type=PROVENANCE, kms_key="key", content="{parts}")
    assert not registry.manifests
