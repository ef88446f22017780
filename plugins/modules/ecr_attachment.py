#!/usr/bin/python
"""A file attached to an image in ECR, as an OCI artefact."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ecr_attachment
author: The Beacon authors (@beacon)
short_description: A file attached to an image in ECR
version_added: 0.1.0
description:
  - Pushes a file as an OCI artefact whose subject is an image, so that the registry lists it among the image's
    referrers, under a tag of its own, so that people find it, too. Where the tag is there already, nothing is done.
  - The registry's certificate is checked against C(/etc/docker/certs.d/<registry>/ca.crt) where the Docker engine has
    been given one, else against this machine's authorities.
options:
  repository_url:
    description: The repository as C(registry/name).
    type: str
    required: true
  image_tag:
    description: Tag of the image that the file belongs to.
    type: str
    required: true
  image_id:
    description: ID of the image in the Docker engine that was pushed under O(image_tag). Nothing is attached to another one.
    type: str
  tag:
    description: Tag of the artefact.
    type: str
    required: true
  media_type:
    description: What the file is, such as C(application/vnd.cyclonedx+json).
    type: str
  content:
    description: The file's text; that of O(predicate_type) is JSON.
    type: str
    required: true
  predicate_type:
    description:
      - Kind of the statement that O(content) makes about the image, such as C(https://slsa.dev/provenance/v1). KMS signs it, and the
        artefact is a bundle of Sigstore's, which C(cosign) verifies.
      - C(https://sigstore.dev/cosign/sign/v1) with O(content={}) is the image's signature.
    type: str
  kms_key:
    description: KMS key (id, ARN or alias) of kind C(ECC_NIST_P256) that signs the statement.
    type: str
attributes:
  check_mode:
    support: full
    description: It tells whether it would push.
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Attach the SBOM
  beacon.platform.ecr_attachment:
    region: eu-west-1
    repository_url: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/beacon-local/webapp
    image_tag: 1.0.0-59f7485d2c1a
    tag: 1.0.0-59f7485d2c1a.sbom
    media_type: application/vnd.cyclonedx+json
    content: "{{ lookup('ansible.builtin.file', 'sbom.cdx.json') }}"

- name: Sign the image
  beacon.platform.ecr_attachment:
    region: eu-west-1
    repository_url: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/beacon-local/webapp
    image_tag: 1.0.0-59f7485d2c1a
    tag: 1.0.0-59f7485d2c1a.sig
    predicate_type: https://sigstore.dev/cosign/sign/v1
    kms_key: alias/images/beacon-local
    content: "{}"
"""

RETURN = r"""
digest:
  description: Digest of the artefact; empty in check mode where it is not there yet.
  returned: always
  type: str
"""

import json
from contextlib import suppress
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry
from ansible_collections.beacon.platform.plugins.module_utils._registry import (
    attach,
    image_of,
    reason,
    registry_of,
    stored,
)
from ansible_collections.beacon.platform.plugins.module_utils._signatures import BUNDLE, signed, statement

with suppress(ImportError):  # AnsibleAWSModule names a missing package
    from botocore.exceptions import BotoCoreError, ClientError


def push(ecr: Any, kms: Any, asked: dict[str, Any]) -> str:
    """Push the file, or the statement that it is a part of; return the artefact's digest.

    Raises LookupError where the image is not there, or another one, and ValueError where a statement is no JSON.
    """
    host, name = asked["repository_url"].split("/", 1)
    subject = image_of(ecr, asked["repository_url"], asked["image_tag"], asked["image_id"])
    content, media_type, annotations = asked["content"].encode(), asked["media_type"], {}
    if kind := asked["predicate_type"]:
        content = signed(kms, asked["kms_key"], statement(subject["digest"], kind, json.loads(content)))
        media_type = BUNDLE
        annotations = {"dev.sigstore.bundle.content": "dsse-envelope", "dev.sigstore.bundle.predicateType": kind}
    about = {"subject": subject, "media_type": media_type, "annotations": annotations}
    return str(attach(registry_of(ecr, host), name, asked["tag"], content=content, **about))


def main() -> None:
    """Run the module."""
    texts = {key: {"type": "str", "required": True} for key in ("repository_url", "image_tag", "tag", "content")}
    module = AnsibleAWSModule(
        argument_spec={
            **texts,
            "image_id": {"type": "str"},
            "media_type": {"type": "str"},
            "predicate_type": {"type": "str"},
            "kms_key": {"type": "str", "no_log": False},
        },
        required_one_of=[["media_type", "predicate_type"]],
        mutually_exclusive=[["media_type", "predicate_type"]],
        required_together=[["predicate_type", "kms_key"]],
        supports_check_mode=True,
    )
    ecr, kms = (module.client(name, retry_decorator=AWSRetry.jittered_backoff()) for name in ("ecr", "kms"))
    url, tag = module.params["repository_url"], module.params["tag"]
    result: dict[str, Any] = {}
    try:
        before = stored(ecr, repository=url.partition("/")[2], tag=tag)
        result = {"changed": before is None, "digest": before.descriptor["digest"] if before else ""}
        if before is None and not module.check_mode:
            result["digest"] = push(ecr, kms, module.params)
    except LookupError as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg=f"{url}:{tag} can't be pushed: {reason(error, url.partition('/')[0])}")
    except ValueError as error:
        module.fail_json(msg=f"{url}:{tag} can't be signed: content is no JSON: {error}")
    except (BotoCoreError, ClientError) as error:
        module.fail_json_aws(error, msg=f"AWS does not tell about {url}:{tag}, or does not sign it")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
