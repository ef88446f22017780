"""The smallest real cluster that roles can be tried on: a VPC, an ops host, a control plane, one node.

`python molecule/cloud/cluster.py FOLDER` makes it with the AWS API of the environment's AWS_ENDPOINT_URL, unless it is
there, and writes FOLDER/site.json: what roles must know of it. boto3 instead of modules: those of EKS ask every 30 s.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "molecule"
VPC = "10.140"
ANYONE = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}
)
ADMINISTRATOR = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
# https://docs.aws.amazon.com/eks/latest/userguide/create-node-role.html
NODE_POLICIES = ("AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryPullOnly")
DEBIAN = "136693071363"
PATIENCE = 180.0


def main(folder: Path) -> None:
    """Make what is missing, wait until it is ready, and say what it is."""
    site = folder / "site.json"
    if not site.exists():
        subnets = network()
        site.write_text(json.dumps({**cluster(subnets), **ops(subnets[0], folder / "id_ed25519.pub")}, indent=2))


def network() -> list[str]:
    """Make a VPC with two subnets, as EKS wants; return their ids."""
    ec2 = boto3.client("ec2")
    vpc = ec2.create_vpc(CidrBlock=f"{VPC}.0.0/16")["Vpc"]["VpcId"]
    zones = [zone["ZoneName"] for zone in ec2.describe_availability_zones()["AvailabilityZones"]][:2]
    made = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"{VPC}.{number}.0/24", AvailabilityZone=zone)
        for number, zone in enumerate(zones)
    ]
    return [subnet["Subnet"]["SubnetId"] for subnet in made]


def cluster(subnets: list[str]) -> dict[str, Any]:
    """Make a cluster that lets its deployer in, with one node; return what leads to it."""
    eks = boto3.client("eks")
    roles = {name: role(f"{NAME}-{name}") for name in ("cluster", "node", "deployer")}
    for policy in NODE_POLICIES:
        boto3.client("iam").attach_role_policy(RoleName=f"{NAME}-node", PolicyArn=f"arn:aws:iam::aws:policy/{policy}")
    network_of = {"subnetIds": subnets, "endpointPublicAccess": False, "endpointPrivateAccess": True}
    access = {"authenticationMode": "API"}
    eks.create_cluster(name=NAME, roleArn=roles["cluster"], resourcesVpcConfig=network_of, accessConfig=access)
    made = until_active(lambda: eks.describe_cluster(name=NAME)["cluster"])
    eks.create_access_entry(clusterName=NAME, principalArn=roles["deployer"])
    entry = {"principalArn": roles["deployer"], "policyArn": ADMINISTRATOR, "accessScope": {"type": "cluster"}}
    eks.associate_access_policy(clusterName=NAME, **entry)
    one = {"minSize": 1, "maxSize": 1, "desiredSize": 1}
    group = {"clusterName": NAME, "nodegroupName": "one"}
    eks.create_nodegroup(**group, nodeRole=roles["node"], subnets=subnets[:1], scalingConfig=one)
    until_active(lambda: eks.describe_nodegroup(**group)["nodegroup"])
    return {
        "cluster_name": NAME,
        "cluster_endpoint": made["endpoint"],
        "cluster_certificate_authority": made["certificateAuthority"]["data"],
        "deployer_role_arn": roles["deployer"],
        "vpc_cidr": f"{VPC}.0.0/16",
    }


def ops(subnet: str, key: Path) -> dict[str, Any]:
    """Make a host with a public address, among the cluster's machines; return how to reach it."""
    ec2 = boto3.client("ec2")
    group = boto3.client("eks").describe_cluster(name=NAME)["cluster"]["resourcesVpcConfig"]["clusterSecurityGroupId"]
    ssh = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[ssh])
    ec2.import_key_pair(KeyName=NAME, PublicKeyMaterial=key.read_bytes())
    image = ec2.describe_images(Owners=[DEBIAN])["Images"][0]["ImageId"]
    started = ec2.run_instances(
        ImageId=image, MinCount=1, MaxCount=1, SubnetId=subnet, SecurityGroupIds=[group], KeyName=NAME
    )
    instance = started["Instances"][0]["InstanceId"]
    ec2.get_waiter("instance_running").wait(InstanceIds=[instance], WaiterConfig={"Delay": 1, "MaxAttempts": 120})
    address = ec2.allocate_address(Domain="vpc")
    ec2.associate_address(AllocationId=address["AllocationId"], InstanceId=instance)
    return {"ops_public_ip": address["PublicIp"], "ops_instance_id": instance, "ssh_user": "admin"}


def role(name: str) -> str:
    """Make a role that anyone may assume: this account is the test's own; return its ARN."""
    return str(boto3.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=ANYONE)["Role"]["Arn"])


def until_active(look: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Look until it is ACTIVE; RuntimeError with the reason where it won't be."""
    deadline = time.monotonic() + PATIENCE
    while (found := look())["status"] == "CREATING" and time.monotonic() < deadline:
        time.sleep(0.5)
    if found["status"] != "ACTIVE":
        raise RuntimeError(f"{found.get('arn')} is {found['status']} after {PATIENCE:.0f} s: {found.get('health')}")
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]))
