"""ELBv2's model. Requests only change it; a job per load balancer then makes its HAProxy containers what it says."""
# ruff: noqa: D102 - operations are documented by AWS, overridden methods by moto

from __future__ import annotations

import inspect
import logging
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import ec2_backends
from moto.elb import urls
from moto.elbv2.exceptions import (
    ActionTargetGroupNotFoundError,
    ELBClientError,
    LoadBalancerNotFoundError,
    TargetGroupNotFoundError,
    TooManyCertificatesError,
)
from moto.elbv2.models import ELBv2Backend, FakeHealthStatus, FakeLoadBalancer

from localcloud.arguments.rules.elbv2 import NO_ALPN, NO_CERTIFICATE, ONE_CERTIFICATE
from localcloud.core import runtime
from localcloud.elbv2 import attributes as allowed
from localcloud.elbv2 import certificates as tls
from localcloud.elbv2 import health, jobs, refusals
from localcloud.elbv2.responses import LocalELBv2Response
from localcloud.elbv2.routing import forwards
from localcloud.servicequotas.models import applied
from localcloud.servicequotas.table import APPLICATION_BALANCERS, NETWORK_BALANCERS, TARGET_GROUPS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from moto.elbv2.models import AvailabilityZone, FakeListener, FakeListenerRule, FakeRule, FakeTargetGroup

    from localcloud.elbv2.routing import Structure

