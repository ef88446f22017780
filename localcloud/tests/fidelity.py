"""What an operation does on the local cloud: has effect on what runs, is state only, or is refused. Played, then written down.

Each step asks for one operation; test_fidelity.py plays them in this order, and observes whether what runs was changed. The
table in localcloud/README.md is made of them: `python -m localcloud.tests.fidelity`. What Terraform asks for in this project and
changes something must have a step (tests/contracts/test_fidelity.py).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from localcloud.core import pki

if TYPE_CHECKING:
    from collections.abc import Callable

README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- fidelity: python -m localcloud.tests.fidelity -->", "<!-- end of fidelity -->"
AMI = "ami-0debian1300000001"
ZONES = ("eu-west-1a", "eu-west-1b")


class Kind(Enum):
    """What comes of an operation."""

    EFFECT = "effect"
    STATE = "state only"
    REFUSED = "refused"


@dataclass
class World:
    """The clients, and the names of what was made."""

    client: Callable[[str], Any]
    names: dict[str, Any]

    def __getattr__(self, service: str) -> Any:
        """Return a service's client."""
        return self.client(service)

    def __getitem__(self, name: str) -> Any:
        """Return a name that was kept."""
        return self.names[name]

    def keep(self, **names: Any) -> None:
        """Keep names for the next steps."""
        self.names |= names


@dataclass(frozen=True)
class Step:
    """An operation, what comes of it, and how it is asked for."""

    service: str  # boto3's name
    operation: str
    kind: Kind
    what: str  # in the table: what runs, or why it is refused
    ask: Callable[[World], Any]


def rule(w: World) -> dict[str, Any]:
    """Return the arguments of a security group's rule."""
    ranges = [{"CidrIp": "10.42.0.0/16"}]
    return {
        "GroupId": w["group"],
        "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": ranges}],
    }


def trust(*services: str) -> str:
    """Return a trust policy for services."""
    statement = {"Effect": "Allow", "Principal": {"Service": list(services)}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def subnets(w: World) -> None:
    """Make two subnets."""
    for number, zone in enumerate(ZONES):
        made = w.ec2.create_subnet(VpcId=w["vpc"], CidrBlock=f"10.42.{number}.0/24", AvailabilityZone=zone)
        w.keep(**{f"subnet{number}": made["Subnet"]["SubnetId"]})


def run(w: World) -> None:
    """Start an instance."""
    made = w.ec2.run_instances(
        ImageId=AMI, MinCount=1, MaxCount=1, SubnetId=w["subnet0"], SecurityGroupIds=[w["group"]], KeyName="k"
    )
    w.keep(instance=made["Instances"][0]["InstanceId"])


def volume(w: World) -> None:
    """Make a volume."""
    made = w.ec2.create_volume(AvailabilityZone=ZONES[0], Size=1, VolumeType="gp3")
    w.keep(volume=made["VolumeId"])


def group(w: World) -> None:
    """Make an Auto Scaling group."""
    template = {"LaunchTemplateName": "web"}
    zones = f"{w['subnet0']},{w['subnet1']}"
    w.autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="g",
        MinSize=0,
        MaxSize=3,
        DesiredCapacity=1,
        LaunchTemplate=template,
        VPCZoneIdentifier=zones,
    )


def balancer(w: World) -> None:
    """Make a network load balancer."""
    made = w.elbv2.create_load_balancer(Name="web", Type="network", Subnets=[w["subnet0"]], SecurityGroups=[w["group"]])
    w.keep(balancer=made["LoadBalancers"][0]["LoadBalancerArn"])


def targets(w: World) -> None:
    """Make a target group."""
    made = w.elbv2.create_target_group(Name="web", Protocol="TCP", Port=80, VpcId=w["vpc"], TargetType="instance")
    w.keep(targets=made["TargetGroups"][0]["TargetGroupArn"])


def listener(w: World) -> None:
    """Make a listener."""
    action = {"Type": "forward", "TargetGroupArn": w["targets"]}
    made = w.elbv2.create_listener(LoadBalancerArn=w["balancer"], Protocol="TCP", Port=80, DefaultActions=[action])
    w.keep(listener=made["Listeners"][0]["ListenerArn"])


