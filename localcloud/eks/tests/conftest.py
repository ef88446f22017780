"""What EKS's tests share: where the images are, a cluster without Docker."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from localcloud.conftest import trust
from localcloud.docker.spec import ExecResult
from localcloud.eks import jobs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from localcloud.conftest import Cloud

IMAGES = Path(__file__).parents[2] / "images"
TRUST = trust({"Service": ["ec2.amazonaws.com", "eks.amazonaws.com"]})
READY = {"conditions": [{"type": "Ready", "status": "True"}]}


@dataclass(kw_only=True)
class Site:
    """A VPC with two zones, roles, and an API server that says that all is well."""

    cloud: Cloud
    vpc: str = ""
    subnets: list[str] = field(default_factory=list)
    api_ready: bool = True
    unready: set[str] = field(default_factory=set)  # node groups whose nodes do not become Ready
    refused: str = ""  # what kubectl apply says, if it fails

    def __post_init__(self) -> None:
        ec2, iam = self.cloud.client("ec2"), self.cloud.client("iam")
        self.vpc = ec2.create_vpc(CidrBlock="10.42.0.0/16")["Vpc"]["VpcId"]
        for number, zone in enumerate("ab", start=1):
            made = ec2.create_subnet(
                VpcId=self.vpc, CidrBlock=f"10.42.{number}.0/24", AvailabilityZone=f"eu-west-1{zone}"
            )
            self.subnets.append(made["Subnet"]["SubnetId"])
        self.roles = [
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"] for name in ("eks", "node")
        ]
        self.cloud.docker.answer = self.answer
        self.eks = self.cloud.client("eks")

    @property
    def commands(self) -> list[tuple[str, ...]]:
        return [executed.argv for executed in self.cloud.docker.executed]

    @property
    def applied(self) -> list[str]:
        return [executed.stdin for executed in self.cloud.docker.executed if executed.stdin is not None]

    @property
    def plane_files(self) -> dict[str, str]:
        return self.cloud.docker.files["eks-eu-west-1-demo"]

    def answer(self, name: str, argv: Sequence[str]) -> ExecResult:
        words = list(argv)
        if "apply" in words and self.refused:
            return ExecResult(exit_code=1, output=self.refused)
        if "/readyz" in words:
            return ExecResult(exit_code=0 if self.api_ready else 1, output="not yet")
        if "nodes" in words and "get" in words:
            selector = words[words.index("-l") + 1] if "-l" in words else ""
            return ExecResult(exit_code=0, output=json.dumps({"items": self._nodes(selector)}))
        if "deployment" in words or "daemonset" in words:
            ready = {"observedGeneration": 1, "availableReplicas": 9, "updatedReplicas": 9}
            workload = {"kind": "Deployment", "metadata": {"generation": 1}, "spec": {"replicas": 1}, "status": ready}
            return ExecResult(exit_code=0, output=json.dumps(workload))
        return ExecResult(exit_code=0, output="")

    def _nodes(self, selector: str) -> list[dict[str, Any]]:
        """Return the nodes that have the selector's label, as the API server does."""
        found = []
        for spec in self.node_specs():
            lines = self.cloud.docker.files[spec.name]["etc/kubernetes/node.env"].splitlines()
            labels = dict(line.split("=", 1) for line in lines)["NODE_LABELS"].split(",")
            unready = any(f"eks.amazonaws.com/nodegroup={group}" in labels for group in self.unready)
            if not selector or selector in labels:
                status = {"conditions": []} if unready else READY
                found.append({"metadata": {"name": spec.hostname}, "status": status})
        return found

    def settle(self) -> None:
        for _ in range(2):  # one's jobs may ask for the other's
            assert self.cloud.now.queue.settle(seconds=20)

    def create(self, **more: Any) -> Any:
        wanted: dict[str, Any] = {
            "name": "demo",
            "version": "1.36",
            "roleArn": self.roles[0],
            "resourcesVpcConfig": {"subnetIds": self.subnets},
            "accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": True},
            "bootstrapSelfManagedAddons": False,
        }
        answer = self.eks.create_cluster(**wanted | more)["cluster"]
        self.settle()
        return answer

    def create_nodes(self, **more: Any) -> Any:
        wanted: dict[str, Any] = {
            "clusterName": "demo",
            "nodegroupName": "main",
            "nodeRole": self.roles[1],
            "subnets": self.subnets,
            "scalingConfig": {"minSize": 1, "maxSize": 3, "desiredSize": 2},
        }
        answer = self.eks.create_nodegroup(**wanted | more)["nodegroup"]
        self.settle()
        return answer

    def cluster(self) -> Any:
        return self.eks.describe_cluster(name="demo")["cluster"]

    def nodegroup(self) -> Any:
        return self.eks.describe_nodegroup(clusterName="demo", nodegroupName="main")["nodegroup"]

    def node_specs(self) -> list[Any]:
        return [spec for spec in self.cloud.machines.specs.values() if "/node" in spec.image]


@pytest.fixture
def site(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in ("NODES_SECONDS", "ADDON_SECONDS", "API_SECONDS"):
        monkeypatch.setattr(jobs, name, 5.0)
    made = Site(cloud=cloud)
    yield made
    made.settle()
