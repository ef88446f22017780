"""The registry protocol, asked as clients do; the registry's container is a table of answers."""

from __future__ import annotations

import io
import json
import threading
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import pytest
import urllib3
from werkzeug.test import Client

from localcloud.ecr import proxy
from localcloud.ecr.models import backend_of
from localcloud.ecr.policy import INDEX
from localcloud.ecr.proxy import LARGEST_MANIFEST, Proxy
from localcloud.ecr.registry import place_of

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from localcloud.conftest import Cloud

IMAGE = "application/vnd.oci.image.manifest.v1+json"
CONFIG, LAYER = (f"sha256:{sha256(name).hexdigest()}" for name in (b"config", b"layer"))


@dataclass
class Layers:
    """The container: layers that are there, and what was asked."""

    there: set[str] = field(default_factory=lambda: {CONFIG, LAYER})
    uploaded: str = "0-9"
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    down: bool = False

    def urlopen(self, method: str, target: str, **options: Any) -> urllib3.HTTPResponse:
        if self.down:
            raise urllib3.exceptions.ProtocolError("gone")
        body: Any = options.get("body")
        self.asked.append(
            (method, target, options["headers"], body.read() if hasattr(body, "read") else b"".join(body or ()))
        )
        location = f"http://127.0.0.1:5000{target.partition('?')[0]}1?_state=y"
        headers = {"Date": "then", "Server": "registry", "Content-Length": "4", "Range": self.uploaded}
        headers |= {"Location": location} if method == "POST" else {}
        status = 200 if target.rpartition("/")[2] in self.there else 404 if method == "HEAD" else 202
        return urllib3.HTTPResponse(
            io.BytesIO(b"body"), headers, status, preload_content=options.get("preload_content", True)
        )


@dataclass
class Docker:
    """A client that is logged in."""

    client: Client
    layers: Layers
    token: str
    host: str

    def ask(self, method: str, path: str, repository: str = "team/app", **options: Any) -> TestResponse:
        headers = {"Authorization": f"Basic {self.token}", **options.pop("headers", {})}
        return self.raw(method, f"/v2/{repository}/{path}", headers=headers, **options)

    def raw(self, method: str, path: str, **options: Any) -> TestResponse:
        return self.client.open(path, method=method, base_url=f"https://{self.host}", **options)

    def push(self, reference: str, **content: Any) -> TestResponse:
        descriptor = {"mediaType": "x/config", "digest": CONFIG, "size": 6}
        manifest = {"schemaVersion": 2, "mediaType": IMAGE, "config": descriptor, "layers": [], **content}
        return self.ask("PUT", f"manifests/{reference}", data=json.dumps(manifest), content_type=IMAGE)


def error(answer: TestResponse) -> tuple[int, str, str]:
    found = json.loads(answer.data)["errors"][0]
    return answer.status_code, found["code"], found["message"]


@pytest.fixture
def user(cloud: Cloud) -> Docker:
    cloud.client("ecr").create_repository(repositoryName="team/app")
    application, layers = Proxy(registry=cloud.now.registry), Layers()
    pool: Any = layers
    application.pool = pool
    return Docker(client=Client(application), layers=layers, token=token(cloud), host=cloud.config.registry)


def token(cloud: Cloud, region: str | None = None) -> str:
    data = cloud.client("ecr", region=region).get_authorization_token()["authorizationData"][0]
    return str(data["authorizationToken"])


def test_without_a_token_nothing_passes(user: Docker) -> None:
    answer = user.raw("GET", "/v2/")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == f'Basic realm="https://{user.host}/",service="ecr.amazonaws.com"'
    assert user.raw("GET", "/v2/", headers={"Authorization": f"Basic {user.token}"}).status_code == 200


