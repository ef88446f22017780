"""What EC2 refuses of what a region has: quotas, addresses that are taken, images, types and zones that are not there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from localcloud.conftest import Cloud

AMI = "ami-0debian1300000001"
RULE = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1}


class Site:
    """A VPC with a subnet."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud, self.ec2 = cloud, cloud.client("ec2")
        self.vpc = self.ec2.create_vpc(CidrBlock="10.42.0.0/16")["Vpc"]["VpcId"]
        self.subnet = self.make_subnet(0)

    def make_subnet(self, number: int) -> str:
        made = self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=f"10.42.{number}.0/24", AvailabilityZone="eu-west-1a")
        return str(made["Subnet"]["SubnetId"])

    def allow(self, service: str, code: str, value: float) -> None:
        self.cloud.client("service-quotas").request_service_quota_increase(
            ServiceCode=service, QuotaCode=code, DesiredValue=value
        )

    def run(self, **more: Any) -> str:
        wanted = {"ImageId": AMI, "MinCount": 1, "MaxCount": 1, "SubnetId": self.subnet}
        made = self.ec2.run_instances(**wanted | more)["Instances"][0]["InstanceId"]
        self.cloud.settle()
        return str(made)


@pytest.fixture
def site(cloud: Cloud) -> Site:
    return Site(cloud)


def refused(code: str, text: str, call: Callable[..., Any], **asked: Any) -> None:
    with pytest.raises(ClientError) as error:
        call(**asked)
    said = error.value.response["Error"]
    assert (said["Code"], said["Message"]) == (code, text)


def test_internet_gateways_and_subnets_end_at_the_quota(site: Site) -> None:
    for _ in range(5):
        site.ec2.create_internet_gateway()
    text = "The maximum number of internet gateways has been reached."
    refused("InternetGatewayLimitExceeded", text, site.ec2.create_internet_gateway)
    site.allow("vpc", "L-A4707A72", 6)
    site.ec2.create_internet_gateway()
    site.allow("vpc", "L-407747CB", 1)
    refused("SubnetLimitExceeded", "The maximum number of subnets has been reached.", site.make_subnet, number=1)


def test_nat_gateways_end_at_the_zones_quota(site: Site) -> None:
    site.allow("vpc", "L-FE5A380F", 1)
    nat = {"SubnetId": site.subnet, "ConnectivityType": "private"}
    made = site.ec2.create_nat_gateway(**nat)["NatGateway"]["NatGatewayId"]
    text = "The maximum number of NAT gateways has been reached."
    refused("NatGatewayLimitExceeded", text, site.ec2.create_nat_gateway, **nat)
    site.ec2.delete_nat_gateway(NatGatewayId=made)
    site.ec2.create_nat_gateway(**nat)


def test_security_groups_and_their_rules_end_at_the_quota(site: Site) -> None:
    asked: dict[str, Any] = {"GroupName": "g", "Description": "g", "VpcId": site.vpc}
    group = site.ec2.create_security_group(**asked)["GroupId"]
    present = len(site.ec2.describe_security_groups()["SecurityGroups"])
    site.allow("vpc", "L-E79EC296", present)
    text = "The maximum number of security groups has been reached."
    refused("SecurityGroupLimitExceeded", text, site.ec2.create_security_group, **asked | {"GroupName": "h"})
    ranges = [{"CidrIp": f"10.0.{number}.0/24"} for number in range(61)]
    rules: dict[str, Any] = {"GroupId": group, "IpPermissions": [{**RULE, "IpRanges": ranges}]}
    text = "The maximum number of rules per security group has been reached."
    refused("RulesPerSecurityGroupLimitExceeded", text, site.ec2.authorize_security_group_ingress, **rules)
    site.allow("vpc", "L-0EA8095F", 61)
    site.ec2.authorize_security_group_ingress(**rules)


@pytest.mark.parametrize(
    ("address", "code", "text"),
    [
        ("10.42.0.9", "InvalidIPAddress.InUse", "Address 10.42.0.9 is in use."),
        ("10.42.0.10", "InvalidIPAddress.InUse", "Address 10.42.0.10 is in use."),
        ("10.42.7.9", "InvalidParameterValue", "Address 10.42.7.9 does not fall within the subnet's address range"),
        ("10.42.0.3", "InvalidParameterValue", "Address 10.42.0.3 is in subnet's reserved address range"),
        ("10.42.0.255", "InvalidParameterValue", "Address 10.42.0.255 is in subnet's reserved address range"),
        ("nine", "InvalidParameterValue", "invalid value for parameter address: [nine]"),
    ],
)
def test_a_private_address_that_is_not_free_is_refused(site: Site, address: str, code: str, text: str) -> None:
    site.run(PrivateIpAddress="10.42.0.9")
    site.ec2.create_network_interface(SubnetId=site.subnet, PrivateIpAddress="10.42.0.10")
    refused(code, text, site.run, PrivateIpAddress=address)
    nic = {"DeviceIndex": 0, "SubnetId": site.subnet, "PrivateIpAddress": address}
    run = {"ImageId": AMI, "MinCount": 1, "MaxCount": 1, "NetworkInterfaces": [nic]}
    refused(code, text, site.ec2.run_instances, **run)
    refused(code, text, site.ec2.create_network_interface, SubnetId=site.subnet, PrivateIpAddress=address)
    assert len(site.ec2.describe_instances()["Reservations"]) == 1


def test_the_address_of_a_terminated_machine_is_free_again(site: Site) -> None:
    first = site.run(PrivateIpAddress="10.42.0.9")
    site.ec2.terminate_instances(InstanceIds=[first])
    site.cloud.settle()
    second = site.run(PrivateIpAddress="10.42.0.9")
    assert (
        site.ec2.describe_instances(InstanceIds=[second])["Reservations"][0]["Instances"][0]["PrivateIpAddress"]
        == "10.42.0.9"
    )


def test_what_is_not_there_is_refused(site: Site) -> None:
    refused("InvalidAMIID.NotFound", "The image id '[ami-1]' does not exist", site.run, ImageId="ami-1")
    refused(
        "InvalidParameterValue", "Invalid value 't3.nothing' for InstanceType.", site.run, InstanceType="t3.nothing"
    )
    for call, asked in (
        (site.ec2.create_subnet, {"VpcId": site.vpc, "CidrBlock": "10.42.9.0/24", "AvailabilityZone": "eu-west-1z"}),
        (
            site.ec2.run_instances,
            {"ImageId": AMI, "MinCount": 1, "MaxCount": 1, "Placement": {"AvailabilityZone": "eu-west-1z"}},
        ),
    ):
        with pytest.raises(ClientError, match=r"InvalidParameterValue.*eu-west-1z"):
            call(**asked)
