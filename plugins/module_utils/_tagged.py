"""What AWS still knows by tags, and whether it really is there: the tagging API also names what was deleted lately.

https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FREE = {
    "ec2": {
        *("vpc", "subnet", "security-group", "security-group-rule", "route-table", "internet-gateway", "network-acl"),
        *("launch-template", "key-pair", "dhcp-options", "vpc-flow-log"),
    },
    "iam": {"role", "policy", "instance-profile", "oidc-provider"},
    "ssm": {"parameter"},
    "elasticloadbalancing": {"targetgroup", "listener", "listener-rule"},
}
"""Kinds that AWS bills nothing for, by service; what is not named here counts as billed."""
ENDED = {"terminated", "shutting-down", "deleted", "deleting"}


@dataclass(frozen=True)
class Resource:
    """A tagged resource that is there."""

    arn: str
    billed: bool
    ends: str
    """When it goes by itself, an ISO date, for a key that waits for its deletion; else empty."""


def kind(arn: str) -> tuple[str, str]:
    """Return an ARN's service and the kind of resource; S3 names buckets without one."""
    service, rest = arn.split(":", 5)[2], arn.split(":", 5)[5]
    return service, "bucket" if service == "s3" else rest.replace(":", "/").partition("/")[0]


def identifier(arn: str) -> str:
    """Return what follows the kind of resource in an ARN."""
    return arn.split(":", 5)[5].partition("/")[2]


def _instances(client: Callable[[str], Any], arn: str) -> str:
    found = client("ec2").describe_instances(Filters=[{"Name": "instance-id", "Values": [identifier(arn)]}])
    states = [instance["State"]["Name"] for entry in found["Reservations"] for instance in entry["Instances"]]
    return states[0] if states else "deleted"


def _nat_gateways(client: Callable[[str], Any], arn: str) -> str:
    found = client("ec2").describe_nat_gateways(Filters=[{"Name": "nat-gateway-id", "Values": [identifier(arn)]}])
    return found["NatGateways"][0]["State"] if found["NatGateways"] else "deleted"


STATES = {("ec2", "instance"): _instances, ("ec2", "natgateway"): _nat_gateways}
"""How to ask for the state of what AWS names for an hour after its end."""


def tagged(client: Callable[[str], Any], tags: Mapping[str, str]) -> list[dict[str, Any]]:
    """List what has all of the tags and is there, by ARN; `client` makes a boto3 client of a service."""
    filters = [{"Key": key, "Values": [value]} for key, value in tags.items()]
    pages = client("resourcegroupstaggingapi").get_paginator("get_resources").paginate(TagFilters=filters)
    arns = sorted({entry["ResourceARN"] for page in pages for entry in page["ResourceTagMappingList"]})
    found = []
    for arn in arns:
        service, what = kind(arn)
        state, ends = "", ""
        if (service, what) in STATES:
            state = STATES[service, what](client, arn)
        elif (service, what) == ("kms", "key"):
            key = client("kms").describe_key(KeyId=arn)["KeyMetadata"]
            ends = key["DeletionDate"].date().isoformat() if key["KeyState"] == "PendingDeletion" else ""
        if state not in ENDED:
            # https://aws.amazon.com/kms/pricing: a key that waits for its deletion costs nothing
            billed = what not in FREE.get(service, set()) and not ends
            found.append(asdict(Resource(arn=arn, billed=billed, ends=ends)))
    return found
