"""STS' operations: a session is opened for whom the role trusts and whose policies allow it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, override

from moto.iam.models import iam_backends
from moto.sts.exceptions import STSValidationError
from moto.sts.responses import TokenResponse

from localcloud.core import services
from localcloud.core.config import ACCOUNT
from localcloud.core.errors import Fault
from localcloud.http import errors, principals
from localcloud.http.errors import RefusedError
from localcloud.iam import sources
from localcloud.iam.conditions import PolicyError
from localcloud.iam.policy import Caller, Kind, Policies, Request, evaluate, parse
from localcloud.sts import web_identity

if TYPE_CHECKING:
    from moto.core.responses import ActionResult

    from localcloud.sts.web_identity import WebIdentity

CHAINED = 3600  # seconds: the default, and the longest of a session that another session opens
ACCESS_DENIED = "AccessDenied"


class LocalSTSResponse(TokenResponse):
    """moto's STS, which asks trust and identity policies."""

    @override
    def assume_role(self) -> ActionResult:
        caller = principals.find(self.get_access_key())
        if caller is None:
            raise RefusedError(Fault(code=ACCESS_DENIED, message="Access denied", status=403))
        if caller.arn.endswith(":root"):
            message = "Roles may not be assumed by root accounts."
            raise RefusedError(Fault(code=ACCESS_DENIED, message=message, status=403))
        arn = self._get_param("RoleArn")
        role = sources.entity_of(iam_backends[self.current_account]["aws"], arn)
        for action in self._actions():
            self._require(action, caller, arn, role)
        self._check_duration(role, chained=caller.role_arn is not None)
        self._check_policy()
        return super().assume_role()

    @override
    def assume_role_with_web_identity(self) -> ActionResult:
        iam = iam_backends[ACCOUNT]["aws"]
        token = self._get_param("WebIdentityToken")
        identity = web_identity.verify(token, iam.open_id_providers.values(), services.issuer_key)
        role = self._trusting(iam, self._get_param("RoleArn"), identity)
        self._check_duration(role, chained=False)
        self._check_policy()
        answer = super().assume_role_with_web_identity()
        told: dict[str, object] = answer.result  # type: ignore[assignment]
        told |= {
            "SubjectFromWebIdentityToken": identity.subject,
            "Audience": identity.audience,
            "Provider": identity.provider,
        }
        return answer

    @override
    def assume_role_with_saml(self) -> ActionResult:
        raise RefusedError(errors.unverified())

    def _trusting(self, iam: Any, arn: str, identity: WebIdentity) -> Any:
        """Return the role, if it is there and trusts this identity. Raises RefusedError, the same for both."""
        role = sources.entity_of(iam, arn)
        if role is not None and ":role/" in arn:
            prefix = identity.issuer.lower()
            request = Request(
                action="sts:AssumeRoleWithWebIdentity",
                resource=arn,
                caller=Caller(arn="", account=ACCOUNT, provider=identity.provider),
                context={
                    f"{prefix}:sub": (identity.subject,),
                    f"{prefix}:aud": (identity.audience,),
                    "aws:federatedprovider": (identity.provider,),
                    "sts:rolesessionname": (self._get_param("RoleSessionName"),),
                },
            )
            trust = sources.trust_of(role)
            if evaluate(request, Policies(resource=(trust,), resource_decides=True)).allowed:
                return role
        message = "Not authorized to perform sts:AssumeRoleWithWebIdentity"
        raise RefusedError(Fault(code=ACCESS_DENIED, message=message, status=403))

    def _check_policy(self) -> None:
        if policy := self._get_param("Policy"):
            try:
                parse(policy, name="session", kind=Kind.SESSION)
            except PolicyError as error:
                raise RefusedError(Fault(code="MalformedPolicyDocument", message=str(error))) from error

    def _actions(self) -> list[str]:
        more = {"sts:TagSession": "Tags", "sts:SetSourceIdentity": "SourceIdentity"}
        return ["sts:AssumeRole", *(action for action, parameter in more.items() if self._get_param(parameter))]

    def _require(self, action: str, caller: principals.Principal, arn: str, role: Any) -> None:
        """Refuse without saying more, whether the role exists or not: as STS does."""
        detail = ""
        if role is not None and ":role/" in arn:
            trust = sources.trust_of(role)
            context = sources.context_of(
                caller,
                **{
                    "sts:externalid": self._get_param("ExternalId"),
                    "sts:rolesessionname": self._get_param("RoleSessionName"),
                    "sts:sourceidentity": self._get_param("SourceIdentity"),
                },
            )
            request = Request(action=action, resource=arn, caller=sources.caller_of(caller), context=context)
            decision = evaluate(request, sources.policies_of(caller, resource=(trust,), resource_decides=True))
            if decision.allowed:
                return
            detail = f" {decision.reason}" if decision.explicit else ""
        raise RefusedError(
            Fault(
                code=ACCESS_DENIED,
                message=f"User: {caller.arn} is not authorized to perform: {action} on resource: {arn}{detail}",
                status=403,
            )
        )

    def _check_duration(self, role: Any, *, chained: bool) -> None:
        seconds = self._get_int_param("DurationSeconds", CHAINED)
        if chained and seconds > CHAINED:
            raise STSValidationError(
                "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"
            )
        if seconds > int(role.max_session_duration):
            raise STSValidationError("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
