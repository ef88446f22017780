"""ELBv2's model. Requests only change it; a job per load balancer then makes its HAProxy containers what it says."""
# ruff: noqa: D102 - operations are documented by AWS, overridden methods by moto

from __future__ import annotations

import inspect
import logging
import re
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import ec2_backends
from moto.elbv2.exceptions import ELBClientError, LoadBalancerNotFoundError, TargetGroupNotFoundError
from moto.elbv2.models import ELBv2Backend, FakeHealthStatus, FakeLoadBalancer

from localcloud.core import runtime
from localcloud.elbv2 import health, jobs
from localcloud.servicequotas.models import applied
from localcloud.servicequotas.table import NETWORK_BALANCERS, TARGET_GROUPS

if TYPE_CHECKING:
    from collections.abc import Iterable

LOG = logging.getLogger(__name__)
PROTOCOLS = ("TCP",)
TARGET_TYPES = ("instance", "ip")
CODES = {"InvalidAllocationID.NotFound": "AllocationIdNotFound"}  # of EC2, and what ELB says

# What a network load balancer's target group may have:
# https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html
# The values are those that the local cloud honours: where it has no choice, AWS's default.
BOOLEAN = "true|false"
TARGET_GROUP_ATTRIBUTES = {
    "deregistration_delay.timeout_seconds": "[0-9]{1,4}",
    "deregistration_delay.connection_termination.enabled": BOOLEAN,
    "proxy_protocol_v2.enabled": BOOLEAN,
    "preserve_client_ip.enabled": "false",
    "stickiness.enabled": "false",
    "stickiness.type": "source_ip",
    "load_balancing.cross_zone.enabled": "use_load_balancer_configuration",
    "target_group_health.dns_failover.minimum_healthy_targets.count": "1",
    "target_group_health.dns_failover.minimum_healthy_targets.percentage": "off",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": "1",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
    "target_health_state.unhealthy.connection_termination.enabled": "true",
    "target_health_state.unhealthy.draining_interval_seconds": "0",
}
HEALTH_CHECK_PORT = re.compile(r"traffic-port|[1-9][0-9]{0,4}")
HEALTH_CHECK_PATH = re.compile(r"/[A-Za-z0-9/_.~!$&'()*+,;=:@%?-]{0,1023}")
HEALTH_CHECK_CODES = re.compile(r"[2-5][0-9]{2}(-[2-5][0-9]{2})?(,[2-5][0-9]{2}(-[2-5][0-9]{2})?)*")


@dataclass(kw_only=True)
class Node:
    """One load balancer node: a zone's."""

    subnet: str
    eni: str
    private_address: str
    public_address: str | None = None
    allocation: str | None = None
    owner: str | None = None  # of a public address that is not an Elastic IP


class Zone:
    """A zone of a load balancer as the API shows it."""

    def __init__(self, subnet: Any, node: Node | None) -> None:
        self.subnet_id = subnet.id
        self.zone_name = subnet.availability_zone
        self.load_balancer_addresses: list[dict[str, str]] = []
        if node is not None and node.allocation:
            self.load_balancer_addresses = [{"IpAddress": node.public_address or "", "AllocationId": node.allocation}]


class LocalLoadBalancer(FakeLoadBalancer):
    """A load balancer with nodes; it is active when they run."""

    beacon_nodes: dict[str, Node]

    @property
    def availability_zones(self) -> list[Any]:
        """The zones with their addresses."""
        return [Zone(subnet, self.beacon_nodes.get(subnet.id)) for subnet in self.subnets]

    def activate(self) -> None:
        """Do nothing: the job that made the nodes notes it."""


