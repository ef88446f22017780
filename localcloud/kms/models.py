"""KMS' model: moto's, whose operations look for some keys by what the request named them."""

from __future__ import annotations

from moto.kms.models import Key, KmsBackend


class Keys(dict[str, Key]):
    """Keys by ID. A look for an ARN finds them, too: moto's DisableKey, ScheduleKeyDeletion and others do not take it apart."""

    def __missing__(self, name: str) -> Key:
        """Return the key of this ARN."""
        key_id = KmsBackend.get_key_id(name)
        if key_id == name:
            raise KeyError(name)
        return self[key_id]


class LocalKMSBackend(KmsBackend):
    """moto's KMS that takes a key's ARN wherever it takes its ID."""

    def __init__(self, region_name: str, account_id: str | None = None) -> None:
        super().__init__(region_name, account_id)
        self.keys = Keys()
