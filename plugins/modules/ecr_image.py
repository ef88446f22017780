#!/usr/bin/python
"""Removes tags from ECR."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ecr_image
author: The Beacon authors (@beacon)
short_description: Remove a tag from an ECR repository
version_added: 0.1.0
description:
  - Ensures that a repository holds no such tag. ECR removes the image with its last tag. Images come to ECR by a push,
    so C(absent) is the only state.
options:
  repository:
    description: Name of the repository, without the registry.
    type: str
    required: true
  tag:
    description: The tag.
    type: str
    required: true
  state:
    description: What to ensure.
    type: str
    choices: [absent]
    required: true
attributes:
  check_mode:
    support: full
    description: It looks, and removes nothing.
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Remove an image
  beacon.platform.ecr_image:
    region: eu-west-1
    repository: beacon-local/webapp
    tag: 1.0.0-59f7485d2c1a
    state: absent
"""

RETURN = r"""
digest:
  description: Digest that the tag named; empty where it was not there.
  returned: always
  type: str
"""

from contextlib import suppress
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry

with suppress(ImportError):  # AnsibleAWSModule names a missing package
    from botocore.exceptions import BotoCoreError, ClientError


def digest_of(client: Any, *, repository: str, tag: str) -> str:
    """Return a tag's digest; empty where the tag or the whole repository is not there."""
    try:
        answer = client.describe_images(aws_retry=True, repositoryName=repository, imageIds=[{"imageTag": tag}])
    except is_boto3_error_code(["ImageNotFoundException", "RepositoryNotFoundException"]):
        return ""
    return str(answer["imageDetails"][0]["imageDigest"])


def main() -> None:
    """Run the module."""
    module = AnsibleAWSModule(
        argument_spec={
            "repository": {"type": "str", "required": True},
            "tag": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["absent"], "required": True},
        },
        supports_check_mode=True,
    )
    client = module.client("ecr", retry_decorator=AWSRetry.jittered_backoff())
    repository, tag = module.params["repository"], module.params["tag"]
    try:
        digest = digest_of(client, repository=repository, tag=tag)
        if digest and not module.check_mode:
            answer = client.batch_delete_image(aws_retry=True, repositoryName=repository, imageIds=[{"imageTag": tag}])
            for failure in answer.get("failures", []):
                module.fail_json(msg=f"ECR keeps {repository}:{tag}: {failure.get('failureReason', failure)}")
    except (BotoCoreError, ClientError) as error:
        module.fail_json_aws(error, msg=f"ECR can't remove {repository}:{tag}")
    module.exit_json(changed=bool(digest), digest=digest)


if __name__ == "__main__":
    main()
