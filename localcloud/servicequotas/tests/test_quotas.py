from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from localcloud.conftest import Cloud


@pytest.mark.parametrize(
    ("service", "code", "name", "default", "applied"),
    [
        ("ec2", "L-0263D0A3", "EC2-VPC Elastic IPs", 5, 5),
        ("ec2", "L-1216C47A", "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", 5, 32),
        ("vpc", "L-F678F1CE", "VPCs per Region", 5, 5),
        ("elasticloadbalancing", "L-69A177A2", "Network Load Balancers per Region", 50, 50),
        ("eks", "L-1194D53C", "Clusters", 100, 100),
    ],
)
def test_quotas_have_aws_s_defaults(
    cloud: Cloud, service: str, code: str, name: str, default: float, applied: float
) -> None:
    quotas = cloud.client("service-quotas")
    now = quotas.get_service_quota(ServiceCode=service, QuotaCode=code)["Quota"]
    first = quotas.get_aws_default_service_quota(ServiceCode=service, QuotaCode=code)["Quota"]
    assert (now["QuotaName"], now["Value"], first["Value"]) == (name, applied, default)
    assert now["QuotaArn"] == f"arn:aws:servicequotas:eu-west-1:123456789012:{service}/{code}"
    assert now in quotas.list_service_quotas(ServiceCode=service)["Quotas"]
    assert first in quotas.list_aws_default_service_quotas(ServiceCode=service)["Quotas"]


@pytest.mark.parametrize(
    ("service", "code", "words"),
    [
        ("ec2", "L-00000000", "The quota code L-00000000 does not exist for the service code ec2"),
        ("nothing", "L-0263D0A3", "The service code nothing does not exist"),
    ],
)
def test_an_unknown_quota_is_refused(cloud: Cloud, service: str, code: str, words: str) -> None:
    with pytest.raises(ClientError, match=words) as error:
        cloud.client("service-quotas").get_service_quota(ServiceCode=service, QuotaCode=code)
    assert error.value.response["Error"]["Code"] == "NoSuchResourceException"


def test_the_sixth_elastic_ip_is_refused_until_the_quota_is_raised(cloud: Cloud) -> None:
    ec2, quotas = cloud.client("ec2"), cloud.client("service-quotas")
    for _ in range(5):
        ec2.allocate_address(Domain="vpc")
    with pytest.raises(
        ClientError, match=r"AddressLimitExceeded.*: The maximum number of addresses has been reached\."
    ):
        ec2.allocate_address(Domain="vpc")
    asked: Any = {"ServiceCode": "ec2", "QuotaCode": "L-0263D0A3", "DesiredValue": 6}
    made = quotas.request_service_quota_increase(**asked)["RequestedQuota"]
    assert made["Status"] == "APPROVED"
    assert quotas.get_requested_service_quota_change(RequestId=made["Id"])["RequestedQuota"] == made
    assert quotas.list_requested_service_quota_change_history()["RequestedQuotas"] == [made]
    cloud.boot()  # kept over a restart
    ec2.allocate_address(Domain="vpc")
    with pytest.raises(ClientError, match="AddressLimitExceeded"):
        ec2.allocate_address(Domain="vpc")


def test_a_lower_quota_makes_a_shortage(cloud: Cloud) -> None:
    cloud.client("service-quotas").request_service_quota_increase(
        ServiceCode="ec2", QuotaCode="L-0263D0A3", DesiredValue=0
    )
    with pytest.raises(ClientError, match="AddressLimitExceeded"):
        cloud.client("ec2").allocate_address(Domain="vpc")
    assert cloud.client("ec2", region="eu-north-1").allocate_address(Domain="vpc")["AllocationId"]


def test_the_sixth_vpc_is_refused(cloud: Cloud) -> None:
    ec2 = cloud.client("ec2")
    for number in range(4):  # the default VPC is one of the five
        ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")
    with pytest.raises(ClientError, match=r"VpcLimitExceeded.*: The maximum number of VPCs has been reached\."):
        ec2.create_vpc(CidrBlock="10.9.0.0/16")
