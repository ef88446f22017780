"""What makes load balancers real. Jobs run without the model's lock, take it for short looks, and are idempotent."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

from moto.ec2.models import ec2_backends
from moto.elbv2.models import elbv2_backends

from localcloud.core import runtime
from localcloud.core.errors import DockerFailedError
from localcloud.core.work import Work
from localcloud.docker.spec import Attachment, File, MachineSpec
from localcloud.elbv2 import haproxy

LOG = logging.getLogger(__name__)
IMAGE = "mirror.beacon/haproxy:1"
KIND = "balancer"
STATISTICS_SECONDS = 1.0  # how old an answer about health may be
# python3 is in every machine: nothing else there talks to a Unix socket
ASK = (
    "import socket; s = socket.socket(socket.AF_UNIX); s.settimeout(3); s.connect('" + haproxy.SOCKET + "'); "
    "s.sendall(b'show stat\\n'); f = s.makefile(); print(f.read())"
)

WORK = Work(threads=4)
_STATISTICS: dict[str, tuple[float, dict[str, dict[str, str]]]] = {}
_STATISTICS_LOCK = threading.Lock()


def machine_name(arn: str, number: int) -> str:
    """Return the name of a load balancer's node."""
    *_, name, identifier = arn.split("/")
    return f"nlb-{name}-{identifier[:6]}-{number}"


def converge(account: str, region: str, arn: str) -> None:
    """Make the load balancer's containers what the model says now."""
    now = runtime.current()
    backend: Any = elbv2_backends[account][region]
    with now.model.lock:
        balancer: Any = backend.load_balancers.get(arn)
        specs = _specifications(backend, balancer) if balancer is not None else []
        vpc: Any = ec2_backends[account][region].get_vpc(balancer.vpc_id) if balancer is not None else None
    wanted = {spec.name for spec in specs}
    prefix = machine_name(arn, 0).removesuffix("0")
    for name in now.machines.names(KIND):
        if name.startswith(prefix) and name not in wanted:
            now.machines.remove(name)
    if balancer is None:
        return
    now.networks.ensure_vpc(vpc.id, vpc.cidr_block)
    now.networks.ensure_public()
    try:
        for spec in specs:
            ensure(spec)
    except DockerFailedError:
        _note(backend, arn, "failed", only_from="provisioning")
        raise
    _note(backend, arn, "active")
    now.work.submit("packet-filters", now.machines.refresh)


def ensure(spec: MachineSpec) -> None:
    """Make the container; reload HAProxy when its configuration is another one, without dropping connections."""
    machines = runtime.current().machines
    running = machines.state(spec.name) == "running"
    configuration = spec.files[haproxy.CONFIGURATION].data
    before = machines.read_file(spec.name, haproxy.CONFIGURATION) if running else configuration
    machines.ensure(spec)
    if before == configuration:
        return
    checked = machines.exec(spec.name, ["haproxy", "-c", "-f", haproxy.CONFIGURATION])
    if checked.exit_code:
        raise DockerFailedError(f"{spec.name}: HAProxy refuses its configuration: {checked.output.strip()[-500:]}")
    machines.exec(
        spec.name, ["kill", "-USR2", "1"]
    )  # the master starts new workers; the old ones end with their connections
    LOG.info("%s: reloaded", spec.name)


def remove_leftovers(account: str, region: str) -> None:
    """Remove containers of load balancers that the model does not have."""
    now = runtime.current()
    backend: Any = elbv2_backends[account][region]
    with now.model.lock:
        known = [machine_name(arn, 0).removesuffix("0") for arn in backend.load_balancers]
    for machine in now.machines.list(KIND):
        if machine.region == region and not any(machine.name.startswith(prefix) for prefix in known):
            LOG.warning("removing %s: no load balancer has this machine", machine.name)
            now.machines.remove(machine.name)


def statuses(backend: Any, group: Any) -> dict[str, str] | None:
    """Return HAProxy's word for each target of a group; None when no listener uses the group."""
    found: dict[str, str] | None = None
    for balancer in backend.load_balancers.values():
        for listener in balancer.listeners.values():
            if group.arn not in _group_arns(listener):
                continue
            found = found if found is not None else {}
            backend_name = haproxy.backend_name(group.name, int(listener.port))
            for number in range(len(balancer.subnets)):
                servers = _statistics(machine_name(balancer.arn, number)).get(backend_name, {})
                # healthy is what is healthy for each node
                found |= {name: status for name, status in servers.items() if found.get(name, "UP") == "UP"}
    return found


