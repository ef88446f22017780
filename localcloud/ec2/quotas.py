"""What a region's account may not have more of.

Codes: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html; quotas: servicequotas/table.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.ec2.exceptions import EC2ClientError

from localcloud.servicequotas import table
from localcloud.servicequotas.models import applied

if TYPE_CHECKING:
    from moto.ec2.models import EC2Backend

    from localcloud.servicequotas.table import Quota

GONE = ("deleted", "deleting", "failed")


def _keep(backend: EC2Backend, quota: Quota, count: int, code: str, what: str) -> None:
    """Refuse one more than the quota."""
    if count >= applied(backend.account_id, backend.region_name, quota):
        raise EC2ClientError(code, f"The maximum number of {what} has been reached.")


def one_more_vpc(backend: EC2Backend) -> None:
    """Refuse a VPC above the quota."""
    _keep(backend, table.VPCS, len(backend.vpcs), "VpcLimitExceeded", "VPCs")


def one_more_address(backend: EC2Backend) -> None:
    """Refuse an Elastic IP above the quota."""
    _keep(backend, table.ELASTIC_IPS, len(backend.addresses), "AddressLimitExceeded", "addresses")


def one_more_internet_gateway(backend: EC2Backend) -> None:
    """Refuse an internet gateway above the quota."""
    count = len(backend.internet_gateways)
    _keep(backend, table.INTERNET_GATEWAYS, count, "InternetGatewayLimitExceeded", "internet gateways")


def one_more_subnet(backend: EC2Backend, vpc_id: str) -> None:
    """Refuse a subnet above the VPC's quota."""
    count = sum(subnet.vpc_id == vpc_id for of_zone in backend.subnets.values() for subnet in of_zone.values())
    _keep(backend, table.SUBNETS, count, "SubnetLimitExceeded", "subnets")


def one_more_nat_gateway(backend: EC2Backend, zone: str) -> None:
    """Refuse a NAT gateway above the zone's quota."""
    present = (gateway for gateway in backend.nat_gateways.values() if gateway.state not in GONE)
    count = sum(backend.get_subnet(gateway.subnet_id).availability_zone == zone for gateway in present)
    _keep(backend, table.NAT_GATEWAYS, count, "NatGatewayLimitExceeded", "NAT gateways")


def one_more_security_group(backend: EC2Backend) -> None:
    """Refuse a security group above the quota."""
    count = sum(map(len, backend.groups.values()))
    _keep(backend, table.SECURITY_GROUPS, count, "SecurityGroupLimitExceeded", "security groups")


def rules(backend: EC2Backend, count: int) -> None:
    """Refuse more rules of one direction than a security group may have."""
    if count > applied(backend.account_id, backend.region_name, table.RULES):
        message = "The maximum number of rules per security group has been reached."
        raise EC2ClientError("RulesPerSecurityGroupLimitExceeded", message)