def test_who_may_pull_may_not_push(cloud: Cloud, user: Docker) -> None:
    user.push("v1")
    iam = cloud.client("iam")
    iam.create_user(UserName="node")
    iam.attach_user_policy(UserName="node", PolicyArn="arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly")
    key = iam.create_access_key(UserName="node")["AccessKey"]
    ecr = cloud.client("ecr", key=(key["AccessKeyId"], key["SecretAccessKey"]))
    node = replace(user, token=ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"])
    assert node.ask("GET", "manifests/v1").status_code == 200
    message = (
        "User: arn:aws:iam::123456789012:user/node is not authorized to perform: ecr:PutImage on resource: "
        "arn:aws:ecr:eu-west-1:123456789012:repository/team/app because no identity-based policy allows the ecr:PutImage action"
    )
    assert error(node.push("v2")) == (403, "DENIED", message)
    assert error(node.ask("POST", "blobs/uploads/"))[:2] == (403, "DENIED")
    assert user.ask("GET", "manifests/v2").status_code == 404
    iam.delete_access_key(UserName="node", AccessKeyId=key["AccessKeyId"])
    assert node.ask("GET", "manifests/v1").status_code == 401


def test_an_unknown_repository_is_named(user: Docker) -> None:
    answer = user.ask("POST", "blobs/uploads/", repository="no/such")
    message = "The repository with name 'no/such' does not exist in the registry with id '123456789012'"
    assert error(answer) == (404, "NAME_UNKNOWN", message)


def test_what_is_pushed_is_pulled_by_tag_and_digest(user: Docker) -> None:
    pushed = user.push("v1")
    assert pushed.status_code == 201
    digest = pushed.headers["Docker-Content-Digest"]
    for reference in ("v1", digest):
        answer = user.ask("GET", f"manifests/{reference}")
        assert (answer.headers["Content-Type"], answer.headers["Docker-Content-Digest"]) == (IMAGE, digest)
        assert f"sha256:{sha256(answer.data).hexdigest()}" == digest
    head = user.ask("HEAD", "manifests/v1")
    assert (head.status_code, head.headers["Content-Length"], head.data) == (200, str(len(answer.data)), b"")
    assert error(user.ask("GET", "manifests/v9"))[:2] == (404, "MANIFEST_UNKNOWN")


def test_a_chunked_manifest_is_read_to_its_end(user: Docker) -> None:
    text = json.dumps({"schemaVersion": 2, "mediaType": IMAGE, "layers": []})
    environ = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    answer = user.ask("PUT", "manifests/v1", data=text, environ_overrides={**environ, "CONTENT_LENGTH": ""})
    assert answer.headers["Docker-Content-Digest"] == f"sha256:{sha256(text.encode()).hexdigest()}"


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff\xfe\xfa"])
def test_what_is_no_manifest_is_refused(user: Docker, body: bytes) -> None:
    status, code, message = error(user.ask("PUT", "manifests/v1", data=body, content_type=IMAGE))
    assert (status, code) == (400, "MANIFEST_INVALID")
    assert message.startswith(f"The manifest ({len(body)} bytes) is no JSON object.")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"schemaVersion": 2}', "no mediaType"),
        (b'{"mediaType": "x", "layers": [1]}', "descriptors can't be read"),
        (b'{"mediaType": "x", "config": {"digest": "sha512:00"}}', "Invalid digest 'sha512:00'"),
        (b'{"mediaType": "x", "subject": {"digest": "x"}}', "Invalid digest 'x'"),
    ],
)
def test_a_manifest_that_ecr_could_not_keep_is_refused(user: Docker, body: bytes, message: str) -> None:
    status, _, said = error(user.ask("PUT", "manifests/v1", data=body))
    assert status == 400
    assert message in said


def test_a_manifest_that_is_too_large_is_refused(user: Docker) -> None:
    answer = error(user.ask("PUT", "manifests/v1", data=b" " * (LARGEST_MANIFEST + 1)))
    assert answer == (413, "MANIFEST_INVALID", f"The manifest is larger than {LARGEST_MANIFEST} bytes.")


def test_an_image_comes_after_its_layers_and_an_index_after_its_images(user: Docker) -> None:
    missing = f"sha256:{'1' * 64}"
    for content in ({"layers": [{"digest": missing}]}, {"manifests": [{"digest": missing}]}):
        status, code, message = error(user.push("v1", **content))
        assert (status, code) == (404, "MANIFEST_BLOB_UNKNOWN")
        assert missing in message
    elsewhere = user.push("v1", layers=[{"digest": missing, "urls": ["https://example.org/layer"]}])
    assert elsewhere.status_code == 201
    assert user.push("v2", manifests=[{"digest": elsewhere.headers["Docker-Content-Digest"]}]).status_code == 201


