"""What the process works with. Backends are pickled, so they hold no clients: they ask here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from localcloud.core.config import Config
    from localcloud.core.queue import Queue
    from localcloud.core.state import Model
    from localcloud.docker.machines import Machines
    from localcloud.docker.networks import Networks
    from localcloud.docker.view import View
    from localcloud.ecr.registry import Registry


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """The one of each."""

    config: Config
    machines: Machines
    networks: Networks
    view: View
    model: Model
    queue: Queue
    registry: Registry


_CURRENT: list[Runtime] = []


def install(runtime: Runtime) -> None:
    """Make this the process's runtime (a test: one with fakes)."""
    _CURRENT[:] = [runtime]


def current() -> Runtime:
    """Return the process's runtime."""
    if not _CURRENT:
        raise RuntimeError("no runtime is installed: localcloud.core.runtime.install() comes first")
    return _CURRENT[0]
