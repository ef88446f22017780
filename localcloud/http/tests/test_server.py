from __future__ import annotations

from threading import Event
from typing import TYPE_CHECKING, Any

import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from localcloud import serve
from localcloud.conftest import trust
from localcloud.core import services
from localcloud.eks import callbacks
from localcloud.http.request import AwsRequest

if TYPE_CHECKING:
    from localcloud.conftest import Cloud

UNKNOWN = ("AKIAUNKNOWNUNKNOWN00", "secret")


@pytest.mark.parametrize(
    ("service", "operation", "arguments", "code"),
    [
        ("sts", "get_caller_identity", {}, "InvalidClientTokenId"),
        ("ec2", "describe_vpcs", {}, "AuthFailure"),
        ("s3", "list_buckets", {}, "InvalidAccessKeyId"),
        ("ecr", "describe_repositories", {}, "UnrecognizedClientException"),
        ("eks", "list_clusters", {}, "UnrecognizedClientException"),
        ("route53", "list_hosted_zones", {}, "InvalidClientTokenId"),
    ],
)
def test_an_unknown_key_is_refused_in_the_protocol_s_own_words(
    cloud: Cloud, service: str, operation: str, arguments: dict[str, Any], code: str
) -> None:
    with pytest.raises(ClientError) as error:
        getattr(cloud.client(service, key=UNKNOWN), operation)(**arguments)
    assert error.value.response["Error"]["Code"] == code
    status = 400 if service == "ecr" else 403  # as JSON services do
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("sts", "get_caller_identity", "SignatureDoesNotMatch"),
        ("s3", "list_buckets", "SignatureDoesNotMatch"),
        ("ecr", "describe_repositories", "InvalidSignatureException"),
    ],
)
def test_a_wrong_secret_is_refused(cloud: Cloud, service: str, operation: str, code: str) -> None:
    key = (cloud.client("sts")._request_signer._credentials.access_key, "wrong")
    with pytest.raises(ClientError) as error:
        getattr(cloud.client(service, key=key), operation)()
    assert error.value.response["Error"]["Code"] == code


def test_an_unsigned_request_is_refused(cloud: Cloud) -> None:
    answer = requests.post(cloud.endpoint, data={"Action": "GetCallerIdentity", "Version": "2011-06-15"}, timeout=5)
    assert answer.status_code == 403


def test_sessions_of_roles_are_known_and_carry_their_token(cloud: Cloud) -> None:
    iam, sts = cloud.client("iam"), cloud.client("sts")
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust())["Role"]["Arn"]
    session = sts.assume_role(RoleArn=role, RoleSessionName="session")["Credentials"]
    key = (session["AccessKeyId"], session["SecretAccessKey"])
    identity = cloud.client("sts", key=key, token=session["SessionToken"]).get_caller_identity()
    assert identity["Arn"] == "arn:aws:sts::123456789012:assumed-role/r/session"
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        cloud.client("sts", key=key).get_caller_identity()


def test_keys_of_iam_users_are_known_until_they_are_inactive(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="dev")
    made = iam.create_access_key(UserName="dev")["AccessKey"]
    key = (made["AccessKeyId"], made["SecretAccessKey"])
    assert cloud.client("sts", key=key).get_caller_identity()["Arn"] == "arn:aws:iam::123456789012:user/dev"
    iam.update_access_key(UserName="dev", AccessKeyId=key[0], Status="Inactive")
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        cloud.client("sts", key=key).get_caller_identity()


def test_presigned_urls_work_without_a_header_and_not_when_changed(cloud: Cloud) -> None:
    s3 = cloud.client("s3", signature="s3v4")
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="bucket", Key="a key/ü.txt", Body=b"text")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": "a key/ü.txt"})
    assert requests.get(url, timeout=5).content == b"text"
    assert requests.get(url.replace("Expires=3600", "Expires=3601"), timeout=5).status_code == 403


