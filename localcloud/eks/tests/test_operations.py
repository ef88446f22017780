from __future__ import annotations

import json
import ssl
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from moto.autoscaling.models import autoscaling_backends
from moto.ec2.models import ec2_backends
from moto.eks.models import eks_backends
from moto.iam.models import iam_backends
from werkzeug.test import Client

from localcloud.conftest import trust
from localcloud.core import services
from localcloud.core.config import ACCOUNT
from localcloud.eks import addons, jobs
from localcloud.eks.versions import NEWEST
from localcloud.http import signatures
from localcloud.http.application import control_planes
from localcloud.http.edge import Edge
from localcloud.http.server import Server
from localcloud.images.tests.conftest import program

if TYPE_CHECKING:
    from pathlib import Path

    from localcloud.eks.tests.conftest import Site

webhook: Any = program("control-plane/lib/token_webhook.py")
eks_token: Any = program("node/lib/eks_token.py")

VIEW = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"


def test_a_cluster_is_creating_then_active_with_all_that_terraform_reads(site: Site) -> None:
    assert site.create(kubernetesNetworkConfig={"serviceIpv4Cidr": "10.100.0.0/16"})["status"] == "CREATING"
    cluster = site.cluster()
    assert cluster["status"] == "ACTIVE"
    assert cluster["version"] == "1.36"
    assert cluster["kubernetesNetworkConfig"]["serviceIpv4Cidr"] == "10.100.0.0/16"
    assert cluster["accessConfig"]["authenticationMode"] == "API"
    assert cluster["endpoint"].startswith("https://")
    assert cluster["endpoint"].endswith(".gr7.eu-west-1.eks.amazonaws.com")
    identifier = cluster["endpoint"].removeprefix("https://").split(".")[0]
    assert cluster["identity"]["oidc"]["issuer"] == f"https://oidc.eks.eu-west-1.amazonaws.com/id/{identifier}"
    vpc_config = cluster["resourcesVpcConfig"]
    assert vpc_config["vpcId"] == site.vpc
    group = site.cloud.client("ec2").describe_security_groups(GroupIds=[vpc_config["clusterSecurityGroupId"]])
    assert {"Key": "aws:eks:cluster-name", "Value": "demo"} in group["SecurityGroups"][0]["Tags"]


def test_its_control_plane_is_a_machine_in_one_of_its_subnets(site: Site) -> None:
    extra = site.cloud.client("ec2").create_security_group(GroupName="x", Description="x", VpcId=site.vpc)["GroupId"]
    site.create(resourcesVpcConfig={"subnetIds": site.subnets, "securityGroupIds": [extra]})
    spec = site.cloud.machines.specs["eks-eu-west-1-demo"]
    assert str(spec.attachments[0].address).startswith("10.42.1.")
    assert spec.security_groups == (site.cluster()["resourcesVpcConfig"]["clusterSecurityGroupId"], extra)


def test_an_api_server_that_does_not_come_up_fails_the_cluster_with_its_reason(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "API_SECONDS", 0.1)
    site.api_ready = False
    site.create()
    cluster = site.cluster()
    assert cluster["status"] == "FAILED"
    assert "the API server is not ready after 0 s: not yet" in cluster["health"]["issues"][0]["message"]


def test_docker_that_fails_for_long_fails_the_cluster(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "API_SECONDS", 0.0)
    site.cloud.docker.fail = "no space left on device"
    site.create()
    site.cloud.docker.fail = ""
    assert "no space left on device" in site.cluster()["health"]["issues"][0]["message"]


