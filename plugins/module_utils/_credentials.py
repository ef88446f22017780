"""What AWS's refusals mean for the credentials, and what to do."""

from __future__ import annotations

import re

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
        "Correct AWS_ENDPOINT_URL or the network; `python -m localcloud up` in a checkout of Beacon starts a local cloud",
    ),
)


def credentials_problem(error: str, endpoint: str = "") -> str:
    """Say what an error of AWS means for the credentials, and what to do."""
    where = f" (AWS_ENDPOINT_URL is {endpoint})" if endpoint else ""
    for pattern, meaning, step in _CREDENTIALS:
        if re.search(pattern, error):
            return f"{meaning}{where}. {step}. AWS says: {error}"
    return f"AWS does not say who we are{where}. Try `aws sts get-caller-identity`. AWS says: {error}"
