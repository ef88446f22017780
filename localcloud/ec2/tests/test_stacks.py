from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from localcloud.conftest import Cloud

AMI = "ami-0debian1300000001"


def test_a_stack_is_the_first_that_asks_for_a_network_and_a_machine(cloud: Cloud) -> None:
    resources = {
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.42.0.0/16"}},
        "Subnet": {
            "Type": "AWS::EC2::Subnet",
            "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.42.1.0/24", "AvailabilityZone": "eu-west-1a"},
        },
        "Host": {
            "Type": "AWS::EC2::Instance",
            "Properties": {"ImageId": AMI, "InstanceType": "t3.micro", "SubnetId": {"Ref": "Subnet"}},
        },
    }
    cloud.client("cloudformation").create_stack(StackName="s", TemplateBody=json.dumps({"Resources": resources}))
    cloud.settle()
    (reservation,) = cloud.client("ec2").describe_instances()["Reservations"]
    (instance,) = reservation["Instances"]
    assert (instance["State"]["Name"], instance["PrivateIpAddress"]) == ("running", "10.42.1.4")
    assert instance["InstanceId"] in cloud.machines.specs
