"""Service Quotas' operations: read the parameters, ask the backend, shape the answer."""
# ruff: noqa: D102 - operations are documented by AWS

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.core.responses import ActionResult, BaseResponse
from moto.servicequotas.models import servicequotas_backends

from localcloud.servicequotas.table import SERVICE_NAMES

if TYPE_CHECKING:
    from localcloud.servicequotas.models import Increase
    from localcloud.servicequotas.table import Quota


class LocalServiceQuotasResponse(BaseResponse):
    """What an account may have, and asking for more. Lists fit into one page."""

    def __init__(self) -> None:
        super().__init__(service_name="service-quotas")
        self.automated_parameter_parsing = True

    @property
    def ours(self) -> Any:
        """Our backend."""
        return servicequotas_backends[self.current_account][self.region]

    def list_services(self) -> ActionResult:
        return ActionResult(
            {"Services": [{"ServiceCode": code, "ServiceName": name} for code, name in SERVICE_NAMES.items()]}
        )

    def get_service_quota(self) -> ActionResult:
        quota = self._quota()
        return ActionResult({"Quota": self._shape(quota, self.ours.value(quota))})

    def get_aws_default_service_quota(self) -> ActionResult:
        quota = self._quota()
        return ActionResult({"Quota": self._shape(quota, quota.default)})

    def list_service_quotas(self) -> ActionResult:
        found = self.ours.of_service(self._get_param("ServiceCode"))
        code = self._get_param("QuotaCode")
        return ActionResult({"Quotas": [self._shape(q, self.ours.value(q)) for q in found if code in (None, q.code)]})

    def list_aws_default_service_quotas(self) -> ActionResult:
        found = self.ours.of_service(self._get_param("ServiceCode"))
        return ActionResult({"Quotas": [self._shape(q, q.default) for q in found]})

    def request_service_quota_increase(self) -> ActionResult:
        made = self.ours.request_increase(
            self._get_param("ServiceCode"), self._get_param("QuotaCode"), float(self._get_param("DesiredValue"))
        )
        return ActionResult({"RequestedQuota": self._change(made)})

    def get_requested_service_quota_change(self) -> ActionResult:
        return ActionResult({"RequestedQuota": self._change(self.ours.find_increase(self._get_param("RequestId")))})

    def list_requested_service_quota_change_history(self) -> ActionResult:
        service = self._get_param("ServiceCode")
        found = [i for i in self.ours.increases.values() if service in (None, i.quota.service)]
        return ActionResult({"RequestedQuotas": [self._change(i) for i in found]})

    def _quota(self) -> Quota:
        found: Quota = self.ours.find(self._get_param("ServiceCode"), self._get_param("QuotaCode"))
        return found

    def _identity(self, quota: Quota) -> dict[str, Any]:
        return {
            "ServiceCode": quota.service,
            "ServiceName": SERVICE_NAMES[quota.service],
            "QuotaCode": quota.code,
            "QuotaName": quota.name,
            "QuotaArn": f"arn:aws:servicequotas:{self.region}:{self.current_account}:{quota.service}/{quota.code}",
            "Unit": "None",
            "GlobalQuota": False,
        }

    def _shape(self, quota: Quota, value: float) -> dict[str, Any]:
        return {**self._identity(quota), "Value": value, "Adjustable": True, "QuotaAppliedAtLevel": "ACCOUNT"}

    def _change(self, made: Increase) -> dict[str, Any]:
        return {
            **self._identity(made.quota),
            "Id": made.id,
            "DesiredValue": made.desired,
            "Status": "APPROVED",
            "Created": made.created,
            "LastUpdated": made.created,
        }
