#!/usr/bin/python
"""An environment's ssh key, kept in the environment."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ssh_key
author: The Beacon authors (@beacon)
short_description: An environment's ssh key, in Parameter Store and on the controller
description:
  - Keeps the private key as a SecureString in Parameter Store and brings it to a file of the controller that has none.
    The key is never an argument or a result; only its public half and its fingerprint are returned.
  - A file with another key than the environment's is refused with both fingerprints, and nothing is changed.
  - The parameter is encrypted by the account's default key, since it has to be readable before the environment's own KMS
    key exists and after it is scheduled for deletion.
  - Without O(parameter), a key pair is made and only its public half is returned, for a plan that needs one.
options:
  parameter:
    description: Name of the parameter.
    type: str
    default: ""
  path:
    description: File of the private key on the controller.
    type: path
    default: ""
  key_pair:
    description: Name of the EC2 key pair that must be this key where it exists; empty, none is compared.
    type: str
    default: ""
  create:
    description: Whether a key is made where there is none yet.
    type: bool
    default: false
  comment:
    description: Comment of the public key.
    type: str
    default: ""
  tags:
    description: Tags of a new parameter.
    type: dict
    default: {}
  state:
    description: Whether the key is wanted; V(absent) deletes the parameter, and leaves the file alone.
    type: str
    choices: [present, absent]
    default: present
attributes:
  check_mode:
    support: full
    description: Reads and compares, and writes neither the parameter nor the file. A key that a run would make is one that is forgotten.
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Ensure the environment's ssh key
  beacon.platform.ssh_key:
    region: eu-west-1
    parameter: /beacon/production/ssh-private-key
    path: ~/.local/state/beacon/production/id_ed25519
    key_pair: beacon-production
    create: true
"""

RETURN = r"""
public_key:
  description: The public key, one line.
  returned: with O(state=present)
  type: str
fingerprint:
  description: Its fingerprint, as C(ssh-keygen -l) shows it.
  returned: with O(state=present)
  type: str
"""

import base64
import hashlib
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import missing_required_lib
from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry

with suppress(ImportError):  # AnsibleAWSModule and main() name a missing package
    from botocore.exceptions import BotoCoreError, ClientError
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

DENIED = ("AccessDeniedException", "AccessDenied", "UnauthorizedOperation")


class KeyProblemError(Exception):
    """The key can't be used; the text says what to do."""


@dataclass(frozen=True)
class Key:
    """A key and where it was found. Of a key pair in EC2 only the fingerprint is known."""

    where: str
    fingerprint: str
    public: str = ""
    private: str = ""


def fingerprint(public: str) -> str:
    """Return the SHA256 fingerprint of a public key, as OpenSSH writes it."""
    digest = hashlib.sha256(base64.b64decode(public.split()[1])).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def read_private(text: str, *, where: str) -> Key:
    """Parse a private key. Raises KeyProblemError where it is none, or has a passphrase."""
    load = serialization.load_ssh_private_key if "OPENSSH" in text else serialization.load_pem_private_key
    try:
        key: Any = load(text.encode(), password=None)
    except TypeError:
        raise KeyProblemError(f"{where} has a passphrase: give one without. Nothing was changed.") from None
    except (ValueError, UnsupportedAlgorithm):
        raise KeyProblemError(
            f"{where} is no private ssh key: it has to be one as `ssh-keygen -t ed25519` writes it. Nothing was changed."
        ) from None
    encoding, form = serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    public = key.public_key().public_bytes(encoding, form).decode()
    return Key(where=where, fingerprint=fingerprint(public), public=public, private=text.rstrip("\n") + "\n")


def make(*, where: str) -> Key:
    """Generate a key."""
    private = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    return read_private(private.decode(), where=where)


def choose(*, kept: Key | None, local: Key | None, pair: Key | None, path: str, parameter: str) -> Key | None:
    """Return the environment's key, None where it has none. Raises KeyProblemError where they are not the same."""
    if kept and pair and kept.fingerprint != pair.fingerprint:
        raise KeyProblemError(
            f"The environment's ssh key in {kept.where} is {kept.fingerprint}, but {pair.where} is {pair.fingerprint}. Put the "
            f"parameter's right version back (`aws ssm get-parameter-history --name {parameter}`). Nothing was changed."
        )
    environment = kept or pair
    if environment and local and environment.fingerprint != local.fingerprint:
        raise KeyProblemError(
            f"The ssh key {local.where} is {local.fingerprint}, but the environment's, {environment.where}, is "
            f"{environment.fingerprint}, and its hosts let in no other. "
            + ("Move the file away, and the environment's key takes its place" if kept else "Put that key there")
            + ", or set BEACON_SSH_KEY_FILE to it. Nothing was changed."
        )
    if pair and not kept and not local:
        raise KeyProblemError(
            f"The environment's ssh key, {pair.where}, is {pair.fingerprint}, and its private half is neither in Parameter Store "
            f"({parameter}) nor at {path}. Put it there, or set BEACON_SSH_KEY_FILE to it, and run beacon.platform.provision, which keeps it "
            "in Parameter Store. Nothing was changed."
        )
    return kept or local


