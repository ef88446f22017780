from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from moto.autoscaling.models import autoscaling_backends

from localcloud.autoscaling.models import GRACE_SECONDS
from localcloud.core.config import ACCOUNT

if TYPE_CHECKING:
    from localcloud.conftest import Cloud

AMI = "ami-0debian1300000001"


class Site:
    """A VPC with two subnets, and a launch template."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.ec2, self.autoscaling = cloud.client("ec2"), cloud.client("autoscaling")
        vpc = self.ec2.create_vpc(CidrBlock="10.42.0.0/16")["Vpc"]["VpcId"]
        self.subnets = [
            self.ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.42.{n}.0/24", AvailabilityZone=f"eu-west-1{zone}")[
                "Subnet"
            ]["SubnetId"]
            for n, zone in ((1, "a"), (2, "b"))
        ]
        data = {"ImageId": AMI, "InstanceType": "t3.small"}
        self.ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=data)
        self.silent: dict[str, float] = {}

    def create(self, wanted: int) -> None:
        self.autoscaling.create_auto_scaling_group(
            AutoScalingGroupName="g",
            MinSize=0,
            MaxSize=4,
            DesiredCapacity=wanted,
            LaunchTemplate={"LaunchTemplateName": "web"},
            VPCZoneIdentifier=",".join(self.subnets),
        )
        self.cloud.settle()

    def watch(self, *, now: float) -> None:
        """Do what the watch does every few seconds."""
        backend: Any = autoscaling_backends[ACCOUNT]["eu-west-1"]
        backend.replace_lost(self.silent, now=now)
        self.cloud.settle()

    def instances(self) -> list[str]:
        groups = self.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
        return [instance["InstanceId"] for group in groups for instance in group["Instances"]]

    def state(self, instance: str) -> str:
        found = self.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
        return str(found["State"]["Name"])


@pytest.fixture
def site(cloud: Cloud) -> Site:
    return Site(cloud)


def test_instances_are_spread_over_the_subnets(site: Site) -> None:
    site.create(3)
    found = site.ec2.describe_instances(InstanceIds=site.instances())["Reservations"]
    places = [instance["SubnetId"] for reservation in found for instance in reservation["Instances"]]
    assert [places.count(subnet) for subnet in site.subnets] == [2, 1]


def test_a_removed_machine_s_instance_is_replaced_at_once(site: Site) -> None:
    site.create(2)
    lost, kept = site.instances()
    site.cloud.docker.lose(lost)
    site.watch(now=0.0)
    assert kept in site.instances()
    assert lost not in site.instances()
    assert len(site.instances()) == 2
    assert site.state(lost) == "terminated"


def test_a_stopped_machine_has_some_time_to_come_back(site: Site) -> None:
    site.create(1)
    (instance,) = site.instances()
    site.cloud.docker.halt(instance)
    site.watch(now=0.0)
    site.watch(now=GRACE_SECONDS)
    assert site.instances() == [instance]
    site.watch(now=GRACE_SECONDS + 1)
    assert site.instances() != [instance]


def test_one_that_came_back_has_its_time_anew(site: Site) -> None:
    site.create(1)
    (instance,) = site.instances()
    site.cloud.docker.halt(instance)
    site.watch(now=0.0)
    site.cloud.docker.start(f"test-{instance}")
    site.watch(now=10.0)
    assert site.silent == {}
    site.cloud.docker.halt(instance)
    site.watch(now=GRACE_SECONDS + 1)
    assert site.instances() == [instance]


def test_an_instance_that_somebody_terminated_is_replaced(site: Site) -> None:
    site.create(1)
    (instance,) = site.instances()
    site.ec2.terminate_instances(InstanceIds=[instance])
    site.cloud.settle()
    site.watch(now=0.0)
    (new,) = site.instances()
    assert new != instance


def test_load_balancers_let_go_of_an_instance_before_it_ends_and_another_takes_its_place(site: Site) -> None:
    site.create(1)
    (instance,) = site.instances()
    elb = site.cloud.client("elbv2")
    vpc = site.ec2.describe_subnets(SubnetIds=site.subnets[:1])["Subnets"][0]["VpcId"]
    made = elb.create_target_group(Name="t", Protocol="TCP", Port=80, VpcId=vpc)["TargetGroups"]
    arns = [made[0]["TargetGroupArn"]]
    site.autoscaling.attach_load_balancer_target_groups(AutoScalingGroupName="g", TargetGroupARNs=arns)

    def targets() -> list[str]:
        found = elb.describe_target_health(TargetGroupArn=arns[0])["TargetHealthDescriptions"]
        return [each["Target"]["Id"] for each in found]

    assert targets() == [instance]
    site.autoscaling.terminate_instance_in_auto_scaling_group(InstanceId=instance, ShouldDecrementDesiredCapacity=False)
    assert (targets(), site.state(instance)) == ([], "running")
    site.watch(now=0.0)
    assert site.state(instance) == "running", "what is under way has time until the next look"
    site.watch(now=5.0)
    (new,) = site.instances()
    assert (site.state(instance), targets()) == ("terminated", [new])
    site.autoscaling.set_desired_capacity(AutoScalingGroupName="g", DesiredCapacity=0)
    site.cloud.settle()
    assert (site.state(new), targets()) == ("terminated", []), "also of a group that shrinks"


def test_who_may_end_instances_of_one_group_ends_none_of_another(site: Site) -> None:
    """The request names an instance; policies name its group."""
    site.create(1)
    (instance,) = site.instances()
    iam = site.cloud.client("iam")
    iam.create_user(UserName="dev")
    key = iam.create_access_key(UserName="dev")["AccessKey"]
    mine = site.cloud.client("autoscaling", key=(key["AccessKeyId"], key["SecretAccessKey"]))

    def end(group: str) -> Any:
        resource = f"arn:aws:autoscaling:*:{ACCOUNT}:autoScalingGroup:*:autoScalingGroupName/{group}"
        action = "autoscaling:TerminateInstanceInAutoScalingGroup"
        policy = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": action, "Resource": resource}}
        iam.put_user_policy(UserName="dev", PolicyName="own", PolicyDocument=json.dumps(policy))
        return mine.terminate_instance_in_auto_scaling_group(InstanceId=instance, ShouldDecrementDesiredCapacity=True)

    with pytest.raises(ClientError, match=r"on resource: \S+:autoScalingGroupName/g because"):
        end("other")
    assert end("g")["Activity"]


def test_an_instance_ends_without_another_one_where_the_group_may_shrink(site: Site) -> None:
    site.create(2)
    first, second = site.instances()
    end = site.autoscaling.terminate_instance_in_auto_scaling_group
    end(InstanceId=first, ShouldDecrementDesiredCapacity=True)
    for now in (0.0, 5.0):
        site.watch(now=now)
    assert site.instances() == [second]
    site.autoscaling.update_auto_scaling_group(AutoScalingGroupName="g", MinSize=1)
    with pytest.raises(ClientError, match=r"desiredSize equals minSize \(1\)"):
        end(InstanceId=second, ShouldDecrementDesiredCapacity=True)
    with pytest.raises(ClientError, match="No managed instance found for instance ID: i-0"):
        end(InstanceId="i-0", ShouldDecrementDesiredCapacity=False)


def test_a_group_that_can_t_be_filled_leaves_nothing(site: Site) -> None:
    site.cloud.docker.images_missing.add("mirror.beacon/host:1")
    fully_formed = (
        r"\(ValidationError\).*You must use a valid fully-formed launch template\. .*mirror\.beacon/host:1 is not in"
    )
    with pytest.raises(ClientError, match=fully_formed):
        site.create(2)
    assert site.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"] == []
    assert site.ec2.describe_instances()["Reservations"] == []


def test_what_could_not_be_launched_is_launched_when_it_can_be(site: Site) -> None:
    site.create(1)
    site.cloud.docker.images_missing.add("mirror.beacon/host:1")
    site.cloud.docker.lose(site.instances()[0])
    with pytest.raises(Exception, match=r"mirror\.beacon/host:1"):
        site.watch(now=0.0)
    assert site.instances() == []
    site.cloud.docker.images_missing.clear()
    site.watch(now=5.0)
    assert len(site.instances()) == 1


def test_without_groups_nobody_is_asked(site: Site) -> None:
    site.cloud.docker.calls.clear()
    site.watch(now=0.0)
    assert site.cloud.docker.calls == []
