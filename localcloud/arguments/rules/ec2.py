"""EC2: characters of names and descriptions, tags, ranges, ports, user data.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html, API_IpRange.html, API_IpPermission.html,
API_Tag.html, API_CreateVpc.html, API_CreateSubnet.html, API_ImportKeyPair.html;
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

from localcloud.core.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localcloud.arguments.rules.kinds import Asked, Check, Rules

TEXT = re.compile(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}")
CHARACTERS = "are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"
MOST_TAGS, LONGEST_KEY, LONGEST_VALUE, LONGEST_KEY_PAIR = 50, 127, 256, 255
LARGEST_NETWORK, SMALLEST_NETWORK = 16, 28
USER_DATA_BYTES = 16384
HIGHEST_PORT, HIGHEST_PROTOCOL = 65535, 255
MOST_HOPS = 64
TEMPLATE_NAME = re.compile(r"[a-zA-Z0-9().\-/_]{3,128}")
TAGGED_AT_LAUNCH = ("elastic-gpu", "instance", "network-interface", "spot-instances-request", "volume")
PROTOCOLS = ("tcp", "udp", "icmp", "icmpv6", "-1")


def _invalid(message: str) -> Fault:
    return Fault(code="InvalidParameterValue", message=message)


def _found(name: str, value: Any) -> Iterator[Any]:
    """Yield each value of this name, however deep it is."""
    if isinstance(value, list):
        for item in value:
            yield from _found(name, item)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if key == name:
                yield item
            else:
                yield from _found(name, item)


def _group(asked: Asked) -> Iterator[Fault]:
    name = asked["GroupName"]
    for parameter, value in (("GroupName", name), ("GroupDescription", asked["Description"])):
        if not value.isascii():
            yield _invalid(
                f"Value ({value}) for parameter {parameter} is invalid. Character sets beyond ASCII are not supported."
            )
    if name.startswith("sg-"):
        yield _invalid(f"Value ({name}) for parameter GroupName is invalid. Group names may not be in the format sg-*.")
    if not name or not TEXT.fullmatch(name):
        yield _invalid(f"Value ({name}) for parameter GroupName is invalid. Valid names {CHARACTERS}")
    if not TEXT.fullmatch(asked["Description"]):
        yield _invalid(f"Invalid security group description. Valid descriptions {CHARACTERS}")


def _descriptions(asked: Asked) -> Iterator[Fault]:
    if not all(TEXT.fullmatch(text) for text in _found("Description", asked)):
        yield _invalid(f"Invalid rule description. Valid descriptions {CHARACTERS}")


def _permissions(asked: Asked) -> Iterator[Fault]:
    for rule in asked.get("IpPermissions") or (asked,):
        protocol, first, last = rule.get("IpProtocol"), rule.get("FromPort"), rule.get("ToPort")
        if protocol is None:
            continue
        known = protocol.lower() in PROTOCOLS or (protocol.isdigit() and int(protocol) <= HIGHEST_PROTOCOL)
        if not known:
            yield _invalid(f"Invalid value '{protocol}' for IP protocol. Unknown protocol.")
        ports = [port for port in (first, last) if port is not None]
        if protocol.lower() in ("tcp", "udp", "6", "17") and len(ports) < 2:  # noqa: PLR2004 - both of them
            yield _invalid("Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.")
        if protocol.lower() in ("tcp", "udp") and (
            ports != sorted(ports) or any(p > HIGHEST_PORT or p < -1 for p in ports)
        ):
            yield _invalid(f"Invalid TCP/UDP port range ({first}:{last})")


def _tags(asked: Asked) -> Iterator[Fault]:
    lists = [asked["Tags"]] if isinstance(asked.get("Tags"), list) else []
    for specifications in _found("TagSpecifications", asked):
        lists += [specification.get("Tags") or [] for specification in specifications]
    for tags in lists:
        keys = [tag.get("Key", "") for tag in tags]
        if len(keys) > MOST_TAGS:
            yield Fault(code="TagLimitExceeded", message="The maximum number of Tags for a resource has been reached.")
        for key in keys:
            if key.lower().startswith("aws:"):
                yield _invalid("Tag keys starting with 'aws:' are reserved for internal use")
            if len(key) > LONGEST_KEY:
                yield _invalid(f"Tag key exceeds the maximum length of {LONGEST_KEY} characters: {key}")
            if keys.count(key) > 1:
                yield _invalid(f"Duplicate tag key '{key}' specified.")
        for value in (tag.get("Value", "") for tag in tags):
            if len(value) > LONGEST_VALUE:
                yield _invalid(f"Tag value exceeds the maximum length of {LONGEST_VALUE} characters: {value}")


def _range_of(kind: str) -> Check:
    """Return the check of the range of a VPC or of a subnet: EC2 takes one with host bits, and clears them."""

    def check(asked: Asked) -> Iterator[Fault]:
        cidr = asked.get("CidrBlock")
        if not cidr:
            return
        try:
            network = IPv4Network(cidr, strict=False)
        except ValueError:
            yield _invalid(f"Value ({cidr}) for parameter cidrBlock is invalid. This is not a valid CIDR block.")
            return
        if "/" not in cidr or not LARGEST_NETWORK <= network.prefixlen <= SMALLEST_NETWORK:
            yield Fault(code=f"Invalid{kind}.Range", message=f"The CIDR '{cidr}' is invalid.")

    return check


def _count(asked: Asked) -> Iterator[Fault]:
    least, most = asked["MinCount"], asked["MaxCount"]
    if least < 1:
        yield _invalid(f"Value ({least}) for parameter minCount is invalid. Expected a positive value.")
    if least > most:
        yield _invalid(f"Value ({least}) for parameter minCount is invalid. It is larger than maxCount ({most}).")


def _instance(asked: Asked) -> Iterator[Fault]:
    for hops in _found("HttpPutResponseHopLimit", asked):
        if not 1 <= hops <= MOST_HOPS:
            yield _invalid(
                f"Value ({hops}) for parameter HttpPutResponseHopLimit is invalid. Valid values are 1 to {MOST_HOPS}."
            )
    for kind in (one.get("ResourceType", "") for one in asked.get("TagSpecifications") or ()):
        if kind not in TAGGED_AT_LAUNCH:
            yield _invalid(f"'{kind}' is not a valid taggable resource type for this operation.")


def _template(asked: Asked) -> Iterator[Fault]:
    name = asked["LaunchTemplateName"]
    if not TEMPLATE_NAME.fullmatch(name):
        yield Fault(
            code="InvalidLaunchTemplateName.MalformedException",
            message="A launch template name must be between 3 and 128 characters, and may contain letters, numbers, and the "
            f"following characters: - ( ) . / _. '{name}' does not.",
        )


def _vpc_attribute(asked: Asked) -> Iterator[Fault]:
    if len([name for name in asked if name.startswith("Enable")]) > 1:
        message = "Fields for multiple attribute types specified"
        yield Fault(code="InvalidParameterCombination", message=message)


def _user_data(asked: Asked) -> Iterator[Fault]:
    for text in _found("UserData", asked):
        if isinstance(text, Mapping):
            continue  # ModifyInstanceAttribute's
        try:
            size = len(base64.b64decode("".join(text.split()), validate=True))
        except (binascii.Error, ValueError):
            yield _invalid("Invalid BASE64 encoding of user data.")
            return
        if size > USER_DATA_BYTES:
            yield _invalid(f"User data is limited to {USER_DATA_BYTES} bytes")


def _key_pair(asked: Asked) -> Iterator[Fault]:
    name = asked["KeyName"]
    if not name:
        yield Fault(code="MissingParameter", message="The request must contain the parameter KeyName")
    if len(name) > LONGEST_KEY_PAIR:
        yield _invalid(f"Value for parameter KeyPairName is invalid. Length exceeds maximum of {LONGEST_KEY_PAIR}.")
    if not name.isascii():
        yield _invalid(
            f"Value ({name}) for parameter KeyPairName is invalid. Character sets beyond ASCII are not supported."
        )


RULES: Rules = {
    "CreateSecurityGroup": (_group, _tags),
    "AuthorizeSecurityGroupIngress": (_descriptions, _permissions, _tags),
    "AuthorizeSecurityGroupEgress": (_descriptions, _permissions, _tags),
    "ModifySecurityGroupRules": (_descriptions,),
    "UpdateSecurityGroupRuleDescriptionsIngress": (_descriptions,),
    "UpdateSecurityGroupRuleDescriptionsEgress": (_descriptions,),
    "CreateVpc": (_range_of("Vpc"), _tags),
    "CreateSubnet": (_range_of("Subnet"), _tags),
    "CreateKeyPair": (_key_pair, _tags),
    "ImportKeyPair": (_key_pair, _tags),
    "RunInstances": (_count, _instance, _user_data, _tags),
    "ModifyVpcAttribute": (_vpc_attribute,),
    "CreateLaunchTemplate": (_template, _user_data, _tags),
    "CreateLaunchTemplateVersion": (_user_data, _tags),
    **dict.fromkeys(
        (
            "AllocateAddress",
            "CreateDhcpOptions",
            "CreateInternetGateway",
            "CreateNatGateway",
            "CreateNetworkAcl",
            "CreateNetworkInterface",
            "CreateRouteTable",
            "CreateTags",
            "CreateVolume",
            "CreateVpcEndpoint",
        ),
        (_tags,),
    ),
}
