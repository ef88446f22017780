"""What is asked of IAM: an action, on resources, with condition keys; and what only the model knows of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    Parameters = Mapping[str, Any]

PLACEHOLDER = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True, kw_only=True)
class Question:
    """May this be done? To all of the resources; None: to one that the request does not name."""

    action: str
    resources: tuple[str, ...] | None
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # condition keys in lower case


class Known(Protocol):
    """What only the model knows: identifiers of what requests name in another way."""

    def role(self, name: str) -> str:
        """Return a role's ARN, with its path."""

    def named(self, kind: str, name: str) -> str:
        """Return an IAM entity's name with its path: kind is role, user, group, policy or instance-profile."""

    def key(self, identifier: str) -> str | None:
        """Return the ARN of a key that is named by its id, ARN, alias or alias' ARN."""

    def key_of_ciphertext(self, blob: bytes) -> str | None:
        """Return the ARN of the key that encrypted this."""

    def key_of_parameter(self, name: str) -> str | None:
        """Return the ARN of the key of a SecureString; None when the value is none."""

    def parameters_below(self, path: str, *, recursive: bool) -> Iterable[str]:
        """Return the names of the parameters in a path."""

    def key_of_object(self, bucket: str, key: str) -> str | None:
        """Return the ARN of the key of an object, or of the bucket's new objects when `key` is empty."""

    def has_bucket_key(self, bucket: str) -> bool:
        """Say whether a bucket's objects share a key of their bucket: then it is the encryption context."""

    def roles_of_profile(self, name: str) -> tuple[str, ...]:
        """Return the ARNs of the roles in an instance profile."""

    def launch_template(self, name: str) -> str | None:
        """Return a launch template's id."""

    def group_of(self, instance: str) -> str | None:
        """Return the name of the Auto Scaling group that an instance is in."""


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Where a request is made."""

    account: str
    region: str

    def arn(self, template: str, values: Mapping[str, str]) -> str:
        """Fill a template of the tables in; what has no value is any."""
        fixed = {"Partition": "aws", "Region": self.region, "Account": self.account}
        return PLACEHOLDER.sub(lambda found: fixed.get(found[1]) or values.get(found[1]) or "*", template)


def via(
    key: str | None,
    operations: tuple[str, ...],
    service: str,
    scope: Scope,
    encryption: Mapping[str, str] | None = None,
) -> Iterator[Question]:
    """Ask for a key's use through a service; AWS's own keys have policies that let everybody of the account.

    The service's encryption context becomes condition keys:
    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-encryption-context
    """
    if key is None:
        return
    context = {
        "kms:viaservice": (f"{service}.{scope.region}.amazonaws.com",),
        "kms:calleraccount": (scope.account,),
        **encryption_context(encryption or {}),
    }
    for operation in operations:
        yield Question(action=f"kms:{operation}", resources=(key,), context=context)


def encryption_context(given: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the condition keys of an encryption context."""
    found = {f"kms:encryptioncontext:{name.lower()}": (value,) for name, value in given.items()}
    return found | ({"kms:encryptioncontextkeys": tuple(given)} if given else {})
