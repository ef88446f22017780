"""Lookup ecr_password: a password of the account's image registry, which `docker login` takes for twelve hours."""

from __future__ import annotations

import base64
from typing import Any

import boto3
from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from botocore.exceptions import BotoCoreError, ClientError

DOCUMENTATION = r"""
name: ecr_password
author: The Beacon authors
short_description: A password of the account's image registry (ECR)
version_added: 0.1.0
description:
  - Asks ECR for an authorization token, with the AWS credentials of the process, and returns its password; the user is
    C(AWS). It stays in memory, unlike with C(aws ecr get-login-password | docker login).
options:
  region:
    description: AWS region of the registry.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Log in to the registry
  community.docker.docker_login:
    registry_url: 123456789012.dkr.ecr.eu-west-1.amazonaws.com
    username: AWS
    password: "{{ lookup('beacon.platform.ecr_password', region='eu-west-1') }}"
"""

RETURN = r"""
_raw:
  description: The password.
  type: list
  elements: str
"""


def password(client: Any) -> str:
    """Return the password of a new token."""
    token: str = client.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    return base64.b64decode(token).decode().partition(":")[2]


class LookupModule(LookupBase):  # type: ignore[misc] # ansible-core ships no types
    """The lookup."""

    def run(
        self,
        terms: list[str],  # noqa: ARG002 - a lookup's signature
        variables: dict[str, Any] | None = None,
        **options: Any,
    ) -> list[str]:
        """Return the password as a list of one."""
        self.set_options(var_options=variables, direct=options)
        region = self.get_option("region")
        try:
            return [password(boto3.client("ecr", region_name=region))]
        except (BotoCoreError, ClientError) as error:
            raise AnsibleLookupError(
                f"ECR in {region} gives no token: {error}. Try `aws ecr get-login-password`."
            ) from error
