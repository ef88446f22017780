#!/usr/bin/python
"""Reads parameters of Parameter Store."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ssm_parameter_info
author: The Beacon authors (@beacon)
short_description: Values of parameters in SSM Parameter Store
version_added: 0.1.0
description:
  - Reads several parameters at once. Unlike the lookup P(amazon.aws.ssm_parameter#lookup), which runs in Ansible's own
    process, a module works with the credentials that its task's C(environment) names.
  - Values of encrypted parameters are in its result, so a task that decrypts needs C(no_log).
options:
  names:
    description: Names of the parameters.
    type: list
    elements: str
    required: true
  decrypt:
    description: Whether to decrypt the values of encrypted parameters; C(false) needs no right to their KMS key.
    type: bool
    default: true
extends_documentation_fragment:
  - beacon.platform.info
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Read two passwords
  beacon.platform.ssm_parameter_info:
    region: eu-west-1
    names: [/beacon/local/grafana-admin, /beacon/local/grafana-viewer]
  register: passwords
  no_log: true
"""

RETURN = r"""
parameters:
  description: Values by the parameters' names, without those that do not exist.
  returned: always
  type: dict
missing:
  description: Names that do not exist.
  returned: always
  type: list
  elements: str
"""

from contextlib import suppress

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry
from ansible_collections.beacon.platform.plugins.module_utils._parameters import read

with suppress(ImportError):  # AnsibleAWSModule names a missing package
    from botocore.exceptions import BotoCoreError, ClientError


def main() -> None:
    """Run the module."""
    module = AnsibleAWSModule(
        argument_spec={
            "names": {"type": "list", "elements": "str", "required": True},
            "decrypt": {"type": "bool", "default": True},
        },
        supports_check_mode=True,
    )
    client = module.client("ssm", retry_decorator=AWSRetry.jittered_backoff())
    names = module.params["names"]
    try:
        found = read(client, names, decrypt=module.params["decrypt"])
    except (BotoCoreError, ClientError) as error:
        module.fail_json_aws(error, msg=f"Parameter Store does not tell {', '.join(names)}")
    module.exit_json(changed=False, parameters=found, missing=[name for name in names if name not in found])


if __name__ == "__main__":
    main()
