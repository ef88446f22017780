"""Auto Scaling groups whose instances are machines: spread over the group's subnets, and replaced when they are lost."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import (
    ASG_NAME_TAG,
    AutoScalingBackend,
    FakeAutoScalingGroup,
    InstanceState,
    TerminateInstanceActivity,
)
from moto.ec2.exceptions import EC2ClientError

from localcloud.autoscaling import refusals
from localcloud.core import runtime
from localcloud.core.errors import DockerFailedError

if TYPE_CHECKING:
    from collections.abc import Mapping

LOG = logging.getLogger(__name__)
WATCH_SECONDS = 5.0
GRACE_SECONDS = 20.0
ALIVE = ("pending", "running")  # states of instances
UP = ("running", "restarting")  # states of machines
# An instance that is to end, and one that load balancers have had the time to let go of
LEAVING, LEFT = "Terminating", "Terminating:Proceed"


class LocalAutoScalingGroup(FakeAutoScalingGroup):
    """moto puts all instances into the first subnet, whatever the region."""

    def set_desired_capacity(self, new_capacity: int | None) -> None:
        """Have load balancers forget whoever goes: moto leaves them in its target groups."""
        before = list(self.instance_states)
        super().set_desired_capacity(new_capacity)
        self.deregister([state for state in before if state not in self.instance_states])

    def replace_autoscaling_group_instances(self, count_needed: int, propagated_tags: dict[str, str]) -> None:
        """Launch instances, each in the subnet that has the fewest."""
        tags = {**propagated_tags, ASG_NAME_TAG: self.name, **self.instance_tags}
        template = {"LaunchTemplateId": self.ec2_launch_template.id} if self.ec2_launch_template else None
        for _ in range(count_needed):
            try:
                instances = self._launch(tags, template)
            except EC2ClientError as error:
                message = f"You must use a valid fully-formed launch template. {error.message}"
                raise ValidationError(message) from error
            for instance in instances:
                instance.autoscaling_group = self
                protected = self.new_instances_protected_from_scale_in
                self.instance_states.append(InstanceState(instance, protected_from_scale_in=protected))

    def _launch(self, tags: dict[str, str], template: dict[str, str] | None) -> list[Any]:
        subnet_id = self._emptiest_subnet()
        zone = self.ec2_backend.get_subnet(subnet_id).availability_zone if subnet_id else self.availability_zones[0]
        reservation = self.ec2_backend.run_instances(
            self.image_id,
            1,
            self.user_data,
            self.security_groups or [],
            instance_type=self.instance_type,
            tags={"instance": dict(tags)},
            placement=zone,
            region_name=self.region,
            launch_config=self.launch_config,
            launch_template=template,
            is_instance_type_default=False,
            associate_public_ip=self.launch_config.associate_public_ip_address if self.launch_config else None,
            subnet_id=subnet_id,
        )
        return list(reservation.instances)

    def _emptiest_subnet(self) -> str | None:
        subnets = (self.vpc_zone_identifier or "").split(",")
        used = Counter(state.instance.subnet_id for state in self.instance_states)
        return min(subnets, key=lambda subnet: (used[subnet], subnets.index(subnet))) or None

    def lost(self, dead: set[str]) -> list[Any]:
        """Return the instances that are no more, that left, or whose machine is dead."""
        return [
            state
            for state in self.instance_states
            if state.instance.state not in ALIVE
            or state.lifecycle_state == LEFT
            or (state.instance.state == "running" and state.instance.id in dead)
        ]

    def leaving(self) -> list[Any]:
        """Return the instances that load balancers may still be answering for."""
        return [state for state in self.instance_states if state.lifecycle_state == LEAVING]

    def is_short(self) -> bool:
        """Tell whether instances are missing: a launch was refused, or a replacement ended half way."""
        return len(self.instance_states) < (self.desired_capacity or 0)

    def deregister(self, leaving: list[Any]) -> bool:
        """Take instances out of the group's target groups; whether one of them was in any."""
        elbv2, known = self.autoscaling_backend.elbv2_backend, False
        for arn in self.target_group_arns:
            known |= any(state.instance.id in elbv2.target_groups[arn].targets for state in leaving)
            elbv2.deregister_targets(arn, [{"Id": state.instance.id} for state in leaving])
        return known

    def replace(self, lost: list[Any]) -> None:
        """Terminate what is lost and launch what is missing then."""
        for state in lost:
            LOG.warning("%s: %s is lost and will be replaced", self.name, state.instance.id)
            self.instance_states.remove(state)
        self.deregister(lost)
        alive = [state.instance.id for state in lost if state.instance.state in ALIVE]
        if alive:
            self.ec2_backend.terminate_instances(alive)
        self.set_desired_capacity(self.desired_capacity)


