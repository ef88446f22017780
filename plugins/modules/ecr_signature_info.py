#!/usr/bin/python
"""Which statements about an image in ECR a KMS key has signed."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ecr_signature_info
author: The Beacon authors (@beacon)
short_description: Which statements about an image in ECR a KMS key has signed
version_added: 0.1.0
description:
  - Reads the bundles of Sigstore's that are attached to an image, as M(beacon.platform.ecr_attachment) and C(cosign) write them, and
    has KMS verify them.
options:
  repository_url:
    description: The repository as C(registry/name).
    type: str
    required: true
  digest:
    description: Digest of the image.
    type: str
    required: true
  kms_key:
    description: KMS key (id, ARN or alias) that verifies.
    type: str
    required: true
extends_documentation_fragment:
  - beacon.platform.info
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Ask who vouches for the image
  beacon.platform.ecr_signature_info:
    region: eu-west-1
    repository_url: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/beacon-local/webapp
    digest: sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
    kms_key: alias/images/beacon-local
  register: signature

- name: Ensure that it is signed
  ansible.builtin.assert:
    that: signature.signed
    fail_msg: "{{ signature.problems }}"
"""

RETURN = r"""
signed:
  description: Whether the key has signed the image itself, as C(cosign sign) does.
  returned: always
  type: bool
statements:
  description: Kinds of the statements about the image that the key has signed, such as C(https://slsa.dev/provenance/v1).
  returned: always
  type: list
  elements: str
problems:
  description: Why other bundles of the image don't count.
  returned: always
  type: list
  elements: str
"""

from contextlib import suppress
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry
from ansible_collections.beacon.platform.plugins.module_utils._registry import reason, registry_of
from ansible_collections.beacon.platform.plugins.module_utils._signatures import BUNDLE, SIGNED, about, question, read

with suppress(ImportError):  # AnsibleAWSModule names a missing package
    from botocore.exceptions import BotoCoreError, ClientError


def verified(kms: Any, key: str, payload: bytes, signature: bytes) -> bool:
    """Say whether the key made this signature of a statement."""
    try:
        answer = kms.verify(aws_retry=True, Signature=signature, **question(key, payload))
    except is_boto3_error_code("KMSInvalidSignatureException"):
        return False
    return bool(answer["SignatureValid"])


def judge(kms: Any, key: str, digest: str, bundles: list[bytes]) -> dict[str, Any]:
    """Return what the module tells about an image with these bundles."""
    statements: set[str] = set()
    problems: list[str] = []
    for bundle in bundles:
        try:
            payload, signatures = read(bundle)
            kind = about(payload, digest)
        except ValueError as error:
            problems.append(f"A bundle does not count: {error}.")
            continue
        if any(verified(kms, key, payload, each) for each in signatures):
            statements.add(kind)
        else:
            problems.append(f"A statement {kind} was not signed by {key}.")
    return {"signed": SIGNED in statements, "statements": sorted(statements), "problems": problems}


def main() -> None:
    """Run the module."""
    text: dict[str, Any] = {"type": "str", "required": True}
    module = AnsibleAWSModule(
        argument_spec={"repository_url": text, "digest": text, "kms_key": {**text, "no_log": False}},
        supports_check_mode=True,
    )
    url, digest, key = (module.params[name] for name in ("repository_url", "digest", "kms_key"))
    host, name = url.split("/", 1)
    ecr, kms = (module.client(service, retry_decorator=AWSRetry.jittered_backoff()) for service in ("ecr", "kms"))
    result: dict[str, Any] = {}
    try:
        result = judge(kms, key, digest, registry_of(ecr, host).attachments(name, digest, BUNDLE))
    except OSError as error:
        module.fail_json(msg=f"Signatures of {url}@{digest} can't be read: {reason(error, host)}")
    except (BotoCoreError, ClientError) as error:
        module.fail_json_aws(error, msg=f"AWS does not verify signatures of {url}@{digest} by {key}")
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
