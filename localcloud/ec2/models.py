"""EC2 whose instances are machines, whose public addresses answer and whose VPCs are networks.

Requests only change the model; a job per instance then makes the machine what the model says. So requests stay quick,
states are what they are on AWS (pending, stopping, shutting-down), and a crash between the two is healed by the same job.
"""

from __future__ import annotations

import logging
from copy import copy
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, override

from moto.core.resource_tagging import TaggedResource
from moto.core.utils import utcnow
from moto.ec2.exceptions import DependencyViolationError, EC2ClientError
from moto.ec2.models import EC2Backend, ec2_backends
from moto.ec2.models.instances import InstanceState, StateReason
from moto.ec2.models.security_groups import SecurityGroupRule

from localcloud.core import runtime
from localcloud.core.errors import DockerFailedError, HopelessError, ImageMissingError
from localcloud.ec2 import addresses, console, hooks, quotas, refusals, volumes, zones
from localcloud.ec2.machine import image_of, specification
from localcloud.servicequotas.models import applied
from localcloud.servicequotas.table import STANDARD_VCPUS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LOG = logging.getLogger(__name__)
PENDING, RUNNING, STOPPING, STOPPED = ("pending", 0), ("running", 16), ("stopping", 64), ("stopped", 80)
SHUTTING_DOWN, TERMINATED = ("shutting-down", 32), ("terminated", 48)
LAUNCH_SECONDS = 60.0  # without success for so long, a launch is given up
FORGET_TERMINATED = timedelta(hours=1)


class DescribedRule(SecurityGroupRule):
    """A rule of a security group that shows its description also when its other side is a group."""

    @property
    def description(self) -> str | None:
        """What the rule is for: moto looks beside the range only, which such a rule has not."""
        return self.ip_range.get("Description") or self.source_group.get("Description")


