#!/usr/bin/python
"""A password of the account's image registry."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ecr_password_info
author: The Beacon authors (@beacon)
short_description: A password of the account's image registry (ECR)
version_added: 0.1.0
description:
  - Asks ECR for an authorization token and returns its password, which C(docker login) takes for twelve hours; the user
    is C(AWS). It stays in memory, unlike with C(aws ecr get-login-password | docker login), so a task needs C(no_log).
extends_documentation_fragment:
  - beacon.platform.info
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Ask for a password of the registry
  beacon.platform.ecr_password_info:
    region: eu-west-1
  register: registry
  no_log: true

- name: Log in to the registry
  community.docker.docker_login:
    registry_url: 123456789012.dkr.ecr.eu-west-1.amazonaws.com
    username: AWS
    password: "{{ registry.password }}"
"""

RETURN = r"""
password:
  description: The password.
  returned: always
  type: str
"""

import base64
from contextlib import suppress
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry
from ansible_collections.beacon.platform.plugins.module_utils._registry import token_of

with suppress(ImportError):  # AnsibleAWSModule names a missing package
    from botocore.exceptions import BotoCoreError, ClientError


def password(client: Any) -> str:
    """Return the password of a new token."""
    return base64.b64decode(token_of(client)).decode().partition(":")[2]


def main() -> None:
    """Run the module."""
    module = AnsibleAWSModule(argument_spec={}, supports_check_mode=True)
    client = module.client("ecr", retry_decorator=AWSRetry.jittered_backoff())
    try:
        found = password(client)
    except (BotoCoreError, ClientError) as error:
        module.fail_json_aws(
            error,
            msg=f"ECR in {module.region} gives no token. Needed is ecr:GetAuthorizationToken; "
            "try `aws ecr get-login-password`",
        )
    module.exit_json(changed=False, password=found)


if __name__ == "__main__":
    main()
