from __future__ import annotations

import base64
import io
import json
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from localcloud.ecr import policy, tokens
from localcloud.ecr.proxy import LARGEST_MANIFEST, find_repository, manifest_problem, read_manifest, record_push

if TYPE_CHECKING:
    from localcloud.conftest import Cloud

KEY = b"key"


def repository(*, immutable: bool = True) -> policy.Repository:
    return policy.Repository(immutable=lambda _: immutable, tags={"v1": "sha256:one"})


def decide(method: str, path: str, digest: str = "", *, immutable: bool = True) -> policy.Pass | policy.Refusal:
    found = {"team/app": repository(immutable=immutable)}
    return policy.decide(method, path, authorized=True, find=found.get, digest=digest)


def test_tokens_are_good_for_twelve_hours() -> None:
    token, until = tokens.make(KEY, arn="arn:aws:iam::1:user/u", now=1000)
    assert base64.b64decode(token).startswith(b"AWS:")
    assert until == 1000 + 12 * 3600
    assert tokens.valid(KEY, f"Basic {token}", now=until - 1)
    assert not tokens.valid(KEY, f"Basic {token}", now=until + 1)


@pytest.mark.parametrize("header", ["", "Bearer x", "Basic !!", "Basic " + base64.b64encode(b"AWS:made.up").decode()])
def test_what_was_not_signed_here_is_no_token(header: str) -> None:
    assert not tokens.valid(KEY, header, now=0)


def test_without_a_token_nothing_passes() -> None:
    answer = policy.decide("GET", "/v2/", authorized=False, find=lambda _: repository())
    assert isinstance(answer, policy.Refusal)
    assert answer.status == 401


def test_an_unknown_repository_is_named() -> None:
    answer = decide("POST", "/v2/no/such/blobs/uploads/")
    assert isinstance(answer, policy.Refusal)
    assert json.loads(answer.body)["errors"][0] == {
        "code": "NAME_UNKNOWN",
        "message": "The repository with name 'no/such' does not exist in the registry with id '123456789012'",
    }


def test_an_immutable_tag_is_not_moved() -> None:
    answer = decide("PUT", "/v2/team/app/manifests/v1", "sha256:two")
    assert isinstance(answer, policy.Refusal)
    assert (answer.status, answer.code) == (400, "TAG_INVALID")
    assert "'v1' already exists in the 'team/app' repository" in answer.message


def test_the_same_image_again_and_new_tags_pass() -> None:
    assert isinstance(decide("PUT", "/v2/team/app/manifests/v1", "sha256:one"), policy.Pass)
    assert isinstance(decide("PUT", "/v2/team/app/manifests/v2", "sha256:two"), policy.Pass)
    assert isinstance(decide("PUT", "/v2/team/app/manifests/v1", "sha256:two", immutable=False), policy.Pass)


def test_tags_are_read_as_ecr_has_them() -> None:
    assert decide("GET", "/v2/team/app/manifests/v1") == policy.Pass(
        path="/v2/team/app/manifests/sha256:one", repository="team/app"
    )
    answer = decide("HEAD", "/v2/team/app/manifests/v9")
    assert isinstance(answer, policy.Refusal)
    assert answer.code == "MANIFEST_UNKNOWN"


def test_nobody_deletes_past_ecr() -> None:
    answer = decide("DELETE", "/v2/team/app/manifests/sha256:one")
    assert isinstance(answer, policy.Refusal)
    assert answer.status == 405


def push(tag: str, text: str = "a") -> str:
    layers = [{"digest": f"sha256:{text}", "size": 1000}]
    manifest = json.dumps({"schemaVersion": 2, "config": {"size": 24}, "layers": layers}).encode()
    digest = f"sha256:{sha256(manifest).hexdigest()}"
    record_push("team/app", tag, manifest, digest, "application/vnd.docker.distribution.manifest.v2+json")
    return digest


def test_a_push_is_seen_in_ecr_with_its_scan(cloud: Cloud) -> None:
    ecr = cloud.client("ecr")
    made = ecr.create_repository(repositoryName="team/app", imageScanningConfiguration={"scanOnPush": True})
    assert made["repository"]["repositoryUri"] == f"{cloud.config.registry}/team/app"
    digest = push("v1")
    push("v2")
    image = ecr.describe_images(repositoryName="team/app", imageIds=[{"imageTag": "v2"}])["imageDetails"][0]
    assert (image["imageDigest"], image["imageTags"], image["imageSizeInBytes"]) == (digest, ["v1", "v2"], 1024)
    assert image["imageScanStatus"]["status"] == "COMPLETE"
    findings = ecr.describe_image_scan_findings(repositoryName="team/app", imageId={"imageTag": "v1"})
    assert findings["imageScanStatus"]["status"] == "COMPLETE"
    assert findings["imageScanFindings"]["findings"] == []


BASIC = {"name": "CVE-2026-0001", "severity": "HIGH", "uri": "https://example.org", "attributes": []}
UNSUPPORTED = {
    "status": "FAILED",
    "description": "UnsupportedImageError: The operating system and/or package manager are not supported.",
}


