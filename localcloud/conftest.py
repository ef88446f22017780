# ruff: noqa: ARG002, D102, S101, SLF001 - fakes keep the signatures of what they stand for, and tests look inside
"""What the tests of all services share: a local cloud in this process, with everything but Docker."""

from __future__ import annotations

import json
import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Network
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
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server  # noqa: E402

from localcloud.core import runtime, services  # noqa: E402
from localcloud.core.errors import DockerFailedError, ImageMissingError  # noqa: E402
from localcloud.core.queue import Queue  # noqa: E402
from localcloud.core.state import Model  # noqa: E402
from localcloud.docker.machines import Machine  # noqa: E402
from localcloud.docker.networks import Network  # noqa: E402
from localcloud.docker.spec import ExecResult, File, MachineSpec  # noqa: E402
from localcloud.ec2.metadata import Metadata  # noqa: E402
from localcloud.ecr.registry import Registry  # noqa: E402
from localcloud.http import principals  # noqa: E402
from localcloud.http.application import Api, application  # noqa: E402
from localcloud.http.edge import Edge  # noqa: E402
from localcloud.iam import authorization  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from wsgiref.types import WSGIApplication


class FakeNetworks:
    """Networks without Docker."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.public_name = f"{config.name}-public"
        self.known: dict[str, Network] = {}
        self.taken: dict[str, str] = {}  # range -> who has it
        self.on_created: list[Callable[[Network], None]] = []

    def vpc_name(self, vpc_id: str) -> str:
        return f"{self.config.name}-{vpc_id}"

    def ensure_public(self) -> Network:
        return Network(name=self.public_name, cidr=self.config.public_range)

    def ensure_vpc(self, vpc_id: str, cidr: str) -> Network:
        return self.known.setdefault(vpc_id, Network(name=self.vpc_name(vpc_id), cidr=IPv4Network(cidr)))

    def get(self, name: str) -> Network:
        return next(n for n in (self.ensure_public(), *self.known.values()) if n.name == name)

    def vpcs(self) -> list[Network]:
        return list(self.known.values())

    def remove_vpc(self, vpc_id: str) -> None:
        self.known.pop(vpc_id, None)

    def conflict(self, cidr: str, *, own: str = "") -> str | None:
        IPv4Network(cidr)
        return next((who for taken, who in self.taken.items() if IPv4Network(taken).overlaps(IPv4Network(cidr))), None)


@dataclass(frozen=True)
class Executed:
    """A command that ran in a machine."""

    machine: str
    argv: tuple[str, ...]
    stdin: str | None


class FakeMachines:
    """Machines that are only remembered. `fail` makes the next `ensure` of a name fail, as Docker would."""

    def __init__(self) -> None:
        self.specs: dict[str, MachineSpec] = {}
        self.states: dict[str, str] = {}
        self.calls: list[tuple[str, str]] = []
        self.files: dict[str, dict[str, str]] = {}  # machine -> path -> what was written there last
        self.executed: list[Executed] = []
        self.fail: str | None = None
        self.fail_stops = 0  # as many of the next stops fail
        self.images_missing: set[str] = set()
        self.answers: dict[str, ExecResult] = {}  # first word of a command -> its answer
        self.consoles: dict[str, bytes] = {}

    def ensure(self, spec: MachineSpec) -> dict[str, str]:
        self.calls.append(("ensure", spec.name))
        if self.fail:
            raise DockerFailedError(self.fail)
        self.specs[spec.name] = spec
        self._write(spec.name, spec.files)
        self.states[spec.name] = "running"
        return self.addresses(spec.name)

    def start(self, name: str) -> dict[str, str]:
        self._note("start", name, "running")
        return self.addresses(name)

    def stop(self, name: str, *, seconds: int = 10) -> None:
        if self.fail_stops:
            self.fail_stops -= 1
            raise DockerFailedError("the engine restarts")
        self._note("stop", name, "exited")

    def restart(self, name: str, *, seconds: int = 10) -> None:
        self._note("restart", name, "running")

    def remove(self, name: str) -> None:
        self.calls.append(("remove", name))
        self.specs.pop(name, None)
        self.states.pop(name, None)
        self.files.pop(name, None)

    def exec(
        self, name: str, argv: Sequence[str], *, stdin: bytes | None = None, env: Mapping[str, str] | None = None
    ) -> ExecResult:
        self.calls.append(("exec", name))
        self.executed.append(Executed(name, tuple(argv), stdin.decode() if stdin is not None else None))
        return self.answer(name, argv)

    def answer(self, name: str, argv: Sequence[str]) -> ExecResult:
        return self.answers.get(argv[0], ExecResult(exit_code=0, output=""))

    def put_files(self, name: str, files: Mapping[str, File]) -> None:
        self.calls.append(("put_files", name))
        self._write(name, files)

    def read_file(self, name: str, path: str) -> bytes:
        return self.files[name][path].encode()

    def console(self, name: str, *, size: int) -> bytes:
        return self.consoles.get(name, b"")[-size:]

    def state(self, name: str) -> str:
        return self.states.get(name, "missing")

    def addresses(self, name: str) -> dict[str, str]:
        return {a.network: a.address for a in self.specs[name].attachments if a.address}

    def list(self, kind: str | None = None) -> list[Machine]:
        found = [(name, spec) for name, spec in self.specs.items() if kind in (None, spec.kind)]
        return [
            Machine(
                name=name,
                kind=spec.kind,
                state=self.states[name],
                addresses=self.addresses(name),
                region=spec.labels.get("beacon.region", ""),
            )
            for name, spec in found
        ]

    def names(self, kind: str | None = None) -> set[str]:
        return {machine.name for machine in self.list(kind)}

    def at(self, address: str) -> MachineSpec | None:
        return next((spec for name, spec in self.specs.items() if address in self.addresses(name).values()), None)

    def require_image(self, image: str) -> None:
        if image in self.images_missing:
            raise ImageMissingError(image=image)

    def refresh(self) -> None:
        self.calls.append(("refresh", ""))

    def hold(self, *, seconds: float) -> None:
        self.calls.append(("hold", ""))

    def container(self, name: str) -> str:
        return f"test-{name}"

    def _write(self, name: str, files: Mapping[str, File]) -> None:
        self.files.setdefault(name, {}).update({path: file.data.decode() for path, file in files.items()})

    def _note(self, verb: str, name: str, state: str) -> None:
        self.calls.append((verb, name))
        self.states[name] = state


@dataclass(kw_only=True)
class Cloud:
    """A local cloud that answers HTTP on a free port of this machine."""

    config: Config
    machines: FakeMachines
    networks: FakeNetworks
    endpoint: str = ""
    application: WSGIApplication | None = None
    api: Api = field(init=False)
    metadata: Metadata | None = None
    _key: tuple[str, str] = field(default=("", ""))

    @property
    def now(self) -> runtime.Runtime:
        return runtime.current()

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
        assert self.now.queue.settle(seconds=10), self.now.queue.pending()

    def boot(self) -> bool:
        """Start as the server process does; whether there was a state."""
        if self.application is not None:
            assert self.now.queue.stop(seconds=10)
        forget()
        registered = services.register()
        queue = Queue(first_pause=0.01, soon=0.6)  # a failure counts as settled after half a second
        machines: Any = self.machines
        networks: Any = self.networks
        registry = Registry(config=self.config, machines=machines, networks=networks, queue=queue)
        model = Model(self.config.state, end=lambda _: None)  # the failure goes on to the caller instead
        runtime.install(
            runtime.Runtime(
                config=self.config,
                machines=machines,
                networks=networks,
                model=model,
                queue=queue,
                registry=registry,
            )
        )
        restored = model.load()
        with model.transaction():
            principals.ensure_administrator(self.config.state / "credentials.json")
        self._key = principals.read_administrator(self.config.state / "credentials.json")
        self.api = Api(
            moto=DomainDispatcherApplication(create_backend_app), authorize=authorization.check, services=registered
        )
        self.metadata = Metadata(key=b"test")
        hosts = frozenset({"127.0.0.1", "localhost", str(self.config.gateway)})
        self.application = Edge(application=application(self.api, {}), hosts=hosts)
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
    for service in list(used._instances):
        service.clear()
        getattr(service, "bucket_accounts", {}).clear()  # S3's index
    used._instances.clear()


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

    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=MotoRequestHandler)
    cloud.endpoint = f"http://127.0.0.1:{server.port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join(5)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Give settings of a local cloud whose state is the test's own."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    state = str(tmp_path / "state")
    return from_environment(
        {"LOCALCLOUD_NAME": "test", "LOCALCLOUD_STATE": state, "LOCALCLOUD_PORT": port, "HOME": str(tmp_path)}
    )


@pytest.fixture
def cloud(config: Config) -> Iterator[Cloud]:
    """Give a local cloud that is up."""
    made = Cloud(config=config, machines=FakeMachines(), networks=FakeNetworks(config))
    made.boot()
    with serving(made):
        yield made
    made.settle()
    assert made.now.queue.stop(seconds=10)
    forget()