def test_a_digest_is_sha256_and_the_manifests_own(user: Docker) -> None:
    assert error(user.ask("GET", "blobs/sha256:bad"))[1] == "DIGEST_INVALID"
    assert error(user.ask("PUT", f"blobs/uploads/1?digest=sha512:{'0' * 128}"))[1] == "DIGEST_INVALID"
    assert error(user.push("sha256:bad"))[:2] == (400, "DIGEST_INVALID")
    assert "digest is sha256:" in error(user.push(f"sha256:{'1' * 64}"))[2]


def test_a_tag_that_is_none_is_refused(user: Docker) -> None:
    for tag in ("-bad", "x" * 129):
        assert error(user.push(tag))[:2] == (400, "TAG_INVALID")


def test_an_immutable_tag_is_not_moved(cloud: Cloud, user: Docker) -> None:
    cloud.client("ecr").put_image_tag_mutability(repositoryName="team/app", imageTagMutability="IMMUTABLE")
    assert user.push("v1").status_code == user.push("v1").status_code == user.push("v2").status_code == 201
    status, code, message = error(user.push("v1", annotations={"a": "b"}))
    assert (status, code) == (400, "TAG_INVALID")
    assert "'v1' already exists in the 'team/app' repository" in message


def test_of_two_pushes_at_once_to_an_immutable_tag_one_is_taken(
    cloud: Cloud, user: Docker, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud.client("ecr").put_image_tag_mutability(repositoryName="team/app", imageTagMutability="IMMUTABLE")
    both, record = threading.Barrier(2), proxy.record_push

    def together(*arguments: Any) -> None:
        both.wait(5)
        record(*arguments)

    monkeypatch.setattr(proxy, "record_push", together)
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda i=i: found.append(user.push("v1", annotations={"a": i}).status_code))
        for i in ("x", "y")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(found) == [201, 400]


def test_tags_come_in_pages_in_their_order_as_ecr_has_them(cloud: Cloud, user: Docker) -> None:
    for tag in ("c", "a", "d", "b"):
        user.push(tag)
    cloud.client("ecr").batch_delete_image(repositoryName="team/app", imageIds=[{"imageTag": "d"}])
    first = user.ask("GET", "tags/list?n=2")
    assert first.json == {"name": "team/app", "tags": ["a", "b"]}
    following = f"<https://{cloud.config.registry}/v2/team/app/tags/list?n=2&last=b>"
    assert first.headers["Link"] == f'{following}; rel="next"'
    last = user.ask("GET", "tags/list?n=2&last=b")
    assert (last.json["tags"] if last.json else None, "Link" in last.headers) == (["c"], False)
    assert user.ask("GET", "tags/list?n=0").get_json()["tags"] == []
    assert error(user.ask("GET", "tags/list?n=10000")) == (
        400,
        "PAGINATION_NUMBER_INVALID",
        "Invalid parameter n='10000': a number from 0 to 1000 is allowed.",
    )


def test_what_is_attached_to_an_image_is_listed(user: Docker) -> None:
    image = user.push("v1").headers["Docker-Content-Digest"]
    attached = user.push("bom", subject={"digest": image}, artifactType="x/bom", annotations={"made": "here"})
    assert attached.headers["OCI-Subject"] == image
    user.push("signature", subject={"digest": image})
    answer = user.ask("GET", f"referrers/{image}")
    assert answer.headers["Content-Type"] == INDEX
    assert [one["artifactType"] for one in answer.get_json()["manifests"]] == ["x/bom", "x/config"]
    chosen = user.ask("GET", f"referrers/{image}?artifactType=x/bom")
    assert chosen.headers["OCI-Filters-Applied"] == "artifactType"
    assert [(one["mediaType"], one["annotations"]) for one in chosen.get_json()["manifests"]] == [
        (IMAGE, {"made": "here"})
    ]
    nothing = user.ask("GET", f"referrers/sha256:{'1' * 64}")
    assert nothing.get_json() == {"schemaVersion": 2, "mediaType": INDEX, "manifests": []}
    assert error(user.ask("GET", "referrers/bad"))[:2] == (400, "DIGEST_INVALID")


