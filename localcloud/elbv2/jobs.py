"""What makes load balancers real. Jobs run without the model's lock, take it for short looks, and are idempotent."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from moto.ec2.models import ec2_backends
from moto.elbv2.models import elbv2_backends

from localcloud.core import runtime
from localcloud.core.errors import DockerFailedError, HopelessError
from localcloud.docker.spec import Attachment, File, MachineSpec
from localcloud.elbv2 import certificates, haproxy, health, routing
from localcloud.elbv2.attributes import BALANCE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localcloud.elbv2.routing import Rule

LOG = logging.getLogger(__name__)
IMAGE = "mirror.beacon/haproxy:1"
KIND = "balancer"

DAY = 86400
PROVISION_SECONDS = 120.0  # without success for so long, a new load balancer has failed


def job_key(arn: str) -> str:
    """Return the key of a load balancer's job."""
    return f"elbv2/{arn}"


def converge(account: str, region: str, arn: str) -> None:
    """Make the load balancer's containers what the model says now."""
    now = runtime.current()
    backend: Any = elbv2_backends[account][region]
    with now.model.lock:
        balancer: Any = backend.load_balancers.get(arn)
        specs = _specifications(backend, balancer) if balancer is not None else []
        vpc: Any = ec2_backends[account][region].get_vpc(balancer.vpc_id) if balancer is not None else None
    wanted = {spec.name for spec in specs}
    prefix = health.machine_name(arn, 0).removesuffix("0")
    try:
        for name in now.machines.names(KIND):
            if name.startswith(prefix) and name not in wanted:
                now.machines.remove(name)
        if balancer is None:
            return
        now.networks.ensure_vpc(vpc.id, vpc.cidr_block)
        now.networks.ensure_public()
        for spec in specs:
            ensure(spec)
    except DockerFailedError as error:
        if isinstance(error, HopelessError) or now.queue.trying(job_key(arn)) >= PROVISION_SECONDS:
            _note(backend, arn, "failed", only_from="provisioning")
        raise
    _note(backend, arn, "active")
    health.watch(account, region, arn)
    now.queue.submit("packet-filters", now.machines.refresh)


def ensure(spec: MachineSpec) -> None:
    """Make the container; reload HAProxy when its configuration is another one, without dropping connections."""
    machines = runtime.current().machines
    running = machines.state(spec.name) == "running"
    wanted = spec.files[haproxy.CONFIGURATION]
    machines.ensure(spec)
    if _loaded(spec.name) == wanted.data:
        return
    if running:
        checked = machines.exec(spec.name, ["haproxy", "-c", "-f", haproxy.CONFIGURATION])
        if checked.exit_code:
            raise DockerFailedError(f"{spec.name}: HAProxy refuses its configuration: {checked.output.strip()[-500:]}")
        said = health.ask(spec.name, "show servers state")
        if said.exit_code:
            raise DockerFailedError(
                f"{spec.name}: HAProxy does not say its servers' states: {said.output.strip()[-500:]}"
            )
        states = haproxy.known_states(str(spec.files[haproxy.STATES].content), said.output)
        machines.put_files(spec.name, {haproxy.STATES: File(content=states)})
        # the master starts new workers; the old ones end with their connections
        machines.exec(spec.name, ["kill", "-USR2", "1"])
        _remove_old_certificates(spec)
    machines.put_files(spec.name, {haproxy.LOADED: wanted})  # last: what failed above is tried again
    LOG.info("%s: reloaded", spec.name)


def _remove_old_certificates(spec: MachineSpec) -> None:
    """Remove keys and certificates that HAProxy's configuration names no more; its old workers have theirs in memory."""
    machines = runtime.current().machines
    listed = machines.exec(spec.name, ["ls", certificates.FOLDER])
    there = [f"{certificates.FOLDER}/{name}" for name in listed.output.split()] if listed.exit_code == 0 else []
    if old := [path for path in there if path not in spec.files]:
        removed = machines.exec(spec.name, ["rm", "-f", *old])
        if removed.exit_code:
            raise DockerFailedError(f"{spec.name}: old certificates can't be removed: {removed.output.strip()[-500:]}")


def _loaded(machine: str) -> bytes | None:
    """Return the configuration that HAProxy has, as far as we know."""
    try:
        return runtime.current().machines.read_file(machine, haproxy.LOADED)
    except FileNotFoundError:
        return None