def application(w: World) -> None:
    """Make an application load balancer."""
    made = w.elbv2.create_load_balancer(Name="pages", Subnets=[w["subnet0"], w["subnet1"]], SecurityGroups=[w["group"]])
    w.keep(application=made["LoadBalancers"][0]["LoadBalancerArn"])


def http_listener(w: World) -> None:
    """Make a listener that answers by itself."""
    made = w.elbv2.create_listener(
        LoadBalancerArn=w["application"], Protocol="HTTP", Port=80, DefaultActions=[NOT_FOUND]
    )
    w.keep(http_listener=made["Listeners"][0]["ListenerArn"])


def certificate(w: World) -> None:
    """Import two certificates."""
    for name in ("certificate", "second_certificate"):
        made = pki.authority(name)
        answer = w.acm.import_certificate(Certificate=made.pem.encode(), PrivateKey=made.key_pem.encode())
        w.keep(**{name: answer["CertificateArn"]})


def https_listener(w: World) -> None:
    """Make a listener that ends TLS."""
    made = w.elbv2.create_listener(
        LoadBalancerArn=w["application"],
        Protocol="HTTPS",
        Port=443,
        Certificates=[{"CertificateArn": w["certificate"]}],
        DefaultActions=[NOT_FOUND],
    )
    w.keep(https_listener=made["Listeners"][0]["ListenerArn"])


def http_rule(w: World) -> None:
    """Make a rule that redirects."""
    action = {"Type": "redirect", "RedirectConfig": {"Host": "example.org", "StatusCode": "HTTP_301"}}
    made = w.elbv2.create_rule(
        ListenerArn=w["http_listener"],
        Priority=10,
        Conditions=[{"Field": "path-pattern", "Values": ["/old/*"]}],
        Actions=[action],
    )
    w.keep(http_rule=made["Rules"][0]["RuleArn"])


def cluster(w: World) -> None:
    """Make a cluster."""
    for name in ("eks", "node"):
        made = w.iam.create_role(
            RoleName=name, AssumeRolePolicyDocument=trust("eks.amazonaws.com", "ec2.amazonaws.com")
        )
        w.keep(**{f"{name}_role": made["Role"]["Arn"]})
    w.eks.create_cluster(
        name="demo",
        version="1.35",
        roleArn=w["eks_role"],
        resourcesVpcConfig={"subnetIds": [w["subnet0"], w["subnet1"]]},
        accessConfig={"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": True},
        bootstrapSelfManagedAddons=False,
    )


def nodegroup(w: World) -> None:
    """Make a node group."""
    w.eks.create_nodegroup(
        clusterName="demo",
        nodegroupName="main",
        nodeRole=w["node_role"],
        subnets=[w["subnet0"], w["subnet1"]],
        scalingConfig={"minSize": 1, "maxSize": 2, "desiredSize": 1},
    )


def network_acl(w: World) -> None:
    """Deny all that comes in."""
    w.keep(acl=w.ec2.describe_network_acls()["NetworkAcls"][0]["NetworkAclId"])
    w.ec2.create_network_acl_entry(
        NetworkAclId=w["acl"], RuleNumber=7, Protocol="-1", RuleAction="deny", Egress=False, CidrBlock="0.0.0.0/0"
    )


def endpoint(w: World) -> None:
    """Make a gateway endpoint of S3."""
    made = w.ec2.create_vpc_endpoint(
        VpcId=w["vpc"], ServiceName="com.amazonaws.eu-west-1.s3", VpcEndpointType="Gateway", RouteTableIds=[w["table"]]
    )
    w.keep(endpoint=made["VpcEndpoint"]["VpcEndpointId"])


def flow_log(w: World) -> None:
    """Log the VPC's packets."""
    w.s3.create_bucket(Bucket="packets", CreateBucketConfiguration=PLACE)
    made = w.ec2.create_flow_logs(
        ResourceIds=[w["vpc"]],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="s3",
        LogDestination="arn:aws:s3:::packets",
    )
    w.keep(flow_log=made["FlowLogIds"][0])


def default_group(w: World) -> str:
    """Return the VPC's own group."""
    filters = [{"Name": "vpc-id", "Values": [w["vpc"]]}, {"Name": "group-name", "Values": ["default"]}]
    return str(w.ec2.describe_security_groups(Filters=filters)["SecurityGroups"][0]["GroupId"])


CONFIG = b"{}"


