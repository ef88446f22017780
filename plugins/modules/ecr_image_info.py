#!/usr/bin/python
"""What ECR knows about tags."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ecr_image_info
author: The Beacon authors (@beacon)
short_description: Digest and scan findings of images in ECR
version_added: 0.1.0
description:
  - Tells whether a tag is in a repository, with its digest, and, when asked to, what the vulnerability scan found. It
    waits for a scan that is still running. A scan without a result is no failure of this module, C(scan) tells it, and
    P(beacon.platform.scan_gate#filter) decides.
options:
  repository:
    description: Name of the repository, without the registry. Needs O(tag).
    type: str
  tag:
    description: The tag.
    type: str
  scan:
    description: Whether to wait for the scan and return its findings.
    type: bool
    default: false
  images:
    description: Several images at once, instead of O(repository) and O(tag).
    type: list
    elements: dict
    suboptions:
      repository:
        description: Name of the repository, without the registry.
        type: str
        required: true
      tag:
        description: The tag.
        type: str
        required: true
      scan:
        description: Whether to wait for this image's scan and return its findings.
        type: bool
        default: false
  wait_timeout:
    description: Seconds to wait for the scan.
    type: int
    default: 300
extends_documentation_fragment:
  - beacon.platform.info
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Look for an image
  beacon.platform.ecr_image_info:
    region: eu-west-1
    repository: beacon-local/webapp
    tag: 1.0.0-59f7485d2c1a

- name: Look for two images, and what the scan of one found
  beacon.platform.ecr_image_info:
    region: eu-west-1
    images:
      - {repository: beacon-local/webapp, tag: 1.0.0-59f7485d2c1a, scan: true}
      - {repository: beacon-local/webapp, tag: 1.0.0-59f7485d2c1a.sbom}
"""

RETURN = r"""
found:
  description: What is returned for one image, for each of O(images), in their order.
  returned: when O(images) is given
  type: list
  elements: dict
image:
  description: C(digest), C(tags), C(pushed_at) and C(size_bytes); null where the tag is not there.
  returned: when O(repository) is given
  type: dict
scan:
  description:
    - How the scan ended, as C(outcome) and C(reason). C(COMPLETE) (basic scanning) and C(ACTIVE) (enhanced scanning) have
      findings; C(UNFINISHED) is one that did not end in time; C(UNSUPPORTED_IMAGE) one of an image without a system that the scanner
      knows, whichever kind of scanning says so; all else is ECR's own status, such as C(FAILED).
  returned: when O(scan) is true and the tag is there
  type: dict
findings:
  description:
    - The scan's findings, each with C(id), C(severity), C(package), C(version), C(uri), and C(fix), which is C(yes), C(no) or
      C(unknown). Basic scanning never tells whether there is a fix.
  returned: when O(scan) is true and the tag is there
  type: list
  elements: dict
"""

import time
from contextlib import suppress
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry

with suppress(ImportError):  # AnsibleAWSModule names a missing package
    from botocore.exceptions import BotoCoreError, ClientError

SECONDS_BETWEEN_LOOKS = 2
RUNNING = frozenset({"IN_PROGRESS", "PENDING", "UNKNOWN"})
# Basic scanning ends as COMPLETE, enhanced scanning stays ACTIVE.
DONE = frozenset({"COMPLETE", "ACTIVE"})


# Basic scanning says so in words, enhanced scanning by a status of its own.
UNSUPPORTED = "UNSUPPORTED_IMAGE"
UNSUPPORTED_WORDS = "UnsupportedImageError"
UNFINISHED = "UNFINISHED"
FIXES = {"YES": "yes", "PARTIAL": "yes", "NO": "no"}


def finding(entry: dict[str, Any]) -> dict[str, str]:
    """Read one finding of a basic scan."""
    attributes = {item["key"]: item["value"] for item in entry.get("attributes", [])}
    return {
        "id": entry["name"],
        "severity": entry["severity"],
        "package": attributes.get("package_name", ""),
        "version": attributes.get("package_version", ""),
        "uri": entry.get("uri", ""),
        "fix": "unknown",
    }


def enhanced_finding(entry: dict[str, Any]) -> dict[str, str]:
    """Read one finding of an enhanced scan."""
    details = entry.get("packageVulnerabilityDetails", {})
    packages = details.get("vulnerablePackages") or [{}]
    return {
        "id": details.get("vulnerabilityId", entry.get("title", "")),
        "severity": entry["severity"],
        "package": packages[0].get("name", ""),
        "version": packages[0].get("version", ""),
        "uri": details.get("sourceUrl", ""),
        "fix": FIXES.get(entry.get("fixAvailable", ""), "unknown"),
    }


