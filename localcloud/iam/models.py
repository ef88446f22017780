"""IAM's model: moto's, with trust policies that name only principals that exist."""

from __future__ import annotations

from typing import Any, override

from moto.iam.exceptions import MalformedPolicyDocument
from moto.iam.models import IAMBackend
from moto.iam.policy_validation import IAMTrustPolicyDocumentValidator

from localcloud.iam import sources, trust
from localcloud.iam.conditions import PolicyError


class TrustPolicy(IAMTrustPolicyDocumentValidator):
    """moto's checks of a trust policy, which may be of the first version, or name none.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html
    """

    @override
    def _validate_version(self) -> None:
        """Let every version pass that the syntax knows."""


class LocalIAMBackend(IAMBackend):
    """moto's IAM that refuses what IAM refuses."""

    @override
    def create_role(self, role_name: str, assume_role_policy_document: str, *args: Any, **kwargs: Any) -> Any:
        self._require_trust(assume_role_policy_document)
        return super().create_role(role_name, assume_role_policy_document, *args, **kwargs)

    @override
    def update_assume_role_policy(self, role_name: str, policy_document: str) -> None:
        role = self.get_role(role_name)
        self._require_trust(policy_document)
        role.assume_role_policy_document = policy_document

    def _require_trust(self, document: str) -> None:
        TrustPolicy(document).validate()
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
