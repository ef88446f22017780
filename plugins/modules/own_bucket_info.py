#!/usr/bin/python
"""Whether the account owns a bucket."""

from __future__ import annotations

DOCUMENTATION = r"""
module: own_bucket_info
author: The Beacon authors (@beacon)
short_description: Whether a bucket exists and belongs to an account
version_added: 0.1.0
description:
  - Tells whether a bucket is there, and fails when it is somebody else's. It reads one bucket by its name, so that it
    needs C(s3:ListBucket) on that bucket, and no right to list all buckets of the account.
options:
  name:
    description: Name of the bucket.
    type: str
    required: true
  account_id:
    description: The account that has to own it.
    type: str
    required: true
extends_documentation_fragment:
  - beacon.platform.info
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Look for the bucket of the state
  beacon.platform.own_bucket_info:
    name: beacon-production-state-123456789012
    account_id: "123456789012"
    region: eu-west-1
"""

RETURN = r"""
exists:
  description: Whether the bucket is there.
  returned: always
  type: bool
"""

from contextlib import suppress

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.beacon.platform.plugins.module_utils._buckets import (
    ForeignBucketError,
    own_bucket_exists,
)

with suppress(ImportError):  # AnsibleAWSModule names a missing package
    from botocore.exceptions import BotoCoreError, ClientError


def main() -> None:
    """Run the module."""
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "account_id": {"type": "str", "required": True},
        },
        supports_check_mode=True,
    )
    name, account = module.params["name"], module.params["account_id"]
    try:
        exists = own_bucket_exists(module.client("s3"), name=name, account_id=account)
    except ForeignBucketError as error:
        module.fail_json(msg=str(error))
    except (BotoCoreError, ClientError) as error:
        module.fail_json_aws(error, msg=f"S3 does not tell about the bucket '{name}'")
    module.exit_json(changed=False, exists=exists)


if __name__ == "__main__":
    main()