def test_one_failure_of_docker_does_not_fail_the_cluster(site: Site) -> None:
    site.cloud.docker.fail = "connection reset"
    site.create()
    assert site.cluster()["status"] == "CREATING"
    site.cloud.docker.fail = ""
    site.cloud.boot()
    assert site.cluster()["status"] == "ACTIVE"


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"version": "1.29"}, "unsupported Kubernetes version 1.29: the local cloud has 1.36 and 1.35"),
        ({"resourcesVpcConfig": {"subnetIds": []}}, "at least two different AZs"),
        ({"accessConfig": {"authenticationMode": "CONFIG_MAP"}}, "authenticationMode CONFIG_MAP is not offered"),
        ({"computeConfig": {"enabled": True}}, "computeConfig is not offered"),
        ({"roleArn": "arn:aws:iam::123456789012:role/none"}, "role/none, could not be assumed because it does not"),
        ({"kubernetesNetworkConfig": {"ipFamily": "ipv6"}}, "ipFamily ipv6 is not offered"),
        (
            {"kubernetesNetworkConfig": {"serviceIpv4Cidr": "100.64.0.0/16"}},
            "100.64.0.0/16 is not valid: give a block of",
        ),
        (
            {"kubernetesNetworkConfig": {"serviceIpv4Cidr": "10.0.0.0/8"}},
            "10.0.0.0/8 is not valid: give a block of /24",
        ),
        ({"kubernetesNetworkConfig": {"serviceIpv4Cidr": "10.0.0.1/16"}}, "10.0.0.1/16 is not valid"),
        (
            {"name": "a b"},
            "The name parameter contains invalid characters. It should conform to the regular expression",
        ),
        (
            {"name": "a" * 101},
            "at 'name' failed to satisfy constraint: Member must have length less than or equal to 100",
        ),
        (
            {"upgradePolicy": {"supportType": "LONG"}},
            (
                r"1 validation error detected: Value 'LONG' at 'upgradePolicy.supportType' failed to satisfy constraint: "
                r"Member must satisfy enum value set: \[STANDARD, EXTENDED\]"
            ),
        ),
    ],
)
def test_what_cannot_be_made_is_refused_before_anything_is(site: Site, more: dict[str, Any], reason: str) -> None:
    with pytest.raises(ClientError, match=reason):
        site.create(**more)
    assert site.eks.list_clusters()["clusters"] == []
    assert "eks-eu-west-1-demo" not in site.cloud.machines.specs


def test_who_makes_a_cluster_is_its_administrator_unless_it_says_otherwise(site: Site) -> None:
    site.create()
    (creator,) = site.eks.list_access_entries(clusterName="demo")["accessEntries"]
    assert creator.endswith(":user/administrator")
    policies = site.eks.list_associated_access_policies(clusterName="demo", principalArn=creator)
    assert policies["associatedAccessPolicies"][0]["policyArn"].endswith("/AmazonEKSClusterAdminPolicy")


def test_a_cluster_without_a_creators_permission_lets_nobody_in(site: Site) -> None:
    site.create(accessConfig={"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False})
    assert site.eks.list_access_entries(clusterName="demo")["accessEntries"] == []


def test_secrets_are_encrypted_with_a_key_made_by_kms(site: Site) -> None:
    key = site.cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    site.create(encryptionConfig=[{"resources": ["secrets"], "provider": {"keyArn": key}}])
    text = site.cloud.machines.specs["eks-eu-west-1-demo"].files["etc/kubernetes/encryption.json"].content
    assert "secretbox" in str(text)
    with pytest.raises(ClientError, match=r"provider is not valid: Key .* does not exist"):
        site.create(name="two", encryptionConfig=[{"resources": ["secrets"], "provider": {"keyArn": key + "0"}}])


def test_a_cluster_goes_with_its_machine_its_interface_and_its_group(site: Site) -> None:
    site.create()
    group = site.cluster()["resourcesVpcConfig"]["clusterSecurityGroupId"]
    assert site.eks.delete_cluster(name="demo")["cluster"]["status"] == "DELETING"
    site.settle()
    assert site.eks.list_clusters()["clusters"] == []
    assert "eks-eu-west-1-demo" not in site.cloud.machines.specs
    ec2 = site.cloud.client("ec2")
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []
    with pytest.raises(ClientError, match="does not exist"):
        ec2.describe_security_groups(GroupIds=[group])


def test_a_node_group_is_an_auto_scaling_group_over_two_zones(site: Site) -> None:
    site.create()
    assert site.create_nodes(labels={"role": "worker"})["status"] == "CREATING"
    group = site.nodegroup()
    assert (group["status"], group["health"]["issues"]) == ("ACTIVE", [])
    measured = services.figures()["nodes Ready after CreateNodegroup, demo/main"]
    assert 0 < measured < jobs.NODES_SECONDS
    name = group["resources"]["autoScalingGroups"][0]["name"]
    (scaling,) = site.cloud.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])[
        "AutoScalingGroups"
    ]
    assert {instance["AvailabilityZone"] for instance in scaling["Instances"]} == {"eu-west-1a", "eu-west-1b"}
    first, second = site.node_specs()
    assert first.forwards != second.forwards
    assert "role=worker" in str(first.files["etc/kubernetes/node.env"].content)
    cluster_group = site.cluster()["resourcesVpcConfig"]["clusterSecurityGroupId"]
    assert first.security_groups == (cluster_group,)