class LocalELBv2Backend(ELBv2Backend):
    """moto's ELBv2 with a data plane."""

    # -- load balancers
    def create_load_balancer(self, name: str, security_groups: list[str], *args: Any, **kwargs: Any) -> Any:
        kind = kwargs.get("loadbalancer_type") or "application"
        if kind != "network":
            raise ELBClientError(
                "ValidationError", f"A load balancer of type {kind} is not offered by the local cloud: network is"
            )
        if any(balancer.name == name for balancer in self.load_balancers.values()):
            raise ELBClientError("DuplicateLoadBalancerName", f"A load balancer with the name {name} already exists.")
        if len(self.load_balancers) >= applied(self.account_id, self.region_name, NETWORK_BALANCERS):
            raise ELBClientError("TooManyLoadBalancers", "The maximum number of load balancers has been reached")
        kwargs["scheme"] = kwargs.get("scheme") or "internet-facing"
        tags = kwargs.pop("tags", None)
        made: Any = super().create_load_balancer(name, security_groups, *args, **kwargs)
        made.__class__ = LocalLoadBalancer  # moto has no factory to override
        balancer: LocalLoadBalancer = made
        del self.load_balancers[balancer.arn]
        balancer.arn = balancer.arn.replace(
            ":loadbalancer/app/", ":loadbalancer/net/"
        )  # moto has one form for all types
        self.load_balancers[balancer.arn] = balancer
        self.tagging_service.tag_resource(balancer.arn, tags)
        balancer.state = "provisioning"
        identifier = balancer.arn.rpartition("/")[2]
        balancer.dns_name = f"{name}-{identifier}.elb.{self.region_name}.amazonaws.com"
        balancer.beacon_nodes = {}
        mappings = {mapping["SubnetId"]: mapping for mapping in kwargs.get("subnet_mappings") or []}
        try:
            for subnet in balancer.subnets:
                self._plan(balancer, subnet, mappings.get(subnet.id, {}))
        except Exception as error:  # whatever the reason: no half-made balancer stays; it goes on to the caller
            self._release(balancer)
            del self.load_balancers[balancer.arn]
            if isinstance(error, EC2ClientError):  # clients of ELB know no error of EC2's
                raise ELBClientError(CODES.get(error.code, "ValidationError"), error.message) from error
            raise
        self.converge(balancer.arn)
        return balancer

    def delete_load_balancer(self, arn: str) -> None:
        balancer: Any = self.load_balancers.get(arn)
        if balancer is not None:
            if balancer.attrs.get("deletion_protection.enabled") == "true":
                raise ELBClientError(
                    "OperationNotPermitted",
                    f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled",
                )
            self._release(balancer)
        super().delete_load_balancer(arn)
        self.converge(arn)

    def set_security_groups(self, arn: str, sec_groups: list[str]) -> None:
        super().set_security_groups(arn, sec_groups)
        self.converge(arn)

    def set_subnets(self, arn: str, subnets: list[str], subnet_mappings: list[dict[str, Any]]) -> Any:
        balancer: Any = self.load_balancers.get(arn)
        if balancer is None:
            raise LoadBalancerNotFoundError
        wanted = [*subnets, *(mapping["SubnetId"] for mapping in subnet_mappings)]
        if sorted(wanted) != sorted(subnet.id for subnet in balancer.subnets):
            raise ELBClientError(
                "ValidationError",
                "SetSubnets with other subnets is not offered by the local cloud: make a new load balancer",
            )
        return balancer.availability_zones

    def modify_load_balancer_attributes(self, arn: str, attrs: dict[str, Any]) -> Any:
        found = super().modify_load_balancer_attributes(arn, attrs)
        self.converge(arn)
        return found

    # -- listeners
    def create_listener(self, load_balancer_arn: str, protocol: str, port: Any, *args: Any, **kwargs: Any) -> Any:
        self._refuse(protocol)
        balancer = self.load_balancers.get(load_balancer_arn)
        if balancer and any(str(listener.port) == str(port) for listener in balancer.listeners.values()):
            raise ELBClientError("DuplicateListener", "A listener already exists on this port for this load balancer")
        listener = super().create_listener(load_balancer_arn, protocol, port, *args, **kwargs)
        self.converge(load_balancer_arn)
        return listener

    def modify_listener(self, arn: str, port: Any = None, protocol: Any = None, *args: Any, **kwargs: Any) -> Any:
        self._refuse(protocol)
        listener = super().modify_listener(arn, port, protocol, *args, **kwargs)
        self.converge_all()
        return listener

    def delete_listener(self, listener_arn: str) -> Any:
        listener = super().delete_listener(listener_arn)
        self.converge(listener.load_balancer_arn)
        return listener

    # -- target groups
    def create_target_group(self, name: str, **kwargs: Any) -> Any:
        kind = kwargs.get("target_type") or "instance"
        if kind not in TARGET_TYPES:
            raise ELBClientError(
                "ValidationError",
                f"The target type {kind} is not offered by the local cloud: {', '.join(TARGET_TYPES)} are",
            )
        if len(self.target_groups) >= applied(self.account_id, self.region_name, TARGET_GROUPS):
            raise ELBClientError("TooManyTargetGroups", "The maximum number of target groups has been reached")
        self._refuse(kwargs.get("protocol"))
        codes = (kwargs.get("matcher") or {}).get("HttpCode")
        _refuse_health_check(kwargs.get("healthcheck_port"), kwargs.get("healthcheck_path"), codes)
        return super().create_target_group(name, **kwargs)

    def modify_target_group(self, arn: str, *args: Any, **kwargs: Any) -> Any:
        given = inspect.signature(super().modify_target_group).bind(arn, *args, **kwargs).arguments
        _refuse_health_check(given.get("health_check_port"), given.get("health_check_path"), given.get("http_codes"))
        group = super().modify_target_group(arn, *args, **kwargs)
        self.converge_all()
        return group

    def modify_target_group_attributes(self, target_group_arn: str, attributes: dict[str, Any]) -> None:
        for key, value in attributes.items():
            if key not in TARGET_GROUP_ATTRIBUTES:
                raise ELBClientError("ValidationError", f"Target group attribute key '{key}' is not recognized")
            if not re.fullmatch(TARGET_GROUP_ATTRIBUTES[key], str(value)):
                raise ELBClientError(
                    "ValidationError",
                    f"The value '{value}' of target group attribute '{key}' is not offered by the local cloud: "
                    f"{TARGET_GROUP_ATTRIBUTES[key]} is",
                )
        super().modify_target_group_attributes(target_group_arn, attributes)
        self.converge_all()

    def register_targets(self, target_group_arn: str, instances: list[Any]) -> None:
        """Register; moto refuses instances that are not running yet, which Auto Scaling groups hand in."""
        group: Any = self.target_groups.get(target_group_arn)
        if group is None:
            raise TargetGroupNotFoundError
        if group.target_type == "ip":
            _refuse_addresses(target["Id"] for target in instances)
        for target in instances:
            group.targets[target["Id"]] = {"Id": target["Id"], "Port": target.get("Port") or group.port}
            group.deregistered_targets.pop(target["Id"], None)
        self.converge_all()

    def deregister_targets(self, target_group_arn: str, instances: list[dict[str, Any]]) -> None:
        group: Any = self.target_groups.get(target_group_arn)
        if group is None:
            raise TargetGroupNotFoundError
        for target in instances:
            if (known := group.targets.pop(target["Id"], None)) is not None:
                group.deregistered_targets[target["Id"]] = known
        self.converge_all()

    def notify_terminate_instances(self, instance_ids: list[str]) -> None:
        super().notify_terminate_instances(instance_ids)
        self.converge_all()

    def describe_target_health(self, target_group_arn: str, targets: list[dict[str, Any]]) -> list[FakeHealthStatus]:
        """Answer what HAProxy found."""
        found = super().describe_target_health(target_group_arn, targets)
        group = self.target_groups[target_group_arn]
        statuses = health.statuses(self, group)
        for each in found:
            if each.instance_id in group.targets and each.status == "healthy":
                each.status, each.reason, each.description = _judge(statuses, each.instance_id)
        return found

    # -- convergence
    def converge(self, arn: str) -> None:
        """Have a load balancer's containers made what the model says (absent there: removed)."""
        job = partial(jobs.converge, self.account_id, self.region_name, arn)
        runtime.current().queue.submit(jobs.job_key(arn), job)

    def converge_all(self) -> None:
        """Have all load balancers converged."""
        for arn in self.load_balancers:
            self.converge(arn)

    def reconcile(self) -> None:
        """After a start of the server."""
        self.converge_all()
        runtime.current().queue.submit(
            f"elbv2-leftovers/{self.region_name}", partial(jobs.remove_leftovers, self.account_id, self.region_name)
        )

    # -- helpers
    def _refuse(self, protocol: str | None) -> None:
        if protocol and protocol.upper() not in PROTOCOLS:
            raise ELBClientError(
                "ValidationError",
                f"The protocol {protocol} is not offered by the local cloud: {', '.join(PROTOCOLS)} is",
            )

    def _plan(self, balancer: Any, subnet: Any, mapping: dict[str, str]) -> None:
        """Allocate the addresses of a zone's node. The balancer knows the node before what may fail, so that it is released."""
        ec2: Any = ec2_backends[self.account_id][self.region_name]
        identifier = "/".join(balancer.arn.split("/")[-3:])
        eni = ec2.create_network_interface(
            subnet.id,
            mapping.get("PrivateIPv4Address"),
            group_ids=list(balancer.security_groups or []),
            description=f"ELB {identifier}",
        )
        node = Node(subnet=subnet.id, eni=eni.id, private_address=eni.private_ip_address)
        balancer.beacon_nodes[subnet.id] = node
        if balancer.scheme == "internal":
            return
        if allocation := mapping.get("AllocationId"):
            eip = ec2.associate_address(eni=eni, allocation_id=allocation)
            node.allocation, node.public_address = allocation, eip.public_ip
        else:
            node.owner = f"{identifier}/{subnet.id}"
            node.public_address = ec2.reserve_public_address(node.owner)

    def _release(self, balancer: Any) -> None:
        ec2: Any = ec2_backends[self.account_id][self.region_name]
        for node in balancer.beacon_nodes.values():
            for eip in ec2.addresses:
                if eip.eni is not None and eip.eni.id == node.eni:
                    ec2.disassociate_address(association_id=eip.association_id)
            if node.owner:
                ec2.release_public_address(node.owner)
            if node.eni in ec2.enis:
                ec2.delete_network_interface(node.eni)


