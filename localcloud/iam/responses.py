"""IAM's simulations, what the evaluator says of policies and principals in the shape of the API; and users' boundaries."""
# ruff: noqa: D102 - operations are documented by AWS

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.core.responses import ActionResult, EmptyResult
from moto.core.serialize import never_return
from moto.iam.exceptions import InvalidInput, NotFoundException, ValidationError
from moto.iam.responses import IamResponse

from localcloud.iam import sources
from localcloud.iam.conditions import PolicyError, strings
from localcloud.iam.policy import Caller, Decision, Kind, Policies, Policy, Request, condition_keys, evaluate, parse

if TYPE_CHECKING:
    from collections.abc import Iterable

KIND_NAMES = {Kind.RESOURCE: "Resource Policy", Kind.BOUNDARY: "PermissionsBoundary"}
DEFAULT_PAGE = 100


class LocalIAMResponse(IamResponse):
    """moto's IAM, and simulations from the evaluator."""

    RESPONSE_KEY_PATH_TO_TRANSFORMER = IamResponse.RESPONSE_KEY_PATH_TO_TRANSFORMER | {
        "ListUsersResponse.Users.User.PermissionsBoundary": never_return
    }

    def create_user(self) -> ActionResult:
        backend: Any = self.backend
        boundary = self._get_param("PermissionsBoundary")
        backend.check_boundary(boundary)
        made = super().create_user()
        if boundary:
            backend.bound_user(self._get_param("UserName"), boundary)
        return made

    def put_user_permissions_boundary(self) -> ActionResult:
        backend: Any = self.backend
        backend.bound_user(self._get_param("UserName"), self._get_param("PermissionsBoundary"))
        return EmptyResult()

    def delete_user_permissions_boundary(self) -> ActionResult:
        backend: Any = self.backend
        backend.free_user(self._get_param("UserName"))
        return EmptyResult()

    def simulate_custom_policy(self) -> ActionResult:
        account = self.current_account
        caller = Caller(arn=self._get_param("CallerArn") or f"arn:aws:iam::{account}:user/simulated", account=account)
        return self._simulate(caller, self._inputs("PolicyInputList", Kind.IDENTITY), None)

    def simulate_principal_policy(self) -> ActionResult:
        arn = self._get_param("PolicySourceArn")
        entity = sources.entity_of(self.backend, arn)
        if entity is None:
            raise NotFoundException(f"The entity {arn} cannot be found.")
        named = self._get_param("CallerArn") or arn
        caller = Caller(
            arn=named, account=sources.account_of(named), role_arn=arn if named == arn and ":role/" in arn else None
        )
        identity = sources.identity_policies(self.backend, entity)
        return self._simulate(
            caller,
            (*identity, *self._inputs("PolicyInputList", Kind.IDENTITY)),
            sources.boundary(self.backend, entity),
        )

    def get_context_keys_for_custom_policy(self) -> ActionResult:
        return _keys(self._inputs("PolicyInputList", Kind.IDENTITY))

    def get_context_keys_for_principal_policy(self) -> ActionResult:
        arn = self._get_param("PolicySourceArn")
        entity = sources.entity_of(self.backend, arn)
        if entity is None:
            raise NotFoundException(f"The entity {arn} cannot be found.")
        identity = sources.identity_policies(self.backend, entity)
        return _keys((*identity, *self._inputs("PolicyInputList", Kind.IDENTITY)))

    def _inputs(self, parameter: str, kind: Kind) -> tuple[Policy, ...]:
        documents = self._get_param(parameter) or []
        try:
            return tuple(
                parse(document, name=f"{parameter}.{number}", kind=kind)
                for number, document in enumerate(documents, start=1)
            )
        except PolicyError as error:
            raise InvalidInput(str(error)) from error

    def _simulate(
        self, caller: Caller, identity: tuple[Policy, ...], boundary: tuple[Policy, ...] | None
    ) -> ActionResult:
        given = self._inputs("PermissionsBoundaryPolicyInputList", Kind.BOUNDARY)
        of_resource = self._get_param("ResourcePolicy")
        try:
            resource = (parse(of_resource, name="ResourcePolicy", kind=Kind.RESOURCE),) if of_resource else ()
        except PolicyError as error:
            raise InvalidInput(str(error)) from error
        policies = Policies(identity=identity, boundary=given or boundary, resource=resource)
        context = {
            entry["ContextKeyName"].lower(): strings(entry.get("ContextKeyValues", []))
            for entry in self._get_param("ContextEntries") or []
        }
        resources = self._get_param("ResourceArns") or []
        results = [
            _result(action, resources, caller, policies, context)
            for action in self._actions(self._get_param("ActionNames"))
        ]
        return ActionResult(self._page(results))

    def _actions(self, names: Iterable[str]) -> list[str]:
        wrong = [name for name in names if name.count(":") != 1 or not all(name.split(":"))]
        if wrong:
            raise InvalidInput(f"Invalid value for parameter ActionNames: {wrong[0]}. An example: s3:GetObject.")
        return list(names)

    def _page(self, results: list[dict[str, Any]]) -> dict[str, Any]:
        marker, size = self._get_param("Marker") or "0", int(self._get_param("MaxItems") or DEFAULT_PAGE)
        if not marker.isdecimal():
            raise ValidationError(f"Invalid Marker: {marker}")
        first, last = int(marker), int(marker) + size
        more = last < len(results)
        return {
            "EvaluationResults": results[first:last],
            "IsTruncated": more,
            **({"Marker": str(last)} if more else {}),
        }


def _keys(policies: tuple[Policy, ...]) -> ActionResult:
    return ActionResult({"ContextKeyNames": sorted(condition_keys(Policies(identity=policies)))})


def _result(
    action: str, resources: list[str], caller: Caller, policies: Policies, context: dict[str, tuple[str, ...]]
) -> dict[str, Any]:
    missing = sorted(key for key in condition_keys(policies) if key.lower() not in context)
    decided = [
        evaluate(Request(action=action, resource=resource, caller=caller, context=context), policies)
        for resource in resources or ["*"]
    ]
    worst = min(decided, key=lambda d: (d.allowed, not d.explicit))
    boundary = (
        {"PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": worst.by is not Kind.BOUNDARY}}
        if policies.boundary is not None
        else {}
    )
    result = {
        "EvalActionName": action,
        "EvalResourceName": resources[0] if len(resources) == 1 else "*",
        "EvalDecision": _word(worst),
        "MatchedStatements": _statements(worst),
        "MissingContextValues": [] if resources else missing,
        **boundary,
    }
    if resources:
        result["ResourceSpecificResults"] = [
            {
                "EvalResourceName": resource,
                "EvalResourceDecision": _word(one),
                "MatchedStatements": _statements(one),
                "MissingContextValues": missing,
            }
            for resource, one in zip(resources, decided, strict=True)
        ]
    return result


def _word(decision: Decision) -> str:
    return "allowed" if decision.allowed else "explicitDeny" if decision.explicit else "implicitDeny"


def _statements(decision: Decision) -> list[dict[str, Any]]:
    return [
        {"SourcePolicyId": match.policy.name, "SourcePolicyType": KIND_NAMES.get(match.policy.kind, "IAM Policy")}
        for match in decision.matches
    ]
