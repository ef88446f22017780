"""Zones, instance types and what is offered where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from localcloud.conftest import trust

if TYPE_CHECKING:
    from localcloud.conftest import Cloud

AMI = "ami-0debian1300000001"


def subnets(ec2: Any, *zones: str) -> list[str]:
    vpc = ec2.create_vpc(CidrBlock="10.42.0.0/16")["Vpc"]["VpcId"]
    return [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.42.{number}.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
        for number, zone in enumerate(zones)
    ]


def test_zones_have_the_ids_of_their_region(cloud: Cloud) -> None:
    ids = {
        region: {
            zone["ZoneName"]: zone["ZoneId"]
            for zone in cloud.client("ec2", region=region).describe_availability_zones()["AvailabilityZones"]
        }
        for region in ("us-east-1", "eu-west-1", "ap-northeast-1")
    }
    assert ids["us-east-1"]["us-east-1e"] == "use1-az3"
    assert set(ids["eu-west-1"]) == {"eu-west-1a", "eu-west-1b", "eu-west-1c"}
    assert set(ids["ap-northeast-1"]) == {"ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d"}  # no b for most


def test_zones_are_found_by_what_clients_filter_by(cloud: Cloud) -> None:
    ec2 = cloud.client("ec2")
    filters = [
        {"Name": "opt-in-status", "Values": ["opt-in-not-required"]},
        {"Name": "state", "Values": ["available"]},
        {"Name": "zone-name", "Values": ["eu-west-1b"]},
    ]
    (zone,) = ec2.describe_availability_zones(Filters=filters)["AvailabilityZones"]
    assert (zone["ZoneName"], zone["OptInStatus"], zone["NetworkBorderGroup"]) == (
        "eu-west-1b",
        "opt-in-not-required",
        "eu-west-1",
    )
    assert not ec2.describe_availability_zones(Filters=[{"Name": "opt-in-status", "Values": ["opted-in"]}])[
        "AvailabilityZones"
    ]
    with pytest.raises(ClientError, match=r"InvalidParameterValue.*Invalid availability zone: \[eu-west-1z\]"):
        ec2.describe_availability_zones(ZoneNames=["eu-west-1a", "eu-west-1z"])
    with pytest.raises(ClientError, match=r"InvalidParameterValue.*The filter 'colour' is invalid"):
        ec2.describe_availability_zones(Filters=[{"Name": "colour", "Values": ["red"]}])


def test_a_subnet_in_a_zone_that_does_not_exist_is_refused(cloud: Cloud) -> None:
    with pytest.raises(ClientError, match=r"InvalidParameterValue.*ap-northeast-1b.*ap-northeast-1a, ap-northeast-1c"):
        subnets(cloud.client("ec2", region="ap-northeast-1"), "ap-northeast-1b")


def test_eks_refuses_subnets_in_a_zone_that_it_does_not_take(cloud: Cloud) -> None:
    ec2, eks = (cloud.client(service, region="us-east-1") for service in ("ec2", "eks"))
    document = trust({"Service": "eks.amazonaws.com"})
    role = cloud.client("iam").create_role(RoleName="eks", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    config = {"subnetIds": subnets(ec2, "us-east-1a", "us-east-1e")}
    with pytest.raises(ClientError) as error:
        eks.create_cluster(name="c", roleArn=role, resourcesVpcConfig=config)
    found = error.value.response
    assert found["Error"]["Code"] == "UnsupportedAvailabilityZoneException"
    assert found["Error"]["Message"] == (
        "Cannot create cluster 'c' because us-east-1e, the targeted availability zone, does not currently have sufficient "
        "capacity to support the cluster. Retry and choose from these availability zones: us-east-1a, us-east-1b, "
        "us-east-1c, us-east-1d, us-east-1f"
    )
    assert found["validZones"] == ["us-east-1a", "us-east-1b", "us-east-1c", "us-east-1d", "us-east-1f"]
    assert eks.list_clusters()["clusters"] == []


def test_instance_types_are_those_that_a_zone_offers(cloud: Cloud) -> None:
    ec2 = cloud.client("ec2", region="us-east-1")
    (subnet,) = subnets(ec2, "us-east-1e")
    asked: dict[str, Any] = {"ImageId": AMI, "MinCount": 1, "MaxCount": 1, "SubnetId": subnet}
    with pytest.raises(
        ClientError,
        match=r"Unsupported.*\(t3.medium\) is not supported in your requested Availability "
        r"Zone \(us-east-1e\)\..*choosing us-east-1a, us-east-1b",
    ):
        ec2.run_instances(**asked, InstanceType="t3.medium")
    with pytest.raises(ClientError, match=r"InvalidParameterValue.*Invalid value 't3.nothing' for InstanceType\."):
        ec2.run_instances(**asked, InstanceType="t3.nothing")
    offered = ec2.describe_instance_type_offerings(
        LocationType="availability-zone", Filters=[{"Name": "instance-type", "Values": ["t3.medium"]}]
    )
    assert "us-east-1e" not in {offer["Location"] for offer in offered["InstanceTypeOfferings"]}


def test_instances_above_the_quota_of_vcpus_are_refused(cloud: Cloud) -> None:
    ec2 = cloud.client("ec2")
    cloud.client("service-quotas").request_service_quota_increase(
        ServiceCode="ec2", QuotaCode="L-1216C47A", DesiredValue=4
    )
    (subnet,) = subnets(ec2, "eu-west-1a")
    asked: dict[str, Any] = {
        "ImageId": AMI,
        "MinCount": 1,
        "MaxCount": 1,
        "SubnetId": subnet,
        "InstanceType": "t3.medium",
    }
    first = ec2.run_instances(**asked)["Instances"][0]["InstanceId"]
    ec2.run_instances(**asked)
    with pytest.raises(ClientError, match=r"VcpuLimitExceeded.*current vCPU limit of 4 allows"):
        ec2.run_instances(**asked)
    ec2.terminate_instances(InstanceIds=[first])
    ec2.run_instances(**asked)


def test_kubernetes_versions_and_aliases_answer(cloud: Cloud) -> None:
    eks, iam = cloud.client("eks"), cloud.client("iam")
    newest = eks.describe_cluster_versions()["clusterVersions"][0]
    known = newest["clusterVersion"]
    assert eks.describe_cluster_versions(clusterVersions=[known])["clusterVersions"] == [newest]
    assert eks.describe_cluster_versions(clusterVersions=["1.20"])["clusterVersions"] == []
    assert eks.describe_addon_versions(addonName="coredns", kubernetesVersion=known)["addons"]
    assert eks.describe_addon_versions(addonName="coredns", kubernetesVersion="1.20")["addons"] == []
    assert eks.describe_addon_versions(addonName="nothing")["addons"] == []
    assert iam.list_account_aliases()["AccountAliases"] == []
    iam.create_account_alias(AccountAlias="beacon-local")
    assert iam.list_account_aliases()["AccountAliases"] == ["beacon-local"]
