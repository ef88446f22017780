"""What an AWS account knows by heart, said to a person: regions, refused credentials."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from ansible.errors import AnsibleFilterError

from ..module_utils._credentials import credentials_problem  # noqa: TID252 - the same package under both its names

try:
    import boto3
except ImportError:
    boto3 = None

if TYPE_CHECKING:
    from collections.abc import Callable


def aws_region_problem(region: str) -> str:
    """Say what is wrong with a region's name; nothing when it is known. Asks botocore's own list, not the network."""
    if boto3 is None:
        raise AnsibleFilterError(
            "aws_region_problem needs the Python package boto3: `python -m pip install boto3` for the Python of ansible-playbook."
        )
    session = boto3.session.Session()
    known = sorted(
        name
        for partition in session.get_available_partitions()
        for name in session.get_available_regions("eks", partition_name=partition)
    )
    if region in known:
        return ""
    near = difflib.get_close_matches(region, known, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    return (
        f"The region is '{region}', which AWS does not know.{hint} Allowed are {', '.join(known)}. "
        "Set AWS_REGION and beacon_region to the environment's region."
    )


class FilterModule:
    """The filters by their names."""

    def filters(self) -> dict[str, Callable[..., str]]:
        """Return them."""
        return {
            "aws_region_problem": aws_region_problem,
            "credentials_problem": credentials_problem,
        }
