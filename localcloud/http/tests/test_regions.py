"""The region of a request is its signature's: of the partition `aws`, and whatever else the request says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from werkzeug.test import Client

if TYPE_CHECKING:
    from localcloud.conftest import Cloud


def key(cloud: Cloud) -> dict[str, str]:
    made = cloud.client("iam").create_user(UserName="somebody")["User"]["UserName"]
    cloud.client("iam").attach_user_policy(UserName=made, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    found = cloud.client("iam").create_access_key(UserName=made)["AccessKey"]
    return {"aws_access_key_id": found["AccessKeyId"], "aws_secret_access_key": found["SecretAccessKey"]}


@pytest.mark.parametrize("region", ["xx-nowhere-1", "cn-north-1", "us-gov-west-1"])
@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("ecr", "describe_repositories", "InvalidSignatureException"),
        ("ec2", "describe_vpcs", "SignatureDoesNotMatch"),
        ("iam", "list_users", "SignatureDoesNotMatch"),
        ("eks", "list_clusters", "InvalidSignatureException"),
    ],
)
def test_a_region_that_is_none_of_the_partition_is_refused(
    cloud: Cloud, region: str, service: str, operation: str, code: str
) -> None:
    with pytest.raises(ClientError) as refusal:
        getattr(cloud.client(service, region=region), operation)()
    error = refusal.value.response["Error"]
    assert (error["Code"], error["Message"]) == (
        code,
        f"Credential should be scoped to a valid region, not '{region}'.",
    )


def test_s3_says_it_in_its_own_words(cloud: Cloud) -> None:
    with pytest.raises(ClientError, match=r"AuthorizationHeaderMalformed.*the region 'xx-nowhere-1' is wrong"):
        cloud.client("s3", region="xx-nowhere-1").list_buckets()


def test_the_region_is_the_signatures_whatever_else_is_said(cloud: Cloud) -> None:
    agent = Config(user_agent_extra="region/us-east-1")
    ecr: Any = boto3.client("ecr", endpoint_url=cloud.endpoint, region_name="eu-central-1", config=agent, **key(cloud))
    made = ecr.create_repository(repositoryName="team/app")["repository"]["repositoryArn"]
    assert made == "arn:aws:ecr:eu-central-1:123456789012:repository/team/app"
    assert cloud.client("ecr", region="us-east-1").describe_repositories()["repositories"] == []


def presigned(cloud: Cloud, found: dict[str, str], service: str, target: str) -> str:
    asked = AWSRequest("GET", f"{cloud.endpoint}{target}")
    credentials = Credentials(found["aws_access_key_id"], found["aws_secret_access_key"])
    SigV4QueryAuth(credentials, service, "eu-central-1").add_auth(asked)
    assert cloud.application is not None
    return Client(cloud.application).get(asked.url.removeprefix(cloud.endpoint), base_url=cloud.endpoint).text


def test_a_url_that_is_presigned_for_one_service_asks_no_other(cloud: Cloud) -> None:
    s3, iam = cloud.client("s3"), cloud.client("iam")
    s3.create_bucket(Bucket="private", CreateBucketConfiguration={"LocationConstraint": cloud.config.region})
    s3.put_object(Bucket="private", Key="key", Body=b"secret")
    iam.create_user(UserName="nobody")
    made = iam.create_access_key(UserName="nobody")["AccessKey"]
    nobody = {"aws_access_key_id": made["AccessKeyId"], "aws_secret_access_key": made["SecretAccessKey"]}
    who = presigned(cloud, nobody, "sts", "/?Action=GetCallerIdentity&Version=2011-06-15")
    assert "arn:aws:iam::123456789012:user/nobody" in who
    assert "secret" not in presigned(cloud, nobody, "sts", "/private/key?Action=GetCallerIdentity&Version=2011-06-15")
    with pytest.raises(ClientError, match="AccessDenied"):
        cloud.client("s3", key=(made["AccessKeyId"], made["SecretAccessKey"])).get_object(Bucket="private", Key="key")


def test_a_presigned_request_is_for_its_signatures_region(cloud: Cloud) -> None:
    tag = "TagSpecification.1.ResourceType=vpc&TagSpecification.1.Tag.1.Key=a&TagSpecification.1.Tag.1.Value=.us-east-1.amazonaws.com"
    query = f"Action=CreateVpc&Version=2016-11-15&CidrBlock=10.9.0.0/16&{tag}"
    assert "<cidrBlock>10.9.0.0/16</cidrBlock>" in presigned(cloud, key(cloud), "ec2", f"/?{query}")
    there = {
        region: [vpc["CidrBlock"] for vpc in cloud.client("ec2", region=region).describe_vpcs()["Vpcs"]]
        for region in ("eu-central-1", "us-east-1")
    }
    assert ("10.9.0.0/16" in there["eu-central-1"], "10.9.0.0/16" in there["us-east-1"]) == (True, False)