class LocalAutoScalingBackend(AutoScalingBackend):
    """moto's Auto Scaling: its instances come from EC2's RunInstances, so they are real."""

    def create_auto_scaling_group(self, *args: Any, **kwargs: Any) -> Any:
        """Make the group empty first: moto's own constructor launches instances."""
        refusals.check_sizes(
            int(kwargs.get("min_size") or 0), int(kwargs["max_size"]), _number(kwargs.get("desired_capacity"))
        )
        self._check_named(kwargs)
        refusals.check_target_groups(self, kwargs.get("target_group_arns") or ())
        wanted = kwargs.pop("desired_capacity", None)
        least = kwargs.pop("min_size", None)
        made: Any = super().create_auto_scaling_group(*args, **kwargs | {"desired_capacity": 0, "min_size": 0})
        made.__class__ = LocalAutoScalingGroup  # moto has no factory to override
        group: LocalAutoScalingGroup = made
        group.min_size = int(least or 0)
        try:
            group.set_desired_capacity(int(wanted) if wanted is not None else group.min_size)
        except Exception:  # whatever the reason: neither group nor instances stay; it goes on to the caller
            self.delete_auto_scaling_group(group.name)
            raise
        return group

    def update_auto_scaling_group(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """Refuse what does not fit before anything is changed. What is not given, the group has."""
        group: Any = refusals.found_group(self, name)
        least, most, wanted = (_number(kwargs.get(key)) for key in ("min_size", "max_size", "desired_capacity"))
        least = group.min_size if least is None else least
        refusals.check_sizes(least, group.max_size if most is None else most, wanted)
        self._check_named(kwargs)
        return super().update_auto_scaling_group(name, *args, **kwargs)

    def terminate_instance(self, instance_id: str, should_decrement: bool) -> TerminateInstanceActivity:  # noqa: FBT001 - moto's
        """Have load balancers let go of an instance first; the watch ends it, and launches another one."""
        group, state = refusals.found_instance(self, instance_id)
        capacity = group.desired_capacity
        if should_decrement:
            refusals.check_one_less(group)
            group.desired_capacity -= 1
        group.deregister([state])
        state.lifecycle_state = LEAVING
        return TerminateInstanceActivity(state.instance, capacity)

    def _check_named(self, asked: Mapping[str, Any]) -> None:
        refusals.check_subnets(self.ec2_backend, asked.get("vpc_zone_identifier"))
        refusals.check_source(self, asked.get("launch_config_name"), asked.get("launch_template"))

    def reconcile(self) -> None:
        """Watch the groups' machines, from the start of the server on."""
        name = f"autoscaling-{self.region_name}"
        if not any(thread.name == name for thread in threading.enumerate()):
            threading.Thread(target=self._watch, name=name, daemon=True).start()

    def _watch(self) -> None:
        silent: dict[str, float] = {}
        while True:
            time.sleep(WATCH_SECONDS)
            try:
                self.replace_lost(silent, now=time.monotonic())
            except DockerFailedError as error:
                LOG.warning("Auto Scaling groups can't be checked: %s", error)
            except Exception:  # the watch must not end: it is all that replaces what is lost
                LOG.exception("replacing lost instances failed: trying again")

    def replace_lost(self, silent: dict[str, float], *, now: float) -> None:
        """Replace instances whose machines are gone; quick when none is. `silent`: since when a machine is stopped."""
        if not self.autoscaling_groups:
            return
        current = runtime.current()
        machines = {machine.name: machine.state for machine in current.machines.list("instance")}
        with current.model.lock:
            members = [state.instance.id for group in self.groups() for state in group.instance_states]
            short = any(group.is_short() for group in self.groups())
        stopped = {name for name in members if machines.get(name, "missing") not in UP}
        for name in silent.keys() - stopped:
            del silent[name]
        for name in stopped:
            silent.setdefault(name, now)
        # one that was removed is dead; one that is stopped may be on its way up again (a restart of Docker, of everything)
        over = {name for name in stopped if name not in machines or now - silent[name] > GRACE_SECONDS}
        dead = {name for name in over if current.machines.state(name) not in UP}  # not one that started meanwhile
        if short or stopped:
            current.view.look()
        with current.model.lock:
            found = [(group, group.lost(dead)) for group in self.groups()]
            wanting = [(group, lost) for group, lost in found if lost or group.is_short()]
            leaving = [state for group in self.groups() for state in group.leaving()]
            if wanting or leaving:
                with current.model.transaction():
                    for group, lost in wanting:
                        group.replace(lost)
                    for state in leaving:
                        state.lifecycle_state = LEFT  # until the next look

    def groups(self) -> list[LocalAutoScalingGroup]:
        """Return all groups."""
        return [group for group in self.autoscaling_groups.values() if isinstance(group, LocalAutoScalingGroup)]


def _number(given: str | int | None) -> int | None:
    """Return a size as a number: CloudFormation gives it as text."""
    return None if given is None else int(given)
