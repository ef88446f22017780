"""Who an access key belongs to: IAM users, STS sessions, and the administrator made at the first start."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from moto.core.utils import utcnow
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from localcloud.core.config import ACCOUNT

if TYPE_CHECKING:
    from pathlib import Path

ADMINISTRATOR = "administrator"
ADMINISTRATOR_POLICY = "arn:aws:iam::aws:policy/AdministratorAccess"


@dataclass(frozen=True, kw_only=True)
class Principal:
    """The owner of an access key."""

    arn: str
    access_key_id: str
    secret: str
    session_token: str | None = None
    expired: bool = False
    expires: float | None = None  # Unix time; None: a user's key
    role_arn: str | None = None  # sessions only: with the path, which the session's own ARN has lost
    policy: str = ""  # the session's own policy


NOBODY = Principal(arn="", access_key_id="", secret="")  # who has a token of a web identity only


def find(access_key_id: str) -> Principal | None:
    """Look the key up; None when nobody has it. The model's lock must be held (requests do)."""
    iam: Any
    sts: Any
    for _, _, iam in iam_backends.iter_backends():
        key = iam.access_keys.get(access_key_id)
        if key is not None and key.user_name in iam.users:
            if key.status != "Active":
                return None
            arn = iam.users[key.user_name].arn
            return Principal(arn=arn, access_key_id=access_key_id, secret=key.secret_access_key)
    for _, _, sts in sts_backends.iter_backends():
        if session := sts.get_assumed_role_from_access_key(access_key_id):
            return Principal(
                arn=session.arn,
                access_key_id=access_key_id,
                secret=session.secret_access_key,
                session_token=session.session_token,
                expired=session.expiration < utcnow(),
                expires=(session.expiration - utcnow()).total_seconds() + time.time(),
                role_arn=session.role_arn,
                policy=session.policy or "",
            )
    return None


def ensure_administrator(path: Path) -> None:
    """Make the administrator and its key at the first start; the key lies in a file that only its owner reads."""
    iam = iam_backends[ACCOUNT]["aws"]
    if ADMINISTRATOR in iam.users and path.exists():
        return
    if ADMINISTRATOR not in iam.users:
        iam.create_user("aws", ADMINISTRATOR)
        iam.attach_user_policy(ADMINISTRATOR_POLICY, ADMINISTRATOR)
    key = iam.create_access_key(ADMINISTRATOR)
    text = json.dumps({"access_key_id": key.access_key_id, "secret_access_key": key.secret_access_key})
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)


def read_administrator(path: Path) -> tuple[str, str]:
    """Return the administrator's key id and secret."""
    found = json.loads(path.read_text())
    return found["access_key_id"], found["secret_access_key"]