def _refuse_health_check(port: Any, path: Any, codes: Any) -> None:
    """Refuse what AWS refuses, before it stands in a configuration."""
    for what, value, form in (
        ("port", port, HEALTH_CHECK_PORT),
        ("path", path, HEALTH_CHECK_PATH),
        ("matcher", codes, HEALTH_CHECK_CODES),
    ):
        if value is not None and not form.fullmatch(str(value)):
            raise ELBClientError("ValidationError", f"Health check {what} '{value}' must match {form.pattern}")


def _refuse_addresses(targets: Iterable[str]) -> None:
    """Refuse what is no address, before it stands in a configuration."""
    for target in targets:
        try:
            IPv4Address(target)
        except ValueError as error:
            raise ELBClientError("ValidationError", f"The IP address '{target}' is not a valid IPv4 address") from error


def _judge(statuses: dict[str, str] | None, target: str) -> tuple[str, str | None, str | None]:
    """Translate HAProxy's word for a server; no statuses: no listener uses the group."""
    if statuses is None:
        return "unused", "Target.NotInUse", "Target group is not configured to receive traffic from the load balancer"
    status = statuses.get(target, "")
    if status.startswith("UP") and "/" not in status:
        return "healthy", None, None
    if not status or status.startswith("UP") or "/" in status:
        return "initial", "Elb.InitialHealthChecking", "Initial health checks in progress"
    return "unhealthy", "Target.FailedHealthChecks", "Health checks failed"