def test_nodes_have_their_groups_role_and_its_access_entry(site: Site) -> None:
    site.create()
    site.create_nodes()
    entry = site.eks.describe_access_entry(clusterName="demo", principalArn=site.roles[1])["accessEntry"]
    assert (entry["type"], entry["username"]) == ("EC2_LINUX", "system:node:{{EC2PrivateDNSName}}")
    profiles = site.cloud.client("ec2").describe_iam_instance_profile_associations()["IamInstanceProfileAssociations"]
    assert len(profiles) == 2


def test_nodes_of_another_group_do_not_count(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.create()
    site.create_nodes()
    site.unready.add("more")
    monkeypatch.setattr(jobs, "NODES_SECONDS", 0.5)
    site.create_nodes(nodegroupName="more", scalingConfig={"minSize": 1, "maxSize": 1, "desiredSize": 1})
    assert site.nodegroup()["status"] == "ACTIVE"
    other = site.eks.describe_nodegroup(clusterName="demo", nodegroupName="more")["nodegroup"]
    assert other["status"] == "CREATE_FAILED"
    assert "0 of 1 are" in other["health"]["issues"][0]["message"]


def test_a_users_launch_template_is_merged(site: Site) -> None:
    ec2 = site.cloud.client("ec2")
    group = ec2.create_security_group(GroupName="node", Description="n", VpcId=site.vpc)["GroupId"]
    template = ec2.create_launch_template(LaunchTemplateName="own", LaunchTemplateData={"SecurityGroupIds": [group]})
    site.create()
    site.create_nodes(launchTemplate={"id": template["LaunchTemplate"]["LaunchTemplateId"], "version": "1"})
    assert {spec.security_groups for spec in site.node_specs()} == {(group,)}
    assert site.nodegroup()["launchTemplate"]["name"] == "own"


def test_a_node_group_can_be_resized_and_relabelled(site: Site) -> None:
    site.create()
    site.create_nodes()
    update = site.eks.update_nodegroup_config(
        clusterName="demo",
        nodegroupName="main",
        scalingConfig={"minSize": 1, "maxSize": 3, "desiredSize": 3},
        labels={"addOrUpdateLabels": {"a": "b"}},
    )["update"]
    assert site.eks.describe_update(name="demo", updateId=update["id"])["update"]["status"] == "Successful"
    site.settle()
    assert len(site.node_specs()) == 3
    assert site.nodegroup()["labels"] == {"a": "b"}
    assert any("label" in command and "a=b" in command for command in site.commands)


def test_a_node_group_goes_to_nothing_and_back(site: Site) -> None:
    site.create()
    site.create_nodes()

    def resize(**sizes: int) -> dict[str, int]:
        site.eks.update_nodegroup_config(clusterName="demo", nodegroupName="main", scalingConfig=sizes)
        site.settle()
        kept: dict[str, int] = site.nodegroup()["scalingConfig"]
        return kept

    with pytest.raises(
        ClientError, match=r"InvalidParameterException.*Minimum capacity 2 can't be greater than desired size 0"
    ):
        resize(minSize=2, desiredSize=0)
    assert len(site.node_specs()) == 2
    assert resize(minSize=0, desiredSize=0) == {"minSize": 0, "maxSize": 3, "desiredSize": 0}
    assert site.node_specs() == []
    assert site.nodegroup()["status"] == "ACTIVE"
    assert any("delete" in command and "node" in command for command in site.commands), "Kubernetes forgets them"
    with pytest.raises(ClientError, match="Minimum capacity 2 can't be greater than desired size 0"):
        resize(minSize=2)
    assert resize(minSize=2, desiredSize=2) == {"minSize": 2, "maxSize": 3, "desiredSize": 2}
    assert len(site.node_specs()) == 2


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (
            {"scalingConfig": {"minSize": 3, "maxSize": 3, "desiredSize": 2}},
            "Minimum capacity 3 can't be greater than desired size 2",
        ),
        (
            {"scalingConfig": {"minSize": 1, "maxSize": 2, "desiredSize": 3}},
            "desiredSize 3 can't be greater than maxSize 2",
        ),
        ({"nodegroupName": "-main"}, "The nodegroupName parameter -main contains invalid characters: it must match"),
        (
            {"taints": [{"key": "k", "effect": "NoSchedule"}]},
            (
                "Value 'NoSchedule' at 'taints.1.member.effect' failed to satisfy constraint: Member must satisfy enum value "
                r"set: \[NO_SCHEDULE"
            ),
        ),
        ({"taints": [{"key": "k", "effect": "NO_SCHEDULE"}], "instanceTypes": ["t9.huge"]}, "t9.huge is not known"),
        ({"nodeRole": "arn:aws:iam::123456789012:role/none"}, "role/none, could not be assumed because it does not"),
        ({"nodeRole": "arn:aws:iam::123456789012:role/person"}, "or the trusted entity is not correct"),
        ({"nodeRole": "none"}, "Role with arn: none, could not be assumed"),
    ],
)
def test_a_node_group_that_cannot_be_made_is_refused(site: Site, more: dict[str, Any], reason: str) -> None:
    site.create()
    site.cloud.client("iam").create_role(RoleName="person", AssumeRolePolicyDocument=trust())
    with pytest.raises(ClientError, match=reason):
        site.create_nodes(**more)
    assert site.eks.list_nodegroups(clusterName="demo")["nodegroups"] == []