def remove_leftovers(account: str, region: str) -> None:
    """Remove containers of load balancers that the model does not have."""
    now = runtime.current()
    backend: Any = elbv2_backends[account][region]
    with now.model.lock:
        known = [health.machine_name(arn, 0).removesuffix("0") for arn in backend.load_balancers]
    for machine in now.machines.list(KIND):
        if machine.region == region and not any(machine.name.startswith(prefix) for prefix in known):
            LOG.warning("removing %s: no load balancer has this machine", machine.name)
            now.machines.remove(machine.name)


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
    pems = _certificates(backend, balancer)
    secrets = {path: File(content=pem, mode=0o600) for own in pems.values() for path, pem in own.items()}
    for number, subnet in enumerate(balancer.subnets):
        node = balancer.beacon_nodes[subnet.id]
        private = Attachment(
            network=now.networks.vpc_name(balancer.vpc_id), address=node.private_address, aliases=(balancer.dns_name,)
        )
        public = (
            [Attachment(network=now.networks.public_name, address=node.public_address)] if node.public_address else []
        )
        listeners = _listeners(backend, balancer, subnet, pems)
        specs.append(
            MachineSpec(
                name=health.machine_name(balancer.arn, number),
                image=IMAGE,
                kind=KIND,
                systemd=False,
                attachments=(private, *public),
                files={
                    haproxy.CONFIGURATION: File(content=haproxy.render(listeners)),
                    haproxy.STATES: File(content=haproxy.initial_states(listeners)),
                    **secrets,
                },
                labels={"beacon.region": backend.region_name, "beacon.elbv2": balancer.name},
                security_groups=tuple(balancer.security_groups) if balancer.security_groups else None,
                region=backend.region_name,
            )
        )
    return specs


def _certificates(backend: Any, balancer: Any) -> dict[str, dict[str, str]]:
    """Return the files with certificates of each listener that speaks TLS: ARN -> path -> content."""
    return {
        listener.arn: certificates.files(backend.region_name, listener.certificates)
        for listener in balancer.listeners.values()
        if listener.protocol in certificates.SECURE
    }


def _listeners(
    backend: Any, balancer: Any, subnet: Any, pems: Mapping[str, Mapping[str, str]]
) -> tuple[haproxy.Listener, ...]:
    everywhere = balancer.attrs.get("load_balancing.cross_zone.enabled") == "true"
    zone = None if everywhere else subnet.availability_zone
    http = _http(balancer.attrs) if balancer.type == "application" else None
    found = []
    for listener in balancer.listeners.values():
        port = int(listener.port)
        groups = [backend.target_groups[arn] for arn in health.group_arns(listener) if arn in backend.target_groups]
        backends = tuple(_backend(backend, group, port, zone) for group in groups)
        tls = None
        if listener.arn in pems:
            http2 = balancer.attrs.get("routing.http2.enabled") == "true"
            tls = certificates.tls(listener, pems[listener.arn], http2=http2)
        if http:
            rules = _rules(listener, port, {group.arn: group.name for group in groups}, secure=tls is not None)
            found.append(haproxy.Listener(port=port, backends=backends, http=http, tls=tls, rules=rules))
        elif backends:
            found.append(haproxy.Listener(port=port, backends=backends[:1], tls=tls))
    return tuple(found)


def _http(attributes: Mapping[str, Any]) -> haproxy.Http:
    return haproxy.Http(
        idle_seconds=int(attributes["idle_timeout.timeout_seconds"]),
        drop_invalid_headers=attributes["routing.http.drop_invalid_header_fields.enabled"] == "true",
        forwarded_for=attributes["routing.http.xff_header_processing.mode"],
        client_port=attributes["routing.http.xff_client_port.enabled"] == "true",
        show_tls=attributes["routing.http.x_amzn_tls_version_and_cipher_suite.enabled"] == "true",
    )


def _rules(listener: Any, port: int, names: Mapping[str, str], *, secure: bool) -> tuple[Rule, ...]:
    """Translate a listener's rules, the default one last."""
    ordered = sorted(
        listener.rules.values(), key=lambda rule: (rule.is_default, 0 if rule.is_default else int(rule.priority))
    )
    return tuple(
        routing.rule(
            priority=str(rule.priority),
            conditions=rule.conditions,
            action=max(rule.actions, key=lambda action: int(action.data.get("Order") or 0)).data,
            port=port,
            names=names,
            secure=secure,
        )
        for rule in ordered
    )


def _backend(backend: Any, group: Any, port: int, zone: str | None) -> haproxy.Backend:
    sticky = group.attributes.get("stickiness.enabled") == "true"
    return haproxy.Backend(
        name=haproxy.backend_name(group.name, port),
        check=_check(group),
        servers=tuple(_servers(backend, group, zone)),
        proxy_protocol=group.attributes.get("proxy_protocol_v2.enabled") == "true",
        balance=BALANCE[group.attributes.get("load_balancing.algorithm.type") or "round_robin"],
        cookie_seconds=int(group.attributes.get("stickiness.lb_cookie.duration_seconds") or DAY) if sticky else 0,
    )


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
        port=int(port) if port.isdecimal() else None,
        path=group.health_check_path or "/",
        matcher=matcher,
        interval=int(group.health_check_interval_seconds),
        timeout=int(group.health_check_timeout_seconds or 10),
        healthy=int(group.healthy_threshold_count),
        unhealthy=int(group.unhealthy_threshold_count),
    )
