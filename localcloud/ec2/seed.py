"""What cloud-init finds at first boot (NoCloud): key pair and user data."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from localcloud.docker.spec import File

FOLDER = "/var/lib/cloud/seed/nocloud"


def files(*, instance_id: str, hostname: str, public_key: str | None, user_data: Any) -> dict[str, File]:
    """Make the two files of the NoCloud data source. User data may hold secrets: only root reads it."""
    meta_data = {
        "instance-id": instance_id,
        "local-hostname": hostname,
        "public-keys": [public_key.strip()] if public_key else [],
    }
    return {
        f"{FOLDER}/meta-data": File(content=json.dumps(meta_data), mode=0o644),
        f"{FOLDER}/user-data": File(content=decode(user_data), mode=0o600),
    }


def decode(user_data: Any) -> bytes:
    """Return user data as the machine gets it; moto keeps it in a type whose text is base64."""
    if not user_data:
        return b""
    raw = user_data if isinstance(user_data, bytes) else str(user_data).encode()
    try:
        return base64.b64decode(raw, validate=True)
    except (binascii.Error, ValueError):
        return raw