def test_a_scan_finds_what_the_file_says(cloud: Cloud) -> None:
    ecr = cloud.client("ecr")
    ecr.create_repository(repositoryName="team/app", imageScanningConfiguration={"scanOnPush": True})
    push("v1")
    push("v2", "b")
    (cloud.config.state / "scans.json").write_text(
        json.dumps(
            {
                "team/app": {"imageScanStatus": {"status": "COMPLETE"}, "imageScanFindings": {"findings": [BASIC]}},
                "team/app:v2": {"imageScanStatus": UNSUPPORTED},
            }
        )
    )
    found = ecr.describe_image_scan_findings(repositoryName="team/app", imageId={"imageTag": "v1"})
    assert found["imageScanFindings"]["findings"] == [BASIC]
    assert found["imageScanFindings"]["findingSeverityCounts"] == {"HIGH": 1}
    failed = ecr.describe_image_scan_findings(repositoryName="team/app", imageId={"imageTag": "v2"})
    assert failed["imageScanStatus"] == UNSUPPORTED
    assert "imageScanFindings" not in failed
    details = {i["imageTags"][0]: i for i in ecr.describe_images(repositoryName="team/app")["imageDetails"]}
    assert details["v1"]["imageScanFindingsSummary"]["findingSeverityCounts"] == {"HIGH": 1}
    assert details["v2"]["imageScanStatus"] == UNSUPPORTED


@pytest.mark.parametrize("text", ["[", '{"team/app": {}}', '{"team/app": []}', '{"team/app": {"imageScanStatus": 1}}'])
def test_a_file_that_says_nothing_readable_is_named(cloud: Cloud, text: str) -> None:
    ecr = cloud.client("ecr")
    ecr.create_repository(repositoryName="team/app", imageScanningConfiguration={"scanOnPush": True})
    push("v1")
    (cloud.config.state / "scans.json").write_text(text)
    with pytest.raises(
        ClientError, match=r"ServerException.*scans.json is no object of repositories.*correct or remove it"
    ):
        ecr.describe_image_scan_findings(repositoryName="team/app", imageId={"imageTag": "v1"})


def test_a_tag_moves_and_the_image_before_stays_without(cloud: Cloud) -> None:
    ecr = cloud.client("ecr")
    ecr.create_repository(repositoryName="team/app")
    first, second = push("v1"), push("v1", "b")
    found = find_repository("team/app")
    assert found is not None
    assert found.tags == {"v1": second}
    details = {
        i["imageDigest"]: i.get("imageTags") for i in ecr.describe_images(repositoryName="team/app")["imageDetails"]
    }
    assert details == {first: None, second: ["v1"]}


def test_images_survive_a_kill(cloud: Cloud) -> None:
    ecr = cloud.client("ecr")
    ecr.create_repository(repositoryName="team/app")
    digest = push("v1")
    cloud.boot()
    assert ecr.list_images(repositoryName="team/app")["imageIds"] == [{"imageDigest": digest, "imageTag": "v1"}]


def test_a_repository_with_images_is_not_deleted_without_force(cloud: Cloud) -> None:
    ecr = cloud.client("ecr")
    ecr.create_repository(repositoryName="team/app")
    push("v1")
    with pytest.raises(ClientError, match="RepositoryNotEmptyException"):
        ecr.delete_repository(repositoryName="team/app")


def test_the_authorization_token_is_one_that_the_gate_takes(cloud: Cloud) -> None:
    data = cloud.client("ecr").get_authorization_token()["authorizationData"][0]
    assert data["proxyEndpoint"] == f"https://{cloud.config.registry}"
    now = data["expiresAt"].timestamp() - 12 * 3600
    assert tokens.valid(cloud.now.registry.token_key, f"Basic {data['authorizationToken']}", now=now)


def test_a_chunked_manifest_is_read_to_its_end() -> None:
    body = io.BytesIO(b'{"schemaVersion": 2}')
    assert read_manifest({"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": body}) == b'{"schemaVersion": 2}'
    assert read_manifest({"CONTENT_LENGTH": "2", "wsgi.input": io.BytesIO(b"{}PUT /next")}) == b"{}"


@pytest.mark.parametrize("manifest", [b"", b"[]", b"{", b"\xff\xfe\xfa"])
def test_what_is_no_manifest_is_refused_before_it_is_recorded(manifest: bytes) -> None:
    problem = manifest_problem(manifest)
    assert problem is not None
    assert (problem.status, problem.code) == (400, "MANIFEST_INVALID")
    assert problem.message.startswith(f"The manifest ({len(manifest)} bytes) is no JSON object.")


def test_a_manifest_that_is_too_large_is_refused() -> None:
    body = io.BytesIO(b" " * (LARGEST_MANIFEST + 2))
    problem = manifest_problem(read_manifest({"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": body}))
    assert problem is not None
    assert (problem.status, problem.message) == (413, f"The manifest is larger than {LARGEST_MANIFEST} bytes.")
    assert manifest_problem(b'{"schemaVersion": 2}') is None
