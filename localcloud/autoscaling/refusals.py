"""What Auto Scaling refuses of what is asked, by what there is: moto takes it, or fails.

https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html. Words:
https://github.com/shinobistack/waymond/pull/27, https://github.com/brikis98/terraform-up-and-running-code/issues/67,
https://github.com/zalando-incubator/kube-ingress-aws-controller/issues/254
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.autoscaling.exceptions import ValidationError
from moto.ec2.exceptions import EC2ClientError
from moto.elbv2.exceptions import TargetGroupNotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def found_group(backend: Any, name: str) -> Any:
    """Return a group; refuse a name that none has."""
    if name not in backend.autoscaling_groups:
        raise ValidationError("AutoScalingGroup name not found - null")
    return backend.autoscaling_groups[name]


def found_instance(backend: Any, instance_id: str) -> tuple[Any, Any]:
    """Return an instance's group and its state there; refuse one that is in no group."""
    for group in backend.autoscaling_groups.values():
        for state in group.instance_states:
            if state.instance.id == instance_id:
                return group, state
    raise ValidationError(f"Instance Id not found - No managed instance found for instance ID: {instance_id}")


def check_one_less(group: Any) -> None:
    """Refuse to leave a group with fewer instances than it has to have."""
    if group.desired_capacity <= group.min_size:
        raise ValidationError(
            f"Currently, desiredSize equals minSize ({group.min_size}). Terminating instance without replacement will violate "
            "group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's min size."
        )


def check_sizes(least: int, most: int, wanted: int | None) -> None:
    """Refuse bounds that exclude each other, and a desired capacity outside of them."""
    if most < least:
        raise ValidationError(f"Max bound, {most}, must be greater than or equal to min bound, {least}")
    if wanted is not None and not least <= wanted <= most:
        raise ValidationError(
            f"Desired capacity:{wanted} must be between the specified min size:{least} and max size:{most}"
        )


def check_capacity(group: Any, wanted: int) -> None:
    """Refuse a capacity outside of a group's bounds."""
    if wanted > group.max_size:
        raise ValidationError(
            f"New SetDesiredCapacity value {wanted} is above max value {group.max_size} for the AutoScalingGroup."
        )
    if wanted < group.min_size:
        raise ValidationError(
            f"New SetDesiredCapacity value {wanted} is below min value {group.min_size} for the AutoScalingGroup."
        )


def check_subnets(ec2: Any, identifiers: str | None) -> None:
    """Refuse a subnet that is not there."""
    for name in identifiers.split(",") if identifiers else ():
        try:
            ec2.get_subnet(name)
        except EC2ClientError as error:
            raise ValidationError(f"The subnet ID '{name}' does not exist") from error


def check_source(backend: Any, configuration: str | None, template: Mapping[str, Any] | None) -> None:
    """Refuse a launch configuration or template that is not there."""
    if configuration and configuration not in backend.launch_configurations:
        raise ValidationError(
            f"Launch configuration name not found - A launch configuration with the name: {configuration} does not exist"
        )
    identifier, name = (template or {}).get("LaunchTemplateId"), (template or {}).get("LaunchTemplateName")
    try:
        if identifier:
            backend.ec2_backend.get_launch_template(identifier)
        elif name:
            backend.ec2_backend.get_launch_template_by_name(name)
    except EC2ClientError as error:
        raise ValidationError(f"You must use a valid fully-formed launch template. {error.message}") from error


def check_target_groups(backend: Any, arns: Iterable[str]) -> None:
    """Refuse a target group that is not there."""
    for arn in arns:
        try:
            backend.elbv2_backend.describe_target_groups(load_balancer_arn=None, target_group_arns=[arn], names=None)
        except TargetGroupNotFoundError as error:
            message = "Provided Target Groups may not be valid. Please ensure they exist and try again."
            raise ValidationError(message) from error
