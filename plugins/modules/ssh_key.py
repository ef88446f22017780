#!/usr/bin/python
"""An environment's ssh key, kept in the environment."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ssh_key
author: The Beacon authors (@beacon)
short_description: An environment's ssh key, in Parameter Store and on the controller
version_added: 0.1.0
description:
  - Keeps the private key as a SecureString in Parameter Store and brings it to a file of the controller that has none.
    The key is never an argument or a result; only its public half and its fingerprint are returned.
  - A file with another key than the environment's is refused with both fingerprints, and nothing is changed.
  - The parameter is encrypted by the account's default key, since it has to be readable before the environment's own KMS
    key exists and after it is scheduled for deletion.
  - Without O(parameter), a key pair is made and only its public half is returned, for a plan that needs one.
  - With O(rotation) it is replaced in three steps. Between V(begin) and V(change) the next key is in a parameter below C(next/) beside
    O(parameter), and hosts have to let in both. Each step does nothing where it was done. A file with a key of before is replaced
    where O(former) says so.
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
  rotation:
    description: >-
      V(begin) makes the next key and brings it to O(next_path), V(change) makes it the environment's, V(end) gives it to the EC2 key pair.
    type: str
    choices: [begin, change, end]
  next_path:
    description: File of the next private key on the controller, while it is tried.
    type: path
    default: ""
  former:
    description: What happens to a file with a key that was the environment's before a rotation.
    type: str
    choices: [refused, replaced]
    default: refused
  comment:
    description: Comment of the public key.
    type: str
    default: ""
  tags:
    description: Tags of a new parameter, and of a key pair that has none to keep.
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
next_public_key:
  description: The public key that is the next one, one line; empty unless the key is rotated.
  returned: with O(state=present)
  type: str
"""

import base64
import hashlib
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import missing_required_lib
from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry
from ansible_collections.beacon.platform.plugins.module_utils._parameters import beside, read

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
    tags: tuple[tuple[str, str], ...] = ()  # a key pair's


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


def choose(
    *,
    kept: Key | None,
    local: Key | None,
    pair: Key | None,
    path: str,
    parameter: str,
    former: frozenset[str] = frozenset(),
) -> Key | None:
    """Return the environment's key, None where it has none. Raises KeyProblemError where they are not the same.

    former: fingerprints of keys that were the environment's before.
    """
    if kept and pair and kept.fingerprint != pair.fingerprint:
        if pair.fingerprint in former:
            raise KeyProblemError(
                f"{pair.where} is {pair.fingerprint}, the environment's ssh key before {kept.fingerprint}: its rotation was cut short. "
                "Run beacon.platform.rotate -e rotate_what=ssh, which goes on with it. Nothing was changed."
            )
        raise KeyProblemError(
            f"The environment's ssh key in {kept.where} is {kept.fingerprint}, but {pair.where} is {pair.fingerprint}. Put the "
            f"parameter's right version back (`aws ssm get-parameter-history --name {parameter}`). Nothing was changed."
        )
    environment = kept or pair
    if environment and local and environment.fingerprint != local.fingerprint:
        if local.fingerprint in former:
            raise KeyProblemError(
                f"The ssh key {local.where} is {local.fingerprint}, the environment's before it was rotated to {environment.fingerprint}, and "
                "hosts let it in no more. Unset BEACON_SSH_KEY_FILE, and the environment's key is taken. Nothing was changed."
            )
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


def next_name(parameter: str) -> str:
    """Return the name of the parameter of the next key."""
    name: str = beside(parameter, "next")
    return name


def read_parameters(client: Any, name: str) -> tuple[Key | None, Key | None]:
    """Return the key that is kept in the environment and the next one, None where there is none."""
    names = (name, next_name(name))
    found = read(client, names, decrypt=True)
    kept, following = (
        read_private(found[each], where=f"Parameter Store's {each}") if each in found else None for each in names
    )
    return kept, following


def read_former(client: Any, name: str) -> frozenset[str]:
    """Return the fingerprints of keys that a parameter had before."""
    found: set[str] = set()
    more: dict[str, str] = {}
    while True:
        answer = client.get_parameter_history(aws_retry=True, Name=name, WithDecryption=True, **more)
        found |= {read_private(item["Value"], where=name).fingerprint for item in answer["Parameters"]}
        if not answer.get("NextToken"):
            return frozenset(found)
        more = {"NextToken": answer["NextToken"]}


def put(client: Any, name: str, key: Key, **options: Any) -> None:
    """Write a private key to Parameter Store, encrypted by the account's default key."""
    client.put_parameter(aws_retry=True, Name=name, Value=key.private, Type="SecureString", **options)


