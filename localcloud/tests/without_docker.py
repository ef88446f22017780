"""The real server process with a fake of Docker: `python -m localcloud.tests.without_docker`, settings as usual.

Its public range must be one of this machine's, such as 127.77.0.0/24.
"""

from __future__ import annotations

import os
import sys
from functools import partial

from localcloud import serve
from localcloud.cli import main
from localcloud.core.config import from_environment
from localcloud.tests.fake_docker import FakeDocker

if __name__ == "__main__":
    config = from_environment()
    docker = FakeDocker()
    device = os.environ.get("LOCALCLOUD_TEST_DEVICE", "lo")  # no bridge is made here
    docker.add_network(f"{config.name}-public", str(config.public_range), device=device)
    serve.build = partial(serve.build, docker=docker)
    sys.exit(main.main(["serve"]))
