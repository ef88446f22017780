"""A registry a region: each with its host name, tokens, repositories and rights."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from werkzeug.test import Client

from localcloud.core.regions import commercial
from localcloud.ecr.proxy import Proxy
from localcloud.ecr.registry import Registry
from localcloud.ecr.tests.test_proxy import LAYER, Docker, Layers, error, place, token
from localcloud.http.edge import Edge

if TYPE_CHECKING:
    from localcloud.conftest import Cloud

HERE, THERE = "eu-west-1", "ap-southeast-2"


@pytest.fixture
def users(cloud: Cloud) -> dict[str, Docker]:
    """Log in to the registries of two regions that have a repository of the same name."""
    application, layers = Proxy(registry=cloud.now.registry), Layers()
    pool: Any = layers
    application.pool = pool
    edge = Edge(application=application, hosts=frozenset(cloud.config.registries()), ask="a registry")
    made = {}
    for region in (HERE, THERE):
        cloud.client("ecr", region=region).create_repository(repositoryName="team/app")
        host = cloud.config.registry_of(region)
        made[region] = Docker(client=Client(edge), layers=layers, token=token(cloud, region), host=host)
    return made


def tags(cloud: Cloud, region: str) -> list[str]:
    images = cloud.client("ecr", region=region).describe_images(repositoryName="team/app")["imageDetails"]
    return [tag for image in images for tag in image["imageTags"]]


def test_each_commercial_region_has_a_registry(cloud: Cloud) -> None:
    assert {HERE, THERE, "us-east-1"} <= set(commercial())
    for region in commercial():
        ecr = cloud.client("ecr", region=region)
        made = ecr.create_repository(repositoryName="team/app")["repository"]
        host = f"{cloud.config.registry_account}.dkr.ecr.{region}.amazonaws.com"
        assert made["repositoryUri"] == f"{host}/team/app"
        assert made["repositoryArn"] == f"arn:aws:ecr:{region}:123456789012:repository/team/app"
        assert ecr.get_authorization_token()["authorizationData"][0]["proxyEndpoint"] == f"https://{host}"
        assert cloud.config.registries()[host] == region


def test_what_is_pushed_in_one_region_is_there_and_not_in_the_other(cloud: Cloud, users: dict[str, Docker]) -> None:
    digest = users[THERE].push("v1").headers["Docker-Content-Digest"]
    assert (tags(cloud, THERE), tags(cloud, HERE)) == (["v1"], [])
    for reference in ("v1", digest):
        assert users[THERE].ask("GET", f"manifests/{reference}").status_code == 200
        assert error(users[HERE].ask("GET", f"manifests/{reference}"))[:2] == (404, "MANIFEST_UNKNOWN")
    assert users[HERE].ask("GET", "tags/list").get_json()["tags"] == []
    assert users[THERE].push("v2").headers["Location"] == f"https://{users[THERE].host}/v2/team/app/manifests/v2"


def test_layers_of_the_same_name_are_kept_apart(cloud: Cloud, users: dict[str, Docker]) -> None:
    asked = {}
    for region, user in users.items():
        user.ask("HEAD", f"blobs/{LAYER}")
        asked[region] = user.layers.asked[-1][1]
    assert asked == {region: f"/v2/{place(cloud, region=region)}/blobs/{LAYER}" for region in users}
    assert asked[HERE] != asked[THERE]


def test_a_token_is_good_in_its_own_region(users: dict[str, Docker]) -> None:
    stranger = replace(users[THERE], token=users[HERE].token)
    answer = stranger.ask("GET", "tags/list")
    assert error(answer) == (401, "UNAUTHORIZED", "Your authorization token has expired or is not valid.")
    assert users[THERE].host in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    "host",
    [
        "123456789012.dkr.ecr.xx-nowhere-1.amazonaws.com",
        "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",
        "1.dkr.ecr.eu-west-1.amazonaws.com",
        "dkr.ecr.eu-west-1.amazonaws.com",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com.example.org",
    ],
)
def test_a_host_name_that_is_no_registry_s_is_refused(users: dict[str, Docker], host: str) -> None:
    answer = replace(users[HERE], host=host).ask("GET", "tags/list")
    message = f"The local cloud takes no requests for {host}: ask a registry."
    assert (answer.status_code, answer.get_json()["message"]) == (403, message)


def test_immutable_tags_scans_and_lifecycle_policies_hold_there(cloud: Cloud, users: dict[str, Docker]) -> None:
    ecr, name = cloud.client("ecr", region=THERE), "team/app"
    ecr.put_image_tag_mutability(repositoryName=name, imageTagMutability="IMMUTABLE")
    ecr.put_image_scanning_configuration(repositoryName=name, imageScanningConfiguration={"scanOnPush": True})
    for user in users.values():
        user.push("v1")
    assert error(users[THERE].push("v1", annotations={"a": "b"}))[:2] == (400, "TAG_INVALID")
    assert users[HERE].push("v1", annotations={"a": "b"}).status_code == 201
    image = {"imageTag": "v1"}
    assert (
        ecr.describe_image_scan_findings(repositoryName=name, imageId=image)["imageScanStatus"]["status"] == "COMPLETE"
    )
    with pytest.raises(ClientError, match="ScanNotFoundException"):
        cloud.client("ecr").describe_image_scan_findings(repositoryName=name, imageId=image)
    selection = {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 1}
    rules = {"rules": [{"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}]}
    ecr.put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=json.dumps(rules))
    assert json.loads(ecr.get_lifecycle_policy(repositoryName=name)["lifecyclePolicyText"]) == rules
    with pytest.raises(ClientError, match="LifecyclePolicyNotFoundException"):
        cloud.client("ecr").get_lifecycle_policy(repositoryName=name)


def test_packages_are_read_from_layers_of_the_image_s_own_region(
    cloud: Cloud, users: dict[str, Docker], monkeypatch: pytest.MonkeyPatch
) -> None:
    ecr = cloud.client("ecr", region=THERE)
    config = {"scanOnPush": True}
    ecr.put_image_scanning_configuration(repositoryName="team/app", imageScanningConfiguration=config)
    (cloud.config.state / "vulnerabilities.json").write_text(
        json.dumps([{"id": "CVE-2026-0001", "package": "zlib1g", "severity": "HIGH"}])
    )
    asked: list[tuple[str, str]] = []

    def layer(_: Registry, where: str, digest: str) -> Any:
        asked.append((where, digest))
        raise OSError("gone")

    monkeypatch.setattr(Registry, "layer", layer)
    layers = [{"digest": LAYER, "size": 1, "mediaType": "application/vnd.oci.image.layer.v1.tar"}]
    users[THERE].push("v1", layers=layers)
    found = ecr.describe_image_scan_findings(repositoryName="team/app", imageId={"imageTag": "v1"})
    assert found["imageScanStatus"]["status"] != "COMPLETE"
    cloud.settle()
    assert asked[0] == (place(cloud, region=THERE), LAYER)


def test_rights_are_asked_with_the_region_s_names(cloud: Cloud, users: dict[str, Docker]) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="puller")
    statements = [
        {"Effect": "Allow", "Action": "ecr:*", "Resource": f"arn:aws:ecr:{THERE}:123456789012:repository/*"},
        {
            "Effect": "Allow",
            "Action": "ecr:GetAuthorizationToken",
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:RequestedRegion": [HERE, THERE]}},
        },
    ]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_user_policy(UserName="puller", PolicyName="there", PolicyDocument=document)
    made = iam.create_access_key(UserName="puller")["AccessKey"]
    key = (made["AccessKeyId"], made["SecretAccessKey"])
    own = {}
    for region, user in users.items():
        data = cloud.client("ecr", region=region, key=key).get_authorization_token()["authorizationData"][0]
        own[region] = replace(user, token=data["authorizationToken"])
    with pytest.raises(ClientError, match="AccessDeniedException"):
        cloud.client("ecr", region="us-east-1", key=key).get_authorization_token()
    assert own[THERE].push("v1").status_code == 201
    status, code, message = error(own[HERE].push("v1"))
    assert (status, code) == (403, "DENIED")
    assert f"arn:aws:ecr:{HERE}:123456789012:repository/team/app" in message


def test_a_repository_s_policy_holds_in_its_own_region(cloud: Cloud, users: dict[str, Docker]) -> None:
    denied = {"Effect": "Deny", "Principal": "*", "Action": "ecr:PutImage"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [denied]})
    cloud.client("ecr", region=THERE).set_repository_policy(repositoryName="team/app", policyText=text)
    assert error(users[THERE].push("v1"))[:2] == (403, "DENIED")
    assert users[HERE].push("v1").status_code == 201


def test_names_lead_to_the_registry_on_every_network(cloud: Cloud) -> None:
    spec = cloud.now.registry.specification()
    assert {attachment.aliases for attachment in spec.attachments} == {tuple(cloud.config.registries())}


def test_images_elsewhere_survive_a_kill(cloud: Cloud, users: dict[str, Docker]) -> None:
    users[THERE].push("v1")
    cloud.boot()
    assert (tags(cloud, THERE), tags(cloud, HERE)) == (["v1"], [])
