"""Who is let in: nobody without a signature that covers what is asked."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import botocore.session
import pytest
import requests
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from moto.sts.models import sts_backends
from werkzeug.test import Client

from localcloud.conftest import trust
from localcloud.core import services
from localcloud.core.backends import used
from localcloud.core.config import ACCOUNT
from localcloud.http import signatures

if TYPE_CHECKING:
    from botocore.model import OperationModel, ServiceModel

    from localcloud.conftest import Cloud

FORM = "application/x-www-form-urlencoded; charset=utf-8"
READ = b"Action=DescribeRegions&Version=2016-11-15"
CHANGE = b"Action=CreateVpc&CidrBlock=10.99.0.0%2F16&Version=2016-11-15"
PAGE = {"Origin": "https://page.example"}
# moto's own models that this project asks
MODELS = {"s3", "ssm", "kms", "logs", "route53", "dynamodb", "resourcegroupstaggingapi"}
REFUSED = re.compile(r"MissingAuthenticationToken|<Code>AccessDenied</Code>|<Code>InvalidIdentityToken</Code>")


def signed(
    cloud: Cloud, body: bytes = READ, *, service: str = "ec2", headers: dict[str, str] | None = None
) -> dict[str, str]:
    """Sign a POST of the administrator; its headers."""
    request = AWSRequest("POST", cloud.endpoint + "/", data=body, headers={"Content-Type": FORM, **(headers or {})})
    SigV4Auth(Credentials(*cloud._key), service, "eu-west-1").add_auth(request)
    return dict(request.headers.items())


def post(cloud: Cloud, body: bytes, headers: dict[str, str]) -> requests.Response:
    return requests.post(cloud.endpoint + "/", data=body, headers=headers, timeout=5)


@pytest.fixture
def bucket(cloud: Cloud) -> str:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="state", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="state", Key="terraform.tfstate", Body=b"{}")
    return f"{cloud.endpoint}/state/terraform.tfstate"


def unsigned_request(model: ServiceModel, operation: OperationModel) -> dict[str, Any]:
    """Return what a client without credentials would send."""
    match model.protocol:
        case "query" | "ec2":
            return {"method": "POST", "data": {"Action": operation.name, "Version": model.api_version}}
        case "json" | "smithy-rpc-v2-cbor":
            target = f"{model.metadata['targetPrefix']}.{operation.name}"
            return {"method": "POST", "headers": {"X-Amz-Target": target}, "data": b"{}"}
        case _:
            uri = re.sub(r"{[^}]+}", "x", operation.http["requestUri"])
            return {"method": operation.http["method"], "path": uri}


def test_every_operation_of_every_loaded_service_needs_a_signature(cloud: Cloud) -> None:
    assert cloud.application is not None
    client, session = Client(cloud.application), botocore.session.get_session()
    loaded = {service.service_name for service in used()} | {service.name for service in services.SERVICES} | MODELS
    asked = Counter[str]()
    for service in sorted(loaded & set(session.get_available_services())):
        model = session.get_service_model(service)
        for name in model.operation_names:
            request = unsigned_request(model, model.operation_model(name))
            answer = client.open(base_url="http://127.0.0.1", **request)
            assert answer.status_code in (400, 403), (service, name, answer.status)
            if name == "AssumeRoleWithWebIdentity":  # is asked without: by a token, which this request lacks
                assert "ValidationError" in answer.text
            else:
                assert REFUSED.search(answer.text) or request["method"] == "HEAD", (service, name, answer.text)
            asked[service] += 1
    assert asked.total() > 1800, asked
    assert set(asked) >= {service.name for service in services.SERVICES} | MODELS


@pytest.mark.parametrize(
    ("form", "message"),
    [
        (
            {"Action": "AssumeRoleWithWebIdentity", "WebIdentityToken": "made-up"},
            "The ID Token provided is not a valid JWT.",
        ),
        (
            {
                "Action": "AssumeRoleWithSAML",
                "SAMLAssertion": "bWFkZSB1cA==",
                "PrincipalArn": "arn:aws:iam::1:saml-provider/x",
            },
            "The local cloud verifies no SAML assertions: use AssumeRole.",
        ),
    ],
)
def test_an_unverified_token_opens_no_session_signed_or_not(cloud: Cloud, form: dict[str, str], message: str) -> None:
    role = cloud.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=trust())["Role"]["Arn"]
    form = {**form, "Version": "2011-06-15", "RoleArn": role, "RoleSessionName": "session"}
    answer = requests.post(cloud.endpoint + "/", data=form, timeout=5)
    assert (answer.status_code, "Credentials" in answer.text) == (400, False)
    assert "InvalidIdentityToken" in answer.text
    assert message in answer.text
    huge = requests.post(cloud.endpoint + "/", data={**form, "More": "x" * (64 << 10)}, timeout=5)
    assert (huge.status_code, "MissingAuthenticationToken" in huge.text) == (403, True)
    body = requests.Request("POST", "http://x", data=form).prepare().body
    assert isinstance(body, str)
    answer = post(cloud, body.encode(), signed(cloud, body.encode(), service="sts"))
    assert (answer.status_code, "InvalidIdentityToken" in answer.text) == (400, True)


@pytest.mark.parametrize("authorization", ["", "x y", "AWS4-HMAC-SHA256 Credential=a/b/c", "Basic YTpi"])
@pytest.mark.parametrize("query", ["", "?Action=AssumeRoleWithWebIdentity", "?X-Amz-Algorithm=AWS4-HMAC-SHA256"])
def test_no_object_is_read_or_written_without_a_signature_that_can_be_read(
    cloud: Cloud, bucket: str, authorization: str, query: str
) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    assert requests.get(bucket + query, headers=headers, timeout=5).status_code == 403
    assert requests.put(bucket + query, data=b"other", headers=headers, timeout=5).status_code == 403
    assert cloud.client("s3").get_object(Bucket="state", Key="terraform.tfstate")["Body"].read() == b"{}"


def test_a_readable_presigned_query_does_not_make_up_for_an_unreadable_header(cloud: Cloud, bucket: str) -> None:
    url = cloud.client("s3", signature="s3v4").generate_presigned_url(
        "get_object", Params={"Bucket": "state", "Key": "terraform.tfstate"}
    )
    assert urlsplit(url).path == urlsplit(bucket).path
    assert requests.get(url, timeout=5).status_code == 200
    assert requests.get(url, headers={"Authorization": "x y"}, timeout=5).status_code == 403


def test_a_signed_body_cannot_be_exchanged(cloud: Cloud) -> None:
    before = cloud.client("ec2").describe_vpcs()["Vpcs"]
    headers = signed(cloud)
    assert post(cloud, READ, headers).status_code == 200
    digest = hashlib.sha256(READ).hexdigest()
    for more in ({}, {"X-Amz-Content-SHA256": digest}):
        assert post(cloud, CHANGE, {**headers, **more}).status_code == 403
    with_digest = signed(cloud, headers={"X-Amz-Content-SHA256": digest})
    assert post(cloud, READ, with_digest).status_code == 200
    refused = post(cloud, CHANGE, with_digest)
    assert (refused.status_code, "SignatureDoesNotMatch" in refused.text) == (403, True)
    assert post(cloud, READ, signed(cloud, headers={"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"})).status_code == 403
    assert cloud.client("ec2").describe_vpcs()["Vpcs"] == before


def test_an_object_s_body_is_the_one_that_was_signed(cloud: Cloud, bucket: str) -> None:
    def put(body: bytes, sent: bytes, digest: str | None = None) -> requests.Response:
        request = AWSRequest("PUT", bucket, data=body)
        if digest:
            request.headers["X-Amz-Content-SHA256"] = digest
            request.context["payload_signing_enabled"] = False
        signer = S3SigV4Auth(Credentials(*cloud._key), "s3", "eu-west-1")
        signer.add_auth(request)
        return requests.put(bucket, data=sent, headers=dict(request.headers.items()), timeout=5)

    assert put(b"mine", b"mine").status_code == 200
    without = AWSRequest("PUT", bucket, data=b"mine")
    SigV4Auth(Credentials(*cloud._key), "s3", "eu-west-1").add_auth(without)
    refused = requests.put(bucket, data=b"mine", headers=dict(without.headers.items()), timeout=5)
    assert (refused.status_code, "Missing required header" in refused.text) == (400, True)
    refused = put(b"mine", b"other")
    assert (refused.status_code, "XAmzContentSHA256Mismatch" in refused.text) == (400, True)
    assert cloud.client("s3").get_object(Bucket="state", Key="terraform.tfstate")["Body"].read() == b"mine"


@pytest.mark.parametrize(
    ("query", "body", "name"),
    [
        ("?Action=DescribeRegions&Version=2016-11-15", CHANGE, "Action"),
        ("?CidrBlock=10.98.0.0%2F16", CHANGE, "CidrBlock"),
        ("", READ + b"&" + CHANGE, "Action"),
        ("", CHANGE + b"&CidrBlock=10.98.0.0%2F16", "CidrBlock"),
    ],
)
@pytest.mark.parametrize("more", [{}, {"X-Amz-Target": "AmazonEC2.DescribeRegions"}])
def test_nothing_is_asked_in_two_ways(cloud: Cloud, query: str, body: bytes, name: str, more: dict[str, str]) -> None:
    """Rights would be asked for the one, and the other answered."""
    request = AWSRequest("POST", f"{cloud.endpoint}/{query}", data=body, headers={"Content-Type": FORM, **more})
    SigV4Auth(Credentials(*cloud._key), "ec2", "eu-west-1").add_auth(request)
    before = len(cloud.client("ec2").describe_vpcs()["Vpcs"])
    answer = requests.post(request.url, data=body, headers=dict(request.headers.items()), timeout=5)
    assert answer.status_code == 400
    assert (
        f"The parameter {name} is given twice, or in the query beside a form: give each once, in one place."
        in answer.text
    )
    assert len(cloud.client("ec2").describe_vpcs()["Vpcs"]) == before


def test_headers_name_no_operation(cloud: Cloud) -> None:
    headers = {"Action": "CreateVpc", "CidrBlock": "10.99.0.0/16", "Version": "2016-11-15"}
    answer = post(cloud, b"", signed(cloud, b"", headers=headers))
    assert answer.status_code == 400
    assert "The local cloud does not implement ec2:POST /." in answer.text
    assert len(cloud.client("ec2").describe_vpcs()["Vpcs"]) == 1


@pytest.mark.parametrize(
    ("service", "body"), [("sts", b"Action=ListUsers&Version=2010-05-08"), ("sqs", b"Action=ListUsers")]
)
def test_an_operation_of_another_service_is_none(cloud: Cloud, service: str, body: bytes) -> None:
    answer = post(cloud, body, signed(cloud, body, service=service))
    assert answer.status_code == 400
    assert f"The local cloud does not implement {service}:ListUsers." in answer.text


def test_headers_that_say_what_is_asked_must_be_signed(cloud: Cloud) -> None:
    refused = post(cloud, READ, {**signed(cloud), "X-Amz-Target": "Other.Operation"})
    assert refused.status_code == 403
    assert "headers present in the request which were not signed: x-amz-target" in refused.text
    headers = signed(cloud)
    headers["Authorization"] = headers["Authorization"].replace("host;", "")
    refused = post(cloud, READ, headers)
    assert (refused.status_code, "'Host' must be a 'SignedHeader'" in refused.text) == (403, True)


def test_a_signature_s_scope_is_of_its_own_day(cloud: Cloud) -> None:
    headers = signed(cloud)
    day = headers["X-Amz-Date"][:8]
    headers["Authorization"] = headers["Authorization"].replace(f"/{day}/", "/20200101/")
    assert post(cloud, READ, headers).status_code == 403


def test_a_user_s_key_with_somebody_s_token_is_refused(cloud: Cloud) -> None:
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        cloud.client("sts", token="x").get_caller_identity()


@pytest.mark.parametrize("path", ["/", "/health", "/reconcile"])
def test_web_pages_are_refused_and_get_no_cors(cloud: Cloud, path: str) -> None:
    headers: dict[str, Any] = {**signed(cloud), **PAGE}
    answer = requests.post(cloud.endpoint + path, data=READ, headers=headers, timeout=5)
    assert answer.status_code == 403
    assert "takes no requests from web pages (Origin: https://page.example)" in answer.text
    assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


def test_answers_to_clients_have_no_cors_either(cloud: Cloud) -> None:
    answer = post(cloud, READ, signed(cloud))
    assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


@pytest.mark.parametrize("host", ["rebound.example", "rebound.example:5600", "127.0.0.1.example", "192.0.2.1"])
def test_names_that_lead_here_are_refused(cloud: Cloud, host: str) -> None:
    answer = requests.get(f"{cloud.endpoint}/health", headers={"Host": host}, timeout=5)
    assert (answer.status_code, f"for {host}: ask 127.0.0.1 or 198.51.100.1 or localhost" in answer.text) == (403, True)


@pytest.mark.parametrize("host", ["localhost:5600", "198.51.100.1:5600", "127.0.0.1"])
def test_addresses_are_taken(cloud: Cloud, host: str) -> None:
    assert requests.get(f"{cloud.endpoint}/health", headers={"Host": host}, timeout=5).status_code == 200


@pytest.mark.parametrize("path", ["/", "/health"])
@pytest.mark.parametrize("length", ["abc", "-1", "1e3"])
def test_a_length_that_is_no_number_is_a_bad_request(cloud: Cloud, path: str, length: str) -> None:
    with closing(HTTPConnection("127.0.0.1", urlsplit(cloud.endpoint).port or 0, timeout=5)) as connection:
        connection.putrequest("POST", path)
        connection.putheader("Content-Length", length)
        connection.endheaders()
        answer = connection.getresponse()
        assert (answer.status, b"Content-Length" in answer.read()) == (400, True)


@pytest.mark.parametrize("by", [timedelta(minutes=16), timedelta(minutes=-16)])
@pytest.mark.parametrize(
    ("service", "operation", "refusal"),
    [
        ("sts", "get_caller_identity", ("SignatureDoesNotMatch", 403)),
        ("ec2", "describe_vpcs", ("RequestExpired", 400)),
        ("s3", "list_buckets", ("RequestTimeTooSkewed", 403)),
        ("ssm", "describe_parameters", ("InvalidSignatureException", 400)),
        ("eks", "list_clusters", ("InvalidSignatureException", 403)),
    ],
)
def test_a_clock_that_is_off_is_refused_in_the_service_s_words(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, service: str, operation: str, refusal: tuple[str, int], by: timedelta
) -> None:
    monkeypatch.setattr(signatures, "clock", lambda: datetime.now(UTC) + by)
    with pytest.raises(ClientError) as error:
        getattr(cloud.client(service), operation)()
    found = error.value.response
    assert (found["Error"]["Code"], found["ResponseMetadata"]["HTTPStatusCode"]) == refusal


@pytest.mark.parametrize(
    ("service", "operation", "refusal"),
    [
        ("sts", "get_caller_identity", ("ExpiredToken", 403)),
        ("ec2", "describe_vpcs", ("RequestExpired", 400)),
        ("s3", "list_buckets", ("ExpiredToken", 400)),
        ("ssm", "describe_parameters", ("ExpiredTokenException", 400)),
        ("eks", "list_clusters", ("ExpiredTokenException", 403)),
    ],
)
def test_a_session_that_is_over_is_refused_in_the_service_s_words(
    cloud: Cloud, service: str, operation: str, refusal: tuple[str, int]
) -> None:
    role = cloud.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=trust())["Role"]["Arn"]
    made = cloud.client("sts").assume_role(RoleArn=role, RoleSessionName="over")["Credentials"]
    with cloud.now.model.lock:
        session = sts_backends[ACCOUNT]["aws"].get_assumed_role_from_access_key(made["AccessKeyId"])
        assert session is not None
        session.expiration -= timedelta(hours=2)
    client = cloud.client(service, key=(made["AccessKeyId"], made["SecretAccessKey"]), token=made["SessionToken"])
    with pytest.raises(ClientError) as error:
        getattr(client, operation)()
    found = error.value.response
    assert (found["Error"]["Code"], found["ResponseMetadata"]["HTTPStatusCode"]) == refusal


@pytest.mark.parametrize("token", ["", "made-up"])
def test_a_session_s_token_is_bound_to_its_key(cloud: Cloud, token: str) -> None:
    role = cloud.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=trust())["Role"]["Arn"]
    first, other = (
        cloud.client("sts").assume_role(RoleArn=role, RoleSessionName=name)["Credentials"] for name in ("one", "two")
    )
    key = (first["AccessKeyId"], first["SecretAccessKey"])
    assert cloud.client("sts", key=key, token=first["SessionToken"]).get_caller_identity()["Arn"].endswith("/one")
    for wrong in (token, other["SessionToken"]):
        with pytest.raises(ClientError, match="InvalidClientTokenId"):
            cloud.client("sts", key=key, token=wrong or None).get_caller_identity()


@pytest.mark.parametrize("seconds", ["0", "604801", "²", "x"])
def test_a_presigned_url_lasts_a_week_at_most(cloud: Cloud, bucket: str, seconds: str) -> None:
    url = cloud.client("s3", signature="s3v4").generate_presigned_url("list_buckets")
    answer = requests.get(url.replace("X-Amz-Expires=3600", f"X-Amz-Expires={seconds}"), timeout=5)
    assert (answer.status_code, "<Code>AuthorizationQueryParametersError</Code>" in answer.text) == (400, True)
