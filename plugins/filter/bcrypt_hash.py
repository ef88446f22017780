"""Filter bcrypt_hash: hash a password, keeping a hash that already fits it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible.errors import AnsibleFilterError

try:
    import bcrypt
except ImportError:
    bcrypt = None  # type: ignore[assignment] # said when it is used

if TYPE_CHECKING:
    from collections.abc import Callable

DOCUMENTATION = r"""
name: bcrypt_hash
short_description: Hash a password by bcrypt, and keep a hash that already fits it
version_added: 0.1.0
description:
  - A bcrypt hash has a random salt, so hashing again at each run would always show a change.
  - The existing hash is kept as long as it fits the password.
positional: existing
options:
  _input:
    description: The password.
    type: str
    required: true
  existing:
    description: The hash that stands in the file now, if there is one.
    type: str
    default: ""
  rounds:
    description: Cost of the hash, as a power of two.
    type: int
    default: 10
"""

EXAMPLES = r"""
- name: Write a user with a hash that changes only with the password
  ansible.builtin.copy:
    content: "admin: {{ password | beacon.platform.bcrypt_hash(existing_hash) }}"
    dest: /etc/example/users.yml
    mode: "0600"
"""

RETURN = r"""
_value:
  description: The hash.
  type: str
"""

# bcrypt reads no further; a longer password would be cut without a word
LONGEST_PASSWORD = 72


def bcrypt_hash(password: str, existing: str = "", rounds: int = 10) -> str:
    """Return `existing` if it is a hash of `password`, else a new one."""
    if bcrypt is None:
        raise AnsibleFilterError(
            "bcrypt_hash needs the Python package bcrypt: `python -m pip install bcrypt` for the Python of ansible-playbook."
        )
    secret = password.encode()
    if not 0 < len(secret) <= LONGEST_PASSWORD:
        raise AnsibleFilterError(
            f"bcrypt_hash: the password has {len(secret)} bytes; allowed are 1 to {LONGEST_PASSWORD}. Choose another one.",
        )
    if existing and _fits(secret, existing.encode()):
        return existing
    return bcrypt.hashpw(secret, bcrypt.gensalt(rounds)).decode()


def _fits(secret: bytes, existing: bytes) -> bool:
    try:
        return bcrypt.checkpw(secret, existing)
    except ValueError:  # not a bcrypt hash: it is replaced
        return False


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., str]]:
        """Name the filters."""
        return {"bcrypt_hash": bcrypt_hash}
