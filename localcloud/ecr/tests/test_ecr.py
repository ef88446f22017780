from __future__ import annotations

import base64
import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from moto.ecr.models import ecr_backends

from localcloud.core.config import ACCOUNT
from localcloud.ecr import policy, tokens
from localcloud.ecr.models import PushedImage
from localcloud.ecr.proxy import record_push

if TYPE_CHECKING:
    from localcloud.conftest import Cloud

KEY = b"key"


def test_tokens_are_good_for_twelve_hours() -> None:
    token, until = tokens.make(KEY, access_key_id="AKIAEXAMPLE", region="eu-west-1", now=1000)
    assert base64.b64decode(token).startswith(b"AWS:")
    assert until == 1000 + 12 * 3600
    assert tokens.owner(KEY, f"Basic {token}", region="eu-west-1", now=until - 1) == "AKIAEXAMPLE"
    assert tokens.owner(KEY, f"Basic {token}", region="eu-west-1", now=until + 1) is None
    assert tokens.owner(KEY, f"Basic {token}", region="eu-west-2", now=until - 1) is None


@pytest.mark.parametrize("header", ["", "Bearer x", "Basic !!", "Basic " + base64.b64encode(b"AWS:made.up").decode()])
def test_what_was_not_signed_here_is_no_token(header: str) -> None:
    assert tokens.owner(KEY, header, region="eu-west-1", now=0) is None


def push(tag: str, text: str = "a", region: str = "eu-west-1") -> str:
    layers = [{"digest": f"sha256:{sha256(text.encode()).hexdigest()}", "size": 1000}]
    config = {"size": 24, "digest": f"sha256:{'0' * 64}"}
    body = json.dumps({"schemaVersion": 2, "config": config, "layers": layers}).encode()
    digest = f"sha256:{sha256(body).hexdigest()}"
    kind = "application/vnd.docker.distribution.manifest.v2+json"
    record_push(region, "team/app", tag, policy.read_manifest(body, digest=digest, media_type=kind))
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
    details = {
        i["imageDigest"]: i.get("imageTags") for i in ecr.describe_images(repositoryName="team/app")["imageDetails"]
    }
    assert details == {first: None, second: ["v1"]}


def test_an_image_that_came_by_the_api_is_scanned_too(cloud: Cloud) -> None:
    ecr = cloud.client("ecr")
    ecr.create_repository(repositoryName="team/app")
    ecr.put_image(repositoryName="team/app", imageManifest='{"mediaType": "x/y", "layers": []}', imageTag="v1")
    ecr.start_image_scan(repositoryName="team/app", imageId={"imageTag": "v1"})
    found = ecr.describe_image_scan_findings(repositoryName="team/app", imageId={"imageTag": "v1"})
    assert found["imageScanStatus"]["status"] == "COMPLETE"


def layer(ecr: Any, content: bytes) -> str:
    """Upload a layer by the API."""
    asked = {"repositoryName": "team/app", "uploadId": ecr.initiate_layer_upload(repositoryName="team/app")["uploadId"]}
    ecr.upload_layer_part(**asked, partFirstByte=0, partLastByte=len(content) - 1, layerPartBlob=content)
    digest = f"sha256:{sha256(content).hexdigest()}"
    assert ecr.complete_layer_upload(**asked, layerDigests=[digest])["layerDigest"] == digest
    return digest


def test_an_image_s_layers_and_an_index_s_images_are_in_the_repository(cloud: Cloud) -> None:
    ecr = cloud.client("ecr")
    ecr.create_repository(repositoryName="team/app")
    where = f"required for pushing image into repository with name 'team/app' in the registry with id '{ACCOUNT}' do not exist"
    config, other = layer(ecr, b"{}"), "sha256:" + "0" * 64

    def put(**content: Any) -> Any:
        text = json.dumps({"mediaType": "x/y", **content})
        return ecr.put_image(repositoryName="team/app", imageManifest=text)["image"]["imageId"]["imageDigest"]

    for missing in (
        {"config": {"digest": other}},
        {"config": {"digest": config, "size": 2}, "layers": [{"digest": other}]},
    ):
        with pytest.raises(
            ClientError, match=rf"\(LayersNotFoundException\).*Layers with digests '\[{other}\]' {where}"
        ):
            put(**missing)
    with pytest.raises(
        ClientError, match=rf"\(ReferencedImagesNotFoundException\).*Images with digests '\[{other}\]' {where}"
    ):
        put(manifests=[{"digest": other}])
    image = put(config={"digest": config, "size": 2}, layers=[])
    put(manifests=[{"digest": image}])
    assert len(ecr.list_images(repositoryName="team/app")["imageIds"]) == 2


