# ruff: noqa: D102, S101, SLF001 - asserts, and tests look inside
"""What the tests of all services share: a local cloud in this process, with everything but Docker."""

from __future__ import annotations

import json
import os
import socket
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config as ClientConfig

from localcloud import serve as server_process
from localcloud.core.config import ACCOUNT, Config, from_environment

server_process.prepare_moto()  # before moto is imported

from moto.core.base_backend import BackendDict  # noqa: E402
from moto.moto_server.werkzeug_app import (  # noqa: E402
    DomainDispatcherApplication,
    create_backend_app,
)
from moto.s3.models import s3_backends  # noqa: E402

from localcloud.core import runtime, services  # noqa: E402
from localcloud.core.queue import Queue  # noqa: E402
from localcloud.core.state import Model  # noqa: E402
from localcloud.ec2 import console  # noqa: E402
from localcloud.ec2.metadata import Metadata  # noqa: E402
from localcloud.elbv2 import health  # noqa: E402
from localcloud.http import principals  # noqa: E402
from localcloud.http.application import Api, application  # noqa: E402
from localcloud.http.edge import Edge  # noqa: E402
from localcloud.http.server import Server  # noqa: E402
from localcloud.iam import authorization  # noqa: E402
from localcloud.kms import uses  # noqa: E402
from localcloud.tests.fake_docker import FakeDocker  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from wsgiref.types import WSGIApplication

    from localcloud.docker.machines import Machines


@dataclass(kw_only=True)
class Cloud:
    """A local cloud that answers HTTP on a free port of this machine."""

    config: Config
    docker: FakeDocker
    endpoint: str = ""
    application: WSGIApplication | None = None
    api: Api = field(init=False)
    metadata: Metadata | None = None
    _key: tuple[str, str] = field(default=("", ""))

    @property
    def now(self) -> runtime.Runtime:
        return runtime.current()

    @property
    def machines(self) -> Machines:
        return self.now.machines

    def client(
        self,
        service: str,
        *,
        key: tuple[str, str] | None = None,
        token: str | None = None,
        signature: str | None = None,
        region: str | None = None,
    ) -> Any:
        """Return a boto3 client of the administrator, or with other credentials."""
        access_key, secret = key or self._key
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=region or self.config.region,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=ClientConfig(
                retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, signature_version=signature
            ),
        )

    def settle(self) -> None:
        """Wait until all jobs are done."""
        assert self.now.queue.settle(seconds=60), self.now.queue.pending()

    def boot(self) -> bool:
        """Start as the server process does; whether there was a state."""
        if self.application is not None:
            assert self.now.queue.stop(seconds=60)
        forget()
        registered = services.register()
        queue = Queue(first_pause=0.01, soon=0.6)  # a failure counts as settled after half a second
        model = Model(self.config.state, end=lambda _: None)  # the failure goes on to the caller instead
        self.docker.is_locked = model.lock._lock._is_owned  # type: ignore[attr-defined]
        now = replace(server_process.build(self.config, docker=self.docker, queue=queue), model=model)
        runtime.install(now)
        restored = model.load()
        with model.transaction():
            principals.ensure_administrator(self.config.state / "credentials.json")
        self._key = principals.read_administrator(self.config.state / "credentials.json")
        self.api = Api(
            moto=DomainDispatcherApplication(create_backend_app),
            authorize=authorization.check,
            refusal=uses.refusal,
            services=registered,
        )
        self.metadata = Metadata(key=b"test")
        hosts = frozenset({"127.0.0.1", "localhost", str(self.config.gateway)})
        self.application = Edge(application=application(self.api), hosts=hosts)
        now.queue.submit("registry", now.registry.ensure)
        services.reconcile(self.config.region)
        self.settle()
        return restored


def trust(principal: Any = None, **statement: Any) -> str:
    """Make a trust policy: for the account's identities unless another principal is given."""
    allowed = {"Effect": "Allow", "Principal": principal or {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [{**allowed, **statement}]})


def forget() -> None:
    """Empty moto, as a killed process would."""
    used: Any = BackendDict
    for _, _, backend in s3_backends.iter_backends():
        backend.reset()  # which closes the bodies' files
    for service in list(used._instances):
        service.clear()
        getattr(service, "bucket_accounts", {}).clear()  # S3's index
    used._instances.clear()
    console.OUTPUT.forget()
    health.ANSWERS.forget()


def until(question: Callable[[], bool]) -> None:
    """Wait until the answer is true, for at most ten seconds."""
    end = time.monotonic() + 10
    while not question():
        assert time.monotonic() < end, "not within 10 s"
        time.sleep(0.02)


@contextmanager
def serving(cloud: Cloud) -> Iterator[None]:
    """Serve the cloud over HTTP; a restart of the cloud is seen at once."""

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        assert cloud.application is not None
        return cloud.application(environ, start_response)

    server = Server(("127.0.0.1", 0), application, device="lo")
    server.expiration_interval = 0.02  # how long `stop` may take
    server.start_in_background()
    cloud.endpoint = f"http://127.0.0.1:{server.bind_addr[1]}"
    try:
        yield
    finally:
        server.stop()


@pytest.fixture(autouse=True)
def same_environment() -> Iterator[None]:
    """Undo what a command line did to this process's environment (setup/clean.py): moto reads it again and again."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Give settings of a local cloud whose state is the test's own."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    return from_environment(
        {
            "LOCALCLOUD_NAME": "test",
            "LOCALCLOUD_STATE": str(tmp_path / "state"),
            "LOCALCLOUD_PORT": port,
            "LOCALCLOUD_HOSTS_FILE": str(tmp_path / "hosts"),
            "HOME": str(tmp_path),
        }
    )


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeDocker:
    """Give a Docker engine on a machine without routes."""
    monkeypatch.setattr("localcloud.docker.networks.ROUTES", tmp_path / "route")
    return FakeDocker()


@pytest.fixture
def cloud(config: Config, docker: FakeDocker) -> Iterator[Cloud]:
    """Give a local cloud that is up."""
    made = Cloud(config=config, docker=docker)
    made.boot()
    with serving(made):
        yield made
    made.settle()
    assert made.now.queue.stop(seconds=10)
    forget()
    assert made.docker.asked_under_lock == [], "nobody may ask Docker with the model's lock held"
