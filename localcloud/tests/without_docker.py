"""The real server process with a fake of Docker: `python -m localcloud.tests.without_docker`, settings as usual.

Its public range must be one of this machine's, such as 127.77.0.0/24.
"""

from __future__ import annotations

import sys
from functools import partial

from localcloud import serve
from localcloud.cli import main
from localcloud.tests.fake_docker import FakeDocker

if __name__ == "__main__":
    serve.build = partial(serve.build, docker=FakeDocker())
    sys.exit(main.main(["serve"]))