def manifest(size: str) -> str:
    """Return an image's manifest."""
    kind = "application/vnd.docker.distribution.manifest.v2+json"
    config = {"size": int(size), "digest": f"sha256:{hashlib.sha256(CONFIG).hexdigest()}"}
    return json.dumps({"schemaVersion": 2, "mediaType": kind, "config": config, "layers": []})


def put_image(ecr: Any) -> Any:
    """Put an image whose configuration comes by the API."""
    upload = ecr.initiate_layer_upload(repositoryName="web")["uploadId"]
    asked = {"repositoryName": "web", "uploadId": upload}
    ecr.upload_layer_part(**asked, partFirstByte=0, partLastByte=len(CONFIG) - 1, layerPartBlob=CONFIG)
    ecr.complete_layer_upload(**asked, layerDigests=[f"sha256:{hashlib.sha256(CONFIG).hexdigest()}"])
    return ecr.put_image(repositoryName="web", imageManifest=manifest("1"), imageTag="1")


NOT_FOUND = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
ACCESS = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
SCOPE = {"type": "namespace", "namespaces": ["web"]}
PLACE = {"LocationConstraint": "eu-west-1"}
LIFECYCLE = json.dumps(
    {
        "rules": [
            {
                "rulePriority": 1,
                "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 1},
                "action": {"type": "expire"},
            }
        ]
    }
)
EFFECT, STATE, REFUSED = Kind.EFFECT, Kind.STATE, Kind.REFUSED
PUBLIC_KEY = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ2Vt2Cbr0tnvSn0gfWNj2QVtSyO5GfUKMSIBdTgQS6B"
ROUTES = "no route, no gateway and no network ACL holds packets"
RULES = "nftables in the members' network namespaces"
MACHINE = "a container with systemd"
DISK = "a block device, whose data is in a Docker volume"
PUBLIC = "an interface in the public range"
TRAFFIC = "HAProxy"
PLANE, PODS = "the control plane's container", "what runs in the cluster"