def _statistics(machine: str) -> dict[str, dict[str, str]]:
    with _STATISTICS_LOCK:
        when, known = _STATISTICS.get(machine, (0.0, {}))
        if time.monotonic() - when < STATISTICS_SECONDS:
            return known
    try:
        answer = runtime.current().machines.exec(machine, ["python3", "-c", ASK])
        found = haproxy.health(answer.output) if answer.exit_code == 0 else {}
    except DockerFailedError as error:
        LOG.info("%s can't be asked for its targets' health: %s", machine, error)
        found = {}
    with _STATISTICS_LOCK:
        _STATISTICS[machine] = (time.monotonic(), found)
    return found


def _note(backend: Any, arn: str, state: str, *, only_from: str | None = None) -> None:
    with runtime.current().model.lock:
        balancer = backend.load_balancers.get(arn)
        if balancer is None or balancer.state == state or only_from not in (None, balancer.state):
            return
        with runtime.current().model.transaction():
            balancer.state = state


def _specifications(backend: Any, balancer: Any) -> list[MachineSpec]:
    now = runtime.current()
    specs = []
    for number, subnet in enumerate(balancer.subnets):
        node = balancer.beacon_nodes[subnet.id]
        private = Attachment(
            network=now.networks.vpc_name(balancer.vpc_id), address=node.private_address, aliases=(balancer.dns_name,)
        )
        public = (
            [Attachment(network=now.networks.public_name, address=node.public_address)] if node.public_address else []
        )
        text = haproxy.render(_listeners(backend, balancer, subnet))
        specs.append(
            MachineSpec(
                name=machine_name(balancer.arn, number),
                image=IMAGE,
                kind=KIND,
                systemd=False,
                attachments=(private, *public),
                files={haproxy.CONFIGURATION: File(content=text)},
                labels={"beacon.region": backend.region_name, "beacon.elbv2": balancer.name},
                security_groups=tuple(balancer.security_groups) if balancer.security_groups else None,
                region=backend.region_name,
            )
        )
    return specs


def _listeners(backend: Any, balancer: Any, subnet: Any) -> tuple[haproxy.Listener, ...]:
    everywhere = balancer.attrs.get("load_balancing.cross_zone.enabled") == "true"
    found = []
    for listener in balancer.listeners.values():
        for arn in _group_arns(listener)[:1]:
            group = backend.target_groups.get(arn)
            if group is not None:
                zone = None if everywhere else subnet.availability_zone
                servers = tuple(_servers(backend, group, zone))
                found.append(
                    haproxy.Listener(
                        port=int(listener.port),
                        group=group.name,
                        check=_check(group),
                        servers=servers,
                        proxy_protocol=group.attributes.get("proxy_protocol_v2.enabled") == "true",
                    )
                )
    return tuple(found)


def _group_arns(listener: Any) -> list[str]:
    arns = []
    for action in listener.default_actions:
        if action.data.get("TargetGroupArn"):
            arns.append(action.data["TargetGroupArn"])
        arns += [each["TargetGroupArn"] for each in (action.data.get("ForwardConfig") or {}).get("TargetGroups", [])]
    return list(dict.fromkeys(arns))


def _servers(backend: Any, group: Any, zone: str | None) -> list[haproxy.Server]:
    ec2: Any = ec2_backends[backend.account_id][backend.region_name]
    servers = []
    for target in group.targets.values():
        address, its_zone = target["Id"], None
        if group.target_type == "instance":
            instance = ec2.get_instance_by_id(target["Id"])
            if instance is None or instance.state not in ("pending", "running"):
                continue
            nic = instance.nics[0]
            address, its_zone = nic.private_ip_address, nic.subnet.availability_zone
        near = zone is None or its_zone in (None, zone)
        servers.append(haproxy.Server(name=target["Id"], address=address, port=int(target["Port"]), near=near))
    return servers


def _check(group: Any) -> haproxy.Check:
    port = str(group.health_check_port or "traffic-port")
    matcher = (getattr(group, "matcher", None) or {}).get("HttpCode") or "200-399"
    return haproxy.Check(
        protocol=(group.health_check_protocol or "TCP").upper(),
        port=int(port) if port.isdigit() else None,
        path=group.health_check_path or "/",
        matcher=matcher,
        interval=int(group.health_check_interval_seconds),
        timeout=int(group.health_check_timeout_seconds or 10),
        healthy=int(group.healthy_threshold_count),
        unhealthy=int(group.unhealthy_threshold_count),
    )