def test_images_are_deleted_by_digest_and_come_again(cloud: Cloud, user: Docker) -> None:
    digest = user.push("v1").headers["Docker-Content-Digest"]
    assert user.ask("DELETE", f"manifests/{digest}").status_code == 202
    assert error(user.ask("DELETE", f"manifests/{digest}"))[:2] == (404, "MANIFEST_UNKNOWN")
    user.push("v1")
    cloud.settle()
    assert user.ask("GET", "manifests/v1").status_code == 200
    for path in ("manifests/v1", f"blobs/{LAYER}"):
        answer = user.ask("DELETE", path)
        assert (answer.status_code, error(answer)[1]) == (405, "UNSUPPORTED")


def place(cloud: Cloud, name: str = "team/app", region: str = "eu-west-1") -> str:
    with cloud.now.model.lock:
        return place_of(backend_of(region).repositories[name])


def test_layers_pass_with_their_framing_and_each_side_has_its_own_date(cloud: Cloud, user: Docker) -> None:
    answer = user.ask("PATCH", "blobs/uploads/1?_state=x", data=b"0123", headers={"Date": "mine"})
    assert (answer.status_code, answer.data) == (202, b"body")
    assert not {"Date", "Server"} & set(answer.headers.keys())
    method, target, headers, body = user.layers.asked[-1]
    assert (method, target, body) == ("PATCH", f"/v2/{place(cloud)}/blobs/uploads/1?_state=x", b"0123")
    assert headers["Content-Length"] == "4"
    assert "Date" not in headers
    assert headers["authorization"] != f"Basic {user.token}"
    streamed = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
    user.ask("PATCH", "blobs/uploads/1", data=b"4567", environ_overrides=streamed)
    assert user.layers.asked[-1][3] == b"4567"
    head = user.ask("HEAD", f"blobs/{LAYER}")
    assert (head.status_code, head.headers["Content-Length"]) == (200, "4")


def test_pieces_of_a_layer_come_in_their_order(user: Docker) -> None:
    piece: dict[str, Any] = {"headers": {"Content-Range": "10-13"}, "data": b"0123"}
    assert user.ask("PATCH", "blobs/uploads/1", **piece).status_code == 202
    user.layers.uploaded = "0-0"
    assert error(user.ask("PATCH", "blobs/uploads/1", **piece))[:2] == (416, "BLOB_UPLOAD_INVALID")
    assert user.ask("PATCH", "blobs/uploads/1", headers={"Content-Range": "0-3"}, data=b"0123").status_code == 202


def test_a_registry_that_does_not_answer_is_told(user: Docker) -> None:
    user.layers.down = True
    assert error(user.push("v1")) == (503, "UNAVAILABLE", "The registry does not answer: gone")


def test_a_layer_s_upload_goes_on_under_the_repository_s_name(user: Docker) -> None:
    answer = user.ask("POST", "blobs/uploads/")
    assert answer.headers["Location"] == f"https://{user.host}/v2/team/app/blobs/uploads/1?_state=y"


def test_a_layer_is_mounted_from_where_the_caller_may_read_it(cloud: Cloud, user: Docker) -> None:
    ecr = cloud.client("ecr")
    ecr.create_repository(repositoryName="other")
    cloud.client("ecr", region="eu-central-1").create_repository(repositoryName="elsewhere")

    def mounted(source: str) -> dict[str, str]:
        assert user.ask("POST", f"blobs/uploads/?mount={LAYER}&from={source}").status_code == 202
        return dict(parse_qsl(user.layers.asked[-1][1].partition("?")[2]))

    assert mounted("other") == {"mount": LAYER, "from": place(cloud, "other")}
    assert mounted("elsewhere") == {}, "a repository of another region"
    denied = {"Effect": "Deny", "Principal": "*", "Action": "ecr:GetDownloadUrlForLayer"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [denied]})
    ecr.set_repository_policy(repositoryName="other", policyText=text)
    assert mounted("other") == {}


def test_a_repository_that_is_made_anew_has_no_layer_of_the_one_before(cloud: Cloud, user: Docker) -> None:
    before = place(cloud)
    cloud.client("ecr").delete_repository(repositoryName="team/app")
    cloud.client("ecr").create_repository(repositoryName="team/app")
    assert place(cloud) != before
    user.ask("HEAD", f"blobs/{LAYER}")
    assert user.layers.asked[-1][1] == f"/v2/{place(cloud)}/blobs/{LAYER}"
