"""A pytest plugin: moto's own tests in server mode, against a local cloud in this process with everything but Docker.

`-p localcloud.tests.moto_server` (see tests/suites). Each test finds an empty local cloud, as moto's reset leaves moto's
server: the local cloud refuses that reset, so it is done from inside. Tests ask with a key of the account's root, which is
none of the model's users, and every AMI of moto's own table has a machine, as have some that only tests name. The next
request finds the machines as the last one wanted them, so nothing depends on how fast they come. Nothing is saved.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ["TEST_SERVER_MODE"] = "true"  # before moto is imported
from localcloud.conftest import Cloud, forget, serving  # isort: skip - prepares moto

import freezegun
from moto.core.config import default_user_config
from moto.core.models import ServerModeMockAWS
from moto.ec2.models import amis
from moto.utilities.utils import load_resource

from localcloud.core import queue
from localcloud.core.config import ACCOUNT, from_environment
from localcloud.core.state import Model
from localcloud.docker import networks
from localcloud.ec2 import machine
from localcloud.http import principals, server
from localcloud.tests.fake_docker import FakeDocker

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

RUNNING = ExitStack()
NAMED = ("ami-0157ed312f9c59a91", "ami-03c3da4cfa8e8943a", "ami-0a1a95d8da5818fdb")  # which tests of fleets start
ROOT = principals.Principal(arn=f"arn:aws:iam::{ACCOUNT}:root", access_key_id="AKIAMOTOSUITE", secret="of-moto-suite")


def pytest_configure() -> None:
    """Start the local cloud, and let moto's tests find it."""
    state = Path(RUNNING.enter_context(tempfile.TemporaryDirectory())) / "state"
    settings = {
        "LOCALCLOUD_STATE": str(state),
        "LOCALCLOUD_REGION": "us-east-1",
        "LOCALCLOUD_HOSTS_FILE": str(state.parent / "hosts"),
    }
    config = from_environment(settings)
    known = load_resource("ec2/resources/amis.json")
    amis.AMIS.extend([*known, *({**known[0], "ami_id": name} for name in NAMED)])
    machine.IMAGES.update({one["image_location"]: "host_image" for one in amis.AMIS if one["image_location"] != "node"})
    networks.ROUTES = state.parent / "route"  # a machine without routes
    cloud = Cloud(config=config, docker=FakeDocker(prefix=f"{config.name}-"))
    cloud.boot()
    cloud.application = settled(cloud)
    RUNNING.callback(lambda: cloud.now.queue.stop(seconds=10))
    # what frozen clients have is no timeout here, and no job that waits for ever
    freezegun.configure(extend_ignore_list=["cheroot", server.__name__, queue.__name__])
    RUNNING.enter_context(serving(cloud))
    os.environ |= {
        "TEST_SERVER_MODE_ENDPOINT": cloud.endpoint,
        "AWS_ACCESS_KEY_ID": ROOT.access_key_id,
        "AWS_SECRET_ACCESS_KEY": ROOT.secret,
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_RETRY_MODE": "legacy",  # the others add "(reached max retries: 0)" to each error, which tests compare
    }
    default_user_config["core"]["mock_credentials"] = False
    find = principals.find
    patches: dict[Any, dict[str, Any]] = {
        principals: {"find": lambda key: ROOT if key == ROOT.access_key_id else find(key)},
        ServerModeMockAWS: {"reset": lambda _: reset(cloud)},
        Model: {"save": lambda *_: None},
    }
    for owner, changed in patches.items():
        for name, value in changed.items():
            setattr(owner, name, value)
    reset(cloud)


def settled(cloud: Cloud) -> WSGIApplication:
    """Return the local cloud's application that is done with a request when its jobs are."""
    inner = cloud.application
    assert inner is not None

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        answer = inner(environ, start_response)
        cloud.settle()
        return answer

    return application


def reset(cloud: Cloud) -> None:
    """Empty the local cloud."""
    cloud.settle()
    with cloud.now.queue._changed:
        cloud.now.queue._keys.clear()  # consoles of machines that are gone are looked at for two minutes
    with cloud.now.model.lock:
        forget()
        fresh = FakeDocker(prefix=cloud.docker.prefix, is_locked=cloud.docker.is_locked)
        cloud.docker.__dict__.update(fresh.__dict__)


def pytest_unconfigure() -> None:
    """Stop the local cloud."""
    RUNNING.close()