def read_scan(client: Any, *, repository: str, tag: str, timeout: float) -> tuple[dict[str, str], list[dict[str, str]]]:
    """Wait for the scan, then return how it ended (`outcome`, `reason`) and its findings."""
    end = time.monotonic() + timeout
    request = {"repositoryName": repository, "imageId": {"imageTag": tag}}
    while True:
        try:
            answer = client.describe_image_scan_findings(aws_retry=True, **request)
            status = answer["imageScanStatus"]["status"]
        except is_boto3_error_code("ScanNotFoundException"):
            answer, status = {}, "PENDING"  # a scan on push begins some seconds after the push
        if status not in RUNNING:
            break
        if time.monotonic() >= end:
            return {"outcome": UNFINISHED, "reason": f"it is {status} after {timeout:.0f} s"}, []
        time.sleep(SECONDS_BETWEEN_LOOKS)
    reason = answer["imageScanStatus"].get("description", "ECR gives no reason")
    if status not in DONE:
        return {"outcome": UNSUPPORTED if reason.startswith(UNSUPPORTED_WORDS) else status, "reason": reason}, []
    found: list[dict[str, str]] = []
    while True:
        result = answer.get("imageScanFindings", {})
        found += [finding(entry) for entry in result.get("findings", [])]
        found += [enhanced_finding(entry) for entry in result.get("enhancedFindings", [])]
        if not answer.get("nextToken"):
            return {"outcome": status, "reason": reason}, found
        answer = client.describe_image_scan_findings(aws_retry=True, nextToken=answer["nextToken"], **request)


def read_image(client: Any, *, repository: str, tag: str) -> dict[str, Any] | None:
    """Return what is known about a tag, or None."""
    try:
        answer = client.describe_images(aws_retry=True, repositoryName=repository, imageIds=[{"imageTag": tag}])
    except is_boto3_error_code("ImageNotFoundException"):
        return None
    details = answer["imageDetails"][0]
    pushed = details.get("imagePushedAt")
    return {
        "digest": details["imageDigest"],
        "tags": details.get("imageTags", []),
        "pushed_at": pushed.isoformat() if pushed else "",
        "size_bytes": details.get("imageSizeInBytes", 0),
    }


def look(module: AnsibleAWSModule, client: Any, *, repository: str, tag: str, scan: bool) -> dict[str, Any]:
    """Return what the module tells about one image."""
    result: dict[str, Any] = {}
    try:
        result["image"] = read_image(client, repository=repository, tag=tag)
        if result["image"] and scan:
            timeout = module.params["wait_timeout"]
            result["scan"], result["findings"] = read_scan(client, repository=repository, tag=tag, timeout=timeout)
    except is_boto3_error_code("RepositoryNotFoundException"):
        if not module.check_mode:
            module.fail_json(msg=f"ECR has no repository '{repository}' here. The verb `provision` makes it.")
        result["image"] = None  # a dry run comes before the run that makes it
    except (BotoCoreError, ClientError) as error:
        module.fail_json_aws(error, msg=f"ECR does not tell about {repository}:{tag}")
    return result


def main() -> None:
    """Run the module."""
    one: dict[str, Any] = {"repository": {"type": "str"}, "tag": {"type": "str"}}
    scan: dict[str, Any] = {"scan": {"type": "bool", "default": False}}
    required = {name: {**option, "required": True} for name, option in one.items()}
    module = AnsibleAWSModule(
        argument_spec={
            **one,
            **scan,
            "images": {"type": "list", "elements": "dict", "options": {**required, **scan}},
            "wait_timeout": {"type": "int", "default": 300},
        },
        required_one_of=[["images", "repository"]],
        mutually_exclusive=[["images", "repository"]],
        required_together=[["repository", "tag"]],
        supports_check_mode=True,
    )
    client = module.client("ecr", retry_decorator=AWSRetry.jittered_backoff())
    if module.params["images"] is not None:
        module.exit_json(changed=False, found=[look(module, client, **image) for image in module.params["images"]])
    asked = {name: module.params[name] for name in ("repository", "tag", "scan")}
    module.exit_json(changed=False, **look(module, client, **asked))


if __name__ == "__main__":
    main()
