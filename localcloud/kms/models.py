"""KMS' model: moto's, whose keys are found by what the request named them, and used in the states that allow it."""

from __future__ import annotations

from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.kms.models import Key, KmsBackend

from localcloud.core.errors import Fault
from localcloud.kms import signing

PENDING = "PendingDeletion"
SYMMETRIC = "SYMMETRIC_DEFAULT"


class KeyStateError(JsonRESTError):
    """A key is not in a state, or not of a kind, that the operation allows, or did not sign what it is asked about."""

    code = 400


def pending(key: Key) -> Fault | None:
    """Return what KMS says of a key that is about to be deleted."""
    if key.key_state != PENDING:
        return None
    return Fault(code="KMSInvalidStateException", message=f"{key.arn} is pending deletion.")


def unusable(key: Key) -> Fault | None:
    """Return why a key can't be used: it is about to be deleted, or disabled."""
    disabled = None if key.enabled else Fault(code="DisabledException", message=f"{key.arn} is disabled.")
    return pending(key) or disabled


class Keys(dict[str, Key]):
    """Keys by ID. A look for an ARN finds them, too: moto's DisableKey, ScheduleKeyDeletion and others do not take it apart."""

    def __missing__(self, name: str) -> Key:
        """Return the key of this ARN."""
        key_id = KmsBackend.get_key_id(name)
        if key_id == name:
            raise KeyError(name)
        return self[key_id]


class LocalKMSBackend(KmsBackend):
    """moto's KMS that takes a key's ARN wherever it takes its ID, and keeps to keys' states.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
    """

    def __init__(self, region_name: str, account_id: str | None = None) -> None:
        super().__init__(region_name, account_id)
        self.keys = Keys()

    def check_enabled(self, name: str) -> None:
        """Refuse a key that is disabled or about to be deleted."""
        if fault := unusable(self.keys[self.any_id_to_key_id(name)]):
            raise KeyStateError(fault.code, fault.message)

    def check_not_pending(self, name: str) -> None:
        """Refuse a key that is about to be deleted."""
        if fault := pending(self.keys[self.any_id_to_key_id(name)]):
            raise KeyStateError(fault.code, fault.message)

    def encrypt(self, key_id: str, plaintext: bytes, encryption_context: dict[str, str]) -> tuple[bytes, str]:
        """Encrypt with an enabled key; GenerateDataKey and ReEncrypt come here, too."""
        self.check_enabled(key_id)
        return super().encrypt(key_id, plaintext, encryption_context)

    def decrypt(
        self, ciphertext_blob: bytes, encryption_context: dict[str, str], key_id: str | None = None
    ) -> tuple[bytes, str]:
        """Decrypt with an enabled key: which, the ciphertext says."""
        plaintext, arn = super().decrypt(ciphertext_blob, encryption_context, key_id)
        self.check_enabled(arn)
        return plaintext, arn

    def sign_as_asked(self, name: str, algorithm: str, message: bytes, *, hashed: bool) -> tuple[str, bytes]:
        """Sign a message, or its hash, with an enabled key; return the key's ARN and the signature."""
        key = self._signing_key(name, algorithm, message, "Sign", hashed=hashed)
        return key.arn, signing.sign(key, algorithm, message, hashed=hashed)

    def verify_as_asked(self, name: str, algorithm: str, message: bytes, signature: bytes, *, hashed: bool) -> str:
        """Verify a signature of a message, or of its hash, with an enabled key; return the key's ARN."""
        key = self._signing_key(name, algorithm, message, "Verify", hashed=hashed)
        if not signing.verify(key, algorithm, message, signature, hashed=hashed):
            raise KeyStateError("KMSInvalidSignatureException", "")
        return key.arn

    def _signing_key(self, name: str, algorithm: str, message: bytes, operation: str, *, hashed: bool) -> Key:
        key = self.keys[self.any_id_to_key_id(name)]
        if fault := unusable(key) or signing.fault(key, algorithm, message, operation, hashed=hashed):
            raise KeyStateError(fault.code, fault.message)
        return key

    def get_public_key(self, key_id: str) -> tuple[Key, bytes]:
        """Show the public key of an enabled key."""
        self.check_enabled(key_id)
        return super().get_public_key(key_id)

    def generate_mac(self, message: bytes, key_id: str, *args: Any, **kwargs: Any) -> Any:
        """Make a MAC with an enabled key."""
        self.check_enabled(key_id)
        return super().generate_mac(message, key_id, *args, **kwargs)

    def verify_mac(self, message: bytes, key_id: str, *args: Any, **kwargs: Any) -> None:
        """Verify a MAC with an enabled key."""
        self.check_enabled(key_id)
        super().verify_mac(message, key_id, *args, **kwargs)

    def create_grant(self, key_id: str, *args: Any, **kwargs: Any) -> tuple[str, str]:
        """Grant the use of an enabled key."""
        self.check_enabled(key_id)
        return super().create_grant(key_id, *args, **kwargs)

    def enable_key_rotation(self, key_id: str) -> None:
        """Rotate an enabled key that encrypts."""
        self.check_enabled(key_id)
        if (key := self.keys[self.get_key_id(key_id)]).key_spec != SYMMETRIC:
            raise KeyStateError(
                "UnsupportedOperationException", f"{key.arn} is of {key.key_spec}, which is not rotated."
            )
        super().enable_key_rotation(key_id)

    def disable_key_rotation(self, key_id: str) -> None:
        """Stop the rotation of an enabled key."""
        self.check_enabled(key_id)
        super().disable_key_rotation(key_id)

    def create_alias(self, target_key_id: str, alias_name: str) -> Any:
        """Name a key that stays."""
        self.check_not_pending(target_key_id)
        return super().create_alias(target_key_id, alias_name)

    def enable_key(self, key_id: str) -> None:
        """Enable a key that stays."""
        self.check_not_pending(key_id)
        super().enable_key(key_id)

    def disable_key(self, key_id: str) -> None:
        """Disable a key that stays."""
        self.check_not_pending(key_id)
        super().disable_key(key_id)

    def schedule_key_deletion(self, key_id: str, pending_window_in_days: int) -> float:
        """Schedule the deletion of a key that stays."""
        self.check_not_pending(key_id)
        return super().schedule_key_deletion(key_id, pending_window_in_days)

    def cancel_key_deletion(self, key_id: str) -> None:
        """Keep a key that is about to be deleted."""
        key = self.keys[key_id]
        if key.key_state != PENDING:
            raise KeyStateError("KMSInvalidStateException", f"{key.arn} is not pending deletion.")
        super().cancel_key_deletion(key_id)
