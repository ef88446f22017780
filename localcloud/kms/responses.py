"""KMS' operations whose parameters moto does not read as KMS does."""

from __future__ import annotations

from typing import Any, override

from moto.kms.responses import KmsResponse

DEFAULT = "default"  # the only name of a key's policy that can be set


class LocalKmsResponse(KmsResponse):
    """moto's KMS, where the name of a key's policy may be left out."""

    @override
    def _get_param(self, param_name: str, if_none: Any = None) -> Any:
        return super()._get_param(param_name, DEFAULT if param_name == "PolicyName" else if_none)
