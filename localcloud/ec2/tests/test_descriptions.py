from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from localcloud.conftest import Cloud

RULE = (
    r"InvalidParameterValue.*: Invalid rule description\. Valid descriptions are strings less than 256 characters from "
    r"the following set:  a-zA-Z0-9\. _-:/\(\)#,@\[\]\+=&;\{\}!\$\*"
)
ALL = "aZ0. _-:/()#,@[]+=&;{}!$*"
KINDS = ("IpRanges", "Ipv6Ranges", "UserIdGroupPairs", "PrefixListIds")
GROUPS = (
    ("g2", "the agent's", r"Invalid security group description\. Valid descriptions are strings less than 256"),
    ("g2", "x" * 256, r"Invalid security group description\."),
    ("g2", "größer", r"Value \(größer\) for parameter GroupDescription is invalid\. Character sets beyond ASCII"),
    ("größer", "fine", r"Value \(größer\) for parameter GroupName is invalid\. Character sets beyond ASCII"),
    ("sg-mine", "fine", r"Value \(sg-mine\) for parameter GroupName is invalid\. Group names may not be in the"),
)
BAD = ("the cluster's agent", "a > b", "ü", "tab\t", "x" * 256)


class Rules:
    """A security group, and all ways to describe its rules."""

    def __init__(self, cloud: Cloud) -> None:
        self.ec2 = cloud.client("ec2")
        vpc = self.ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
        self.group = self.ec2.create_security_group(GroupName="g", Description=ALL, VpcId=vpc)["GroupId"]
        self.prefix_list = self.ec2.describe_managed_prefix_lists()["PrefixLists"][0]["PrefixListId"]

    def permission(self, kind: str, description: str) -> list[dict[str, Any]]:
        source = {
            "IpRanges": {"CidrIp": "192.0.2.0/24"},
            "Ipv6Ranges": {"CidrIpv6": "2001:db8::/32"},
            "UserIdGroupPairs": {"GroupId": self.group},
            "PrefixListIds": {"PrefixListId": self.prefix_list},
        }[kind]
        rule = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, kind: [{**source, "Description": description}]}
        return [{"IpProtocol": "udp", "FromPort": 1, "ToPort": 1, "IpRanges": [{"CidrIp": "192.0.2.0/24"}]}, rule]


@pytest.fixture
def rules(cloud: Cloud) -> Rules:
    return Rules(cloud)


@pytest.mark.parametrize(
    "operation",
    [
        "authorize_security_group_ingress",
        "authorize_security_group_egress",
        "update_security_group_rule_descriptions_ingress",
        "update_security_group_rule_descriptions_egress",
    ],
)
def test_a_rule_s_description_outside_of_ec2_s_characters_is_refused_and_nothing_changed(
    rules: Rules, operation: str
) -> None:
    before = rules.ec2.describe_security_group_rules()["SecurityGroupRules"]
    for kind, text in itertools.product(KINDS, BAD):
        with pytest.raises(ClientError, match=RULE):
            getattr(rules.ec2, operation)(GroupId=rules.group, IpPermissions=rules.permission(kind, text))
    assert rules.ec2.describe_security_group_rules()["SecurityGroupRules"] == before


def test_every_character_that_ec2_takes_is_taken(rules: Rules) -> None:
    for kind in KINDS:
        wanted = rules.permission(kind, ALL.ljust(255, "x"))[1:]
        made = rules.ec2.authorize_security_group_ingress(GroupId=rules.group, IpPermissions=wanted)
        assert len(made["SecurityGroupRules"]) == 1


def test_a_changed_rule_s_description_is_checked_too(rules: Rules) -> None:
    made = rules.ec2.authorize_security_group_ingress(
        GroupId=rules.group, IpPermissions=rules.permission("IpRanges", "fine")
    )["SecurityGroupRules"][0]
    rule = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "CidrIpv4": "192.0.2.0/24", "Description": BAD[0]}
    with pytest.raises(ClientError, match=RULE):
        rules.ec2.modify_security_group_rules(
            GroupId=rules.group,
            SecurityGroupRules=[{"SecurityGroupRuleId": made["SecurityGroupRuleId"], "SecurityGroupRule": rule}],
        )


def test_a_group_s_name_and_description_are_checked(rules: Rules) -> None:
    for name, description, words in GROUPS:
        with pytest.raises(ClientError, match=f"InvalidParameterValue.*: {words}"):
            rules.ec2.create_security_group(GroupName=name, Description=description)
