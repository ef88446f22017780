"""With an action less than the policy has, a playbook stops with that action's name, and nothing has changed.

The contract test asks the evaluator for each action; here five of them are played, on a local cloud without Docker.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from localcloud.conftest import cloud, config, docker  # noqa: F401 - fixtures
from tests.contracts import terraform_files
from tests.playbooks.test_deployer import (  # noqa: F401 - a fixture
    ACCOUNT,
    ADMINISTRATOR,
    BUCKET,
    DEPLOYER,
    PARAMETER,
    PARAMETERS,
    VERB,
    environment,
)

if TYPE_CHECKING:
    from tests.playbooks.test_deployer import Environment


def without(action: str, *, key: str) -> str:
    """Return the deployer's policy without one action. It must have had it."""
    text = terraform_files.policy(
        "deployer",
        account_id=ACCOUNT,
        environment="local",
        key=key,
        partition="aws",
        region="eu-west-1",
        state_bucket=BUCKET,
    )
    document = json.loads(text)
    held = [each for each in document["Statement"] if action in each["Action"]]
    assert held
    for statement in held:
        named = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        statement["Action"] = [each for each in named if each != action]
    document["Statement"] = [each for each in document["Statement"] if each["Action"]]
    return json.dumps(document)


def everything(there: Environment) -> dict[str, Any]:
    """Return what the environment has: parameters with their versions and tags, and the state."""
    ssm = there.cloud.client("ssm")
    names = [one["Name"] for one in ssm.describe_parameters()["Parameters"]]
    found: dict[str, Any] = {
        name: (
            ssm.get_parameter(Name=name)["Parameter"]["Version"],
            ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=name)["TagList"],
        )
        for name in names
    }
    return {**found, "state": there.cloud.client("s3").head_object(Bucket=BUCKET, Key="terraform.tfstate")["ETag"]}


@pytest.mark.parametrize(
    ("action", "plays"),
    [
        ("ssm:GetParameters", VERB),
        ("kms:Decrypt", VERB),
        ("ssm:PutParameter", PARAMETERS),
        ("ssm:AddTagsToResource", PARAMETERS),
        ("kms:Encrypt", PARAMETERS),
    ],
)
def test_a_playbook_stops_at_the_name_of_a_right_that_is_missing(
    environment: Environment,  # noqa: F811
    action: str,
    plays: list[dict[str, Any]],
) -> None:
    iam, kms, ssm = (environment.cloud.client(service) for service in ("iam", "kms", "ssm"))
    key = kms.create_key()["KeyMetadata"]["Arn"]
    ssm.put_parameter(Name=PARAMETER, Value="made-up", Type="SecureString", KeyId=key, Overwrite=True)
    iam.detach_role_policy(RoleName="beacon-local-deployer", PolicyArn=ADMINISTRATOR)
    iam.put_role_policy(RoleName="beacon-local-deployer", PolicyName="deploy", PolicyDocument=without(action, key=key))
    before = everything(environment)
    keys = environment.session(DEPLOYER)
    roles = ("-e", json.dumps({"secrets_kms_key": key, "certificate_kms_key": key})) if plays is PARAMETERS else ()
    code, text = environment.play(keys, *roles, plays=plays)
    assert code != 0
    assert f"is not authorized to perform: {action} on resource: arn:aws:" in text, text[-3000:]
    assert everything(environment) == before
