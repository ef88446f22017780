"""IAM's model: moto's, with trust policies that name only principals that exist."""

from __future__ import annotations

from typing import Any, override

from moto.iam.exceptions import MalformedPolicyDocument
from moto.iam.models import IAMBackend
from moto.iam.policy_validation import IAMTrustPolicyDocumentValidator

from localcloud.iam import sources, trust
from localcloud.iam.conditions import PolicyError


class LocalIAMBackend(IAMBackend):
    """moto's IAM that refuses what IAM refuses."""

    @override
    def create_role(self, role_name: str, assume_role_policy_document: str, *args: Any, **kwargs: Any) -> Any:
        IAMTrustPolicyDocumentValidator(assume_role_policy_document).validate()
        self._require_principals(assume_role_policy_document)
        return super().create_role(role_name, assume_role_policy_document, *args, **kwargs)

    @override
    def update_assume_role_policy(self, role_name: str, policy_document: str) -> None:
        self.get_role(role_name)
        self._require_principals(policy_document)
        super().update_assume_role_policy(role_name, policy_document)

    def _require_principals(self, document: str) -> None:
        try:
            wrong = trust.invalid_principal(document, account=self.account_id, exists=self._exists)
        except PolicyError as error:
            raise MalformedPolicyDocument(str(error)) from error
        if wrong:
            raise MalformedPolicyDocument(f"Invalid principal in policy: {wrong}")

    def _exists(self, arn: str) -> bool:
        if ":assumed-role/" in arn:
            _, _, name = arn.partition(":assumed-role/")
            role, _, session = name.partition("/")
            return bool(session) and any(r.name == role for r in self.get_roles())
        return sources.entity_of(self, arn) is not None
