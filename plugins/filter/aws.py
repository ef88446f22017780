"""What an AWS account knows by heart, said to a person: regions, identities, refused credentials."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

import boto3

if TYPE_CHECKING:
    from collections.abc import Callable

# (what botocore says, what it means, what to do), the first match wins
_CREDENTIALS = (
    (
        r"Unable to locate credentials|NoCredentials",
        "There are no AWS credentials",
        "Export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
    ),
    (
        r"config profile \(.*\) could not be found",
        "The AWS profile is not known",
        "Correct AWS_PROFILE; `aws configure list-profiles` shows what there is",
    ),
    (
        r"InvalidClientTokenId|UnrecognizedClientException|AuthFailure|security token included in the request is invalid",
        "The AWS access key is refused",
        "Correct AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; keys of a local cloud that was removed are unknown now",
    ),
    (
        r"SignatureDoesNotMatch|IncompleteSignature",
        "The AWS secret does not belong to the access key",
        "Correct AWS_SECRET_ACCESS_KEY",
    ),
    (r"ExpiredToken", "The AWS session has ended", "Log in again: `aws sso login`, or assume the role anew"),
    (
        r"Could not connect|Connect timeout|EndpointConnectionError|Connection was closed",
        "The AWS API does not answer",
        "Start the local cloud (`python -m localcloud up`), or correct AWS_ENDPOINT_URL or the network",
    ),
)


def aws_region_problem(region: str) -> str:
    """Say what is wrong with a region's name; nothing when it is known. Asks botocore's own list, not the network."""
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
        "Set another one: export AWS_REGION=..., or beacon_region in the inventory."
    )


def credentials_problem(error: str, endpoint: str = "") -> str:
    """Say what an error of AWS means for the credentials, and what to do."""
    where = f" (AWS_ENDPOINT_URL is {endpoint})" if endpoint else ""
    for pattern, meaning, step in _CREDENTIALS:
        if re.search(pattern, error):
            return f"{meaning}{where}. {step}. AWS says: {error}"
    return f"AWS does not say who we are{where}. Try `aws sts get-caller-identity`. AWS says: {error}"


def iam_principal(arn: str) -> str:
    """Return the role behind a session's ARN; any other ARN stays as it is."""
    match = re.fullmatch(r"arn:(?P<partition>[^:]+):sts::(?P<account>\d+):assumed-role/(?P<role>[^/]+)/.+", arn)
    return f"arn:{match['partition']}:iam::{match['account']}:role/{match['role']}" if match else arn


class FilterModule:
    """The filters by their names."""

    def filters(self) -> dict[str, Callable[..., str]]:
        """Return them."""
        return {
            "aws_region_problem": aws_region_problem,
            "credentials_problem": credentials_problem,
            "iam_principal": iam_principal,
        }
