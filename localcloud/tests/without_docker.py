"""The real server process with fakes for Docker: `python -m localcloud.tests.without_docker`, settings as usual.

Its public range must be one of this machine's, such as 127.77.0.0/24.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from localcloud import conftest, serve
from localcloud.cli import main
from localcloud.core.queue import Queue
from localcloud.core.runtime import Runtime
from localcloud.core.state import Model
from localcloud.ecr.registry import Registry

if TYPE_CHECKING:
    from localcloud.core.config import Config


def build(config: Config) -> Any:
    """Put the parts together as the server does, but for Docker."""
    queue = Queue()
    machines: Any = conftest.FakeMachines()
    networks: Any = conftest.FakeNetworks(config)
    registry = Registry(config=config, machines=machines, networks=networks, queue=queue)
    return Runtime(
        config=config, machines=machines, networks=networks, model=Model(config.state), queue=queue, registry=registry
    )


if __name__ == "__main__":
    serve.build = build
    sys.exit(main.main(["serve"]))
