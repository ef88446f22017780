"""What AWS refuses is said in words that lead on."""

import pytest

from plugins.filter.aws import aws_region_problem
from plugins.module_utils._credentials import credentials_problem


@pytest.mark.parametrize("region", ["eu-west-1", "us-gov-west-1"])
def test_a_known_region_is_no_problem(region: str) -> None:
    assert aws_region_problem(region) == ""


def test_an_unknown_region_names_a_near_one_and_all_allowed() -> None:
    text = aws_region_problem("eu-west-11")
    assert text.startswith(
        "The region is 'eu-west-11', which AWS does not know. Did you mean eu-west-1? Allowed are af-south-1, "
    )
    assert text.endswith("Set AWS_REGION and beacon_region to the environment's region.")


@pytest.mark.parametrize(
    ("error", "beginning"),
    [
        ("Unable to locate credentials", "There are no AWS credentials. Export AWS_ACCESS_KEY_ID and "),
        ("An error occurred (InvalidClientTokenId) when calling", "The AWS access key is refused. Correct "),
        ("An error occurred (SignatureDoesNotMatch)", "The AWS secret does not belong to the access key. Correct "),
        ("An error occurred (ExpiredToken)", "The AWS session has ended. Log in again"),
        ("The config profile (nobody) could not be found", "The AWS profile is not known. Correct AWS_PROFILE"),
        (
            "Could not connect to the endpoint URL",
            "The AWS API does not answer. Correct AWS_ENDPOINT_URL or the network; ",
        ),
        ("something new", "AWS does not say who we are. Try `aws sts get-caller-identity`"),
    ],
)
def test_each_refusal_has_its_meaning_and_the_original_words(error: str, beginning: str) -> None:
    text = credentials_problem(error)
    assert text.startswith(beginning)
    assert text.endswith(f"AWS says: {error}")


def test_the_endpoint_is_named() -> None:
    text = credentials_problem("Could not connect", endpoint="http://127.0.0.1:9")
    assert text.startswith("The AWS API does not answer (AWS_ENDPOINT_URL is http://127.0.0.1:9).")
