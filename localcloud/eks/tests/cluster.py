"""A real cluster with two nodes, in containers of a local cloud of its own: what tests that need one share."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from localcloud.docker.client import Engine
from localcloud.eks.controlplane import IMAGE
from localcloud.eks.versions import NEWEST
from localcloud.tests.harness import LocalCloud, until

if TYPE_CHECKING:
    from pathlib import Path

    from localcloud.eks.versions import Version

VPC = os.environ.get("LOCALCLOUD_TEST_VPC", "10.119.0.0/16")
TRUST = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}
)


NAME = "demo"


@dataclass(frozen=True, kw_only=True)
class Made:
    """What `Local.make` has made in AWS's words."""

    vpc: str
    subnets: list[str]
    roles: dict[str, str]  # name -> ARN
    cluster: dict[str, Any]
    nodegroup: dict[str, Any]


class Local(LocalCloud):
    """A local cloud with one cluster."""

    def __init__(self, folder: Path, *, name: str, port: int, public_range: str) -> None:
        super().__init__(folder, name=name, port=port, public_range=public_range)
        self.plane = f"{self.control.config.name}-eks-eu-west-1-{NAME}"

    def kubectl(self, *words: str) -> Any:
        command = ["docker", "exec", self.plane, "kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf", *words]
        done = subprocess.run([*command, "-o", "json"], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def apply(self, *manifests: dict[str, Any]) -> None:
        command = ["docker", "exec", "-i", self.plane, "kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf"]
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": manifests})
        subprocess.run([*command, "apply", "-f", "-"], input=text, text=True, timeout=60, check=True)

    def in_node(self, instance: str, script: str, *words: str) -> int:
        """Run a script in a node; its exit code."""
        machine = f"{self.control.config.name}-{instance}"
        command = ["docker", "exec", machine, "bash", "-euc", script, "bash", *words]
        return subprocess.run(command, timeout=60, check=False).returncode

    def make(self, version: Version = NEWEST) -> Made:
        """Make the cluster; it has nodes in two zones, names, and network policies that hold."""
        if not Engine().client.images.list(name=IMAGE):
            pytest.fail(f"the image {IMAGE} is missing: `python -m mirror images control-plane node haproxy` makes it")
        ec2, iam, eks = (self.client(name) for name in ("ec2", "iam", "eks"))
        vpc = ec2.create_vpc(CidrBlock=VPC)["Vpc"]["VpcId"]
        prefix = VPC.rsplit(".", 2)[0]
        subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"{prefix}.{n}.0/24", AvailabilityZone=f"eu-west-1{zone}")["Subnet"][
                "SubnetId"
            ]
            for n, zone in ((1, "a"), (2, "b"))
        ]
        roles = {
            name: iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
            for name in ("eks", "node", "dev")
        }
        key = self.client("kms").create_key()["KeyMetadata"]["Arn"]
        eks.create_cluster(
            name=NAME,
            version=version.name,
            roleArn=roles["eks"],
            resourcesVpcConfig={"subnetIds": subnets},
            accessConfig={"authenticationMode": "API"},
            encryptionConfig=[{"resources": ["secrets"], "provider": {"keyArn": key}}],
            logging={"clusterLogging": [{"types": ["audit"], "enabled": True}]},
        )
        cluster = until(lambda: (c := eks.describe_cluster(name=NAME)["cluster"])["status"] != "CREATING" and c)
        assert cluster["status"] == "ACTIVE", cluster["health"]
        sizes = {"minSize": 2, "maxSize": 2, "desiredSize": 2}
        eks.create_nodegroup(
            clusterName=NAME,
            nodegroupName="main",
            nodeRole=roles["node"],
            subnets=subnets,
            scalingConfig=sizes,
            labels={"a": "b"},
        )
        group = until(
            lambda: (
                (g := eks.describe_nodegroup(clusterName=NAME, nodegroupName="main")["nodegroup"])["status"]
                != "CREATING"
                and g
            )
        )
        assert group["status"] == "ACTIVE", group["health"]
        members = self.kubectl("get", "nodes", "-l", "a=b")["items"]
        assert {node["metadata"]["labels"]["topology.kubernetes.io/zone"] for node in members} == {
            "eu-west-1a",
            "eu-west-1b",
        }
        assert all(node["spec"]["providerID"].startswith("aws:///eu-west-1") for node in members)

        eks.create_addon(clusterName=NAME, addonName="coredns")
        addon = until(
            lambda: (
                (a := eks.describe_addon(clusterName=NAME, addonName="coredns")["addon"])["status"] != "CREATING" and a
            )
        )
        assert addon["status"] == "ACTIVE", addon["health"]

        # ready means: the rules of network policies are loaded on the node
        guards = ("get", "daemonset", "-n", "kube-system", "aws-node")
        assert until(lambda: self.kubectl(*guards)["status"].get("numberReady") == 2, seconds=60)
        return Made(vpc=vpc, subnets=subnets, roles=roles, cluster=cluster, nodegroup=group)
