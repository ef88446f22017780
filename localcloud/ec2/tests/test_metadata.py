from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from werkzeug.test import Client

from localcloud.conftest import trust

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from localcloud.conftest import Cloud

TTL = "x-aws-ec2-metadata-token-ttl-seconds"


class Inside:
    """Asks the metadata service as the instance at an address does."""

    def __init__(self, cloud: Cloud, address: str) -> None:
        self.cloud, self.address = cloud, address
        self.token = self.ask("PUT", "/latest/api/token", {TTL: "60"}).text

    def ask(self, method: str, path: str, headers: dict[str, str]) -> TestResponse:
        assert self.cloud.metadata is not None
        base = {"REMOTE_ADDR": self.address}
        return Client(self.cloud.metadata).open(path, method=method, headers=headers, environ_base=base)

    def get(self, path: str) -> str:
        answer = self.ask("GET", f"/latest/{path}", {"x-aws-ec2-metadata-token": self.token})
        assert answer.status_code == 200, path
        return answer.text


@pytest.fixture
def inside(cloud: Cloud) -> Inside:
    ec2, iam = cloud.client("ec2"), cloud.client("iam")
    iam.create_role(RoleName="web", AssumeRolePolicyDocument=trust({"Service": "ec2.amazonaws.com"}))
    iam.create_instance_profile(InstanceProfileName="web")
    iam.add_role_to_instance_profile(InstanceProfileName="web", RoleName="web")
    vpc = ec2.create_vpc(CidrBlock="10.42.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.42.1.0/24", AvailabilityZone="eu-west-1b")["Subnet"]["SubnetId"]
    ec2.run_instances(
        ImageId="ami-0debian1300000001",
        MinCount=1,
        MaxCount=1,
        SubnetId=subnet,
        UserData="#!/bin/sh\n",
        IamInstanceProfile={"Name": "web"},
    )
    cloud.settle()
    return Inside(cloud, "10.42.1.4")


def test_what_an_instance_asks_for(inside: Inside) -> None:
    assert inside.get("meta-data/local-ipv4") == "10.42.1.4"
    assert inside.get("meta-data/placement/availability-zone") == "eu-west-1b"
    assert inside.get("meta-data/placement/region") == "eu-west-1"
    assert inside.get("user-data") == "#!/bin/sh\n"
    assert inside.get("meta-data/instance-id").startswith("i-")
    document = json.loads(inside.get("dynamic/instance-identity/document"))
    assert (document["region"], document["accountId"]) == ("eu-west-1", "123456789012")


def test_folders_are_listed(inside: Inside) -> None:
    assert "placement/" in inside.get("meta-data/").splitlines()
    assert inside.get("meta-data/iam/security-credentials/") == "web"


def test_its_credentials_are_a_session_of_its_role(inside: Inside) -> None:
    found = json.loads(inside.get("meta-data/iam/security-credentials/web"))
    key = (found["AccessKeyId"], found["SecretAccessKey"])
    identity = inside.cloud.client("sts", key=key, token=found["Token"]).get_caller_identity()
    instance = inside.get("meta-data/instance-id")
    assert identity["Arn"] == f"arn:aws:sts::123456789012:assumed-role/web/{instance}"
    assert json.loads(inside.get("meta-data/iam/security-credentials/web"))["AccessKeyId"] == key[0]


def test_without_a_token_nothing_is_said(inside: Inside) -> None:
    assert inside.ask("GET", "/latest/meta-data/", {}).status_code == 401
    assert (
        inside.ask("GET", "/latest/meta-data/", {"x-aws-ec2-metadata-token": "9999999999.made-up"}).status_code == 401
    )


def test_what_is_not_there_is_404(inside: Inside) -> None:
    headers = {"x-aws-ec2-metadata-token": inside.token}
    assert inside.ask("GET", "/latest/meta-data/public-ipv4", headers).status_code == 404
    assert inside.ask("GET", "/latest/meta-data/no/such", headers).status_code == 404


def test_a_stranger_gets_nothing(inside: Inside) -> None:
    inside.address = "10.42.1.99"
    assert inside.ask("PUT", "/latest/api/token", {TTL: "60"}).status_code == 404


@pytest.mark.parametrize("seconds", ["", "0", "21601", "soon"])
def test_a_token_needs_a_legal_lifetime(inside: Inside, seconds: str) -> None:
    assert inside.ask("PUT", "/latest/api/token", {TTL: seconds}).status_code == 400


def test_a_proxy_gets_no_token(inside: Inside) -> None:
    """Somebody may have talked a web server of the instance into asking."""
    assert inside.ask("PUT", "/latest/api/token", {TTL: "60", "X-Forwarded-For": "203.0.113.1"}).status_code == 403


def test_a_role_that_does_not_trust_ec2_gives_no_credentials(inside: Inside) -> None:
    inside.cloud.client("iam").update_assume_role_policy(RoleName="web", PolicyDocument=trust())
    found = json.loads(inside.get("meta-data/iam/security-credentials/web"))
    assert found == {"Code": "AssumeRoleUnauthorizedAccess", "Message": "EC2 cannot assume the role web."}
