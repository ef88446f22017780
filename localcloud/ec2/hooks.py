"""Where other services take part in the life of EC2 instances (EKS: worker nodes)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from localcloud.core import services

if TYPE_CHECKING:
    from localcloud.docker.spec import MachineSpec


class InstanceHook(Protocol):
    """`instance` is moto's `Instance`. Called by jobs with the model's lock held: nothing slow."""

    def prepare(self, instance: Any, spec: MachineSpec) -> MachineSpec:
        """Return the specification with what is needed on top (`dataclasses.replace`), or as it is."""

    def launched(self, instance: Any) -> None:
        """Take note: the machine of this instance runs (also after each start)."""

    def terminated(self, instance: Any) -> None:
        """Take note: the machine of this instance is gone."""


def all_hooks() -> tuple[InstanceHook, ...]:
    """Return the services' hooks, in the order of the table of services."""
    return tuple(services.load(service.instances) for service in services.SERVICES if service.instances)