LOG = logging.getLogger(__name__)
urls.ELBV2Response = LocalELBv2Response  # type: ignore[attr-defined] # where moto tells the two versions of ELB's API apart
QUOTAS = {"application": APPLICATION_BALANCERS, "network": NETWORK_BALANCERS}
CODES = {"InvalidAllocationID.NotFound": "AllocationIdNotFound"}  # of EC2, and what ELB says


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
    def create_load_balancer(
        self, name: str, security_groups: list[str], *args: Any, **kwargs: Any
    ) -> FakeLoadBalancer:
        kind = kwargs.get("loadbalancer_type") or "application"
        refusals.check_type(kind)
        if any(balancer.name == name for balancer in self.load_balancers.values()):
            raise ELBClientError("DuplicateLoadBalancerName", f"A load balancer with the name {name} already exists.")
        if sum(balancer.type == kind for balancer in self.load_balancers.values()) >= applied(
            self.account_id, self.region_name, QUOTAS[kind]
        ):
            raise ELBClientError("TooManyLoadBalancers", "The maximum number of load balancers has been reached")
        kwargs["scheme"] = kwargs.get("scheme") or "internet-facing"
        tags = kwargs.pop("tags", None)
        wanted = [*(kwargs.get("subnet_ids") or ()), *(one["SubnetId"] for one in kwargs.get("subnet_mappings") or ())]
        vpc = self._vpc_of(wanted)
        self._refuse_groups(security_groups, vpc)
        made: Any = super().create_load_balancer(name, security_groups, *args, **kwargs)
        made.__class__ = LocalLoadBalancer  # moto has no factory to override
        balancer: LocalLoadBalancer = made
        del self.load_balancers[balancer.arn]
        if kind == "network":  # moto has one form for all types
            balancer.arn = balancer.arn.replace(":loadbalancer/app/", ":loadbalancer/net/")
        self.load_balancers[balancer.arn] = balancer
        self.tagging_service.tag_resource(balancer.arn, tags)
        balancer.state = "provisioning"
        identifier = balancer.arn.rpartition("/")[2]
        balancer.dns_name = f"{name}-{identifier}.elb.{self.region_name}.amazonaws.com"
        balancer.beacon_nodes = {}
        if kind == "application":
            balancer.attrs |= allowed.APPLICATION_DEFAULTS
            balancer.security_groups = security_groups or self._default_group(balancer.vpc_id)
        mappings = {mapping["SubnetId"]: mapping for mapping in kwargs.get("subnet_mappings") or []}
        try:
            refusals.check_zones(balancer, mappings.values())
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
            for listener in balancer.listeners.values():
                tls.use(self.region_name, listener.arn, [])
        super().delete_load_balancer(arn)
        self._associate()
        self.converge(arn)

    def set_security_groups(self, arn: str, sec_groups: list[str]) -> None:
        if (balancer := self.load_balancers.get(arn)) is not None:
            self._refuse_groups(sec_groups, str(balancer.vpc_id))
        super().set_security_groups(arn, sec_groups)
        self.converge(arn)

    def set_subnets(self, arn: str, subnets: list[str], subnet_mappings: list[Structure]) -> list[AvailabilityZone]:
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

    def modify_load_balancer_attributes(self, arn: str, attrs: Structure) -> Structure:
        if (balancer := self.load_balancers.get(arn)) is not None:
            allowed.check_balancer(balancer.type, attrs)
        found = super().modify_load_balancer_attributes(arn, attrs)
        self.converge(arn)
        return found

    # -- listeners
    def create_listener(
        self,
        load_balancer_arn: str,
        protocol: str,
        port: Any,
        ssl_policy: str,
        certificate: str | None,
        actions: list[Structure],
        *args: Any,
        **kwargs: Any,
    ) -> FakeListener:
        balancer = self.load_balancers.get(load_balancer_arn)
        if balancer is not None and port and protocol:  # moto says what is missing
            refusals.check_protocol(balancer.type, protocol)
            self._refuse_actions(balancer, actions)
            if protocol in tls.SECURE:
                tls.check_policy(ssl_policy)
                if not certificate:
                    raise ELBClientError("ValidationError", f"A certificate must be specified for {protocol} listeners")
                tls.check(self.region_name, [certificate])
            self._refuse_port(balancer, port)
        listener = super().create_listener(
            load_balancer_arn, protocol, port, ssl_policy, certificate, actions, *args, **kwargs
        )
        tls.use(self.region_name, listener.arn, listener.certificates)
        self._routed(load_balancer_arn)
        return listener

    def modify_listener(
        self,
        arn: str,
        port: Any = None,
        protocol: Any = None,
        ssl_policy: Any = None,
        certificates: Any = None,
        actions: list[Structure] | None = None,
        alpn: list[str] | None = None,  # which moto does not know
    ) -> FakeListener:
        given = [each["CertificateArn"] for each in certificates or []]
        balancer = self._balancer_of(arn)
        refusals.check_protocol(balancer.type, protocol)
        self._refuse_actions(balancer, actions or [])
        (known,) = self.describe_listeners(None, [arn])
        self._refuse_port(balancer, port, besides=arn)
        wanted, by_name = protocol or known.protocol, known.certificates[1:]
        tls.check_policy(ssl_policy)
        if alpn and wanted != "TLS":
            raise ELBClientError("ValidationError", NO_ALPN.format(wanted))
        if wanted in tls.SECURE:
            tls.check(self.region_name, given)
            if len(given or known.certificates[:1]) != 1:
                raise ELBClientError("InvalidConfigurationRequest", ONE_CERTIFICATE.format(wanted))
        elif given:
            raise ELBClientError("ValidationError", NO_CERTIFICATE.format(wanted))
        listener = super().modify_listener(arn, port, None, ssl_policy, certificates, actions or [])
        listener.protocol = wanted  # moto knows no TLS here
        listener.alpn_policy = (listener.alpn_policy if alpn is None else alpn) if wanted == "TLS" else []
        if wanted not in tls.SECURE:
            listener.certificates = []
        elif given:
            listener.certificates = [*given, *(each for each in by_name if each not in given)]
        listener.certificate = next(iter(listener.certificates), None)
        tls.use(self.region_name, arn, listener.certificates)
        self._routed(balancer.arn)
        return listener

    def add_listener_certificates(self, arn: str, certificates: list[Structure]) -> list[str]:
        listener = self._secure_listener(arn)
        wanted = [each["CertificateArn"] for each in certificates]
        tls.check(self.region_name, wanted)
        all_of_them = list(dict.fromkeys([*listener.certificates, *wanted]))
        if len(all_of_them) > tls.MOST + 1:  # moto counts the default one
            raise TooManyCertificatesError
        listener.certificates = all_of_them
        self._use(listener)
        return all_of_them

    def remove_listener_certificates(self, arn: str, certificates: list[Structure]) -> None:
        listener = self._secure_listener(arn)
        if listener.certificate in [each["CertificateArn"] for each in certificates]:
            raise ELBClientError("OperationNotPermitted", "The default certificate of a listener cannot be removed")
        super().remove_listener_certificates(arn, certificates)
        self._use(listener)

    def delete_listener(self, listener_arn: str) -> FakeListener:
        listener = super().delete_listener(listener_arn)
        tls.use(self.region_name, listener_arn, [])
        self._routed(listener.load_balancer_arn)
        return listener

    # -- rules
    def create_rule(
        self,
        listener_arn: str,
        conditions: list[Structure],
        priority: int,
        actions: list[Structure],
        tags: Any = None,
    ) -> FakeListenerRule:
        balancer = self._balancer_of(listener_arn)
        if balancer.type != "application":
            raise ELBClientError(
                "InvalidConfigurationRequest", f"Rules are not supported on load balancers with type '{balancer.type}'"
            )
        self._refuse_actions(balancer, actions)
        rule = super().create_rule(listener_arn, conditions, priority, actions, tags)
        self._routed(balancer.arn)
        return rule

    def modify_rule(self, rule_arn: str, conditions: list[Structure], actions: list[Structure]) -> FakeRule:
        (rule,) = self.describe_rules(None, [rule_arn])
        balancer = self._balancer_of(rule.listener_arn)
        self._refuse_actions(balancer, actions)
        if rule.is_default:
            raise ELBClientError("OperationNotPermitted", f"Default rule '{rule_arn}' cannot be modified")
        rule = super().modify_rule(rule_arn, conditions, actions)
        self._routed(balancer.arn)
        return rule

    def delete_rule(self, arn: str) -> None:
        (rule,) = self.describe_rules(None, [arn])
        if rule.is_default:
            raise ELBClientError("OperationNotPermitted", f"Default rule '{arn}' cannot be deleted")
        super().delete_rule(arn)
        self._routed(self._balancer_of(rule.listener_arn).arn)

    def set_rule_priorities(self, rule_priorities: list[Structure]) -> list[FakeRule]:
        rules = super().set_rule_priorities(rule_priorities)
        self.converge_all()
        return rules

    # -- target groups
    def create_target_group(self, name: str, **kwargs: Any) -> FakeTargetGroup:
        if len(self.target_groups) >= applied(self.account_id, self.region_name, TARGET_GROUPS):
            raise ELBClientError("TooManyTargetGroups", "The maximum number of target groups has been reached")
        refusals.check_group(kwargs)
        codes = (kwargs.get("matcher") or {}).get("HttpCode")
        refusals.check_health_check(kwargs.get("healthcheck_port"), kwargs.get("healthcheck_path"), codes)
        refusals.check_health_protocol(kwargs.get("protocol"), kwargs.get("healthcheck_protocol"))
        group = super().create_target_group(name, **kwargs)
        shown = allowed.GROUP_DEFAULTS | group.attributes  # moto's have those of any protocol
        group.attributes = {key: shown[key] for key in shown if key in allowed.GROUPS.get(group.protocol or "", shown)}
        return group

    def modify_target_group(self, arn: str, *args: Any, **kwargs: Any) -> FakeTargetGroup:
        given = inspect.signature(super().modify_target_group).bind(arn, *args, **kwargs).arguments
        refusals.check_health_check(
            given.get("health_check_port"), given.get("health_check_path"), given.get("http_codes")
        )
        if (known := self.target_groups.get(arn)) is not None:
            refusals.check_health_protocol(known.protocol, given.get("health_check_proto"))
        group = super().modify_target_group(arn, *args, **kwargs)
        self.converge_all()
        return group

    def modify_target_group_attributes(self, target_group_arn: str, attributes: Structure) -> None:
        if (group := self.target_groups.get(target_group_arn)) is not None:
            allowed.check_group(group.protocol or "", attributes)
        super().modify_target_group_attributes(target_group_arn, attributes)
        self.converge_all()

    def register_targets(self, target_group_arn: str, instances: list[Any]) -> None:
        """Register; moto refuses instances that are not running yet, which Auto Scaling groups hand in."""
        group: Any = self.target_groups.get(target_group_arn)
        if group is None:
            raise TargetGroupNotFoundError
        if group.target_type == "ip":
            known = (subnet for of_zone in self.ec2_backend.subnets.values() for subnet in of_zone.values())
            ranges = (IPv4Network(subnet.cidr_block) for subnet in known if subnet.vpc_id == group.vpc_id)
            refusals.check_addresses(ranges, instances)
        else:
            refusals.check_instances(self.ec2_backend, group.vpc_id, (target["Id"] for target in instances))
        for target in instances:
            group.targets[target["Id"]] = {"Id": target["Id"], "Port": target.get("Port") or group.port}
            group.deregistered_targets.pop(target["Id"], None)
        self.converge_all()

    def deregister_targets(self, target_group_arn: str, instances: list[Structure]) -> None:
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

    def describe_target_health(self, target_group_arn: str, targets: list[Structure]) -> list[FakeHealthStatus]:
        """Answer what HAProxy found."""
        found = super().describe_target_health(target_group_arn, targets)
        group = self.target_groups[target_group_arn]
        statuses = health.statuses(self, group)
        for each in found:
            if each.instance_id in group.targets and each.status == "healthy":
                each.status, each.reason, each.description = health.judge(
                    statuses, each.instance_id, by_http=group.protocol == "HTTP"
                )
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
    def _balancer_of(self, listener_arn: str) -> Any:
        """Return the load balancer of a listener."""
        (listener,) = self.describe_listeners(None, [listener_arn])
        return self.load_balancers[listener.load_balancer_arn]

    def _refuse_port(self, balancer: Any, port: Any, *, besides: str = "") -> None:
        """Refuse a port that another listener of the load balancer has."""
        others = (each.port for each in balancer.listeners.values() if each.arn != besides)
        if str(port) in map(str, others):
            raise ELBClientError("DuplicateListener", "A listener already exists on this port for this load balancer")

    def _secure_listener(self, arn: str) -> Any:
        (listener,) = self.describe_listeners(None, [arn])
        if listener.protocol not in tls.SECURE:
            raise ELBClientError(
                "InvalidConfigurationRequest",
                f"Certificates are not supported on listeners with protocol '{listener.protocol}'",
            )
        return listener

    def _use(self, listener: Any) -> None:
        tls.use(self.region_name, listener.arn, listener.certificates)
        self.converge(listener.load_balancer_arn)

    def _routed(self, arn: str) -> None:
        """Do what follows from other listeners, rules or actions."""
        self._associate()
        self.converge(arn)

    def _associate(self) -> None:
        """Note which load balancers lead to a target group: moto adds them, again and again, and takes none away."""
        used = {
            arn: {group for listener in balancer.listeners.values() for group in health.group_arns(listener)}
            for arn, balancer in self.load_balancers.items()
        }
        for group in self.target_groups.values():
            group.load_balancer_arns = [arn for arn, groups in used.items() if group.arn in groups]

    def _refuse_actions(self, balancer: Any, actions: Iterable[Structure]) -> None:
        for action in actions:
            if action["Type"] != "forward" and balancer.type != "application":
                raise ELBClientError(
                    "InvalidLoadBalancerAction",
                    f"Actions of type '{action['Type']}' are not supported on load balancers with type '{balancer.type}'",
                )
            for arn in forwards(action):
                group = self.target_groups.get(arn)
                if group is None:
                    raise ActionTargetGroupNotFoundError(arn)
                protocol = refusals.OFFERED[balancer.type]
                if group.protocol != protocol:
                    raise ELBClientError(
                        "IncompatibleProtocols",
                        f"The listener and its associated target group '{arn}' have incompatible protocols: "
                        f"'{protocol}' and '{group.protocol}'",
                    )
                if set(group.load_balancer_arns) - {balancer.arn}:
                    raise ELBClientError(
                        "TargetGroupAssociationLimit",
                        f"The following target groups cannot be associated with more than one load balancer: {arn}",
                    )

    def _default_group(self, vpc: str) -> list[str]:
        group = self.ec2_backend.get_default_security_group(vpc)
        return [group.id] if group else []

    def _vpc_of(self, subnets: Iterable[str]) -> str:
        """Return the one VPC of these subnets; "" of none."""
        known = {subnet.id: subnet for of_zone in self.ec2_backend.subnets.values() for subnet in of_zone.values()}
        found = [(subnet, known.get(subnet)) for subnet in subnets]
        if missing := [subnet for subnet, there in found if there is None]:
            raise ELBClientError("SubnetNotFound", f"The subnet ID '{missing[0]}' does not exist")
        vpcs = sorted({str(there.vpc_id) for _, there in found if there is not None})
        if len(vpcs) > 1:
            message = f"Subnets of a load balancer must be in one VPC; these are in {', '.join(vpcs)}"
            raise ELBClientError("InvalidConfigurationRequest", message)
        return next(iter(vpcs), "")

    def _refuse_groups(self, groups: Iterable[str], vpc: str) -> None:
        for group in groups:
            found = self.ec2_backend.get_security_group_from_id(group)
            if found is None:
                raise ELBClientError("InvalidConfigurationRequest", "One or more security groups are invalid")
            if vpc and found.vpc_id != vpc:
                message = f"The security group '{group}' does not belong to VPC '{vpc}'"
                raise ELBClientError("InvalidConfigurationRequest", message)

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