def test_a_node_group_that_failed_stays_so_and_is_not_updated(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.create()
    site.unready.add("main")
    monkeypatch.setattr(jobs, "NODES_SECONDS", 0.0)
    site.create_nodes()
    site.unready.clear()
    site.cloud.boot()
    assert site.nodegroup()["status"] == "CREATE_FAILED"
    with pytest.raises(site.eks.exceptions.ResourceInUseException, match="currently not in Active State"):
        site.eks.update_nodegroup_config(clusterName="demo", nodegroupName="main", labels={"removeLabels": ["a"]})
    site.eks.delete_nodegroup(clusterName="demo", nodegroupName="main")
    site.settle()
    assert site.eks.list_nodegroups(clusterName="demo")["nodegroups"] == []


def test_a_deleted_node_group_leaves_nothing(site: Site) -> None:
    site.create()
    site.create_nodes()
    assert site.eks.delete_nodegroup(clusterName="demo", nodegroupName="main")["nodegroup"]["status"] == "DELETING"
    site.settle()
    assert site.eks.list_nodegroups(clusterName="demo")["nodegroups"] == []
    assert site.node_specs() == []
    assert site.cloud.client("iam").list_instance_profiles()["InstanceProfiles"] == []
    assert site.cloud.client("ec2").describe_launch_templates()["LaunchTemplates"] == []


def test_a_cluster_with_nodes_is_not_deleted(site: Site) -> None:
    site.create()
    site.create_nodes()
    with pytest.raises(ClientError, match="nodegroups attached"):
        site.eks.delete_cluster(name="demo")


def test_a_lost_node_is_replaced_and_forgotten(site: Site) -> None:
    site.create()
    site.create_nodes()
    lost = site.node_specs()[0].name
    site.cloud.docker.lose(lost)
    autoscaling: Any = autoscaling_backends[ACCOUNT]["eu-west-1"]
    autoscaling.replace_lost({}, now=0.0)
    site.settle()
    assert len(site.node_specs()) == 2
    assert lost not in [spec.name for spec in site.node_specs()]
    assert any("delete" in command and "node" in command for command in site.commands)


def test_a_cluster_keeps_its_upgrade_policy_and_nodes_their_release_and_repair(site: Site) -> None:
    site.create(upgradePolicy={"supportType": "STANDARD"})
    site.create_nodes(releaseVersion=NEWEST.release, nodeRepairConfig={"enabled": True})
    site.cloud.boot()
    assert site.cluster()["upgradePolicy"] == {"supportType": "STANDARD"}
    group = site.nodegroup()
    assert (group["releaseVersion"], group["nodeRepairConfig"]) == (NEWEST.release, {"enabled": True})


def test_another_release_of_the_nodes_image_is_refused(site: Site) -> None:
    site.create()
    with pytest.raises(
        ClientError, match=f"1.36.0-20260101 is not valid for kubernetes version 1.36: {NEWEST.release} is"
    ):
        site.create_nodes(releaseVersion="1.36.0-20260101")
    site.create_nodes()
    with pytest.raises(ClientError, match="20260101 is not valid"):
        site.eks.update_nodegroup_version(clusterName="demo", nodegroupName="main", releaseVersion="1.36.0-20260101")


def test_add_ons_are_applied_and_removed(site: Site) -> None:
    site.create()
    assert site.eks.create_addon(clusterName="demo", addonName="coredns")["addon"]["status"] == "CREATING"
    site.settle()
    addon = site.eks.describe_addon(clusterName="demo", addonName="coredns")["addon"]
    assert (addon["status"], addon["addonVersion"]) == ("ACTIVE", "v1.14.3-eksbuild.3")
    assert "clusterIP: 172.20.0.10" in site.applied[-1]
    site.eks.delete_addon(clusterName="demo", addonName="coredns")
    site.settle()
    assert site.eks.list_addons(clusterName="demo")["addons"] == []
    assert any("delete" in command for command in site.commands)


def test_an_add_on_that_the_api_server_refuses_for_long_is_in_conflict_whatever_its_words(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "APPLY_SECONDS", 0.0)
    site.create()
    site.refused = 'namespaces "kube-system" already exists'
    site.eks.create_addon(clusterName="demo", addonName="coredns")
    site.settle()
    site.refused = ""
    (issue,) = site.eks.describe_addon(clusterName="demo", addonName="coredns")["addon"]["health"]["issues"]
    assert (issue["code"], "already exists" in issue["message"]) == ("ConfigurationConflict", True)


def test_an_add_on_whose_pods_do_not_run_lacks_replicas(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.create()
    monkeypatch.setattr(jobs, "ADDON_SECONDS", 0.1)
    monkeypatch.setattr(addons, "is_ready", lambda _: False)
    site.eks.create_addon(clusterName="demo", addonName="coredns")
    site.settle()
    (issue,) = site.eks.describe_addon(clusterName="demo", addonName="coredns")["addon"]["health"]["issues"]
    assert issue["code"] == "InsufficientNumberOfReplicas"
    assert "deployment coredns in kube-system is not ready after 0 s" in issue["message"]


def test_a_cluster_has_its_networking_from_the_beginning_unless_told_otherwise(site: Site) -> None:
    site.create(bootstrapSelfManagedAddons=True)
    site.settle()
    assert any("name: coredns" in text for text in site.applied)
    assert any("name: aws-node" in text for text in site.applied)
    assert site.eks.list_addons(clusterName="demo")["addons"] == []


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (
            {"addonName": "aws-ebs-csi-driver"},
            "aws-ebs-csi-driver is not offered by the local cloud: coredns, kube-proxy",
        ),
        ({"addonName": "eks-pod-identity-agent"}, "eks-pod-identity-agent is not offered"),
        ({"addonName": "coredns", "addonVersion": "v1.0.0"}, "not supported: v1.0.0; v1.14.3-eksbuild.3 is"),
        ({"addonName": "coredns", "configurationValues": '{"x": 1}'}, "x has no effect"),
    ],
)
def test_other_add_ons_versions_and_settings_are_refused(site: Site, asked: dict[str, str], reason: str) -> None:
    site.create()
    with pytest.raises(ClientError, match=reason):
        site.eks.create_addon(clusterName="demo", **asked)