def read_file(path: str) -> Key | None:
    """Return the key in a file, None where there is none."""
    file = Path(path)
    return read_private(file.read_text(), where=path) if path and file.exists() else None


def write_file(path: str, text: str) -> None:
    """Write a private key at once, readable for its owner only."""
    file = Path(path)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=file.parent)  # mode 0600
    with os.fdopen(descriptor, "w") as opened:
        opened.write(text)
    Path(name).replace(file)


def read_parameter(client: Any, name: str) -> Key | None:
    """Return the key that is kept in the environment, None where there is none."""
    try:
        answer = client.get_parameter(aws_retry=True, Name=name, WithDecryption=True)
    except is_boto3_error_code("ParameterNotFound"):
        return None
    return read_private(answer["Parameter"]["Value"], where=f"Parameter Store's {name}")


def read_pair(client: Any, name: str) -> Key | None:
    """Return what EC2 tells of a key pair, None where there is none."""
    try:
        answer = client.describe_key_pairs(aws_retry=True, KeyNames=[name], IncludePublicKey=True)
    except is_boto3_error_code("InvalidKeyPair.NotFound"):
        return None
    public = answer["KeyPairs"][0]["PublicKey"]
    return Key(where=f"EC2's key pair {name}", fingerprint=fingerprint(public), public=public)


def ensure(module: Any, ssm: Any) -> dict[str, Any]:
    """Bring the key to where it is missing; return the module's result. Raises KeyProblemError."""
    parameter, path = module.params["parameter"], module.params["path"]
    pair_name = module.params["key_pair"]
    pair = (
        read_pair(module.client("ec2", retry_decorator=AWSRetry.jittered_backoff()), pair_name) if pair_name else None
    )
    local, kept = read_file(path), read_parameter(ssm, parameter)
    key = choose(kept=kept, local=local, pair=pair, path=path, parameter=parameter)
    if not key and not module.params["create"]:
        raise KeyProblemError(
            f"The environment has no ssh key: it is neither in Parameter Store ({parameter}) nor at {path}. Run beacon.platform.provision, "
            "which makes it. Nothing was changed."
        )
    key = key or make(where=parameter)
    store = not kept and module.params["create"]
    if store and not module.check_mode:
        tags = [{"Key": name, "Value": str(value)} for name, value in module.params["tags"].items()]
        try:
            ssm.put_parameter(aws_retry=True, Name=parameter, Value=key.private, Type="SecureString", Tags=tags)
        except is_boto3_error_code("ParameterAlreadyExists"):  # another run was quicker: its key is the environment's
            kept, store = read_parameter(ssm, parameter), False
            key = choose(kept=kept, local=local, pair=pair, path=path, parameter=parameter) or key
    if not module.check_mode and path:
        if local is None:
            write_file(path, key.private)
        Path(path).chmod(0o600)
    # the controller's copy is no part of the environment: only what is kept there is a change
    return result(key, changed=store, comment=module.params["comment"])


def result(key: Key, *, changed: bool, comment: str) -> dict[str, Any]:
    """Return what a task may know of the key."""
    return {"changed": changed, "public_key": f"{key.public} {comment}".strip(), "fingerprint": key.fingerprint}


def remove(module: Any, ssm: Any) -> dict[str, Any]:
    """Delete the parameter."""
    name = module.params["parameter"]
    found = ssm.get_parameters(aws_retry=True, Names=[name], WithDecryption=False)["Parameters"]
    if found and not module.check_mode:
        ssm.delete_parameter(aws_retry=True, Name=name)
    return {"changed": bool(found)}


def main() -> None:
    """Run the module."""
    module = AnsibleAWSModule(
        argument_spec={
            "parameter": {"type": "str", "default": "", "no_log": False},
            "path": {"type": "path", "default": "", "no_log": False},
            "key_pair": {"type": "str", "default": "", "no_log": False},
            "create": {"type": "bool", "default": False},
            "comment": {"type": "str", "default": ""},
            "tags": {"type": "dict", "default": {}},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        required_if=[("state", "absent", ("parameter",))],
        supports_check_mode=True,
    )
    if "serialization" not in globals():
        module.fail_json(msg=missing_required_lib("cryptography"))
    parameter = module.params["parameter"]
    if not parameter:
        module.exit_json(**result(make(where="nowhere"), changed=False, comment=module.params["comment"]))
    ssm = module.client("ssm", retry_decorator=AWSRetry.jittered_backoff())
    try:
        module.exit_json(**{"present": ensure, "absent": remove}[module.params["state"]](module, ssm))
    except KeyProblemError as error:
        module.fail_json(msg=str(error))
    except is_boto3_error_code(DENIED) as error:
        module.fail_json_aws(
            error,
            msg=(
                f"The environment's ssh key is kept in Parameter Store ({parameter}), and these credentials are not allowed to use "
                "it. Use credentials that are, as the environment's deployer role is"
            ),
        )
    except (BotoCoreError, ClientError) as error:
        module.fail_json_aws(error, msg=f"The environment's ssh key in Parameter Store ({parameter}) can't be used")


if __name__ == "__main__":
    main()
