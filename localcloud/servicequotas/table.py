"""The quotas that matter for what this project makes, with AWS's defaults.

Sources: "Service quotas" of each service in the AWS General Reference, and https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html.
"""

from __future__ import annotations

from dataclasses import dataclass

SERVICE_NAMES = {
    "ec2": "Amazon Elastic Compute Cloud (Amazon EC2)",
    "eks": "Amazon Elastic Kubernetes Service (Amazon EKS)",
    "elasticloadbalancing": "Elastic Load Balancing (ELB)",
    "vpc": "Amazon Virtual Private Cloud (Amazon VPC)",
}


@dataclass(frozen=True, kw_only=True)
class Quota:
    """One quota of a service, per region."""

    service: str
    code: str
    name: str
    default: float
    granted: float | None = None  # what this account has when that is not the default

    @property
    def applied(self) -> float:
        """What the account has before it asks for more."""
        return self.default if self.granted is None else self.granted


ELASTIC_IPS = Quota(service="ec2", code="L-0263D0A3", name="EC2-VPC Elastic IPs", default=5)
VPCS = Quota(service="vpc", code="L-F678F1CE", name="VPCs per Region", default=5)
# AWS's default is 5 and grows with an account's use: this account is one that was used
STANDARD_VCPUS = Quota(
    service="ec2",
    code="L-1216C47A",
    name="Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances",
    default=5,
    granted=32,
)
SUBNETS = Quota(service="vpc", code="L-407747CB", name="Subnets per VPC", default=200)
INTERNET_GATEWAYS = Quota(service="vpc", code="L-A4707A72", name="Internet gateways per Region", default=5)
NAT_GATEWAYS = Quota(service="vpc", code="L-FE5A380F", name="NAT gateways per Availability Zone", default=5)
SECURITY_GROUPS = Quota(service="vpc", code="L-E79EC296", name="VPC security groups per Region", default=2500)
RULES = Quota(service="vpc", code="L-0EA8095F", name="Inbound or outbound rules per security group", default=60)
APPLICATION_BALANCERS = Quota(
    service="elasticloadbalancing", code="L-53DA6B97", name="Application Load Balancers per Region", default=50
)
NETWORK_BALANCERS = Quota(
    service="elasticloadbalancing", code="L-69A177A2", name="Network Load Balancers per Region", default=50
)
TARGET_GROUPS = Quota(service="elasticloadbalancing", code="L-B22855CB", name="Target Groups per Region", default=3000)
CLUSTERS = Quota(service="eks", code="L-1194D53C", name="Clusters", default=100)
NODE_GROUPS = Quota(service="eks", code="L-6D54EA21", name="Managed node groups per cluster", default=30)
NODES = Quota(service="eks", code="L-BD136A63", name="Nodes per managed node group", default=450)
QUOTAS = (
    ELASTIC_IPS,
    STANDARD_VCPUS,
    VPCS,
    SUBNETS,
    INTERNET_GATEWAYS,
    NAT_GATEWAYS,
    SECURITY_GROUPS,
    RULES,
    APPLICATION_BALANCERS,
    NETWORK_BALANCERS,
    TARGET_GROUPS,
    CLUSTERS,
    NODE_GROUPS,
    NODES,
)