def test_the_catalogue_is_what_can_be_made(site: Site) -> None:
    (addon,) = site.eks.describe_addon_versions(addonName="coredns", kubernetesVersion="1.36")["addons"]
    assert addon["addonVersions"][0]["compatibilities"][0]["defaultVersion"]
    assert site.eks.describe_addon_versions(kubernetesVersion="1.29")["addons"] == []


def test_access_entries_and_policies_have_the_apis_shape(site: Site) -> None:
    site.create()
    role = site.roles[1]
    site.eks.create_access_entry(clusterName="demo", principalArn=role, kubernetesGroups=["devs"])
    entry = site.eks.describe_access_entry(clusterName="demo", principalArn=role)["accessEntry"]
    assert entry["username"].endswith(":assumed-role/node/{{SessionName}}")
    site.eks.associate_access_policy(
        clusterName="demo", principalArn=role, policyArn=VIEW, accessScope={"type": "namespace", "namespaces": ["shop"]}
    )
    (found,) = site.eks.list_associated_access_policies(clusterName="demo", principalArn=role)[
        "associatedAccessPolicies"
    ]
    assert found["accessScope"] == {"type": "namespace", "namespaces": ["shop"]}
    site.settle()
    (scope,) = json.loads(site.plane_files["etc/eks/namespaced-access.json"])
    assert (scope["role"], scope["namespaces"]) == ("view", ["shop"])
    site.eks.disassociate_access_policy(clusterName="demo", principalArn=role, policyArn=VIEW)
    site.settle()
    assert json.loads(site.plane_files["etc/eks/namespaced-access.json"]) == []
    site.eks.delete_access_entry(clusterName="demo", principalArn=role)
    assert role not in site.eks.list_access_entries(clusterName="demo")["accessEntries"]


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"principalArn": "arn:aws:iam::1:user/u", "type": "FARGATE_LINUX"}, "FARGATE_LINUX is not offered"),
        (
            {"principalArn": f"arn:aws:sts::{ACCOUNT}:assumed-role/r/s"},
            "The principalArn parameter format is not valid",
        ),
        ({"principalArn": "nobody"}, "The principalArn parameter format is not valid"),
        ({"principalArn": "arn:aws:iam::1:user/u"}, "The principalArn parameter format is not valid"),
        ({"principalArn": f"arn:aws:iam::{ACCOUNT}:role/none"}, "principalArn is invalid: invalid principal"),
        ({"principalArn": "arn:aws:iam::999999999999:role/r", "type": "EC2_LINUX"}, "invalid principal"),
        (
            {"kubernetesGroups": ["devs", "system:masters"]},
            "The kubernetes group name system:masters is invalid, it cannot start with system:",
        ),
        ({"username": "eks:admin"}, "The username must not begin with eks:"),
    ],
)
def test_other_access_entries_are_refused(site: Site, asked: dict[str, Any], reason: str) -> None:
    site.create()
    with pytest.raises(ClientError, match=f"InvalidParameterException.*{reason}"):
        site.eks.create_access_entry(**{"clusterName": "demo", "principalArn": site.roles[1], **asked})


