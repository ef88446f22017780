"""Service Quotas' model: AWS's defaults, and what was asked for since. An increase is granted at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from moto.core.exceptions import JsonRESTError
from moto.core.utils import utcnow
from moto.moto_api._internal import mock_random
from moto.servicequotas.models import ServiceQuotasBackend, servicequotas_backends

from localcloud.servicequotas.table import QUOTAS, SERVICE_NAMES, Quota

if TYPE_CHECKING:
    from datetime import datetime


class NoSuchResourceError(JsonRESTError):
    """A service, a quota or a request that does not exist."""

    def __init__(self, message: str) -> None:
        super().__init__("NoSuchResourceException", message)


@dataclass(frozen=True, kw_only=True)
class Increase:
    """A granted request for another value."""

    quota: Quota
    desired: float
    id: str = field(default_factory=lambda: mock_random.get_random_hex(40))
    created: datetime = field(default_factory=utcnow)


class LocalServiceQuotasBackend(ServiceQuotasBackend):
    """moto's Service Quotas with the values that the other services keep to."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.increases: dict[str, Increase] = {}  # by its ID, in the order of the requests

    def value(self, quota: Quota) -> float:
        """Return what the account has now."""
        asked = [i.desired for i in self.increases.values() if i.quota == quota]
        return asked[-1] if asked else quota.applied

    def of_service(self, service: str) -> list[Quota]:
        """Return a service's quotas."""
        if service not in SERVICE_NAMES:
            raise NoSuchResourceError(f"The service code {service} does not exist.")
        return [quota for quota in QUOTAS if quota.service == service]

    def find(self, service: str, code: str) -> Quota:
        """Return one quota."""
        for quota in self.of_service(service):
            if quota.code == code:
                return quota
        raise NoSuchResourceError(f"The quota code {code} does not exist for the service code {service}.")

    def request_increase(self, service: str, code: str, desired: float) -> Increase:
        """Grant another value at once. AWS takes higher ones only; a lower one makes a shortage that can be rehearsed."""
        made = Increase(quota=self.find(service, code), desired=desired)
        self.increases[made.id] = made
        return made

    def find_increase(self, request_id: str) -> Increase:
        """Return one request."""
        try:
            return self.increases[request_id]
        except KeyError:
            raise NoSuchResourceError(f"The request {request_id} does not exist.") from None


def applied(account: str, region: str, quota: Quota) -> float:
    """Return what an account may have in a region: for the services that refuse more."""
    backend: Any = servicequotas_backends[account][region]
    return float(backend.value(quota))
