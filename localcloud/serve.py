"""The server process: puts everything together, restores, reconciles, and answers until it is told to stop."""

from __future__ import annotations

import logging
import os
import signal
import ssl
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkzeug import Request, Response

from localcloud.core import config as settings

if TYPE_CHECKING:
    from types import FrameType

    from localcloud.core.config import Config

LOG = logging.getLogger(__name__)
RECONCILE_SECONDS = 120.0
HOLD_SECONDS = 60.0  # for all machines to be known again after a restart


def prepare_moto() -> None:
    """Set what moto reads from the environment; before the first import of moto."""
    os.environ["MOTO_AMIS_PATH"] = str(Path(__file__).parent / "ec2" / "amis.json")
    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
    os.environ["MOTO_ACCOUNT_ID"] = settings.ACCOUNT
    os.environ["MOTO_DISABLE_GLOBAL_CORS"] = "true"  # no web page has business here


def serve(config: Config) -> None:
    """Run until SIGTERM."""
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

    now = build(config)
    runtime.install(now)
    registered = services.register()
    now.networks.ensure_public()
    with now.model.lock:
        restored = now.model.load()
        with now.model.transaction():
            principals.ensure_administrator(config.state / "credentials.json")
    LOG.info("state %s", "restored" if restored else "is new")

    class Handler(MotoRequestHandler):
        def log_request(self, *args: Any) -> None:
            """Stay silent: the application logs what matters."""

    api = Api(moto=DomainDispatcherApplication(create_backend_app), services=registered)
    gateway = str(config.gateway)
    mounts: Any = {"/latest": Metadata(key=now.registry.token_key), "/reconcile": reconcile}
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
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    if restored:
        now.machines.hold(seconds=HOLD_SECONDS)
    now.queue.submit("registry", now.registry.ensure)
    services.reconcile(config.region)
    for server in servers:
        threading.Thread(target=server.serve_forever, name=f"http-{server.port}", daemon=True).start()
    LOG.info("serving on %s and %s", config.endpoint, config.endpoint_inside)
    stop.wait()
    LOG.info("stopping")
    for server in servers:
        server.shutdown()
    now.queue.stop(seconds=10)


@Request.application
def reconcile(request: Request) -> Response:
    """Make what runs equal to what is wanted: asked by `up`."""
    from localcloud.core import runtime, services  # noqa: PLC0415

    if request.method != "POST" or request.remote_addr != "127.0.0.1":
        return Response(status=404)
    services.reconcile(runtime.current().config.region)
    runtime.current().registry.networks_changed()
    return Response(status=202)


def build(config: Config) -> Any:
    """Put the real parts together."""
    from localcloud.core.queue import Queue  # noqa: PLC0415
    from localcloud.core.runtime import Runtime  # noqa: PLC0415
    from localcloud.core.state import Model  # noqa: PLC0415
    from localcloud.docker.client import Engine  # noqa: PLC0415
    from localcloud.docker.machines import Machines  # noqa: PLC0415
    from localcloud.docker.networks import Networks  # noqa: PLC0415
    from localcloud.ec2.groups import groups  # noqa: PLC0415 - imports moto
    from localcloud.ecr.registry import Registry  # noqa: PLC0415

    engine, queue = Engine(), Queue()
    networks = Networks(config=config, engine=engine)
    machines = Machines(config=config, engine=engine, networks=networks, groups=groups)
    registry = Registry(config=config, machines=machines, networks=networks, queue=queue)
    networks.on_created.append(lambda _: registry.networks_changed())
    return Runtime(
        config=config, machines=machines, networks=networks, model=Model(config.state), queue=queue, registry=registry
    )