def test_principals_with_paths_and_of_other_accounts_have_access_entries(site: Site) -> None:
    site.create()
    user = site.cloud.client("iam").create_user(UserName="ann", Path="/people/")["User"]["Arn"]
    for principal in (user, "arn:aws:iam::999999999999:role/path/r"):
        entry = site.eks.create_access_entry(clusterName="demo", principalArn=principal)["accessEntry"]
        assert entry["principalArn"] == principal


def test_one_vpc_has_a_cluster_and_its_nodes(site: Site) -> None:
    ec2 = site.cloud.client("ec2")
    other = ec2.create_vpc(CidrBlock="10.43.0.0/16")["Vpc"]["VpcId"]
    elsewhere = ec2.create_subnet(VpcId=other, CidrBlock="10.43.1.0/24", AvailabilityZone="eu-west-1b")["Subnet"]
    mixed = [site.subnets[0], elsewhere["SubnetId"]]
    with pytest.raises(ClientError, match=r"InvalidParameterException.*Subnets specified must be in the same VPC"):
        site.create(resourcesVpcConfig={"subnetIds": mixed})
    site.create()
    with pytest.raises(
        ClientError, match=rf"InvalidParameter.*Specified subnets must belong to cluster's vpc {site.vpc}"
    ):
        site.create_nodes(subnets=mixed)
    assert site.eks.list_nodegroups(clusterName="demo")["nodegroups"] == []


def test_tags_are_on_clusters_node_groups_and_add_ons(site: Site) -> None:
    site.create(tags={"a": "1"})
    site.create_nodes(tags={"b": "2"})
    arn = site.eks.create_addon(clusterName="demo", addonName="coredns", tags={"c": "3"})["addon"]["addonArn"]
    for thing, tag in ((site.cluster()["arn"], "a"), (site.nodegroup()["nodegroupArn"], "b"), (arn, "c")):
        site.eks.tag_resource(resourceArn=thing, tags={"more": "x"})
        assert set(site.eks.list_tags_for_resource(resourceArn=thing)["tags"]) == {tag, "more"}
        site.eks.untag_resource(resourceArn=thing, tagKeys=[tag])
        assert set(site.eks.list_tags_for_resource(resourceArn=thing)["tags"]) == {"more"}


