#!/usr/bin/python
"""Ensures that images in ECR were scanned lately."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ecr_image_scan
author: The Beacon authors (@beacon)
short_description: A recent vulnerability scan of images in ECR
version_added: 0.1.0
description:
  - Basic scanning looks at an image when it is pushed, and never again, while vulnerabilities become known all the time. This module
    starts another scan of those whose last one is too old. It does not wait for it; M(beacon.platform.ecr_image_info) does.
  - Left alone are tags that are not there, scans that run, images of enhanced scanning, which ECR scans again by itself, and those
    that ECR allows no other scan of yet (one in 24 hours).
options:
  images:
    description: The images.
    type: list
    elements: dict
    required: true
    suboptions:
      repository:
        description: Name of the repository, without the registry.
        type: str
        required: true
      tag:
        description: The tag.
        type: str
        required: true
  max_age:
    description: Hours that a scan may be old.
    type: int
    required: true
attributes:
  check_mode:
    support: full
    description: It tells what it would start.
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Have an image scanned that was not within half a day
  beacon.platform.ecr_image_scan:
    region: eu-west-1
    images: [{repository: beacon-local/webapp, tag: 1.0.0-59f7485d2c1a}]
    max_age: 12
"""

RETURN = r"""
started:
  description: The images whose scan was started, as C(repository:tag).
  returned: always
  type: list
  elements: str
"""

import datetime as dt
from contextlib import suppress
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry

with suppress(ImportError):  # AnsibleAWSModule names a missing package
    from botocore.exceptions import BotoCoreError, ClientError

LEFT_ALONE = frozenset({"ACTIVE", "PENDING", "IN_PROGRESS", "SCAN_ELIGIBILITY_EXPIRED"})
"""Of https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageScanStatus.html: enhanced scanning, and what runs."""


def is_old(client: Any, request: dict[str, Any], *, oldest: dt.datetime) -> bool:
    """Tell whether an image that is there has no scan after a time, and may get one."""
    try:
        answer = client.describe_image_scan_findings(aws_retry=True, maxResults=1, **request)
    except is_boto3_error_code("ScanNotFoundException"):
        return True
    except is_boto3_error_code("ImageNotFoundException"):
        return False
    if answer["imageScanStatus"]["status"] in LEFT_ALONE:
        return False
    completed = answer.get("imageScanFindings", {}).get("imageScanCompletedAt")
    return completed is None or completed < oldest


def start(client: Any, request: dict[str, Any]) -> bool:
    """Start a scan; tell whether ECR allows one already."""
    try:
        client.start_image_scan(aws_retry=True, **request)
    except is_boto3_error_code("LimitExceededException"):
        return False
    return True


def main() -> None:
    """Run the module."""
    one = {name: {"type": "str", "required": True} for name in ("repository", "tag")}
    module = AnsibleAWSModule(
        argument_spec={
            "images": {"type": "list", "elements": "dict", "required": True, "options": one},
            "max_age": {"type": "int", "required": True},
        },
        supports_check_mode=True,
    )
    client = module.client("ecr", retry_decorator=AWSRetry.jittered_backoff())
    oldest = dt.datetime.now(dt.UTC) - dt.timedelta(hours=module.params["max_age"])
    started = []
    for image in module.params["images"]:
        name = f"{image['repository']}:{image['tag']}"
        request = {"repositoryName": image["repository"], "imageId": {"imageTag": image["tag"]}}
        try:
            if is_old(client, request, oldest=oldest) and (module.check_mode or start(client, request)):
                started.append(name)
        except (BotoCoreError, ClientError) as error:
            module.fail_json_aws(error, msg=f"ECR does not scan {name}")
    module.exit_json(changed=bool(started), started=started)


if __name__ == "__main__":
    main()
