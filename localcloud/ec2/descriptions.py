"""What EC2 takes as names and descriptions of security groups and of their rules.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html and API_IpRange.html.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from moto.ec2.exceptions import EC2ClientError

if TYPE_CHECKING:
    from collections.abc import Iterator

ALLOWED = re.compile(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}")
WORDS = (
    "Valid descriptions are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"
)


def check_group(*, name: str, description: str) -> None:
    """Refuse a security group's name or description as EC2 does."""
    for parameter, value in (("GroupName", name), ("GroupDescription", description)):
        if not value.isascii():
            raise _invalid(
                f"Value ({value}) for parameter {parameter} is invalid. Character sets beyond ASCII are not supported."
            )
    if name.startswith("sg-"):
        raise _invalid(f"Value ({name}) for parameter GroupName is invalid. Group names may not be in the format sg-*.")
    if not ALLOWED.fullmatch(description):
        raise _invalid(f"Invalid security group description. {WORDS}")


def check_rules(parameters: Any) -> None:
    """Refuse a description of any rule in a request's parameters, however deep it is."""
    if not all(ALLOWED.fullmatch(text) for text in _descriptions(parameters)):
        raise _invalid(f"Invalid rule description. {WORDS}")


def _descriptions(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _descriptions(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "Description" and isinstance(item, str):
                yield item
            else:
                yield from _descriptions(item)


def _invalid(message: str) -> EC2ClientError:
    return EC2ClientError("InvalidParameterValue", message)
