"""The services that this package makes real: one line each. All others are moto's own."""

from __future__ import annotations

import importlib
from dataclasses import dataclass

from localcloud.core.backends import backends
from localcloud.core.config import ACCOUNT


@dataclass(frozen=True, kw_only=True)
class Service:
    """A service of moto whose backend is replaced. The backend's module lies beside a `urls` module, as in moto."""

    name: str  # moto's name
    backend: str  # module:class


SERVICES = (
    Service(name="iam", backend="localcloud.iam.models:LocalIAMBackend"),
    Service(name="sts", backend="localcloud.sts.models:LocalSTSBackend"),
    Service(name="ec2", backend="localcloud.ec2.models:LocalEC2Backend"),
    Service(name="autoscaling", backend="localcloud.autoscaling.models:LocalAutoScalingBackend"),
    Service(name="ecr", backend="localcloud.ecr.models:LocalECRBackend"),
    Service(name="eks", backend="localcloud.eks.models:LocalEKSBackend"),
    Service(name="service-quotas", backend="localcloud.servicequotas.models:LocalServiceQuotasBackend"),
    Service(name="elbv2", backend="localcloud.elbv2.models:LocalELBv2Backend"),
)


def register() -> tuple[str, ...]:
    """Put our backends in the place of moto's; the names of those services.

    Before the first request: backends are made lazily from this attribute.
    """
    for service in SERVICES:
        module_name, class_name = service.backend.split(":")
        backends(service.name).backend = getattr(importlib.import_module(module_name), class_name)
    return tuple(service.name for service in SERVICES)


def reconcile(region: str) -> None:
    """Make what runs equal to what is wanted, service by service, in the table's order."""
    for service in SERVICES:
        found = backends(service.name)
        if not hasattr(found.backend, "reconcile"):
            continue
        regions = {name for _, name, _ in found.iter_backends()} or {region}
        for name in sorted(regions):
            found[ACCOUNT][name].reconcile()


def figures() -> dict[str, float]:
    """Return what the services measured themselves, in seconds, by what it is."""
    measured: dict[str, float] = {}
    for service in SERVICES:
        for _, _, backend in backends(service.name).iter_backends():
            if hasattr(backend, "figures"):
                measured |= backend.figures()
    return measured