def as_tags(tags: dict[str, Any]) -> list[dict[str, str]]:
    """Return tags as AWS takes them."""
    return [{"Key": name, "Value": str(value)} for name, value in tags.items()]


def read_pair(client: Any, name: str) -> Key | None:
    """Return what EC2 tells of a key pair, None where there is none."""
    try:
        answer = client.describe_key_pairs(aws_retry=True, KeyNames=[name], IncludePublicKey=True)
    except is_boto3_error_code("InvalidKeyPair.NotFound"):
        return None
    public = answer["KeyPairs"][0]["PublicKey"]
    tags = tuple((tag["Key"], tag["Value"]) for tag in answer["KeyPairs"][0].get("Tags", []))
    return Key(where=f"EC2's key pair {name}", fingerprint=fingerprint(public), public=public, tags=tags)


@dataclass(frozen=True)
class Found:
    """What there is of an environment's key."""

    kept: Key | None
    following: Key | None
    local: Key | None
    pair: Key | None
    former: frozenset[str]

    @property
    def begun(self) -> Key | None:
        """The next key of a rotation that has not made it the environment's yet."""
        if self.kept and self.following and self.kept.fingerprint != self.following.fingerprint:
            return self.following
        return None

    @property
    def changed(self) -> bool:
        """Whether a rotation has made its key the environment's, and EC2's key pair is another one still."""
        if self.begun or not self.kept or not self.following:
            return False
        return self.pair is None or self.pair.fingerprint != self.kept.fingerprint


def look(module: Any, ssm: Any) -> Found:
    """Read it from everywhere; the keys of before only where something does not fit."""
    path, pair_name = module.params["path"], module.params["key_pair"]
    pair = (
        read_pair(module.client("ec2", retry_decorator=AWSRetry.jittered_backoff()), pair_name) if pair_name else None
    )
    kept, following = read_parameters(ssm, module.params["parameter"])
    local = read_file(path)
    others = {key.fingerprint for key in (local, pair) if key and kept and key.fingerprint != kept.fingerprint}
    former = read_former(ssm, module.params["parameter"]) if others else frozenset[str]()
    if local and local.fingerprint in others & former and module.params["former"] == "replaced":
        local = None
    return Found(kept, following, local, pair, former)


def ensure(module: Any, ssm: Any) -> dict[str, Any]:
    """Bring the key to where it is missing; return the module's result. Raises KeyProblemError."""
    parameter, path = module.params["parameter"], module.params["path"]
    found = look(module, ssm)
    kept = found.kept
    chosen = partial(choose, local=found.local, pair=found.pair, path=path, parameter=parameter, former=found.former)
    key = chosen(kept=kept)
    if not key and not module.params["create"]:
        raise KeyProblemError(
            f"The environment has no ssh key: it is neither in Parameter Store ({parameter}) nor at {path}. Run beacon.platform.provision, "
            "which makes it. Nothing was changed."
        )
    key = key or make(where=parameter)
    store = not kept and module.params["create"]
    if store and not module.check_mode:
        try:
            put(ssm, parameter, key, Tags=as_tags(module.params["tags"]))
        except is_boto3_error_code("ParameterAlreadyExists"):  # another run was quicker: its key is the environment's
            (kept, _missing), store = read_parameters(ssm, parameter), False
            key = chosen(kept=kept) or key
    if not module.check_mode and path:
        if found.local is None:
            write_file(path, key.private)
        Path(path).chmod(0o600)
    # the controller's copy is no part of the environment: only what is kept there is a change
    return result(key, changed=store, comment=module.params["comment"], following=found.begun)


def begin(module: Any, ssm: Any, found: Found, kept: Key) -> dict[str, Any]:
    """Make the next key unless there is one, and bring it to a file of the controller."""
    new = not found.begun and not found.changed
    following = make(where=next_name(module.params["parameter"])) if new else found.begun or kept
    if not module.check_mode:
        if new:
            # AWS takes tags with a new parameter only
            options = {"Overwrite": True} if found.following else {"Tags": as_tags(module.params["tags"])}
            put(ssm, next_name(module.params["parameter"]), following, **options)
        write_file(module.params["next_path"], following.private)
    return result(kept, changed=new, comment=module.params["comment"], following=following)


def change(module: Any, ssm: Any, found: Found, kept: Key) -> dict[str, Any]:
    """Make the next key the environment's, and the controller's."""
    following = found.begun or kept
    if not module.check_mode:
        if found.begun:
            put(ssm, module.params["parameter"], following, Overwrite=True)
        write_file(module.params["path"], following.private)
        Path(module.params["next_path"]).unlink(missing_ok=True)
    return result(following, changed=bool(found.begun), comment=module.params["comment"])