def test_logging_is_switched_in_the_control_plane(site: Site) -> None:
    site.create()
    assert json.loads(site.plane_files["etc/eks/log-types.json"]) == []
    site.eks.update_cluster_config(name="demo", logging={"clusterLogging": [{"types": ["audit"], "enabled": True}]})
    site.settle()
    assert json.loads(site.plane_files["etc/eks/log-types.json"]) == ["audit"]


def test_an_operation_that_is_not_there_is_named(site: Site) -> None:
    site.create()
    with pytest.raises(ClientError, match="CreateFargateProfile"):
        site.eks.create_fargate_profile(
            fargateProfileName="f",
            clusterName="demo",
            podExecutionRoleArn=site.roles[0],
            selectors=[{"namespace": "d"}],
        )


def ask(site: Site, what: str, body: dict[str, Any], *, secret: str | None = None) -> tuple[int, str]:
    """Ask as a control plane does."""
    backend: Any = eks_backends[ACCOUNT]["eu-west-1"]
    secret = backend.clusters["demo"].plane.secret if secret is None else secret
    headers = {"Authorization": f"Bearer {secret}"}
    answer = Client(control_planes()).post(f"/_eks/eu-west-1/demo/{what}", json=body, headers=headers)
    return answer.status_code, answer.text


def identity(site: Site, key: str, *, token: str = "", secret: str | None = None) -> tuple[int, str]:
    asked = {"accessKeyId": key, "sessionToken": token, "signingRegion": "eu-west-1"}
    return ask(site, "identity", asked, secret=secret)


def test_a_control_plane_learns_who_a_key_is(site: Site) -> None:
    site.create()
    key = site.cloud._key[0]
    status, text = identity(site, key)
    assert status == 200
    assert json.loads(text)["groups"] == ["eks:access:AmazonEKSClusterAdminPolicy"]
    assert identity(site, "AKIANOBODY")[0] == 403
    assert identity(site, key, token="made-up")[0] == 403
    assert identity(site, key, secret="guess")[0] == 403
    site.cloud.client("iam").create_user(UserName="stranger")
    made = site.cloud.client("iam").create_access_key(UserName="stranger")["AccessKey"]["AccessKeyId"]
    status, text = identity(site, made)
    assert (status, "has no access entry" in text) == (403, True)


def test_a_control_plane_gets_keys_derived_for_one_region_s_sts_and_three_days(site: Site) -> None:
    """They verify log-in tokens, and sign nothing else: not for another service, region or month."""
    site.create()
    key, secret = site.cloud._key
    text = identity(site, key)[1]
    assert secret not in text
    keys = json.loads(text)["signingKeys"]
    days = [(datetime.now(UTC) + timedelta(days=number)).strftime("%Y%m%d") for number in (-1, 0, 1)]
    assert sorted(keys) == days
    assert keys[days[1]] == signatures.signing_key(secret, days[1], "eu-west-1", "sts", "aws4_request").hex()
    for region in ("", "eu-west-1/s3", "EU"):
        asked = {"accessKeyId": key, "sessionToken": "", "signingRegion": region}
        assert ask(site, "identity", asked) == (
            400,
            f"signingRegion {region!r} is no region: it is what the token was signed for",
        )


def test_a_token_is_verified_with_what_the_server_tells_over_tls(site: Site, tmp_path: Path) -> None:
    site.create()
    backend: Any = eks_backends[ACCOUNT]["eu-west-1"]
    access_key, secret = site.cloud._key
    ca, now = site.cloud.now.registry.authority, datetime.now(UTC)
    edge = Edge(application=control_planes(), hosts=frozenset({"127.0.0.1"}))
    server = Server(("127.0.0.1", 0), edge, device="lo", tls=ca.ensure_server("127.0.0.1"))
    server.expiration_interval = 0.05
    server.start_in_background()
    directory = webhook.ServerDirectory(
        url=f"https://127.0.0.1:{server.bind_addr[1]}/_eks/eu-west-1/demo",
        secret=backend.clusters["demo"].plane.secret,
        cache=tmp_path / "identities.json",
        trust=ssl.create_default_context(cafile=str(ca.certificate_path)),
    )
    key = eks_token.Credentials(access_key=access_key, secret_key=secret, session_token="", expires="")
    token = eks_token.token(key, cluster="demo", region="us-east-1", now=now)
    try:
        assert webhook.authenticate(token, cluster="demo", directory=directory, now=now).arn.endswith(
            "user/administrator"
        )
    finally:
        server.stop()
    assert secret not in (tmp_path / "identities.json").read_text()
    assert webhook.authenticate(token, cluster="demo", directory=directory, now=now), "while the server is away"


