from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from localcloud.docker.security_groups import Permission
from localcloud.ec2.groups import groups

if TYPE_CHECKING:
    from localcloud.conftest import Cloud

REGION = "eu-west-1"


class Site:
    """A VPC with the groups `web` and `db`."""

    def __init__(self, cloud: Cloud) -> None:
        self.ec2 = cloud.client("ec2")
        self.vpc = self.ec2.create_vpc(CidrBlock="10.42.0.0/16")["Vpc"]["VpcId"]
        self.web, self.db = (
            self.ec2.create_security_group(GroupName=name, Description=name, VpcId=self.vpc)["GroupId"]
            for name in ("web", "db")
        )

    def allow(self, group: str, **rule: Any) -> None:
        self.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])


@pytest.fixture
def site(cloud: Cloud) -> Site:
    return Site(cloud)


def tcp(port: int, **side: Any) -> dict[str, Any]:
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **side}


def test_a_new_group_lets_all_out_and_nobody_in(site: Site) -> None:
    found = groups(REGION)[site.web]
    assert found.ingress == ()
    assert found.egress == (Permission(protocol="-1", ranges=("0.0.0.0/0",)),)


def test_rules_of_the_same_ports_are_one_permission(site: Site) -> None:
    site.allow(site.web, **tcp(80, IpRanges=[{"CidrIp": "10.0.0.0/8"}]))
    site.allow(site.web, **tcp(80, IpRanges=[{"CidrIp": "192.0.2.0/24"}]))
    site.allow(site.web, **tcp(443, IpRanges=[{"CidrIp": "0.0.0.0/0"}]))
    assert groups(REGION)[site.web].ingress == (
        Permission(protocol="tcp", first_port=443, last_port=443, ranges=("0.0.0.0/0",)),
        Permission(protocol="tcp", first_port=80, last_port=80, ranges=("10.0.0.0/8", "192.0.2.0/24")),
    )


def test_a_reference_to_a_group_stays_one(site: Site) -> None:
    site.allow(site.db, **tcp(5432, UserIdGroupPairs=[{"GroupId": site.web}]))
    (permission,) = groups(REGION)[site.db].ingress
    assert (permission.groups, permission.ranges, permission.first_port) == ((site.web,), (), 5432)
    site.ec2.revoke_security_group_ingress(
        GroupId=site.db, IpPermissions=[tcp(5432, UserIdGroupPairs=[{"GroupId": site.web}])]
    )
    assert groups(REGION)[site.db].ingress == ()


def test_a_prefix_list_is_its_ipv4_ranges_in_the_newest_version(site: Site) -> None:
    made = site.ec2.create_managed_prefix_list(
        PrefixListName="offices", MaxEntries=5, AddressFamily="IPv4", Entries=[{"Cidr": "192.0.2.0/24"}]
    )["PrefixList"]
    site.allow(site.web, **tcp(22, PrefixListIds=[{"PrefixListId": made["PrefixListId"]}]))
    assert groups(REGION)[site.web].ingress[0].ranges == ("192.0.2.0/24",)
    site.ec2.modify_managed_prefix_list(
        PrefixListId=made["PrefixListId"], CurrentVersion=1, AddEntries=[{"Cidr": "203.0.113.0/24"}]
    )
    assert groups(REGION)[site.web].ingress[0].ranges == ("192.0.2.0/24", "203.0.113.0/24")


def test_ipv6_ranges_are_left_out(site: Site) -> None:
    site.allow(site.web, **tcp(80, Ipv6Ranges=[{"CidrIpv6": "::/0"}]))
    assert [permission.ranges for permission in groups(REGION)[site.web].ingress] in ([], [()])
