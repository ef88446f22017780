"""The services that this package makes real: one line each. All others are moto's own."""

from __future__ import annotations

import functools
import importlib
import re
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

from localcloud.core.backends import backends
from localcloud.core.config import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True, kw_only=True)
class Service:
    """A service of moto whose backend is replaced. The backend's module lies beside a `urls` module, as in moto.

    What it brings besides is written as module:name, so that the core imports no service.
    """

    name: str  # moto's name
    backend: str  # class; its `reconcile`, if it has one, is called at each start of the server and at each `up`
    control_planes: Mapping[str, str] = field(default_factory=dict)  # path -> WSGI application: what they ask, over TLS
    instances: str = ""  # an ec2.hooks.InstanceHook: takes part in the life of instances
    changed: str = ""  # function without arguments, called after each of its requests that may change something
    issuer_key: str = ""  # function: the public key, as PEM, of an issuer of tokens; "" for who is none of its
    looks: str = ""  # operations (a regular expression) that need to know what Docker has: see docker/view.py


SERVICES = (
    Service(name="iam", backend="localcloud.iam.models:LocalIAMBackend"),
    Service(name="sts", backend="localcloud.sts.models:LocalSTSBackend"),
    Service(
        name="acm",
        backend="localcloud.acm.models:LocalACMBackend",
        changed="localcloud.elbv2.certificates:renewed",
    ),
    Service(name="kms", backend="localcloud.kms.models:LocalKMSBackend"),
    Service(name="s3", backend="localcloud.s3.models:LocalS3Backend"),
    Service(
        name="ec2",
        backend="localcloud.ec2.models:LocalEC2Backend",
        changed="localcloud.ec2.groups:refresh_filters",
        looks="CreateVpc|RunInstances|(Create|Modify)Fleet|(Request|Modify)Spot.*|TerminateInstances",  # Auto Scaling replaces the last
    ),
    Service(name="autoscaling", backend="localcloud.autoscaling.models:LocalAutoScalingBackend", looks=".*"),
    Service(name="ecr", backend="localcloud.ecr.models:LocalECRBackend"),
    Service(
        name="eks",
        backend="localcloud.eks.models:LocalEKSBackend",
        control_planes={"/_eks": "localcloud.eks.callbacks:application"},
        instances="localcloud.eks.node_hook:NODES",
        issuer_key="localcloud.eks.models:issuer_key",
        looks="(Create|Update)Nodegroup.*|CreateCluster|UpdateClusterVersion",
    ),
    Service(name="service-quotas", backend="localcloud.servicequotas.models:LocalServiceQuotasBackend"),
    Service(name="elbv2", backend="localcloud.elbv2.models:LocalELBv2Backend"),
)

# moto's CloudFormation makes what belongs to others
LOOKS = {"cloudformation": "(Create|Update)Stack(Set|Instances)?|ExecuteChangeSet"} | {
    each.name: each.looks for each in SERVICES
}


def register() -> tuple[str, ...]:
    """Put our backends in the place of moto's; the names of those services.

    Before the first request: backends are made lazily from this attribute.
    """
    for service in SERVICES:
        backends(service.name).backend = load(service.backend)
    return tuple(service.name for service in SERVICES)


@functools.cache
def load(where: str) -> Any:
    """Return what stands at module:name."""
    module, name = where.split(":")
    return getattr(importlib.import_module(module), name)


def control_planes() -> dict[str, Any]:
    """Return the services' WSGI applications for their control planes, by path."""
    return {path: load(where) for service in SERVICES for path, where in service.control_planes.items()}


def changed(name: str) -> None:
    """Let a service do what it does after each of its requests that may change something."""
    for service in SERVICES:
        if service.name == name and service.changed:
            load(service.changed)()


def issuer_key(issuer: str) -> str:
    """Return the public key, as PEM, of who issues tokens under this URL; "" when no service knows it."""
    keys = (load(service.issuer_key)(issuer) for service in SERVICES if service.issuer_key)
    return next(filter(None, keys), "")


def reconcile(region: str) -> None:
    """Make what runs equal to what is wanted, service by service, in the table's order."""
    for service in SERVICES:
        found = backends(service.name)
        if not hasattr(found.backend, "reconcile"):
            continue
        regions = {name for _, name, _ in found.iter_backends()} or {region}
        for name in sorted(regions):
            found[ACCOUNT][name].reconcile()


def needs_look(service: str, operation: str) -> bool:
    """Whether a changing operation needs to know what Docker has now: its request looks before it takes the model's lock."""
    return re.fullmatch(LOOKS.get(service, ""), operation) is not None


def figures() -> dict[str, float]:
    """Return what the services measured themselves, in seconds, by what it is."""
    return dict(chain.from_iterable(each.items() for each in _answers("figures")))


def stopped() -> list[str]:
    """Return the names of machines that stand still because somebody asked for it."""
    return sorted(set(chain.from_iterable(_answers("stopped"))))


def _answers(question: str) -> Iterator[Any]:
    """Yield what the backends say that know this method."""
    for service in SERVICES:
        for _, _, backend in backends(service.name).iter_backends():
            if hasattr(backend, question):
                yield getattr(backend, question)()
