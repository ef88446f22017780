"""Where load balancers are tried: a VPC with two zones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localcloud.elbv2 import haproxy

if TYPE_CHECKING:
    from localcloud.conftest import Cloud

AMI = "ami-0debian1300000001"


def forward(target_group: str) -> dict[str, Any]:
    """Return the action that leads to a target group."""
    return {"Type": "forward", "TargetGroupArn": target_group}


class Site:
    """A VPC with two zones, an instance in each, a target group and a load balancer with Elastic IPs."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.ec2, self.elb = cloud.client("ec2"), cloud.client("elbv2")
        self.vpc = self.ec2.create_vpc(CidrBlock="10.42.0.0/16")["Vpc"]["VpcId"]
        self.subnets = [
            self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=f"10.42.{n}.0/24", AvailabilityZone=f"eu-west-1{z}")[
                "Subnet"
            ]["SubnetId"]
            for n, z in ((1, "a"), (2, "b"))
        ]
        self.group = self.ec2.create_security_group(GroupName="nlb", Description="nlb", VpcId=self.vpc)["GroupId"]
        self.eips = [self.ec2.allocate_address(Domain="vpc") for _ in self.subnets]

    def settle(self) -> None:
        for _ in range(2):
            assert self.cloud.now.queue.settle(seconds=20)

    def create(self, **more: Any) -> Any:
        mappings = [
            {"SubnetId": subnet, "AllocationId": eip["AllocationId"]}
            for subnet, eip in zip(self.subnets, self.eips, strict=True)
        ]
        wanted = {"Name": "web", "Type": "network", "SubnetMappings": mappings, "SecurityGroups": [self.group]}
        return self.balance(**wanted | more)

    def create_application(self, **more: Any) -> Any:
        """Make an application load balancer: AWS's default type."""
        return self.balance(**{"Name": "web", "Subnets": self.subnets, "SecurityGroups": [self.group]} | more)

    def balance(self, **wanted: Any) -> Any:
        answer = self.elb.create_load_balancer(**wanted)["LoadBalancers"][0]
        self.settle()
        return answer

    def scale(self, **more: Any) -> Any:
        """Make the Auto Scaling group `g`; its client."""
        self.ec2.create_launch_template(
            LaunchTemplateName="web", LaunchTemplateData={"ImageId": AMI, "InstanceType": "t3.small"}
        )
        autoscaling = self.cloud.client("autoscaling")
        template = {"LaunchTemplateName": "web"}
        autoscaling.create_auto_scaling_group(AutoScalingGroupName="g", MinSize=1, LaunchTemplate=template, **more)
        return autoscaling

    def target_group(self, **more: Any) -> str:
        wanted = {"Name": "http", "Protocol": "TCP", "Port": 30080, "VpcId": self.vpc, "TargetType": "instance"}
        return str(self.elb.create_target_group(**wanted | more)["TargetGroups"][0]["TargetGroupArn"])

    def http_group(self, name: str = "http", **more: Any) -> str:
        return self.target_group(**{"Name": name, "Protocol": "HTTP"} | more)

    def listen(self, balancer: Any, target_group: str, port: int = 80) -> Any:
        protocol = "HTTP" if balancer["Type"] == "application" else "TCP"
        return self.answer(balancer, forward(target_group), Port=port, Protocol=protocol)

    def answer(self, balancer: Any, action: dict[str, Any], **more: Any) -> Any:
        """Make a listener whose default action this is."""
        wanted = {"Port": 80, "Protocol": "HTTP", "DefaultActions": [action]}
        answer = self.elb.create_listener(LoadBalancerArn=balancer["LoadBalancerArn"], **wanted | more)
        self.settle()
        return answer["Listeners"][0]

    def run(self, subnet: int) -> str:
        answer = self.ec2.run_instances(ImageId=AMI, MinCount=1, MaxCount=1, SubnetId=self.subnets[subnet])
        self.settle()
        return str(answer["Instances"][0]["InstanceId"])

    def configurations(self) -> list[str]:
        found = sorted((s.name, s) for s in self.cloud.machines.specs.values() if s.kind == "balancer")
        return [str(spec.files[haproxy.CONFIGURATION].content) for _, spec in found]

    def nodes(self) -> list[Any]:
        return [s for _, s in sorted((s.name, s) for s in self.cloud.machines.specs.values() if s.kind == "balancer")]
