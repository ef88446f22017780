"""What EC2 refuses because of what there is, and of what is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from localcloud.http import principals

if TYPE_CHECKING:
    from localcloud.conftest import Cloud

AMI = "ami-0debian1300000001"
NONE = "0123456789abcdef0"


def unchecked(cloud: Cloud) -> Any:
    """Return a client that sends what its model forbids, too."""
    key, secret = principals.read_administrator(cloud.config.state / "credentials.json")
    return boto3.client(
        "ec2",
        endpoint_url=cloud.endpoint,
        region_name=cloud.config.region,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(parameter_validation=False, retries={"total_max_attempts": 1}),
    )


def test_what_is_not_there_or_does_not_fit_together_is_refused(cloud: Cloud) -> None:
    ec2 = unchecked(cloud)
    vpc, other = (ec2.create_vpc(CidrBlock=f"10.{net}.0.0/16")["Vpc"]["VpcId"] for net in (42, 43))
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.42.1.0/24", AvailabilityZone="eu-west-1a")["Subnet"]["SubnetId"]
    group, elsewhere = (
        ec2.create_security_group(GroupName="g", Description="d", VpcId=each)["GroupId"] for each in (vpc, other)
    )
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    template = {"ImageId": AMI, "InstanceType": "t3.small"}
    template_id = ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=template)["LaunchTemplate"][
        "LaunchTemplateId"
    ]
    (default,) = ec2.describe_security_groups(
        Filters=[{"Name": "group-name", "Values": ["default"]}, {"Name": "vpc-id", "Values": [vpc]}]
    )["SecurityGroups"]

    def run(**more: Any) -> Any:
        return ec2.run_instances(
            **{"ImageId": AMI, "InstanceType": "t3.small", "MinCount": 1, "MaxCount": 1, "SubnetId": subnet, **more}
        )

    def allow(**rule: Any) -> Any:
        return ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[{"IpProtocol": "tcp", **rule}])

    def route(**target: Any) -> Any:
        return ec2.create_route(**{"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0", **target})

    tag = {"Tags": [{"Key": "a", "Value": "b"}]}
    ports = {"FromPort": 1, "ToPort": 1}
    pair: dict[str, Any] = {"UserIdGroupPairs": [{"GroupId": elsewhere}]}
    refused: dict[str, Any] = {
        r"InvalidKeyPair.NotFound\).*The key pair 'none' does not exist": lambda: run(KeyName="none"),
        rf"InvalidParameter\).*{elsewhere} and subnet {subnet} belong to different networks": lambda: run(
            SecurityGroupIds=[elsewhere]
        ),
        rf"InvalidLaunchTemplateId.NotFound\).*lt-{NONE}, does not exist": lambda: run(
            LaunchTemplate={"LaunchTemplateId": f"lt-{NONE}"}
        ),
        r"InvalidLaunchTemplateName.NotFoundException\).*template name none, does not exist": lambda: run(
            LaunchTemplate={"LaunchTemplateName": "none"}
        ),
        rf"InvalidLaunchTemplateId.VersionNotFound\).*version 9 for the launch template with ID {template_id}": lambda: (
            run(LaunchTemplate={"LaunchTemplateId": template_id, "Version": "9"})
        ),
        "The architecture 'arm64' of the specified instance type does not match": lambda: run(InstanceType="t4g.small"),
        r"Value \(2\) for parameter minCount is invalid. It is larger than maxCount \(1\)": lambda: run(MinCount=2),
        r"Value \(0\) for parameter minCount is invalid": lambda: run(MinCount=0),
        r"Value \(65\) for parameter HttpPutResponseHopLimit is invalid. Valid values are 1 to 64": lambda: run(
            MetadataOptions={"HttpPutResponseHopLimit": 65}
        ),
        "'nothing' is not a valid taggable resource type": lambda: run(
            TagSpecifications=[{"ResourceType": "nothing", **tag}]
        ),
        "'vpc' is not a valid taggable resource type": lambda: run(TagSpecifications=[{"ResourceType": "vpc", **tag}]),
        rf"InvalidVpcID.NotFound\).*'vpc-{NONE}' does not exist": lambda: ec2.create_security_group(
            GroupName="h", Description="d", VpcId=f"vpc-{NONE}"
        ),
        "'Must specify both from and to ports with TCP/UDP.'": lambda: allow(IpRanges=[{"CidrIp": "10.0.0.0/8"}]),
        r"InvalidGroup.NotFound\).*two resources that belong to different networks": lambda: allow(**ports, **pair),
        rf"InvalidPrefixListID.NotFound\).*'pl-{NONE}' does not exist": lambda: allow(
            **ports, PrefixListIds=[{"PrefixListId": f"pl-{NONE}"}]
        ),
        rf'CannotDelete\).*"{default["GroupId"]}" name: "default" cannot': lambda: ec2.delete_security_group(
            GroupId=default["GroupId"]
        ),
        r"eu-west-1q\) for parameter availabilityZone is invalid.*zones: eu-west-1a, eu-west-1b, eu-west-1c\.": lambda: (
            ec2.create_subnet(VpcId=vpc, CidrBlock="10.42.9.0/24", AvailabilityZone="eu-west-1q")
        ),
        rf"route table {table} and network gateway {gateway} belong to different networks": lambda: route(
            GatewayId=gateway
        ),
        r"MissingParameter\).*one of the parameters GatewayId, NatGatewayId, ": route,
        r"Value \(0.0.0.0\) for parameter destinationCidrBlock is invalid": lambda: route(
            DestinationCidrBlock="0.0.0.0", GatewayId=gateway
        ),
        r"MissingParameter\).*must include the AllocationId": lambda: ec2.create_nat_gateway(SubnetId=subnet),
        r"InvalidServiceName\).*'com.amazonaws.us-east-1.s3' does not exist": lambda: ec2.create_vpc_endpoint(
            VpcId=vpc, ServiceName="com.amazonaws.us-east-1.s3"
        ),
        r"Endpoint type \(Gateway\) does not match available service types": lambda: ec2.create_vpc_endpoint(
            VpcId=vpc, ServiceName="com.amazonaws.eu-west-1.ssm", VpcEndpointType="Gateway"
        ),
        "InvalidKey.Format": lambda: ec2.import_key_pair(KeyName="k", PublicKeyMaterial=b"not a key"),
        r"MissingParameter\).*KeyName": lambda: ec2.create_key_pair(KeyName=""),
        r"InvalidLaunchTemplateName.MalformedException\).*'a b' does not": lambda: ec2.create_launch_template(
            LaunchTemplateName="a b", LaunchTemplateData=template
        ),
        r"InvalidParameterCombination\).*multiple attribute types": lambda: ec2.modify_vpc_attribute(
            VpcId=vpc, EnableDnsHostnames={"Value": True}, EnableDnsSupport={"Value": True}
        ),
    }
    for reason, ask in refused.items():
        with pytest.raises(ClientError, match=reason):
            ask()
    assert ec2.describe_instances()["Reservations"] == []
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    assert route(GatewayId=gateway)["Return"]
    ec2.delete_security_group(GroupId=elsewhere)
    ec2.delete_vpc(VpcId=other)
