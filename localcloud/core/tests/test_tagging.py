"""Resource Groups Tagging reports all that Terraform makes here: nothing that is left over may be overlooked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from localcloud.conftest import trust

if TYPE_CHECKING:
    from localcloud.conftest import Cloud

TAGS = {"Environment": "e"}
LIST = [{"Key": "Environment", "Value": "e"}]


def spec(*kinds: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": LIST} for kind in kinds]


def make_ec2(ec2: Any) -> tuple[str, list[str]]:
    """Make one of each kind of EC2 resource; the VPC and its subnets."""
    vpc = ec2.create_vpc(CidrBlock="10.42.0.0/16", TagSpecifications=spec("vpc"))["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.42.{n}.0/24", AvailabilityZone=zone, TagSpecifications=spec("subnet")
        )["Subnet"]["SubnetId"]
        for n, zone in enumerate(("eu-west-1a", "eu-west-1b"))
    ]
    group = ec2.create_security_group(
        GroupName="g", Description="g", VpcId=vpc, TagSpecifications=spec("security-group")
    )["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "IpRanges": [{"CidrIp": "192.0.2.0/24"}]}],
        TagSpecifications=spec("security-group-rule"),
    )
    ec2.create_route_table(VpcId=vpc, TagSpecifications=spec("route-table"))
    ec2.create_network_acl(VpcId=vpc, TagSpecifications=spec("network-acl"))
    ec2.create_internet_gateway(TagSpecifications=spec("internet-gateway"))
    address = ec2.allocate_address(Domain="vpc", TagSpecifications=spec("elastic-ip"))["AllocationId"]
    ec2.create_nat_gateway(SubnetId=subnets[0], AllocationId=address, TagSpecifications=spec("natgateway"))
    ec2.create_vpc_endpoint(VpcId=vpc, ServiceName="com.amazonaws.eu-west-1.s3", TagSpecifications=spec("vpc-endpoint"))
    ec2.create_key_pair(KeyName="k", KeyType="ed25519", TagSpecifications=spec("key-pair"))
    ec2.create_launch_template(
        LaunchTemplateName="template",
        LaunchTemplateData={"InstanceType": "t3.micro"},
        TagSpecifications=spec("launch-template"),
    )
    ec2.run_instances(
        ImageId="ami-0debian1300000001",
        MinCount=1,
        MaxCount=1,
        SubnetId=subnets[0],
        InstanceType="t3.micro",
        TagSpecifications=spec("instance", "volume"),
    )
    return vpc, subnets


def make_others(cloud: Cloud, vpc: str, subnets: list[str]) -> None:
    """Make what the other services of the root module have."""
    cloud.client("kms").create_key(Tags=[{"TagKey": "Environment", "TagValue": "e"}])
    cloud.client("logs").create_log_group(logGroupName="/aws/x", tags=TAGS)
    cloud.client("ecr").create_repository(repositoryName="team/app", tags=LIST)
    cloud.client("ssm").put_parameter(Name="/p", Value="v", Type="String", Tags=LIST)
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_tagging(Bucket="bucket", Tagging={"TagSet": LIST})
    elb = cloud.client("elbv2")
    elb.create_load_balancer(Name="lb", Type="network", Subnets=subnets, Scheme="internal", Tags=LIST)
    elb.create_target_group(Name="tg", Protocol="TCP", Port=80, VpcId=vpc, Tags=LIST)
    role = cloud.client("iam").create_role(
        RoleName="eks", AssumeRolePolicyDocument=trust({"Service": "eks.amazonaws.com"})
    )["Role"]["Arn"]
    eks = cloud.client("eks")
    config = {"subnetIds": subnets, "endpointPublicAccess": False, "endpointPrivateAccess": True}
    eks.create_cluster(name="c", roleArn=role, resourcesVpcConfig=config, tags=TAGS)
    eks.create_access_entry(clusterName="c", principalArn=role, tags=TAGS)


@pytest.fixture
def tagging(cloud: Cloud) -> Any:
    return cloud.client("resourcegroupstaggingapi")


EVERY_KIND = {
    *(
        f"ec2:{kind}"
        for kind in [
            "elastic-ip",
            "instance",
            "internet-gateway",
            "key-pair",
            "launch-template",
            "natgateway",
            "network-acl",
            "route-table",
            "security-group",
            "security-group-rule",
            "subnet",
            "volume",
            "vpc",
            "vpc-endpoint",
        ]
    ),
    "ecr:repository",
    "eks:access-entry",
    "eks:cluster",
    "elasticloadbalancing:loadbalancer",
    "elasticloadbalancing:targetgroup",
    "kms:key",
    "logs:log-group",
    "s3:bucket",
    "ssm:parameter",
}


def kind_of(arn: str) -> str:
    service, resource = arn.split(":")[2], arn.split(":", 5)[5]
    return "s3:bucket" if service == "s3" else f"{service}:{resource.replace(':', '/').partition('/')[0]}"


def test_an_endpoint_that_was_deleted_is_reported_no_more(cloud: Cloud, tagging: Any) -> None:
    ec2 = cloud.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
    tags = [{"ResourceType": "vpc-endpoint", "Tags": [{"Key": "Environment", "Value": "gone"}]}]
    service = {"ServiceName": "com.amazonaws.eu-west-1.s3", "VpcEndpointType": "Gateway"}
    made = ec2.create_vpc_endpoint(VpcId=vpc, TagSpecifications=tags, **service)
    ours = [{"Key": "Environment", "Values": ["gone"]}]
    (found,) = tagging.get_resources(TagFilters=ours)["ResourceTagMappingList"]
    assert found["ResourceARN"].endswith(made["VpcEndpoint"]["VpcEndpointId"])
    ec2.delete_vpc_endpoints(VpcEndpointIds=[made["VpcEndpoint"]["VpcEndpointId"]])
    assert tagging.get_resources(TagFilters=ours)["ResourceTagMappingList"] == []


def test_every_kind_of_resource_is_reported_with_its_tags(cloud: Cloud, tagging: Any) -> None:
    make_others(cloud, *make_ec2(cloud.client("ec2")))
    pages = tagging.get_paginator("get_resources").paginate(TagFilters=[{"Key": "Environment", "Values": ["e"]}])
    found = [resource for page in pages for resource in page["ResourceTagMappingList"]]
    assert {kind_of(resource["ResourceARN"]) for resource in found} == EVERY_KIND
    assert all({"Key": "Environment", "Value": "e"} in resource["Tags"] for resource in found)


def test_repositories_take_tags_by_either_api(cloud: Cloud, tagging: Any) -> None:
    ecr = cloud.client("ecr")
    arn = ecr.create_repository(repositoryName="team/app")["repository"]["repositoryArn"]
    ecr.tag_resource(resourceArn=arn, tags=[{"Key": "a", "Value": "1"}])
    tagging.tag_resources(ResourceARNList=[arn], Tags={"b": "2"})
    tags = ecr.list_tags_for_resource(resourceArn=arn)["tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {"a": "1", "b": "2"}


def test_what_is_gone_is_not_reported(cloud: Cloud, tagging: Any) -> None:
    ec2, ecr = cloud.client("ec2"), cloud.client("ecr")
    address = ec2.allocate_address(Domain="vpc", TagSpecifications=spec("elastic-ip"))["AllocationId"]
    ecr.create_repository(repositoryName="team/app", tags=LIST)
    asked = {"ResourceTypeFilters": ["ec2:elastic-ip", "ecr:repository"]}
    assert len(tagging.get_resources(**asked)["ResourceTagMappingList"]) == 2
    ec2.release_address(AllocationId=address)
    ecr.delete_repository(repositoryName="team/app")
    assert tagging.get_resources(**asked)["ResourceTagMappingList"] == []