def end(module: Any, _ssm: Any, found: Found, kept: Key) -> dict[str, Any]:
    """Give the environment's key to EC2's key pair, which new hosts begin with. A pair can't be changed, so it is replaced."""
    name, new = module.params["key_pair"], found.changed
    if new and not module.check_mode:
        ec2 = module.client("ec2", retry_decorator=AWSRetry.jittered_backoff())
        tags = as_tags(dict(found.pair.tags) if found.pair else module.params["tags"])
        tagged = (
            {"TagSpecifications": [{"ResourceType": "key-pair", "Tags": tags}]} if tags else {}
        )  # AWS refuses an empty list
        if found.pair:
            ec2.delete_key_pair(aws_retry=True, KeyName=name)
        ec2.import_key_pair(
            aws_retry=True,
            KeyName=name,
            PublicKeyMaterial=f"{kept.public} {module.params['comment']}".strip().encode(),
            **tagged,
        )
    return result(kept, changed=new, comment=module.params["comment"])


def rotate(module: Any, ssm: Any) -> dict[str, Any]:
    """Take a step of a rotation; return the module's result. Raises KeyProblemError."""
    found = look(module, ssm)
    kept, parameter = found.kept, module.params["parameter"]
    if not kept:
        raise KeyProblemError(
            f"The environment has no ssh key in Parameter Store ({parameter}) to rotate. Run beacon.platform.provision, which makes it. "
            "Nothing was changed."
        )
    if not found.changed:  # then the pair has to be the environment's
        choose(
            kept=kept,
            local=found.local,
            pair=found.pair,
            path=module.params["path"],
            parameter=parameter,
            former=found.former,
        )
    return {"begin": begin, "change": change, "end": end}[module.params["rotation"]](module, ssm, found, kept)


def result(key: Key, *, changed: bool, comment: str, following: Key | None = None) -> dict[str, Any]:
    """Return what a task may know of the key."""
    return {
        "changed": changed,
        "public_key": f"{key.public} {comment}".strip(),
        "fingerprint": key.fingerprint,
        "next_public_key": f"{following.public} {comment}".strip() if following else "",
    }


def remove(module: Any, ssm: Any) -> dict[str, Any]:
    """Delete the parameter, and what a rotation left."""
    name = module.params["parameter"]
    found = read(ssm, (name, next_name(name)), decrypt=False)
    for each in found if not module.check_mode else ():
        ssm.delete_parameter(aws_retry=True, Name=each)
    return {"changed": bool(found)}


def denied(operation: str, pair: str, parameter: str) -> str:
    """Say what these credentials are not allowed to use, and which ones are."""
    if "KeyPair" in operation:
        return (
            f"These credentials are not allowed to use EC2's key pair {pair}. The environment's deployer role is from the next run of "
            "beacon.platform.provision on"
        )
    return (
        f"The environment's ssh key is kept in Parameter Store ({parameter}), and these credentials are not allowed to use it. Use "
        "credentials that are, as the environment's deployer role is"
    )


def main() -> None:
    """Run the module."""
    module = AnsibleAWSModule(
        argument_spec={
            "parameter": {"type": "str", "default": "", "no_log": False},
            "path": {"type": "path", "default": "", "no_log": False},
            "key_pair": {"type": "str", "default": "", "no_log": False},
            "create": {"type": "bool", "default": False},
            "rotation": {"type": "str", "choices": ["begin", "change", "end"]},
            "next_path": {"type": "path", "default": "", "no_log": False},
            "former": {"type": "str", "choices": ["refused", "replaced"], "default": "refused"},
            "comment": {"type": "str", "default": ""},
            "tags": {"type": "dict", "default": {}},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        required_if=[
            ("state", "absent", ("parameter",)),
            *(
                ("rotation", step, ("parameter", "path", "next_path", "key_pair"))
                for step in ("begin", "change", "end")
            ),
        ],
        supports_check_mode=True,
    )
    if "serialization" not in globals():
        module.fail_json(msg=missing_required_lib("cryptography"))
    parameter = module.params["parameter"]
    if not parameter:
        module.exit_json(**result(make(where="nowhere"), changed=False, comment=module.params["comment"]))
    ssm = module.client("ssm", retry_decorator=AWSRetry.jittered_backoff())
    try:
        step = rotate if module.params["rotation"] else ensure
        module.exit_json(**{"present": step, "absent": remove}[module.params["state"]](module, ssm))
    except KeyProblemError as error:
        module.fail_json(msg=str(error))
    except is_boto3_error_code(DENIED) as error:
        module.fail_json_aws(error, msg=denied(error.operation_name, module.params["key_pair"], parameter))
    except (BotoCoreError, ClientError) as error:
        module.fail_json_aws(error, msg=f"The environment's ssh key in Parameter Store ({parameter}) can't be used")


if __name__ == "__main__":
    main()
