"""A creation that fails leaves nothing, so that it can be tried again and `terraform destroy` works."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from moto.ec2.models import ec2_backends
from moto.eks.models import eks_backends

from localcloud.core.config import ACCOUNT
from localcloud.ec2.models import LocalEC2Backend
from localcloud.eks import pki
from localcloud.eks.models import LocalEKSBackend

if TYPE_CHECKING:
    from localcloud.eks.tests.conftest import Site


def broken(*_: Any, **__: Any) -> Any:
    raise OSError("no space left on device")


def nothing_of_a_cluster(site: Site) -> None:
    ec2 = site.cloud.client("ec2")
    assert site.eks.list_clusters()["clusters"] == []
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []
    assert {group["GroupName"] for group in ec2.describe_security_groups()["SecurityGroups"]} == {"default"}
    backend: Any = eks_backends[ACCOUNT]["eu-west-1"]
    assert backend.clusters == {}


@pytest.mark.parametrize(
    ("owner", "step"),
    [
        (LocalEC2Backend, "create_security_group"),
        (LocalEC2Backend, "authorize_security_group_ingress"),
        (LocalEC2Backend, "create_network_interface"),
        (pki, "cluster_files"),
        (LocalEKSBackend, "_data_key"),
        (LocalEKSBackend, "associate_access_policy"),
    ],
)
def test_a_cluster_that_fails_leaves_nothing_and_can_be_tried_again(site: Site, owner: Any, step: str) -> None:
    key = site.cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    encryption = [{"resources": ["secrets"], "provider": {"keyArn": key}}]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, step, broken)
        with pytest.raises(ClientError):
            site.create(encryptionConfig=encryption)
    nothing_of_a_cluster(site)
    site.create(encryptionConfig=encryption)
    assert site.cluster()["status"] == "ACTIVE"
    site.eks.delete_cluster(name="demo")
    site.settle()
    nothing_of_a_cluster(site)


def nothing_of_a_node_group(site: Site) -> None:
    assert site.eks.list_nodegroups(clusterName="demo")["nodegroups"] == []
    assert site.roles[1] not in site.eks.list_access_entries(clusterName="demo")["accessEntries"]
    assert site.cloud.client("iam").list_instance_profiles()["InstanceProfiles"] == []
    assert site.cloud.client("ec2").describe_launch_templates()["LaunchTemplates"] == []
    assert site.cloud.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"] == []
    assert site.node_specs() == []
    instances = ec2_backends[ACCOUNT]["eu-west-1"].all_instances()
    assert {instance.state for instance in instances} <= {"terminated"}


def test_a_node_group_that_fails_leaves_nothing_and_its_role_can_be_deleted(site: Site) -> None:
    site.create()
    site.cloud.docker.images_missing.add("mirror.beacon/node:1")
    with pytest.raises(ClientError, match=r"\(InvalidParameterException\).*mirror\.beacon/node:1"):
        site.create_nodes()
    nothing_of_a_node_group(site)
    site.cloud.client("iam").delete_role(RoleName="node")


def test_the_first_instance_goes_when_the_second_one_fails(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.create()
    run, calls = LocalEC2Backend.run_instances, []

    def second_fails(*args: Any, **kwargs: Any) -> Any:
        calls.append(1)
        return broken() if len(calls) == 2 else run(*args, **kwargs)

    monkeypatch.setattr(LocalEC2Backend, "run_instances", second_fails)
    with pytest.raises(ClientError):
        site.create_nodes()
    site.settle()
    assert len(calls) == 2
    nothing_of_a_node_group(site)


def test_an_access_entry_that_was_there_before_stays(site: Site) -> None:
    site.create()
    site.eks.create_access_entry(clusterName="demo", principalArn=site.roles[1], type="EC2_LINUX")
    site.cloud.docker.images_missing.add("mirror.beacon/node:1")
    with pytest.raises(ClientError, match=r"\(InvalidParameterException\).*mirror\.beacon/node:1"):
        site.create_nodes()
    assert site.roles[1] in site.eks.list_access_entries(clusterName="demo")["accessEntries"]


def test_what_other_services_refuse_is_said_as_eks_says_it(site: Site) -> None:
    subnets = {"subnetIds": ["subnet-12345678", "subnet-87654321"]}
    with pytest.raises(ClientError, match=r"\(InvalidParameterException\).*subnet-12345678.*InvalidSubnetID\.NotFound"):
        site.create(resourcesVpcConfig=subnets)
    site.create()
    with pytest.raises(ClientError, match=r"\(InvalidParameterException\).*InvalidLaunchTemplateId"):
        site.create_nodes(launchTemplate={"id": "lt-12345678"})
    nothing_of_a_node_group(site)
