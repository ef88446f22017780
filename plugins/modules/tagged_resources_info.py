#!/usr/bin/python
"""What an account has with certain tags."""

from __future__ import annotations

DOCUMENTATION = r"""
module: tagged_resources_info
author: The Beacon authors (@beacon)
short_description: What there is with certain tags, in a region
version_added: 0.1.0
description:
  - Lists resources of all services that have all of the tags. Instances and NAT gateways that have ended, which AWS goes on
    naming for an hour, are left out. Resources that bear no tags, or can't, are not found by it.
options:
  tags:
    description: Tags and their values.
    type: dict
    required: true
extends_documentation_fragment:
  - beacon.platform.info
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Look what an environment has
  beacon.platform.tagged_resources_info:
    tags: {Project: beacon, Environment: production}
    region: eu-west-1
"""

RETURN = r"""
resources:
  description: >-
    What is there, by ARN; each with C(arn), C(billed), which is false for kinds that cost nothing, and C(ends), the date at which
    a key that waits for its deletion goes.
  returned: always
  type: list
  elements: dict
"""

from contextlib import suppress

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.beacon.platform.plugins.module_utils._tagged import tagged

with suppress(ImportError):  # AnsibleAWSModule names a missing package
    from botocore.exceptions import BotoCoreError, ClientError


def main() -> None:
    """Run the module."""
    module = AnsibleAWSModule(argument_spec={"tags": {"type": "dict", "required": True}}, supports_check_mode=True)
    try:
        resources = tagged(module.client, module.params["tags"])
    except (BotoCoreError, ClientError) as error:
        module.fail_json_aws(error, msg="AWS does not tell what there is with these tags")
    module.exit_json(changed=False, resources=resources)


if __name__ == "__main__":
    main()
