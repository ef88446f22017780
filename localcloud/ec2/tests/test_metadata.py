from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from moto.sts.models import sts_backends
from werkzeug.test import Client

from localcloud.conftest import trust
from localcloud.core.config import ACCOUNT

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from localcloud.conftest import Cloud

PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c me@here"
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


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/latest/meta-data/", 405),
        ("DELETE", "/latest/user-data", 405),
        ("GET", "/latest/api/token", 405),
        ("GET", "/1.0/meta-data/", 404),
        ("GET", "/latest/meta-data/local-ipv4/more", 404),
        ("GET", "/latest/meta-data/public-keys/0", 404),
        ("GET", "/latest/dynamic/other", 404),
        ("HEAD", "/latest/meta-data/local-ipv4", 200),
    ],
)
def test_other_methods_and_paths_are_refused(inside: Inside, method: str, path: str, status: int) -> None:
    answer = inside.ask(method, path, {"x-aws-ec2-metadata-token": inside.token})
    assert (answer.status_code, answer.text) == (status, "")


def test_a_token_ends(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    assert inside.get("dynamic") == "instance-identity/"
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + 61)
    headers = {"x-aws-ec2-metadata-token": inside.token}
    assert inside.ask("GET", "/latest/meta-data/", headers).status_code == 401


def launch(cloud: Cloud, address: str, **more: Any) -> Inside:
    """Run one more instance beside the first one; what is inside of it."""
    ec2 = cloud.client("ec2")
    (subnet,) = ec2.describe_subnets(Filters=[{"Name": "cidr-block", "Values": ["10.42.1.0/24"]}])["Subnets"]
    ec2.run_instances(
        ImageId="ami-0debian1300000001",
        MinCount=1,
        MaxCount=1,
        SubnetId=subnet["SubnetId"],
        PrivateIpAddress=address,
        **more,
    )
    cloud.settle()
    return Inside(cloud, address)


def test_an_instance_without_key_role_and_user_data_has_none_of_them(inside: Inside) -> None:
    other = launch(inside.cloud, "10.42.1.9")
    assert other.get("meta-data/local-ipv4") == "10.42.1.9"
    assert other.get("meta-data/instance-id") != inside.get("meta-data/instance-id")
    listed = other.get("meta-data/").splitlines()
    assert {"iam/", "public-keys/", "public-ipv4"}.isdisjoint(listed)
    headers = {"x-aws-ec2-metadata-token": other.token}
    for path in ("user-data", "meta-data/iam/info"):
        assert other.ask("GET", f"/latest/{path}", headers).status_code == 404
    mine = {"x-aws-ec2-metadata-token": inside.token}
    assert other.ask("GET", "/latest/meta-data/", mine).status_code == 401, "a token is for one instance"


def test_a_key_pair_is_found_by_its_number(inside: Inside) -> None:
    inside.cloud.client("ec2").import_key_pair(KeyName="mine", PublicKeyMaterial=PUBLIC_KEY.encode())
    other = launch(inside.cloud, "10.42.1.9", KeyName="mine")
    assert other.get("meta-data/public-keys/") == "0=mine"
    assert other.get("meta-data/public-keys/0/openssh-key") == PUBLIC_KEY
    inside.cloud.client("ec2").delete_key_pair(KeyName="mine")
    assert other.get("meta-data/public-keys/0/openssh-key") == ""


def test_an_elastic_ip_is_its_public_address(inside: Inside) -> None:
    ec2 = inside.cloud.client("ec2")
    address = ec2.allocate_address(Domain="vpc")
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    (vpc,) = ec2.describe_vpcs(Filters=[{"Name": "cidr", "Values": ["10.42.0.0/16"]}])["Vpcs"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc["VpcId"])
    ec2.associate_address(AllocationId=address["AllocationId"], InstanceId=inside.get("meta-data/instance-id"))
    assert inside.get("meta-data/public-ipv4") == address["PublicIp"]
    assert "public-hostname" in inside.get("meta-data/").splitlines()


def test_an_instance_whose_metadata_is_off_gets_none(inside: Inside) -> None:
    other = launch(inside.cloud, "10.42.1.9", MetadataOptions={"HttpEndpoint": "disabled"})
    answer = other.ask("PUT", "/latest/api/token", {TTL: "60"})
    assert (answer.status_code, answer.text) == (404, "10.42.1.9 is not the address of an instance")


def test_a_machine_that_is_no_instance_gets_none(inside: Inside) -> None:
    machines = inside.cloud.machines
    spec = machines.at("10.42.1.4")
    assert spec is not None
    place = replace(spec.attachments[0], address="10.42.1.99")
    machines.ensure(replace(spec, name="balancer", kind="balancer", attachments=(place,)))
    inside.address = "10.42.1.99"
    assert inside.ask("PUT", "/latest/api/token", {TTL: "60"}).status_code == 404


def test_sessions_that_are_long_over_are_forgotten(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    path = "meta-data/iam/security-credentials/web"
    first = json.loads(inside.get(path))["AccessKeyId"]
    sts, real = sts_backends[ACCOUNT]["aws"], time.time
    monkeypatch.setattr(time, "time", lambda: real() + 3 * 3600)
    inside.token = inside.ask("PUT", "/latest/api/token", {TTL: "60"}).text
    second = json.loads(inside.get(path))["AccessKeyId"]
    known = [session.access_key_id for session in sts.assumed_roles]
    assert second != first
    assert (first in known, second in known) == (False, True)
