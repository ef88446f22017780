"""Auto Scaling's API: moto's, that refuses groups, capacities and target groups that don't fit."""
# ruff: noqa: D102 - operations are documented by AWS

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.autoscaling.responses import AutoScalingResponse

from localcloud.autoscaling import refusals

if TYPE_CHECKING:
    from moto.core.responses import ActionResult


class LocalAutoScalingResponse(AutoScalingResponse):
    """moto's Auto Scaling, asked from outside: its own use of the model, when a group goes, knows no bounds."""

    def set_desired_capacity(self) -> ActionResult:
        group = refusals.found_group(self.autoscaling_backend, self._get_param("AutoScalingGroupName"))
        refusals.check_capacity(group, self._get_int_param("DesiredCapacity"))
        return super().set_desired_capacity()

    def attach_load_balancer_target_groups(self) -> ActionResult:
        refusals.found_group(self.autoscaling_backend, self._get_param("AutoScalingGroupName"))
        refusals.check_target_groups(self.autoscaling_backend, self._get_param("TargetGroupARNs", []))
        return super().attach_load_balancer_target_groups()