NETWORK = (
    Step(
        "ec2",
        "CreateVpc",
        STATE,
        "its network comes with its first machine",
        lambda w: w.keep(vpc=w.ec2.create_vpc(CidrBlock="10.42.0.0/16")["Vpc"]["VpcId"]),
    ),
    Step(
        "ec2",
        "ModifyVpcAttribute",
        STATE,
        "",
        lambda w: w.ec2.modify_vpc_attribute(VpcId=w["vpc"], EnableDnsHostnames={"Value": True}),
    ),
    Step("ec2", "CreateSubnet", STATE, "", subnets),
    Step(
        "ec2",
        "CreateInternetGateway",
        STATE,
        ROUTES,
        lambda w: w.keep(igw=w.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]),
    ),
    Step(
        "ec2",
        "AttachInternetGateway",
        STATE,
        ROUTES,
        lambda w: w.ec2.attach_internet_gateway(InternetGatewayId=w["igw"], VpcId=w["vpc"]),
    ),
    Step(
        "ec2",
        "CreateRouteTable",
        STATE,
        ROUTES,
        lambda w: w.keep(table=w.ec2.create_route_table(VpcId=w["vpc"])["RouteTable"]["RouteTableId"]),
    ),
    Step(
        "ec2",
        "AssociateRouteTable",
        STATE,
        ROUTES,
        lambda w: w.keep(
            associated=w.ec2.associate_route_table(RouteTableId=w["table"], SubnetId=w["subnet0"])["AssociationId"]
        ),
    ),
    Step(
        "ec2",
        "CreateRoute",
        STATE,
        ROUTES,
        lambda w: w.ec2.create_route(RouteTableId=w["table"], DestinationCidrBlock="0.0.0.0/0", GatewayId=w["igw"]),
    ),
    Step("ec2", "CreateNetworkAclEntry", STATE, ROUTES, network_acl),
    Step(
        "ec2",
        "DeleteNetworkAclEntry",
        STATE,
        ROUTES,
        lambda w: w.ec2.delete_network_acl_entry(NetworkAclId=w["acl"], RuleNumber=7, Egress=False),
    ),
    Step("ec2", "CreateVpcEndpoint", STATE, ROUTES, endpoint),
    Step("ec2", "CreateFlowLogs", STATE, "", flow_log),
    Step(
        "ec2",
        "CreateSecurityGroup",
        STATE,
        "",
        lambda w: w.keep(
            group=w.ec2.create_security_group(GroupName="web", Description="web", VpcId=w["vpc"])["GroupId"]
        ),
    ),
    Step(
        "ec2",
        "ImportKeyPair",
        STATE,
        "it comes into machines at their start",
        lambda w: w.ec2.import_key_pair(KeyName="k", PublicKeyMaterial=PUBLIC_KEY),
    ),
    Step(
        "ec2",
        "AllocateAddress",
        STATE,
        "",
        lambda w: w.keep(address=w.ec2.allocate_address(Domain="vpc")["AllocationId"]),
    ),
    Step(
        "ec2",
        "CreateNatGateway",
        STATE,
        ROUTES,
        lambda w: w.keep(
            nat=w.ec2.create_nat_gateway(
                SubnetId=w["subnet1"], AllocationId=w.ec2.allocate_address(Domain="vpc")["AllocationId"]
            )["NatGateway"]["NatGatewayId"]
        ),
    ),
    Step(
        "ec2",
        "CreateLaunchTemplate",
        STATE,
        "",
        lambda w: w.ec2.create_launch_template(
            LaunchTemplateName="web", LaunchTemplateData={"ImageId": AMI, "InstanceType": "t3.small"}
        ),
    ),
)
HOSTS = (
    Step("ec2", "RunInstances", EFFECT, MACHINE, run),
    Step("ec2", "CreateVolume", STATE, "", volume),
    Step(
        "ec2",
        "AttachVolume",
        EFFECT,
        DISK,
        lambda w: w.ec2.attach_volume(VolumeId=w["volume"], InstanceId=w["instance"], Device="/dev/sdf"),
    ),
    Step("ec2", "ModifyVolume", EFFECT, DISK, lambda w: w.ec2.modify_volume(VolumeId=w["volume"], Size=2)),
    Step(
        "ec2", "DeleteVolume", REFUSED, "a volume that is attached", lambda w: w.ec2.delete_volume(VolumeId=w["volume"])
    ),
    Step("ec2", "DetachVolume", EFFECT, DISK, lambda w: w.ec2.detach_volume(VolumeId=w["volume"])),
    Step("ec2", "DeleteVolume", EFFECT, DISK, lambda w: w.ec2.delete_volume(VolumeId=w["volume"])),
    Step("ec2", "StopInstances", EFFECT, MACHINE, lambda w: w.ec2.stop_instances(InstanceIds=[w["instance"]])),
    Step("ec2", "StartInstances", EFFECT, MACHINE, lambda w: w.ec2.start_instances(InstanceIds=[w["instance"]])),
    Step("ec2", "RebootInstances", EFFECT, MACHINE, lambda w: w.ec2.reboot_instances(InstanceIds=[w["instance"]])),
    Step(
        "ec2",
        "CreateTags",
        STATE,
        "",
        lambda w: w.ec2.create_tags(Resources=[w["instance"]], Tags=[{"Key": "a", "Value": "b"}]),
    ),
    Step(
        "ec2",
        "DeleteTags",
        STATE,
        "",
        lambda w: w.ec2.delete_tags(Resources=[w["instance"]], Tags=[{"Key": "a"}]),
    ),
    Step(
        "ec2",
        "AuthorizeSecurityGroupIngress",
        EFFECT,
        RULES,
        lambda w: w.ec2.authorize_security_group_ingress(**rule(w)),
    ),
    Step(
        "ec2",
        "ModifyInstanceAttribute",
        EFFECT,
        RULES,
        lambda w: w.ec2.modify_instance_attribute(InstanceId=w["instance"], Groups=[default_group(w)]),
    ),
    Step(
        "ec2",
        "ModifyInstanceAttribute",
        EFFECT,
        RULES,
        lambda w: w.ec2.modify_instance_attribute(InstanceId=w["instance"], Groups=[w["group"]]),
    ),
    Step(
        "ec2",
        "RevokeSecurityGroupIngress",
        EFFECT,
        RULES,
        lambda w: w.ec2.revoke_security_group_ingress(**rule(w)),
    ),
    Step(
        "ec2",
        "AuthorizeSecurityGroupEgress",
        EFFECT,
        RULES,
        lambda w: w.ec2.authorize_security_group_egress(**rule(w)),
    ),
    Step(
        "ec2",
        "RevokeSecurityGroupEgress",
        EFFECT,
        RULES,
        lambda w: w.ec2.revoke_security_group_egress(**rule(w)),
    ),
    Step(
        "ec2",
        "AssociateAddress",
        EFFECT,
        PUBLIC,
        lambda w: w.keep(
            public=w.ec2.associate_address(AllocationId=w["address"], InstanceId=w["instance"])["AssociationId"]
        ),
    ),
    Step("ec2", "DisassociateAddress", EFFECT, PUBLIC, lambda w: w.ec2.disassociate_address(AssociationId=w["public"])),
    Step("ec2", "ReleaseAddress", STATE, "", lambda w: w.ec2.release_address(AllocationId=w["address"])),
)
BALANCER = (
    Step("elbv2", "CreateTargetGroup", STATE, "", targets),
    Step("elbv2", "CreateLoadBalancer", EFFECT, TRAFFIC, balancer),
    Step("elbv2", "CreateListener", EFFECT, TRAFFIC, listener),
    Step(
        "elbv2",
        "RegisterTargets",
        EFFECT,
        TRAFFIC,
        lambda w: w.elbv2.register_targets(TargetGroupArn=w["targets"], Targets=[{"Id": w["instance"]}]),
    ),
    Step(
        "elbv2",
        "DeregisterTargets",
        EFFECT,
        TRAFFIC,
        lambda w: w.elbv2.deregister_targets(TargetGroupArn=w["targets"], Targets=[{"Id": w["instance"]}]),
    ),
    Step(
        "elbv2",
        "ModifyTargetGroupAttributes",
        EFFECT,
        TRAFFIC,
        lambda w: w.elbv2.modify_target_group_attributes(
            TargetGroupArn=w["targets"], Attributes=[{"Key": "proxy_protocol_v2.enabled", "Value": "true"}]
        ),
    ),
    Step(
        "elbv2",
        "ModifyLoadBalancerAttributes",
        STATE,
        "",
        lambda w: w.elbv2.modify_load_balancer_attributes(
            LoadBalancerArn=w["balancer"], Attributes=[{"Key": "deletion_protection.enabled", "Value": "false"}]
        ),
    ),
    Step(
        "elbv2",
        "AddTags",
        STATE,
        "",
        lambda w: w.elbv2.add_tags(ResourceArns=[w["balancer"]], Tags=[{"Key": "a", "Value": "b"}]),
    ),
    Step(
        "elbv2",
        "CreateLoadBalancer",
        REFUSED,
        "load balancers of gateways",
        lambda w: w.elbv2.create_load_balancer(Name="appliances", Type="gateway", Subnets=[w["subnet0"]]),
    ),
)
APPLICATION = (
    Step("elbv2", "CreateLoadBalancer", EFFECT, TRAFFIC, application),
    Step("elbv2", "CreateListener", EFFECT, TRAFFIC, http_listener),
    Step(
        "elbv2",
        "CreateListener",
        REFUSED,
        "a certificate that is not there",
        lambda w: w.elbv2.create_listener(
            LoadBalancerArn=w["application"],
            Protocol="HTTPS",
            Port=443,
            Certificates=[{"CertificateArn": "arn:aws:acm:eu-west-1:123456789012:certificate/none"}],
            DefaultActions=[NOT_FOUND],
        ),
    ),
    Step("acm", "ImportCertificate", STATE, "load balancers that use it show it", certificate),
    Step("elbv2", "CreateListener", EFFECT, TRAFFIC, https_listener),
    Step(
        "elbv2",
        "AddListenerCertificates",
        EFFECT,
        TRAFFIC,
        lambda w: w.elbv2.add_listener_certificates(
            ListenerArn=w["https_listener"], Certificates=[{"CertificateArn": w["second_certificate"]}]
        ),
    ),
    Step(
        "elbv2",
        "CreateListener",
        REFUSED,
        "UDP",
        lambda w: w.elbv2.create_listener(
            LoadBalancerArn=w["balancer"],
            Protocol="UDP",
            Port=53,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": w["targets"]}],
        ),
    ),
    Step("elbv2", "CreateRule", EFFECT, TRAFFIC, http_rule),
    Step(
        "elbv2",
        "ModifyRule",
        EFFECT,
        TRAFFIC,
        lambda w: w.elbv2.modify_rule(
            RuleArn=w["http_rule"], Conditions=[{"Field": "host-header", "Values": ["old.example.org"]}]
        ),
    ),
    Step(
        "elbv2",
        "SetRulePriorities",
        EFFECT,
        TRAFFIC,
        lambda w: w.elbv2.set_rule_priorities(RulePriorities=[{"RuleArn": w["http_rule"], "Priority": 20}]),
    ),
    Step("elbv2", "DeleteRule", EFFECT, TRAFFIC, lambda w: w.elbv2.delete_rule(RuleArn=w["http_rule"])),
    Step(
        "elbv2",
        "DeleteLoadBalancer",
        EFFECT,
        TRAFFIC,
        lambda w: w.elbv2.delete_load_balancer(LoadBalancerArn=w["application"]),
    ),
)
GROUP = (
    Step("autoscaling", "CreateAutoScalingGroup", EFFECT, "machines of the group", group),
    Step(
        "autoscaling",
        "AttachLoadBalancerTargetGroups",
        EFFECT,
        TRAFFIC,
        lambda w: w.autoscaling.attach_load_balancer_target_groups(
            AutoScalingGroupName="g", TargetGroupARNs=[w["targets"]]
        ),
    ),
    Step(
        "autoscaling",
        "DetachLoadBalancerTargetGroups",
        EFFECT,
        TRAFFIC,
        lambda w: w.autoscaling.detach_load_balancer_target_groups(
            AutoScalingGroupName="g", TargetGroupARNs=[w["targets"]]
        ),
    ),
    Step(
        "autoscaling",
        "SetDesiredCapacity",
        EFFECT,
        "machines of the group",
        lambda w: w.autoscaling.set_desired_capacity(AutoScalingGroupName="g", DesiredCapacity=0),
    ),
)
CLUSTER = (
    Step("eks", "CreateCluster", EFFECT, PLANE, cluster),
    Step(
        "eks",
        "TagResource",
        STATE,
        "",
        lambda w: w.eks.tag_resource(
            resourceArn=w.eks.describe_cluster(name="demo")["cluster"]["arn"], tags={"a": "b"}
        ),
    ),
    Step(
        "eks",
        "UpdateClusterConfig",
        EFFECT,
        "who reaches the API server, and by which address",
        lambda w: w.eks.update_cluster_config(
            name="demo", resourcesVpcConfig={"endpointPublicAccess": False, "endpointPrivateAccess": True}
        ),
    ),
    Step(
        "eks",
        "UpdateClusterConfig",
        REFUSED,
        "an API server that nobody reaches",
        lambda w: w.eks.update_cluster_config(name="demo", resourcesVpcConfig={"endpointPrivateAccess": False}),
    ),
    Step("eks", "CreateNodegroup", EFFECT, "nodes, each a container", nodegroup),
    Step(
        "eks",
        "UpdateClusterVersion",
        EFFECT,
        PLANE,
        lambda w: w.eks.update_cluster_version(name="demo", version="1.36"),
    ),
    Step(
        "eks",
        "UpdateClusterVersion",
        REFUSED,
        "other steps than to the next version, and back within seven days",
        lambda w: w.eks.update_cluster_version(name="demo", version="1.36"),
    ),
    Step(
        "eks",
        "UpdateNodegroupVersion",
        EFFECT,
        "nodes, each a container",
        lambda w: w.eks.update_nodegroup_version(clusterName="demo", nodegroupName="main"),
    ),
    Step("eks", "CreateAddon", EFFECT, PODS, lambda w: w.eks.create_addon(clusterName="demo", addonName="coredns")),
    Step("eks", "DeleteAddon", EFFECT, PODS, lambda w: w.eks.delete_addon(clusterName="demo", addonName="coredns")),
    Step(
        "eks",
        "CreateAccessEntry",
        STATE,
        "asked at each log-in to the cluster",
        lambda w: w.eks.create_access_entry(clusterName="demo", principalArn=w["eks_role"]),
    ),
    Step(
        "eks",
        "AssociateAccessPolicy",
        EFFECT,
        PLANE,
        lambda w: w.eks.associate_access_policy(
            clusterName="demo", principalArn=w["eks_role"], policyArn=ACCESS, accessScope=SCOPE
        ),
    ),
    Step(
        "eks",
        "DisassociateAccessPolicy",
        EFFECT,
        PLANE,
        lambda w: w.eks.disassociate_access_policy(clusterName="demo", principalArn=w["eks_role"], policyArn=ACCESS),
    ),
    Step(
        "eks",
        "DeleteAccessEntry",
        EFFECT,
        PLANE,
        lambda w: w.eks.delete_access_entry(clusterName="demo", principalArn=w["eks_role"]),
    ),
    Step(
        "eks",
        "CreateFargateProfile",
        REFUSED,
        "not implemented",
        lambda w: w.eks.create_fargate_profile(
            fargateProfileName="f", clusterName="demo", podExecutionRoleArn=w["node_role"]
        ),
    ),
    Step(
        "eks",
        "DeleteNodegroup",
        EFFECT,
        "nodes, each a container",
        lambda w: w.eks.delete_nodegroup(clusterName="demo", nodegroupName="main"),
    ),
    Step("eks", "DeleteCluster", EFFECT, PLANE, lambda w: w.eks.delete_cluster(name="demo")),
)
IMAGES = (
    Step(
        "ecr",
        "CreateRepository",
        STATE,
        "",
        lambda w: w.ecr.create_repository(repositoryName="web", imageTagMutability="IMMUTABLE"),
    ),
    Step(
        "ecr",
        "PutImage",
        STATE,
        "manifests and tags are the model's; layers come by the registry's protocol",
        lambda w: put_image(w.ecr),
    ),
    Step(
        "ecr",
        "PutImage",
        REFUSED,
        "an immutable tag that would move",
        lambda w: w.ecr.put_image(repositoryName="web", imageManifest=manifest("2"), imageTag="1"),
    ),
    Step(
        "ecr",
        "PutLifecyclePolicy",
        STATE,
        "no image is removed by it",
        lambda w: w.ecr.put_lifecycle_policy(repositoryName="web", lifecyclePolicyText=LIFECYCLE),
    ),
    Step("ecr", "DeleteLifecyclePolicy", STATE, "", lambda w: w.ecr.delete_lifecycle_policy(repositoryName="web")),
    Step(
        "ecr",
        "TagResource",
        STATE,
        "",
        lambda w: w.ecr.tag_resource(
            resourceArn=w.ecr.describe_repositories()["repositories"][0]["repositoryArn"],
            tags=[{"Key": "a", "Value": "b"}],
        ),
    ),
    Step("ecr", "DeleteRepository", STATE, "", lambda w: w.ecr.delete_repository(repositoryName="web", force=True)),
)
OTHERS = (
    Step("kms", "CreateKey", STATE, "", lambda w: w.kms.create_key()),
    Step("logs", "CreateLogGroup", STATE, "", lambda w: w.logs.create_log_group(logGroupName="/a")),
    Step(
        "s3", "CreateBucket", STATE, "", lambda w: w.s3.create_bucket(Bucket="objects", CreateBucketConfiguration=PLACE)
    ),
    Step("s3", "PutObject", STATE, "", lambda w: w.s3.put_object(Bucket="objects", Key="k", Body=b"x")),
    Step("ssm", "PutParameter", STATE, "", lambda w: w.ssm.put_parameter(Name="/a", Value="b", Type="SecureString")),
    Step(
        "sts",
        "AssumeRole",
        REFUSED,
        "a role that does not trust the caller",
        lambda w: w.sts.assume_role(RoleArn=w["eks_role"], RoleSessionName="me"),
    ),
    Step(
        "ec2",
        "RunInstances",
        REFUSED,
        "unknown images",
        lambda w: w.ec2.run_instances(ImageId="ami-00000000000000000", MinCount=1, MaxCount=1, SubnetId=w["subnet0"]),
    ),
    Step(
        "ec2",
        "CreateSubnet",
        REFUSED,
        "a zone that the region does not have",
        lambda w: w.ec2.create_subnet(VpcId=w["vpc"], CidrBlock="10.42.9.0/24", AvailabilityZone="eu-west-1z"),
    ),
)
END_OF_IT = (
    Step(
        "autoscaling",
        "DeleteAutoScalingGroup",
        STATE,
        "",
        lambda w: w.autoscaling.delete_auto_scaling_group(AutoScalingGroupName="g", ForceDelete=True),
    ),
    Step("elbv2", "DeleteListener", EFFECT, TRAFFIC, lambda w: w.elbv2.delete_listener(ListenerArn=w["listener"])),
    Step(
        "elbv2",
        "DeleteLoadBalancer",
        EFFECT,
        TRAFFIC,
        lambda w: w.elbv2.delete_load_balancer(LoadBalancerArn=w["balancer"]),
    ),
    Step("elbv2", "DeleteTargetGroup", STATE, "", lambda w: w.elbv2.delete_target_group(TargetGroupArn=w["targets"])),
    Step(
        "ec2",
        "TerminateInstances",
        EFFECT,
        MACHINE,
        lambda w: w.ec2.terminate_instances(InstanceIds=[w["instance"]]),
    ),
    Step("ec2", "DeleteLaunchTemplate", STATE, "", lambda w: w.ec2.delete_launch_template(LaunchTemplateName="web")),
    Step("ec2", "DeleteKeyPair", STATE, "", lambda w: w.ec2.delete_key_pair(KeyName="k")),
    Step("ec2", "DeleteNatGateway", STATE, ROUTES, lambda w: w.ec2.delete_nat_gateway(NatGatewayId=w["nat"])),
    Step("ec2", "DeleteFlowLogs", STATE, "", lambda w: w.ec2.delete_flow_logs(FlowLogIds=[w["flow_log"]])),
    Step(
        "ec2",
        "DeleteVpcEndpoints",
        STATE,
        ROUTES,
        lambda w: w.ec2.delete_vpc_endpoints(VpcEndpointIds=[w["endpoint"]]),
    ),
    Step(
        "ec2",
        "DeleteRoute",
        STATE,
        ROUTES,
        lambda w: w.ec2.delete_route(RouteTableId=w["table"], DestinationCidrBlock="0.0.0.0/0"),
    ),
    Step(
        "ec2",
        "DisassociateRouteTable",
        STATE,
        ROUTES,
        lambda w: w.ec2.disassociate_route_table(AssociationId=w["associated"]),
    ),
    Step("ec2", "DeleteRouteTable", STATE, ROUTES, lambda w: w.ec2.delete_route_table(RouteTableId=w["table"])),
    Step(
        "ec2",
        "DetachInternetGateway",
        STATE,
        ROUTES,
        lambda w: w.ec2.detach_internet_gateway(InternetGatewayId=w["igw"], VpcId=w["vpc"]),
    ),
    Step(
        "ec2",
        "DeleteInternetGateway",
        STATE,
        ROUTES,
        lambda w: w.ec2.delete_internet_gateway(InternetGatewayId=w["igw"]),
    ),
    Step("ec2", "DeleteSecurityGroup", STATE, "", lambda w: w.ec2.delete_security_group(GroupId=w["group"])),
    Step(
        "ec2",
        "DeleteSubnet",
        STATE,
        "",
        lambda w: [w.ec2.delete_subnet(SubnetId=w[f"subnet{number}"]) for number in range(len(ZONES))],
    ),
    Step("ec2", "DeleteVpc", EFFECT, "the VPC's network", lambda w: w.ec2.delete_vpc(VpcId=w["vpc"])),
)
STEPS = (*NETWORK, *HOSTS, *BALANCER, *APPLICATION, *GROUP, *CLUSTER, *IMAGES, *OTHERS, *END_OF_IT)


def table() -> str:
    """Return the steps as a Markdown table: a row a service and kind."""
    lines = ["| service | what comes of it | operations |", "|---|---|---|"]
    rows: dict[tuple[str, Kind, str], list[str]] = {}
    for step in STEPS:
        rows.setdefault((step.service, step.kind, step.what), []).append(step.operation)
    for (service, kind, what), operations in sorted(
        rows.items(), key=lambda row: (row[0][0], row[0][1].value, row[0][2])
    ):
        words = f"{kind.value}: {what}" if what else kind.value
        lines.append(f"| {service} | {words} | {', '.join(f'`{name}`' for name in sorted(set(operations)))} |")
    return "\n".join(lines)


def written(text: str) -> str:
    """Return a README with the table between its marks."""
    head, _, rest = text.partition(BEGIN)
    return f"{head}{BEGIN}\n{table()}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    README.write_text(written(README.read_text()))
