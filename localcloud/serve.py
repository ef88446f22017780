"""The server process: puts everything together, restores, reconciles, and answers until it is told to stop."""

from __future__ import annotations

import logging
import os
import signal
import ssl
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from localcloud.core import config as settings
from localcloud.core import owner
from localcloud.core.control_socket import ControlServer

if TYPE_CHECKING:
    from collections.abc import Callable

    from localcloud.core.config import Config
    from localcloud.core.queue import Queue
    from localcloud.core.runtime import Runtime
    from localcloud.docker.api import Docker
    from localcloud.http.application import Api

LOG = logging.getLogger(__name__)
HOLD_SECONDS = 60.0  # for all machines to be known again after a restart


def prepare_moto() -> None:
    """Set what moto reads from the environment; before the first import of moto."""
    os.environ["MOTO_AMIS_PATH"] = str(Path(__file__).parent / "ec2" / "amis.json")
    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
    os.environ["MOTO_ACCOUNT_ID"] = settings.ACCOUNT
    os.environ["MOTO_DISABLE_GLOBAL_CORS"] = "true"  # no web page has business here


def serve(config: Config) -> None:
    """Own the state, then listen, then load; run until SIGTERM, or until `stop` asks for the end."""
    owner.take(config.state, port=config.port)
    stop = threading.Event()
    actions = take_commands(config, stop)
    prepare_moto()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    from moto.moto_server.werkzeug_app import (  # noqa: PLC0415 - after the environment is set
        DomainDispatcherApplication,
        MotoRequestHandler,
        create_backend_app,
    )
    from werkzeug.serving import make_server  # noqa: PLC0415

    from localcloud.core import runtime, services  # noqa: PLC0415
    from localcloud.ec2.metadata import Metadata  # noqa: PLC0415
    from localcloud.ecr.proxy import Proxy  # noqa: PLC0415
    from localcloud.http import principals  # noqa: PLC0415
    from localcloud.http.application import Api, application  # noqa: PLC0415
    from localcloud.http.edge import Edge  # noqa: PLC0415
    from localcloud.iam import access_log, authorization  # noqa: PLC0415

    now = build(config)
    runtime.install(now)
    registered = services.register()
    now.networks.ensure_public()
    now.view.look()

    class Handler(MotoRequestHandler):
        def log_request(self, *args: Any) -> None:
            """Stay silent: the application logs what matters."""

    access_log.start(config.state)
    api = Api(moto=DomainDispatcherApplication(create_backend_app), authorize=authorization.check, services=registered)
    gateway = str(config.gateway)
    mounts: Any = {"/latest": Metadata(key=now.registry.token_key)}
    hosts = frozenset({"127.0.0.1", "localhost", gateway, "169.254.169.254"})
    aws = Edge(application=application(api, mounts), hosts=hosts)
    certificate, key = now.registry.authority.ensure_server(config.registry)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    servers = [
        make_server("127.0.0.1", config.port, aws, threaded=True, request_handler=Handler),
        make_server(gateway, config.port, aws, threaded=True, request_handler=Handler),
        make_server(
            gateway,
            config.registry_port,
            Proxy(registry=now.registry),
            threaded=True,
            ssl_context=tls,
            request_handler=Handler,
        ),
    ]
    with now.model.lock:
        restored = now.model.load()
        with now.model.transaction():
            principals.ensure_administrator(config.state / "credentials.json")
    LOG.info("state %s", "restored" if restored else "is new")

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if restored:
        now.machines.hold(seconds=HOLD_SECONDS)
    now.queue.submit("registry", now.registry.ensure)
    reconcile(now)
    actions |= {"health": lambda: health(now, api), "reconcile": lambda: reconcile(now)}
    for server in servers:
        threading.Thread(target=server.serve_forever, name=f"http-{server.port}", daemon=True).start()
    LOG.info("serving on %s and %s", config.endpoint, config.endpoint_inside)
    stop.wait()
    LOG.info("stopping")
    for server in servers:
        server.shutdown()
    now.queue.stop(seconds=10)


def take_commands(config: Config, stop: threading.Event) -> dict[str, Callable[[], dict[str, Any]]]:
    """Answer commands from now on; the words that are known, to which more are added once there is more to say."""

    def end() -> dict[str, Any]:
        stop.set()
        return {}

    actions = {"health": lambda: {"status": "starting", **identity(config)}, "stop": end}
    control = ControlServer(config.state, actions)
    threading.Thread(target=control.serve_forever, name="control", daemon=True).start()
    return actions


def identity(config: Config) -> dict[str, Any]:
    """Say which server this is."""
    return {"name": config.name, "port": config.port, "pid": os.getpid()}


def health(now: Runtime, api: Api) -> dict[str, Any]:
    """Say how the server is: for `up`, `status` and the curious."""
    from localcloud.core import services  # noqa: PLC0415

    with now.model.lock:
        seconds = services.figures()
    return {
        "status": "ok",
        **identity(now.config),
        **api.figures(),
        "save_ms": round(now.model.save_seconds * 1000, 1),
        "seconds": {what: round(taken, 1) for what, taken in seconds.items()},
        "waiting": now.queue.pending(),
        "failures": now.queue.failing(),
    }


def reconcile(now: Runtime) -> dict[str, Any]:
    """Make what runs equal to what is wanted; the keys of the jobs that do it."""
    from localcloud.core import services  # noqa: PLC0415

    with now.model.lock:
        services.reconcile(now.config.region)
    now.registry.networks_changed()
    return {"waiting": now.queue.pending()}


def build(config: Config, *, docker: Docker | None = None, queue: Queue | None = None) -> Runtime:
    """Put the parts together: the real ones, unless a test has others."""
    from localcloud.core.queue import Queue  # noqa: PLC0415
    from localcloud.core.runtime import Runtime  # noqa: PLC0415
    from localcloud.core.state import Model  # noqa: PLC0415
    from localcloud.docker.client import Engine  # noqa: PLC0415
    from localcloud.docker.machines import Machines  # noqa: PLC0415
    from localcloud.docker.networks import Networks  # noqa: PLC0415
    from localcloud.docker.view import LOOK_SECONDS, View  # noqa: PLC0415
    from localcloud.ec2.groups import groups  # noqa: PLC0415 - imports moto
    from localcloud.ecr.registry import Registry  # noqa: PLC0415

    engine, queue = docker or Engine(), queue or Queue()
    networks = Networks(config=config, docker=engine)
    machines = Machines(config=config, docker=engine, networks=networks, groups=groups)
    images = (config.host_image, config.node_image)
    view = View(docker=docker or Engine(timeout=LOOK_SECONDS), images=images)
    registry = Registry(config=config, machines=machines, networks=networks, queue=queue)
    networks.on_created.append(lambda _: registry.networks_changed())
    return Runtime(
        config=config,
        machines=machines,
        networks=networks,
        view=view,
        model=Model(config.state),
        queue=queue,
        registry=registry,
    )
