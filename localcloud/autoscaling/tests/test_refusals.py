"""What Auto Scaling refuses, in AWS's code and words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from localcloud.conftest import Cloud

TARGET_GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/none/0123456789abcdef"
NO_GROUP = r"ValidationError.*AutoScalingGroup name not found - null"
NO_TARGETS = r"ValidationError.*Provided Target Groups may not be valid\. Please ensure they exist and try again\."
BOUNDS = r"ValidationError.*Max bound, 1, must be greater than or equal to min bound, 2"


@pytest.fixture
def scaling(cloud: Cloud) -> Any:
    """Return a client, in an account with a template `web`."""
    data = {"ImageId": "ami-0debian1300000001", "InstanceType": "t3.small"}
    cloud.client("ec2").create_launch_template(LaunchTemplateName="web", LaunchTemplateData=data)
    return cloud.client("autoscaling")


def asked(**changed: Any) -> dict[str, Any]:
    return {
        "AutoScalingGroupName": "g",
        "MinSize": 0,
        "MaxSize": 2,
        "LaunchTemplate": {"LaunchTemplateName": "web"},
        "AvailabilityZones": ["eu-west-1a"],
    } | changed


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"MinSize": 2, "MaxSize": 1}, BOUNDS),
        (
            {"DesiredCapacity": 3},
            r"ValidationError.*Desired capacity:3 must be between the specified min size:0 and max size:2",
        ),
        (
            {"LaunchTemplate": {"LaunchTemplateId": "lt-0123456789abcdef0"}},
            r"ValidationError.*You must use a valid fully-formed launch template\. .*lt-0123456789abcdef0",
        ),
        (
            {"LaunchTemplate": {"LaunchTemplateName": "none"}},
            r"ValidationError.*You must use a valid fully-formed launch template\. .*none",
        ),
        ({"VPCZoneIdentifier": "subnet-0"}, r"ValidationError.*The subnet ID 'subnet-0' does not exist"),
        ({"TargetGroupARNs": [TARGET_GROUP]}, NO_TARGETS),
    ],
)
def test_a_group_that_does_not_fit_is_refused(scaling: Any, changed: dict[str, Any], words: str) -> None:
    with pytest.raises(ClientError, match=words):
        scaling.create_auto_scaling_group(**asked(**changed))
    assert scaling.describe_auto_scaling_groups()["AutoScalingGroups"] == []


def test_a_launch_configuration_that_is_not_there_is_refused(scaling: Any) -> None:
    wrong = asked(LaunchConfigurationName="none")
    del wrong["LaunchTemplate"]
    with pytest.raises(
        ClientError, match=r"ValidationError.*A launch configuration with the name: none does not exist"
    ):
        scaling.create_auto_scaling_group(**wrong)


def test_a_change_that_does_not_fit_is_refused(scaling: Any) -> None:
    scaling.create_auto_scaling_group(**asked(MaxSize=1))
    with pytest.raises(ClientError, match=BOUNDS):
        scaling.update_auto_scaling_group(AutoScalingGroupName="g", MinSize=2)
    with pytest.raises(ClientError, match=r"The subnet ID 'subnet-0' does not exist"):
        scaling.update_auto_scaling_group(AutoScalingGroupName="g", VPCZoneIdentifier="subnet-0")
    with pytest.raises(ClientError, match=r"ValidationError.*New SetDesiredCapacity value 2 is above max value 1"):
        scaling.set_desired_capacity(AutoScalingGroupName="g", DesiredCapacity=2)
    with pytest.raises(ClientError, match=NO_TARGETS):
        scaling.attach_load_balancer_target_groups(AutoScalingGroupName="g", TargetGroupARNs=[TARGET_GROUP])
    (group,) = scaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    assert (group["MinSize"], group["DesiredCapacity"], group["TargetGroupARNs"]) == (0, 0, [])


def test_a_capacity_below_the_least_is_refused_and_the_group_can_go(scaling: Any, cloud: Cloud) -> None:
    scaling.create_auto_scaling_group(**asked(MinSize=1))
    cloud.settle()
    with pytest.raises(ClientError, match=r"ValidationError.*New SetDesiredCapacity value 0 is below min value 1"):
        scaling.set_desired_capacity(AutoScalingGroupName="g", DesiredCapacity=0)
    scaling.delete_auto_scaling_group(AutoScalingGroupName="g", ForceDelete=True)
    cloud.settle()
    assert scaling.describe_auto_scaling_groups()["AutoScalingGroups"] == []


def test_a_group_that_is_not_there_is_refused(scaling: Any) -> None:
    with pytest.raises(ClientError, match=NO_GROUP):
        scaling.set_desired_capacity(AutoScalingGroupName="none", DesiredCapacity=1)
    with pytest.raises(ClientError, match=NO_GROUP):
        scaling.attach_load_balancer_target_groups(AutoScalingGroupName="none", TargetGroupARNs=[TARGET_GROUP])