def test_an_unimplemented_operation_of_the_query_protocol_is_named(cloud: Cloud) -> None:
    with pytest.raises(ClientError, match=r"The local cloud does not implement ec2:DescribeCapacityBlocks\.") as error:
        cloud.client("ec2").describe_capacity_blocks()
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_an_unimplemented_operation_of_the_json_protocol_is_named(cloud: Cloud) -> None:
    with pytest.raises(ClientError, match=r"UnsupportedOperation.*ecr:ListPullTimeUpdateExclusions\.") as error:
        cloud.client("ecr").list_pull_time_update_exclusions()
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_an_unimplemented_operation_of_a_rest_protocol_is_named(cloud: Cloud) -> None:
    with pytest.raises(ClientError, match=r"does not implement eks:DescribeInsight\."):
        cloud.client("eks").describe_insight(clusterName="c", id="i")


def test_a_failure_inside_is_a_4xx_that_says_where_to_look(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    from localcloud.ec2.models import LocalEC2Backend  # noqa: PLC0415 - after the environment is set

    def broken(*_: Any, **__: Any) -> None:
        raise KeyError("surprise")

    monkeypatch.setattr(LocalEC2Backend, "create_vpc", broken)
    with pytest.raises(
        ClientError, match=r"InternalFailure.*ec2:CreateVpc: KeyError.*surprise.*localcloud logs"
    ) as error:
        cloud.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_nobody_can_reset_everything(cloud: Cloud) -> None:
    assert requests.post(f"{cloud.endpoint}/moto-api/reset", timeout=5).status_code == 404
    assert cloud.client("iam").list_users()["Users"]


def test_the_s3_backend_of_terraform_can_lock(cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="state", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="state", Key="terraform.tfstate.tflock", Body=b"{}", IfNoneMatch="*")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.put_object(Bucket="state", Key="terraform.tfstate.tflock", Body=b"{}", IfNoneMatch="*")


def test_health_says_no_more_than_that_it_is_up(cloud: Cloud) -> None:
    assert requests.get(f"{cloud.endpoint}/health", timeout=5).json() == {"status": "ok", "name": "test"}


def test_nobody_reconciles_by_http(cloud: Cloud) -> None:
    assert requests.post(f"{cloud.endpoint}/reconcile", timeout=5).status_code == 403


def test_commands_are_told_what_is_real_and_how_fast(cloud: Cloud) -> None:
    for _ in range(2):  # the first call of a service loads it, so it is not counted
        cloud.client("sts").get_caller_identity()
    health = serve.health(cloud.now, cloud.api)
    assert health["status"] == "ok"
    assert {"ec2", "ecr", "autoscaling"} <= set(health["services"])
    assert health["read_median_ms"] > 0
    assert health["waiting"] == health["stopped"] == []


@pytest.mark.parametrize(
    ("service", "bound", "code", "status"),
    [("s3", "LARGEST_OBJECT", "EntityTooLarge", 400), ("sts", "LARGEST_BODY", "RequestEntityTooLarge", 413)],
)
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_body_is_bounded(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, service: str, bound: str, code: str, status: int, framing: str
) -> None:
    monkeypatch.setattr(f"localcloud.http.request.{bound}", 10)
    url = f"{cloud.endpoint}/bucket/key"
    signed = AWSRequest("PUT", url, data=b"x" * 11, headers={"Content-Type": "application/octet-stream"})
    SigV4Auth(Credentials(*cloud._key), service, "eu-west-1").add_auth(signed)
    body = b"x" * 11 if framing == "length" else iter([b"x" * 6, b"x" * 5])
    refused = requests.put(url, data=body, headers=dict(signed.headers.items()), timeout=5)
    assert (refused.status_code, code in refused.text) == (status, True)
    assert "The body is larger than 10 bytes, the most that is taken." in refused.text


def test_a_body_is_not_read_for_a_key_that_nobody_has(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(_: AwsRequest) -> bytes:
        raise AssertionError("the body was read")

    monkeypatch.setattr(AwsRequest, "body", property(read))
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        cloud.client("sts", key=UNKNOWN).get_caller_identity()


def test_what_services_bring_stands_in_their_table(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    assert services.control_planes()["/_eks"] is callbacks.application
    refreshed = Event()
    monkeypatch.setattr(cloud.machines, "refresh", refreshed.set)
    cloud.client("ec2").describe_vpcs()
    cloud.settle()
    assert not refreshed.is_set(), "a read changes nothing"
    cloud.client("ec2").create_vpc(CidrBlock="10.9.0.0/16")
    assert refreshed.wait(10)
