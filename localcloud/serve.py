"""The server process: puts everything together, restores, reconciles, and answers until it is told to stop."""

from __future__ import annotations

import logging
import operator
import os
import resource
import signal
import threading
from contextlib import closing
from functools import partial
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
    from localcloud.docker.api import Docker, Network
    from localcloud.http.application import Api
    from localcloud.http.server import Server
    from localcloud.listeners import Listeners

LOG = logging.getLogger(__name__)
FILES = 16384
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
    allow_files()
    stop = threading.Event()
    actions = take_commands(config, stop)
    prepare_moto()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    from moto.moto_server.werkzeug_app import (  # noqa: PLC0415 - after the environment is set
        DomainDispatcherApplication,
        create_backend_app,
    )

    from localcloud.core import runtime, services  # noqa: PLC0415
    from localcloud.http import principals  # noqa: PLC0415
    from localcloud.http.application import Api  # noqa: PLC0415
    from localcloud.iam import access_log, authorization  # noqa: PLC0415
    from localcloud.kms import uses  # noqa: PLC0415

    now = build(config)
    runtime.install(now)
    registered = services.register()
    now.networks.ensure_public()
    now.view.look()

    access_log.start(config.state)
    api = Api(
        moto=DomainDispatcherApplication(create_backend_app),
        authorize=authorization.check,
        refusal=uses.refusal,
        services=registered,
    )
    with closing(listening(now, api)) as listeners:  # whose threads would outlive whatever goes wrong from here on
        listeners.prepare()
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
        listeners.serve()
        now.networks.on_created.append(listeners.hear)
        now.queue.submit("listeners", listeners.follow)
        LOG.info("serving on %s and %s", config.endpoint, config.endpoint_inside)
        stop.wait()
        LOG.info("stopping")
    now.queue.stop(seconds=10)


def allow_files() -> None:
    """Allow this process as many open files as its user may have, within reason: each connection is one."""
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if most == resource.RLIM_INFINITY else min(FILES, most)
    if resource.RLIM_INFINITY != allowed < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def listening(now: Runtime, api: Api) -> Listeners:
    """Say what listens where, and whom it answers."""
    from localcloud.docker.nftables import METADATA  # noqa: PLC0415
    from localcloud.ec2.metadata import Metadata  # noqa: PLC0415 - imports moto
    from localcloud.ecr.proxy import Proxy  # noqa: PLC0415
    from localcloud.http.application import application, control_planes  # noqa: PLC0415
    from localcloud.http.edge import Edge  # noqa: PLC0415
    from localcloud.http.server import Server  # noqa: PLC0415
    from localcloud.listeners import Listeners  # noqa: PLC0415

    config = now.config
    gateway = str(config.gateway)
    aws = Edge(application=application(api), hosts=frozenset({"127.0.0.1", "localhost", gateway}))
    metadata = Edge(application=Metadata(key=now.registry.token_key), hosts=frozenset({METADATA}))
    registries = frozenset(config.registries())
    registry = Edge(application=Proxy(registry=now.registry), hosts=registries, ask=config.registry_of("<region>"))
    planes = Edge(application=control_planes(), hosts=frozenset({gateway}))
    ca = now.registry.authority

    def on(network: Network) -> list[Server]:
        """Make what a network's machines may ask."""
        servers = [
            Server((gateway, port), answering, device=network.device, peers=peers)
            for port, answering, peers in (
                (config.port, aws, lambda peer: now.networks.of_peer(peer) == network),
                (config.metadata_port, metadata, lambda peer: has_metadata(now, peer)),
            )
        ]
        tls = ca.ensure_server(gateway)
        secured = [(config.control_plane_port, planes, tls, partial(is_control_plane, now))]
        if network.name == now.networks.public_name:  # the registry's kernel passes on what comes to its port 443
            tls = ca.ensure_server(config.registry, *config.registries())
            secured += [(config.registry_port, registry, tls, partial(operator.eq, now.registry.address))]
        return servers + [
            Server((gateway, port), answering, device=network.device, peers=peers, tls=tls)
            for port, answering, tls, peers in secured
        ]

    own = Server(("127.0.0.1", config.port), aws, device="lo")
    return Listeners(networks=now.networks, fixed=[own], make=on)


def has_metadata(now: Runtime, address: str) -> bool:
    """Say whether an address is that of a machine whose metadata service is switched on."""
    spec = now.machines.at(address)
    return spec is not None and spec.metadata


def is_control_plane(now: Runtime, address: str) -> bool:
    """Say whether an address is that of a cluster's control plane."""
    spec = now.machines.at(address)
    return spec is not None and spec.kind == "control-plane"


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
        seconds, stopped = services.figures(), services.stopped()
    return {
        "status": "ok",
        **identity(now.config),
        **api.figures(),
        "save_ms": round(now.model.save_seconds * 1000, 1),
        "seconds": {what: round(taken, 1) for what, taken in seconds.items()},
        "stopped": stopped,
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
    from localcloud.ec2.groups import gateways, groups  # noqa: PLC0415 - imports moto
    from localcloud.ecr.registry import Registry  # noqa: PLC0415
    from localcloud.eks.controlplane import IMAGE  # noqa: PLC0415
    from localcloud.eks.versions import VERSIONS  # noqa: PLC0415

    engine, queue = docker or Engine(), queue or Queue()
    networks = Networks(config=config, docker=engine)
    machines = Machines(config=config, docker=engine, networks=networks, groups=groups, gateways=gateways)
    planes = (version.image(IMAGE) for version in VERSIONS.values())
    images = (config.host_image, config.node_image, config.node_previous_image, *planes)
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
