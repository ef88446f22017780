"""What cloud-init finds at first boot (NoCloud): key pair and user data."""

from __future__ import annotations

import base64
import binascii
import json

from localcloud.spec import File

FOLDER = "/var/lib/cloud/seed/nocloud"


def files(*, instance_id: str, hostname: str, public_key: str | None, user_data: bytes | str | None) -> dict[str, File]:
    """The two files of the NoCloud data source. User data may hold secrets: only root reads it."""
    meta_data = {
        "instance-id": instance_id,
        "local-hostname": hostname,
        "public-keys": [public_key.strip()] if public_key else [],
    }
    return {
        f"{FOLDER}/meta-data": File(content=json.dumps(meta_data), mode=0o644),
        f"{FOLDER}/user-data": File(content=decode(user_data), mode=0o600),
    }


def decode(user_data: bytes | str | None) -> bytes:
    """User data as the machine gets it: launch templates keep it in base64, RunInstances decodes it."""
    if not user_data:
        return b""
    raw = user_data.encode() if isinstance(user_data, str) else bytes(user_data)
    try:
        return base64.b64decode(raw, validate=True)
    except (binascii.Error, ValueError):
        return raw
