#!/usr/bin/python
"""Public host keys of EC2 instances, learnt from their consoles instead of from who answers ssh."""

from __future__ import annotations

DOCUMENTATION = r"""
module: host_keys
author: The Beacon authors (@beacon)
short_description: Host keys of instances, in Parameter Store and in a known_hosts file
version_added: 0.1.0
description:
  - Reads the public host keys that cloud-init prints to an instance's console at its first boot (C(GetConsoleOutput)), keeps
    them in Parameter Store, as AWS forgets a console's output, and writes a known_hosts file with them. So the first
    connection is checked like any other.
  - It looks once. O(ignore:missing) in the result names instances whose keys are not known yet, so that a task can retry.
options:
  instances:
    description: Ids of the instances.
    type: list
    elements: str
    default: []
  parameter_path:
    description: Path of the parameters; an instance's is named after its id.
    type: str
    required: true
  known_hosts:
    description: The file to write, with these instances' keys under their ids. Required with O(state=present).
    type: path
  keep:
    description: Whether keys that were read from a console are written to Parameter Store.
    type: bool
    default: true
  tags:
    description: Tags of new parameters.
    type: dict
    default: {}
  state:
    description: Whether the keys are wanted; V(absent) deletes all parameters below the path.
    type: str
    choices: [present, absent]
    default: present
attributes:
  check_mode:
    support: full
    description: Reads, and writes neither parameters nor the file.
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Learn the hosts' keys
  beacon.platform.host_keys:
    region: eu-west-1
    instances: [i-0123456789abcdef0]
    parameter_path: /beacon/production/host-keys
    known_hosts: ~/.local/state/beacon/production/known_hosts
  register: learnt
  until: learnt.missing | length == 0
  retries: 30
  delay: 10
"""

RETURN = r"""
missing:
  description: Instances whose keys are neither kept nor on their console yet.
  returned: with O(state=present)
  type: list
  elements: str
"""

import base64
import binascii
import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry
from ansible_collections.beacon.platform.plugins.module_utils._parameters import in_batches, read

with suppress(ImportError):  # AnsibleAWSModule names a missing package
    from botocore.exceptions import BotoCoreError, ClientError

# cloud-init's cc_keys_to_console
BLOCK = re.compile(r"-----BEGIN SSH HOST KEY KEYS-----(.*?)-----END SSH HOST KEY KEYS-----", re.DOTALL)
KEY = re.compile(r"\b(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)) ([A-Za-z0-9+/]+={0,2})(?=\s|$)")


def is_key(kind: str, data: str) -> bool:
    """Tell whether the data is a key of its kind: it begins with the kind's length and name (RFC 4253)."""
    try:
        raw = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        return False
    return raw.startswith(len(kind).to_bytes(4) + kind.encode()) and len(raw) > len(kind) + 4


def keys_of(console: str) -> list[str]:
    """Return the host keys of the newest block in a console's output; of what is cut off or mixed up, nothing."""
    blocks = BLOCK.findall(console)
    found = KEY.findall(blocks[-1]) if blocks else []
    return sorted({f"{kind} {data}" for kind, data in found if is_key(kind, data)})


def known_hosts(keys: dict[str, list[str]]) -> str:
    """Return the file's text: an instance's id, as ssh's HostKeyAlias has it, and a key in each line."""
    return "".join(f"{instance} {key}\n" for instance in sorted(keys) for key in keys[instance])


def read_console(client: Any, instance: str) -> str:
    """Return what an instance printed; nothing where EC2 has nothing yet."""
    try:
        answer = client.get_console_output(aws_retry=True, InstanceId=instance, Latest=True)
    except is_boto3_error_code("UnsupportedOperation"):  # instance types without Nitro
        answer = client.get_console_output(aws_retry=True, InstanceId=instance)
    except is_boto3_error_code("InvalidInstanceID.NotFound"):
        return ""
    return str(answer.get("Output") or "")  # botocore has decoded it


def read_kept(client: Any, path: str, instances: list[str]) -> dict[str, list[str]]:
    """Return the keys in Parameter Store by instance."""
    kept = read(client, [f"{path}/{instance}" for instance in instances], decrypt=False)
    return {name.rpartition("/")[2]: value.splitlines() for name, value in kept.items()}


def write_file(path: str, text: str) -> None:
    """Write the file at once, unless it has this text."""
    file = Path(path)
    if file.exists() and file.read_text() == text:
        return
    descriptor, name = tempfile.mkstemp(dir=file.parent)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(text)
    Path(name).replace(file)


def ensure(module: Any, ssm: Any) -> dict[str, Any]:
    """Learn the keys; return the module's result."""
    path, instances = module.params["parameter_path"], module.params["instances"]
    known = read_kept(ssm, path, instances)
    consoles: dict[str, list[str]] = {}
    if set(instances) - known.keys():
        ec2 = module.client("ec2", retry_decorator=AWSRetry.jittered_backoff())
        consoles = {i: keys_of(read_console(ec2, i)) for i in instances if i not in known}
    new = {instance: keys for instance, keys in consoles.items() if keys}
    if module.params["keep"] and not module.check_mode:
        tags = [{"Key": name, "Value": str(value)} for name, value in module.params["tags"].items()]
        for instance, keys in new.items():
            ssm.put_parameter(
                aws_retry=True, Name=f"{path}/{instance}", Value="\n".join(keys), Type="String", Tags=tags
            )
    if not module.check_mode:
        write_file(module.params["known_hosts"], known_hosts(known | new))
    # the controller's copy is no part of the environment: only what is kept there is a change
    changed = bool(new) and module.params["keep"]
    return {"changed": changed, "missing": sorted(set(instances) - known.keys() - new.keys())}


def remove(module: Any, ssm: Any) -> dict[str, Any]:
    """Delete all parameters below the path."""
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path=module.params["parameter_path"])
    names = [item["Name"] for page in pages for item in page["Parameters"]]
    if not module.check_mode:
        for batch in in_batches(names):
            ssm.delete_parameters(aws_retry=True, Names=batch)
    return {"changed": bool(names)}


def main() -> None:
    """Run the module."""
    module = AnsibleAWSModule(
        argument_spec={
            "instances": {"type": "list", "elements": "str", "default": []},
            "parameter_path": {"type": "str", "required": True},
            "known_hosts": {"type": "path"},
            "keep": {"type": "bool", "default": True},
            "tags": {"type": "dict", "default": {}},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        required_if=[("state", "present", ("known_hosts",))],
        supports_check_mode=True,
    )
    ssm = module.client("ssm", retry_decorator=AWSRetry.jittered_backoff())
    try:
        module.exit_json(**{"present": ensure, "absent": remove}[module.params["state"]](module, ssm))
    except (BotoCoreError, ClientError) as error:
        module.fail_json_aws(
            error,
            msg=f"The host keys can't be read from the consoles or from Parameter Store ({module.params['parameter_path']})",
        )


if __name__ == "__main__":
    main()
