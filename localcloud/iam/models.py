"""IAM's model: moto's, with trust policies that name only principals that exist."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast, override

from moto.elbv2.models import elbv2_backends
from moto.iam import models as moto_models
from moto.iam.exceptions import (
    DeleteConflictException,
    IAMException,
    LimitExceededException,
    MalformedPolicyDocument,
    NotFoundException,
)
from moto.iam.models import IAMBackend, Role
from moto.iam.policy_validation import IAMTrustPolicyDocumentValidator

from localcloud.arguments.rules import iam as sizes
from localcloud.iam import sources
from localcloud.iam.conditions import PolicyError
from localcloud.iam.policy import Kind, parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from moto.elbv2.models import ELBv2Backend


class TrustPolicy(IAMTrustPolicyDocumentValidator):
    """moto's checks of a trust policy, which may be of the first version, or name none.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html
    """

    @override
    def _validate_version(self) -> None:
        """Let every version pass that the syntax knows."""


class User(moto_models.User):
    """moto's user, who may have a permissions boundary: moto leaves it out. Its answers find `UserName` by the class's name."""

    permissions_boundary_arn: str | None = None
    permissions_boundary = Role.permissions_boundary


moto_models.User = User  # type: ignore[misc] # CreateUser makes its users of this name


class LocalIAMBackend(IAMBackend):
    """moto's IAM that refuses what IAM refuses."""

    @override
    def create_role(
        self,
        role_name: str,
        assume_role_policy_document: str,
        path: str,
        permissions_boundary: str | None,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        self._require_trust(assume_role_policy_document)
        self.check_boundary(permissions_boundary)
        return super().create_role(role_name, assume_role_policy_document, path, permissions_boundary, *args, **kwargs)

    def bound_user(self, user_name: str, boundary: str) -> None:
        """Give a user a permissions boundary."""
        user: Any = self.get_user(user_name)
        self.check_boundary(boundary)
        user.permissions_boundary_arn = boundary

    def free_user(self, user_name: str) -> None:
        """Take a user's permissions boundary away."""
        user: Any = self.get_user(user_name)
        user.permissions_boundary_arn = None

    @override
    def put_role_permissions_boundary(self, role_name: str, permissions_boundary: str) -> None:
        self.check_boundary(permissions_boundary)
        super().put_role_permissions_boundary(role_name, permissions_boundary)

    @override
    def attach_role_policy(self, policy_arn: str, role_name: str) -> None:
        _require_place("Role", self.get_role(role_name).managed_policies, policy_arn)
        super().attach_role_policy(policy_arn, role_name)

    @override
    def attach_group_policy(self, policy_arn: str, group_name: str) -> None:
        _require_place("Group", self.get_group(group_name).managed_policies, policy_arn)
        super().attach_group_policy(policy_arn, group_name)

    @override
    def attach_user_policy(self, policy_arn: str, user_name: str) -> None:
        _require_place("User", self.get_user(user_name).managed_policies, policy_arn)
        super().attach_user_policy(policy_arn, user_name)

    @override
    def update_assume_role_policy(self, role_name: str, policy_document: str) -> None:
        role = self.get_role(role_name)
        self._require_trust(policy_document)
        role.assume_role_policy_document = policy_document

    @override
    def put_role_policy(self, role_name: str, policy_name: str, policy_json: str) -> None:
        _require_room("role", role_name, self.get_role(role_name).policies, policy_name, policy_json)
        super().put_role_policy(role_name, policy_name, policy_json)

    @override
    def put_group_policy(self, group_name: str, policy_name: str, policy_json: str) -> None:
        _require_room("group", group_name, self.get_group(group_name).policies, policy_name, policy_json)
        super().put_group_policy(group_name, policy_name, policy_json)

    @override
    def put_user_policy(self, user_name: str, policy_name: str, policy_json: str) -> None:
        _require_room("user", user_name, self.get_user(user_name).policies, policy_name, policy_json)
        super().put_user_policy(user_name, policy_name, policy_json)

    @override
    def delete_server_certificate(self, name: str) -> None:
        for certificate in self.certificates.values():
            if certificate.cert_name == name and (user := _user(certificate.arn)):
                raise DeleteConflictException(
                    f"Certificate: {name} is currently in use by {user}. "
                    "Please remove it first before deleting it from IAM."
                )
        super().delete_server_certificate(name)

    def check_boundary(self, arn: str | None) -> None:
        """Refuse a permissions boundary that is not there, or no ARN of a policy."""
        if arn and not self.policy_arn_regex.match(arn):
            raise IAMException("InvalidParameterValue", f"Value ({arn}) for parameter PermissionsBoundary is invalid.")
        if arn and arn not in {policy.arn for policy in self.managed_policies.values()}:
            raise NotFoundException(f"Scope ARN: {arn} does not exist or is not attachable.")

    def _require_trust(self, document: str) -> None:
        TrustPolicy(document).validate()
        try:
            wrong = sources.invalid_principal(
                parse(document, name="trust", kind=Kind.RESOURCE), account=self.account_id
            )
        except PolicyError as error:
            raise MalformedPolicyDocument(str(error)) from error
        if wrong:
            raise MalformedPolicyDocument(f"Invalid principal in policy: {wrong}")


def _user(certificate: str) -> str:
    """Return a load balancer that uses a certificate; "" when none does."""
    listeners = (
        listener
        for _, _, backend in elbv2_backends.iter_backends()
        for balancer in cast("ELBv2Backend", backend).load_balancers.values()
        for listener in balancer.listeners.values()
    )
    return next((each.load_balancer_arn for each in listeners if certificate in each.certificates), "")


def _require_place(kind: str, attached: Mapping[str, Any], arn: str) -> None:
    """Refuse one managed policy more than IAM attaches to somebody."""
    if arn not in attached and len(attached) >= sizes.ATTACHED:
        raise LimitExceededException(f"Cannot exceed quota for PoliciesPer{kind}: {sizes.ATTACHED}")


def _require_room(kind: str, name: str, policies: Mapping[str, str], policy: str, document: str) -> None:
    """Refuse an inline policy that is, together with the others, larger than IAM takes."""
    others = (each for other, each in policies.items() if other != policy)
    if sum(map(sizes.size, (document, *others))) > sizes.INLINE[kind]:
        raise LimitExceededException(sizes.exceeded(kind, name))