class LocalEC2Backend(EC2Backend):
    """moto's EC2 with a body."""

    def __init__(self, region_name: str, account_id: str) -> None:
        self.service_addresses: dict[str, str] = {}  # owner (a load balancer's node, …) -> public address
        super().__init__(region_name, account_id)

    # -- instances
    @override
    def run_instances(self, image_id: str, count: int, *args: Any, **kwargs: Any) -> Any:
        self._forget_terminated()
        self._refuse_if_impossible(image_id, count, kwargs)
        reservation = super().run_instances(image_id, count, *args, **kwargs)
        for instance in reservation.instances:
            if not instance.security_groups:  # moto leaves those of the network interface out: never a clean plan
                instance.security_groups = list(instance.nics[0]._group_set)  # noqa: SLF001
            self._settle_addresses(instance)
            _set(instance, PENDING)
            self._converge(instance)
        return reservation

    @override
    def start_instances(self, instance_ids: list[str]) -> Any:
        found: list[Any] = self.get_multi_instances_by_id(instance_ids)
        refusals.check_start(found)
        stopped = [instance for instance in found if instance.state in _names(STOPPED)]
        result = [(instance, copy(instance._state)) for instance in found]  # noqa: SLF001 - moto has no other way
        super().start_instances([instance.id for instance in stopped])
        for instance in stopped:
            instance.launch_time, instance.beacon_started = utcnow(), True
            self._settle_addresses(instance)
            _set(instance, PENDING)
            self._converge(instance)
        return result

    @override
    def stop_instances(self, instance_ids: list[str]) -> Any:
        found: list[Any] = self.get_multi_instances_by_id(instance_ids)
        refusals.check_stop(found)
        running = [instance for instance in found if instance.state in _names(PENDING, RUNNING)]
        result = [(instance, copy(instance._state)) for instance in found]  # noqa: SLF001 - moto has no other way
        super().stop_instances([instance.id for instance in running])
        for instance in running:
            self._settle_addresses(instance)
            _set(instance, STOPPING)
            self._converge(instance)
        return result

    @override
    def reboot_instances(self, instance_ids: list[str]) -> Any:
        result: Any = super().reboot_instances(instance_ids)
        for instance in result:
            instance.beacon_reboots = _reboots(instance) + 1
            self._converge(instance)
        return result

    @override
    def terminate_instances(self, instance_ids: list[str]) -> Any:
        already = {i.id for i in self.all_instances() if i.id in instance_ids and i.state in _names(TERMINATED)}
        result: Any = super().terminate_instances(instance_ids)
        for instance, _ in result:
            for address in self.addresses:
                if address.instance is instance:
                    super().disassociate_address(address=address.public_ip)
            if instance.id not in already:
                instance.beacon_terminated = utcnow()
                _set(instance, SHUTTING_DOWN)
                self._converge(instance)
        return result

    # -- volumes
    @override
    def modify_volume(self, volume_id: str, target_size: int | None = None, *args: Any, **kwargs: Any) -> Any:
        volume = super().modify_volume(volume_id, target_size, *args, **kwargs)
        runtime.current().queue.submit(f"volume/{volume_id}", partial(volumes.grow, self, volume_id))
        return volume

    @override
    def delete_volume(self, volume_id: str) -> Any:
        volume = super().delete_volume(volume_id)
        if getattr(volume, "beacon_file", False):
            runtime.current().queue.submit(f"volume/{volume_id}", partial(volumes.remove, volume_id))
        return volume

    def plug(self, volume_id: str) -> None:
        """Have a volume that was attached by a request as a device of its instance's machine."""
        volume: Any = self.get_volume(volume_id)
        volume.beacon_file = volume.attachment.beacon_disk = True
        volume.attachment.status = volumes.ATTACHING
        self._converge(volume.attachment.instance)

    def unplug(self, volume_id: str) -> Any:
        """Have a volume leave its instance; it is attached until its machine lets go of it."""
        plug: Any = self.get_volume(volume_id).attachment
        if getattr(plug, "beacon_disk", False):
            plug.status = volumes.DETACHING
            self._converge(plug.instance)
        else:
            self.detach_volume(volume_id, plug.instance.id, plug.device)
        return plug

    # -- zones
    @override
    def describe_availability_zones(
        self,
        filters: Any = None,
        zone_names: list[str] | None = None,
        zone_ids: list[str] | None = None,
    ) -> Any:
        return zones.select(self.region_name, names=zone_names or (), ids=zone_ids or (), filters=filters or {})

    # -- security groups
    @override
    def create_security_group(self, *args: Any, **kwargs: Any) -> Any:
        if not kwargs.get("is_default"):
            refusals.check_vpc(self, kwargs.get("vpc_id"))
            quotas.one_more_security_group(self)
        return super().create_security_group(*args, **kwargs)

    @override
    def _verify_group_will_respect_rule_count_limit(
        self, group: Any, current_rule_nb: int, ip_ranges: Any, source_groups: Any = None, egress: bool = False
    ) -> None:
        quotas.rules(self, current_rule_nb + len(ip_ranges or ()) + len(source_groups or ()))

    @override
    def describe_security_group_rules(self, *args: Any, **kwargs: Any) -> Any:
        rules = super().describe_security_group_rules(*args, **kwargs)
        for rule in rules:
            rule.__class__ = DescribedRule  # moto makes rules in many places, always of its own class
        return rules

    # -- tags
    @override
    def iter_tagged_resources(self) -> Iterator[TaggedResource]:
        """Yield what moto leaves out, too: Resource Groups Tagging reports all that has tags."""
        yield from super().iter_tagged_resources()
        groups = (group for of_vpc in self.groups.values() for group in of_vpc.values())
        more: dict[str, Iterable[Any]] = {
            "dhcp-options": self.dhcp_options_sets.values(),
            "elastic-ip": self.addresses,
            "key-pair": self.key_pairs.values(),
            "launch-template": self.launch_templates.values(),
            "network-acl": self.network_acls.values(),
            "security-group-rule": (r for group in groups for r in (*group.ingress_rules, *group.egress_rules)),
            # moto keeps those that were deleted
            "vpc-endpoint": (one for one in self.vpc_end_points.values() if one.state != "deleted"),
        }
        for kind, resources in more.items():
            for resource in resources:
                yield TaggedResource(
                    arn=f"arn:{self.partition}:ec2:{self.region_name}:{self.account_id}:{kind}/{resource.id}",
                    tags=dict(self.tags.get(resource.id, {})),
                    resource_type=f"ec2:{kind}",
                )

    # -- launch templates
    @override
    def create_launch_template(self, name: str, description: str, template_data: dict[str, Any], tag_spec: Any) -> Any:
        # moto shows the template's own tags as its data's, which is a change in each plan
        specs = template_data.get("TagSpecifications", [])
        template_data["TagSpecifications"] = [s for s in specs if s["ResourceType"] != "launch-template"]
        return super().create_launch_template(name, description, template_data, tag_spec)

    @override
    def describe_launch_templates(self, *args: Any, **kwargs: Any) -> Any:
        templates = super().describe_launch_templates(*args, **kwargs)
        for template in templates:
            template.tags = template.get_tags()  # moto has those of its creation
        return templates

    # -- networks
    @override
    def create_vpc(self, cidr_block: str, *args: Any, **kwargs: Any) -> Any:
        if not (kwargs.get("is_default") or self._is_being_made()):
            quotas.one_more_vpc(self)
            try:
                other = runtime.current().view.conflict(cidr_block)
            except ValueError:
                other = None  # malformed: moto says so below
            except DockerFailedError as error:
                raise EC2ClientError("InternalError", f"Docker: {error}") from error
            if other:
                raise EC2ClientError(
                    "InvalidVpc.Range",
                    f"The CIDR '{cidr_block}' can't be used: it overlaps {other}. Choose a range that is free on this machine.",
                )
        return super().create_vpc(cidr_block, *args, **kwargs)

    @override
    def delete_vpc(self, vpc_id: str) -> Any:
        acls = [acl for acl in self.network_acls.values() if acl.vpc_id == vpc_id]
        if any(not acl.default for acl in acls):
            raise DependencyViolationError(f"The vpc '{vpc_id}' has dependencies and cannot be deleted.")
        vpc = super().delete_vpc(vpc_id)
        for acl in acls:  # the default one ends with its VPC, which moto leaves out
            del self.network_acls[acl.id]
        runtime.current().queue.submit("leftovers/networks", remove_stray_networks)
        return vpc

    @override
    def create_subnet(
        self,
        vpc_id: str,
        cidr_block: str,
        ipv6_cidr_block: str | None = None,
        availability_zone: str | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        quotas.one_more_subnet(self, vpc_id)
        refusals.check_zone(self.region_name, availability_zone)
        return super().create_subnet(vpc_id, cidr_block, ipv6_cidr_block, availability_zone, *args, **kwargs)

    @override
    def create_internet_gateway(self, *args: Any, **kwargs: Any) -> Any:
        quotas.one_more_internet_gateway(self)
        return super().create_internet_gateway(*args, **kwargs)

    @override
    def create_nat_gateway(self, subnet_id: str, *args: Any, **kwargs: Any) -> Any:
        quotas.one_more_nat_gateway(self, self.get_subnet(subnet_id).availability_zone)
        return super().create_nat_gateway(subnet_id, *args, **kwargs)

    @override
    def create_vpc_endpoint(
        self, vpc_id: str, service_name: str, endpoint_type: str | None, *args: Any, **kwargs: Any
    ) -> Any:
        kind = endpoint_type or "Gateway"
        refusals.check_endpoint(self.region_name, service_name, kind)
        return super().create_vpc_endpoint(vpc_id, service_name, kind, *args, **kwargs)

    def create_network_interface(
        self, subnet: Any, private_ip_address: Any, private_ip_addresses: Any = None, *args: Any, **kwargs: Any
    ) -> Any:
        """Deal a free address: moto takes any address of the subnet, free or not."""
        place: Any = self.get_subnet(subnet) if isinstance(subnet, str) else subnet
        dealt = not private_ip_address and not private_ip_addresses
        if dealt and place is not None:
            private_ip_address = place.get_available_subnet_ip(None)
        eni = super().create_network_interface(subnet, private_ip_address, private_ip_addresses, *args, **kwargs)
        if dealt and place is not None:
            place._subnet_ips[private_ip_address] = eni  # noqa: SLF001
        return eni

    # -- security groups of running machines
    @override
    def modify_instance_security_groups(self, instance_id: str, new_group_id_list: list[str]) -> Any:
        instance = super().modify_instance_security_groups(instance_id, new_group_id_list)
        instance.nics[0]._group_set = list(instance.security_groups)  # noqa: SLF001 # moto leaves the interface's as they were
        self._converge(instance)
        return instance

    @override
    def modify_network_interface_attribute(self, eni_id: str, group_ids: list[str], *args: Any, **kwargs: Any) -> None:
        super().modify_network_interface_attribute(eni_id, group_ids, *args, **kwargs)
        nic: Any = self.get_network_interface(eni_id)
        if group_ids and nic.instance and nic is nic.instance.nics[0]:
            nic.instance.security_groups = list(nic._group_set)  # noqa: SLF001 # moto adds the instance's to the interface's
            self._converge(nic.instance)

    # -- public addresses
    @override
    def allocate_address(self, domain: str, address: str | None = None, tags: Any = None) -> Any:
        quotas.one_more_address(self)
        return super().allocate_address(domain, address or self._free_public_address(), tags)

    @override
    def associate_address(self, *args: Any, **kwargs: Any) -> Any:
        before = {a.allocation_id: a.eni for a in self.addresses if a.eni}
        eip = super().associate_address(*args, **kwargs)
        old = before.get(eip.allocation_id)
        if old is not None and old is not eip.eni:
            old.public_ip = None
            self._settle_nic(old)
        self._converge_nics(old, eip.eni)
        return eip

    @override
    def disassociate_address(self, address: str | None = None, association_id: str | None = None) -> None:
        nics = [e.eni for e in self.addresses if e.eni and address == e.public_ip]
        nics += [e.eni for e in self.addresses if e.eni and association_id and association_id == e.association_id]
        super().disassociate_address(address, association_id)
        for nic in nics:
            self._settle_nic(nic)
        self._converge_nics(*nics)

    def reserve_public_address(self, owner: str) -> str:
        """Deal a public address to a service (a load balancer's node); the same owner gets the same one."""
        if owner not in self.service_addresses:
            self.service_addresses[owner] = self._free_public_address()
        return self.service_addresses[owner]

    def release_public_address(self, owner: str) -> None:
        """Give a service's address back; none is fine."""
        self.service_addresses.pop(owner, None)

    # -- convergence
    def stopped(self) -> set[str]:
        """Return the instances that somebody stopped."""
        return {instance.id for instance in self.all_instances() if instance.state in _names(STOPPED)}

    def reconcile(self) -> None:
        """After a start of the server: every machine becomes what the model says, and none is left over."""
        for subnets in self.subnets.values():
            for subnet in subnets.values():  # moto counts addresses with an iterator that is not part of the state
                subnet._reserved_ips |= subnet.aws_reserved_ips  # noqa: SLF001
        for instance in self.all_instances():
            if instance.state not in _names(TERMINATED):
                self._converge(instance)
        runtime.current().queue.submit(f"leftovers/{self.region_name}", partial(remove_leftovers, self))
        runtime.current().queue.submit("leftovers/networks", remove_stray_networks)
        runtime.current().queue.submit("leftovers/volumes", volumes.remove_leftovers)

    def _converge(self, instance: Any) -> None:
        job = partial(converge, self.account_id, self.region_name, instance.id)
        runtime.current().queue.submit(job_key(instance.id), job)

    def _converge_nics(self, *nics: Any) -> None:
        for nic in nics:
            if nic is not None and nic.instance is not None:
                self._converge(nic.instance)

    # -- helpers
    def _is_being_made(self) -> bool:
        return not hasattr(self, "vpcs") or not self.vpcs

    def _refuse_if_impossible(self, image_id: str, count: int, kwargs: dict[str, Any]) -> None:
        """Say at once what a job could only say by terminating the instance."""
        template: dict[str, Any] = {}
        if asked := kwargs.get("launch_template"):
            refusals.check_template(self, asked)
            template = self._get_template_from_args(asked).data
        image_id = image_id or template.get("ImageId", "")
        if image_id not in self.amis:
            raise EC2ClientError("InvalidAMIID.NotFound", f"The image id '[{image_id}]' does not exist")
        refusals.check_key(self, kwargs.get("key_name") or template.get("KeyName"))
        if kwargs.get("subnet_id"):
            place = self.get_subnet(kwargs["subnet_id"])
            addresses.check(self, place, [kwargs.get("private_ip")])
            groups = kwargs.get("security_group_ids") or template.get("SecurityGroupIds") or ()
            refusals.check_groups(self, place, groups)
        for nic in (nic for nic in kwargs.get("nics") or () if nic.get("SubnetId")):
            addresses.check(self, self.get_subnet(nic["SubnetId"]), [nic.get("PrivateIpAddress")])
        kind = kwargs.get("instance_type")
        if kwargs.get("is_instance_type_default") or not kind:
            kind = template.get("InstanceType", kind)
        if kind:
            subnet = self.get_subnet(kwargs["subnet_id"]) if kwargs.get("subnet_id") else None
            zones.check_instance_type(self, kind, subnet.availability_zone if subnet else kwargs.get("placement"))
            refusals.check_architecture(self, image_id, kind)
            zones.check_vcpus(self, kind, count, limit=applied(self.account_id, self.region_name, STANDARD_VCPUS))
        now = runtime.current()
        try:
            now.view.require_image(image_of(self, image_id, now.config))
        except ImageMissingError as error:
            raise EC2ClientError("InvalidAMIID.Unavailable", f"{error}") from error
        except DockerFailedError as error:
            raise EC2ClientError("InternalError", f"Docker: {error}") from error

    def _free_public_address(self) -> str:
        taken: set[str | None] = set()
        backend: Any
        for _, _, backend in ec2_backends.iter_backends():
            taken |= {a.public_ip for a in backend.addresses} | {e.public_ip for e in backend.enis.values()}
            taken |= set(backend.service_addresses.values())
        free = (a for a in runtime.current().config.public_addresses() if a not in taken)
        try:
            return next(free)
        except StopIteration:
            raise EC2ClientError(
                "InsufficientFreeAddresses", "The local cloud's public range has no free address."
            ) from None

    def _settle_addresses(self, instance: Any) -> None:
        for nic in instance.nics.values():
            self._settle_nic(nic)

    def _settle_nic(self, nic: Any) -> None:
        """Replace what moto dealt: it gives an automatic public address at random, also in the place of an Elastic IP."""
        elastic = [address.public_ip for address in self.addresses if address.eni is nic]
        nic.public_ip = elastic[0] if elastic else nic.public_ip
        if nic.public_ip and nic.public_ip not in runtime.current().config.public_addresses():
            nic.public_ip = None
            nic.public_ip = self._free_public_address()

    def _forget_terminated(self) -> None:
        """AWS shows terminated instances for about an hour; moto for ever."""
        for key, reservation in list(self.reservations.items()):
            reservation.instances = [
                i
                for i in reservation.instances
                if not (
                    i.state == TERMINATED[0]
                    and utcnow() - getattr(i, "beacon_terminated", utcnow()) > FORGET_TERMINATED
                )
            ]
            if not reservation.instances:
                del self.reservations[key]


def job_key(instance_id: str) -> str:
    """Return the key of an instance's job."""
    return f"instance/{instance_id}"


def converge(account: str, region: str, instance_id: str) -> float | None:
    """Make the instance's machine what the model says now. A job: runs without the model's lock."""
    now, again = runtime.current(), None
    backend: Any = ec2_backends[account][region]
    with now.model.lock:
        instance: Any = next((i for i in backend.all_instances() if i.id == instance_id), None)
        wanted = instance.state if instance is not None else TERMINATED[0]
        reboots = _reboots(instance)
    if wanted in _names(PENDING, RUNNING):
        try:
            with now.model.lock:
                spec = specification(backend, instance)
                vpc = backend.get_vpc(instance.vpc_id)
                disks = volumes.disks_of(backend, instance_id)
            now.networks.ensure_vpc(vpc.id, vpc.cidr_block)
            now.networks.ensure_public()
            volumes.hold(disks)
            now.machines.ensure(spec)
            if reboots:
                now.machines.restart(instance_id)
                _note_reboots(instance, reboots)
        except Exception as error:  # whatever the reason, an instance that never ran is given up as AWS does
            over = now.queue.trying(job_key(instance_id)) >= LAUNCH_SECONDS
            if wanted == PENDING[0] and (over or isinstance(error, HopelessError)):
                _give_up(backend, instance, error)
                return None
            raise
        _settle(instance, expected=PENDING, becomes=RUNNING)
        console.watch(instance_id)
        with now.model.lock:
            for hook in hooks.all_hooks():
                hook.launched(instance)
        again = volumes.settle(backend, disks, running=True)
    elif wanted in _names(STOPPING, STOPPED):
        now.machines.stop(instance_id)
        with now.model.lock:
            disks = volumes.disks_of(backend, instance_id)
        again = volumes.settle(backend, disks, running=False)
        _settle(instance, expected=STOPPING, becomes=STOPPED)
    else:
        now.machines.remove(instance_id)
        console.forget(instance_id)
        if instance is not None:
            _settle(instance, expected=SHUTTING_DOWN, becomes=TERMINATED)
            with now.model.lock:
                for hook in hooks.all_hooks():
                    hook.terminated(instance)
        now.queue.submit("leftovers/volumes", volumes.remove_leftovers)
    now.queue.submit("packet-filters", now.machines.refresh)
    return again


def remove_leftovers(backend: LocalEC2Backend) -> None:
    """Remove machines of instances that the model does not have (a crash between making and saving)."""
    now = runtime.current()
    with now.model.lock:
        wanted = {i.id for i in backend.all_instances() if i.state not in _names(TERMINATED)}
    for machine in now.machines.list("instance"):
        if machine.region in ("", backend.region_name) and machine.name not in wanted:
            LOG.warning("removing %s: no instance has this machine", machine.name)
            now.machines.remove(machine.name)


def remove_stray_networks() -> None:
    """Remove networks of VPCs that no region's model has: deleted just now, or before a crash."""
    now = runtime.current()
    present = now.networks.vpcs()  # before the look at the model: what is made meanwhile is not stray
    with now.model.lock:
        every: Any = ec2_backends
        wanted = {vpc for _, _, backend in every.iter_backends() for vpc in backend.vpcs}
    for network in present:
        vpc_id = network.name.removeprefix(now.networks.vpc_name(""))
        if vpc_id not in wanted:
            LOG.info("removing the network %s: no VPC has it", network.name)
            now.networks.remove_vpc(vpc_id)
            now.registry.networks_changed()


def _give_up(backend: LocalEC2Backend, instance: Any, error: Exception) -> None:
    """End a launch that fails, as AWS does: terminated, or stopped again with its disk, and with the reason."""
    LOG.error("launch of %s failed", instance.id, exc_info=error)
    now = runtime.current()
    again = getattr(instance, "beacon_started", False)
    (now.machines.stop if again else now.machines.remove)(instance.id)
    with now.model.transaction():
        if again:
            instance.stop()
        else:
            instance.disable_api_termination = False
            EC2Backend.terminate_instances(backend, [instance.id])
            instance.beacon_terminated = utcnow()
        instance.state_reason = StateReason(f"Server.InternalError: {error}", "Server.InternalError")


def _reboots(instance: Any) -> int:
    """Return how many reboots were asked for and are not done."""
    return getattr(instance, "beacon_reboots", 0)


def _note_reboots(instance: Any, done: int) -> None:
    """One restart does all reboots that were asked for before it; those asked for meanwhile stay."""
    with runtime.current().model.transaction():
        instance.beacon_reboots -= done


def _settle(instance: Any, *, expected: tuple[str, int], becomes: tuple[str, int]) -> None:
    """Note that the machine is what was wanted, unless something else is wanted by now."""
    with runtime.current().model.lock:
        if instance.state != expected[0]:
            return
        with runtime.current().model.transaction():
            _set(instance, becomes)


def _set(instance: Any, state: tuple[str, int]) -> None:
    instance._state = InstanceState(*state)  # noqa: SLF001 - moto has no other way


def _names(*states: tuple[str, int]) -> tuple[str, ...]:
    return tuple(name for name, _ in states)