def test_a_control_plane_ships_the_logs_that_are_enabled(site: Site) -> None:
    site.create(logging={"clusterLogging": [{"types": ["audit"], "enabled": True}]})
    event = {"timestamp": 1_790_000_000_000, "message": "{}"}
    events = [{"timestamp": 1_790_000_000_000 + number, "message": str(number)} for number in range(600)]
    assert ask(site, "logs", {"type": "audit", "events": events})[0] == 200
    assert ask(site, "logs", {"type": "api", "events": [event]})[0] == 200
    assert ask(site, "logs", {"type": "other", "events": []})[0] == 400
    logs = site.cloud.client("logs")
    (stream,) = logs.describe_log_streams(logGroupName="/aws/eks/demo/cluster")["logStreams"]
    assert stream["logStreamName"] == "kube-apiserver-audit"
    kept = logs.get_log_events(
        logGroupName="/aws/eks/demo/cluster", logStreamName="kube-apiserver-audit", startFromHead=True
    )["events"]
    assert [each["message"] for each in kept] == [str(number) for number in range(100, 600)]


def test_a_nodes_session_is_known_after_a_kill_of_the_server(site: Site) -> None:
    site.create()
    site.create_nodes()
    assert site.cloud.metadata is not None
    instance = next(i for i in ec2_backends[ACCOUNT]["eu-west-1"].all_instances() if i.state == "running")
    role = next(r for r in iam_backends[ACCOUNT]["aws"].roles.values() if r.name == "node")
    with site.cloud.now.model.lock:  # as the metadata service does
        session = json.loads(site.cloud.metadata._credentials(instance, role))
    assert site.cloud.boot()
    status, text = identity(site, session["AccessKeyId"], token=session["Token"])
    assert status == 200, text
    assert json.loads(text)["username"].startswith("system:node:ip-10-42-")


def test_everything_survives_a_kill_of_the_server(site: Site) -> None:
    site.create(bootstrapSelfManagedAddons=True)
    site.create_nodes()
    site.eks.create_addon(clusterName="demo", addonName="coredns")
    site.settle()
    before = (site.cluster(), site.nodegroup(), site.eks.list_access_entries(clusterName="demo")["accessEntries"])
    specs = dict(site.cloud.machines.specs)

    assert site.cloud.boot()
    site.settle()

    after = (site.cluster(), site.nodegroup(), site.eks.list_access_entries(clusterName="demo")["accessEntries"])
    for answer in (*before[:2], *after[:2]):
        answer.pop("modifiedAt", None)
    assert before == after
    assert site.cloud.machines.specs.keys() == specs.keys()
    assert site.cloud.machines.specs["eks-eu-west-1-demo"].files == {}, "a running control plane keeps its files"
    nodes = {name: spec for name, spec in specs.items() if spec.image.endswith("/node:1")}
    for name, spec in nodes.items():
        assert site.cloud.machines.specs[name] == spec


def test_clusters_and_node_groups_end_at_the_quota(site: Site) -> None:
    site.create()
    site.create_nodes()
    quotas = site.cloud.client("service-quotas")
    for code in ("L-1194D53C", "L-6D54EA21"):
        quotas.request_service_quota_increase(ServiceCode="eks", QuotaCode=code, DesiredValue=1)
    with pytest.raises(ClientError, match=r"ResourceLimitExceeded.*The maximum number of clusters has been reached\."):
        site.create(name="second")
    with pytest.raises(
        ClientError, match=r"ResourceLimitExceeded.*number of node groups per cluster has been reached\."
    ):
        site.create_nodes(nodegroupName="second")


def test_a_node_group_has_no_more_nodes_than_the_quota(site: Site) -> None:
    site.create()
    words = r"ResourceLimitExceeded.*nodes per managed node group is 450: maxSize 451 is more\."
    sizes = {"minSize": 1, "maxSize": 451, "desiredSize": 1}
    with pytest.raises(ClientError, match=words):
        site.create_nodes(scalingConfig=sizes)
    site.create_nodes()
    with pytest.raises(ClientError, match=words):
        site.eks.update_nodegroup_config(clusterName="demo", nodegroupName="main", scalingConfig={"maxSize": 451})
    assert site.nodegroup()["scalingConfig"]["maxSize"] == 3
