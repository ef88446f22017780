"""KMS' operations whose parameters moto does not read as KMS does."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, cast, override

from moto.kms.responses import KmsResponse

if TYPE_CHECKING:
    from localcloud.kms.models import LocalKMSBackend

DEFAULT = "default"  # the only name of a key's policy that can be set


class LocalKmsResponse(KmsResponse):
    """moto's KMS, where the name of a key's policy may be left out."""

    @override
    def _get_param(self, param_name: str, if_none: Any = None) -> Any:
        return super()._get_param(param_name, DEFAULT if param_name == "PolicyName" else if_none)

    @property
    def _model(self) -> LocalKMSBackend:
        return cast("LocalKMSBackend", self.kms_backend)

    @override
    def sign(self) -> str:
        """Sign a message, or a hash."""
        name, asked = self._get_param("KeyId"), self._signed()
        self._validate_key_id(name)
        arn, signature = self._model.sign_as_asked(name, **asked)
        return self._tell(arn, asked, Signature=base64.b64encode(signature).decode())

    @override
    def verify(self) -> str:
        """Verify a signature of a message, or of a hash."""
        name, asked = self._get_param("KeyId"), self._signed()
        self._validate_key_id(name)
        signature = base64.b64decode(self._get_param("Signature"))
        arn = self._model.verify_as_asked(name, signature=signature, **asked)
        return self._tell(arn, asked, SignatureValid=True)

    def _signed(self) -> dict[str, Any]:
        return {
            "algorithm": self._get_param("SigningAlgorithm"),
            "message": self._get_param("Message"),
            "hashed": self._get_param("MessageType") == "DIGEST",
        }

    @staticmethod
    def _tell(arn: str, asked: dict[str, Any], **result: Any) -> str:
        return json.dumps({"KeyId": arn, "SigningAlgorithm": asked["algorithm"], **result})
