"""Where other services take part in the life of EC2 instances (EKS: worker nodes)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from localcloud.docker.spec import MachineSpec


class InstanceHook(Protocol):
    """`instance` is moto's `Instance`. Called by jobs; `prepare` with the model's lock held, the others without."""

    def prepare(self, instance: Any, spec: MachineSpec) -> MachineSpec:
        """Return the specification with what is needed on top (`dataclasses.replace`), or as it is."""

    def launched(self, instance: Any) -> None:
        """Take note: the machine of this instance runs (also after each start)."""

    def terminated(self, instance: Any) -> None:
        """Take note: the machine of this instance is gone."""


_HOOKS: list[InstanceHook] = []


def register(hook: InstanceHook) -> None:
    """Add a hook; once per process."""
    _HOOKS.append(hook)


def all_hooks() -> tuple[InstanceHook, ...]:
    """Return the hooks in the order of their registration."""
    return tuple(_HOOKS)