def test_an_image_is_put_by_its_own_digest(cloud: Cloud) -> None:
    ecr = cloud.client("ecr")
    ecr.create_repository(repositoryName="team/app")
    asked = {"repositoryName": "team/app", "imageManifest": '{"mediaType": "x/y", "layers": []}'}
    digest, other = f"sha256:{sha256(asked['imageManifest'].encode()).hexdigest()}", "sha256:" + "0" * 64
    words = f"The image digest '{other}' does not match the digest '{digest}' that was calculated of the manifest"
    with pytest.raises(ClientError, match=rf"\(ImageDigestDoesNotMatchException\).*{words}"):
        ecr.put_image(**asked, imageDigest=other)
    assert ecr.put_image(**asked, imageDigest=digest)["image"]["imageId"]["imageDigest"] == digest


def test_another_account_s_registry_has_none_of_these_repositories(cloud: Cloud) -> None:
    ecr, there = cloud.client("ecr"), {"registryId": "999999999999"}
    ecr.create_repository(repositoryName="team/app")
    one = there | {"repositoryName": "team/app"}
    calls = (
        lambda: ecr.put_image(**one, imageManifest='{"mediaType": "x/y", "layers": []}', imageTag="v1"),
        lambda: ecr.batch_get_image(**one, imageIds=[{"imageTag": "v1"}]),
        lambda: ecr.batch_delete_image(**one, imageIds=[{"imageTag": "v1"}]),
        lambda: ecr.describe_images(**one),
        lambda: ecr.describe_repositories(**there, repositoryNames=["team/app"]),
        lambda: ecr.delete_repository(**one),
        lambda: ecr.put_image_tag_mutability(**one, imageTagMutability="MUTABLE"),
    )
    words = "The repository with name 'team/app' does not exist in the registry with id '999999999999'"
    for call in calls:
        with pytest.raises(ClientError, match=rf"\(RepositoryNotFoundException\).*{words}"):
            call()


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
    header = f"Basic {data['authorizationToken']}"
    assert tokens.owner(cloud.now.registry.token_key, header, region=cloud.config.region, now=now)


def test_a_repository_with_an_image_that_cannot_be_read_is_mended_at_the_next_start(cloud: Cloud) -> None:
    ecr = cloud.client("ecr")
    ecr.create_repository(repositoryName="team/app")
    push("v1")
    with cloud.now.model.transaction():
        images = ecr_backends[ACCOUNT][cloud.config.region].repositories["team/app"].images
        images.append(PushedImage(ACCOUNT, "v2", "", "team/app", "", ""))
    with pytest.raises(ClientError, match="JSONDecodeError"):
        ecr.list_images(repositoryName="team/app")
    cloud.boot()
    assert [one["imageTag"] for one in ecr.list_images(repositoryName="team/app")["imageIds"]] == ["v1"]


@pytest.mark.parametrize("principal", [{"AWS": f"arn:aws:iam::{ACCOUNT}:role/nobody"}, {"AWS": "somebody"}])
def test_a_repository_s_policy_is_about_principals_that_exist(cloud: Cloud, principal: dict[str, str]) -> None:
    ecr = cloud.client("ecr")
    ecr.create_repository(repositoryName="app")

    def allow(who: object) -> None:
        statement = {"Effect": "Allow", "Action": "ecr:BatchGetImage", "Principal": who}
        text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        ecr.set_repository_policy(repositoryName="app", policyText=text)

    allow({"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
    with pytest.raises(ClientError, match=r"'PolicyText' failed to satisfy constraint: 'Principal not found'"):
        allow(principal)
    assert ":root" in ecr.get_repository_policy(repositoryName="app")["policyText"]
