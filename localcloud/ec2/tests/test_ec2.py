from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from moto.core.utils import utcnow

from localcloud.conftest import until
from localcloud.core import services
from localcloud.core.errors import DockerFailedError
from localcloud.ec2 import console, hooks
from localcloud.ec2.models import FORGET_TERMINATED

if TYPE_CHECKING:
    from localcloud.conftest import Cloud
    from localcloud.docker.spec import MachineSpec

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGZy5XU6t2FfoxMMa1bioO/TLh8zQkOzAtIyodezCOaB test"
AMI = "ami-0debian1300000001"


class Site:
    """A VPC with a subnet and a group, and what tests do in it."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.ec2 = cloud.client("ec2")
        self.vpc = self.ec2.create_vpc(CidrBlock="10.42.0.0/16")["Vpc"]["VpcId"]
        self.subnet = self.ec2.create_subnet(VpcId=self.vpc, CidrBlock="10.42.1.0/24")["Subnet"]["SubnetId"]
        self.group = self.ec2.create_security_group(GroupName="g", Description="g", VpcId=self.vpc)["GroupId"]

    def run(self, **more: Any) -> str:
        wanted = {
            "ImageId": AMI,
            "MinCount": 1,
            "MaxCount": 1,
            "SubnetId": self.subnet,
            "SecurityGroupIds": [self.group],
        }
        answer = self.ec2.run_instances(**wanted | more)
        self.answer = answer["Instances"][0]
        self.cloud.settle()
        return str(self.answer["InstanceId"])

    def describe(self, instance: str) -> Any:
        return self.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]

    def spec(self, instance: str) -> MachineSpec:
        return self.cloud.machines.specs[instance]


@pytest.fixture
def site(cloud: Cloud) -> Site:
    return Site(cloud)


def test_an_instance_is_pending_until_its_machine_runs(site: Site) -> None:
    instance = site.run()
    assert site.answer["State"]["Name"] == "pending"
    assert site.describe(instance)["State"]["Name"] == "running"


def test_its_machine_has_the_private_address_the_image_and_the_groups(site: Site) -> None:
    instance = site.run()
    spec = site.spec(instance)
    assert (spec.image, spec.security_groups) == ("mirror.beacon/host:1", (site.group,))
    assert [(a.network, a.address) for a in spec.attachments] == [(f"test-{site.vpc}", "10.42.1.4")]
    assert spec.metadata


@pytest.mark.parametrize("by", ["instance", "interface"])
def test_a_running_machine_keeps_to_the_groups_that_it_is_given(site: Site, by: str) -> None:
    instance = site.run()
    other = site.ec2.create_security_group(GroupName="o", Description="o", VpcId=site.vpc)["GroupId"]
    if by == "instance":
        site.ec2.modify_instance_attribute(InstanceId=instance, Groups=[other])
    else:
        nic = site.describe(instance)["NetworkInterfaces"][0]["NetworkInterfaceId"]
        site.ec2.modify_network_interface_attribute(NetworkInterfaceId=nic, Groups=[other])
    site.cloud.settle()
    assert site.spec(instance).security_groups == (other,)
    assert [group["GroupId"] for group in site.describe(instance)["SecurityGroups"]] == [other]


def test_key_pair_and_user_data_reach_cloud_init(site: Site) -> None:
    site.ec2.import_key_pair(KeyName="k", PublicKeyMaterial=KEY.encode())
    instance = site.run(KeyName="k", UserData="#!/bin/sh\necho hello\n")
    files = site.spec(instance).files
    assert KEY.encode() in files["/var/lib/cloud/seed/nocloud/meta-data"].data
    assert files["/var/lib/cloud/seed/nocloud/user-data"].data == b"#!/bin/sh\necho hello\n"
    assert files["/var/lib/cloud/seed/nocloud/user-data"].mode == 0o600


@pytest.mark.parametrize("latest", [True, False])
def test_the_console_tells_what_the_machine_printed(site: Site, *, latest: bool) -> None:
    instance = site.run()
    assert site.spec(instance).console
    assert "Output" not in site.ec2.get_console_output(InstanceId=instance, Latest=latest)
    assert console.OUTPUT.get(instance) == b"", "it was read after the launch"
    site.cloud.docker.consoles[instance] = b"x" * 2**16 + "-----END SSH HOST KEY KEYS-----\r\n\u00e9".encode()
    console.OUTPUT.forget(instance)
    assert "Output" not in site.ec2.get_console_output(InstanceId=instance, Latest=latest), (
        "it is read for the next one"
    )
    site.cloud.settle()
    answer = site.ec2.get_console_output(InstanceId=instance, Latest=latest)
    assert len(answer["Output"].encode()) == 2**16  # boto3 decodes base64
    assert answer["Output"].endswith("x-----END SSH HOST KEY KEYS-----\r\n\u00e9")
    with pytest.raises(ClientError, match=r"InvalidInstanceID\.NotFound"):
        site.ec2.get_console_output(InstanceId="i-0123456789abcdef0")


def test_nobody_reads_the_console_of_a_machine_that_is_gone(site: Site) -> None:
    instance = site.run()
    assert site.cloud.now.queue.trying(f"console/{instance}") > 0, "it is read again and again at first"
    site.ec2.terminate_instances(InstanceIds=[instance])
    site.cloud.settle()
    assert site.cloud.now.queue.trying(f"console/{instance}") == 0
    assert console.OUTPUT.get(instance) is None


def test_stop_start_and_reboot(site: Site) -> None:
    instance = site.run()
    site.ec2.stop_instances(InstanceIds=[instance])
    site.cloud.settle()
    assert (site.describe(instance)["State"]["Name"], site.cloud.docker.states()[instance]) == ("stopped", "exited")
    assert services.stopped() == [instance], "`status` does not call it ended"
    site.ec2.start_instances(InstanceIds=[instance])
    site.cloud.settle()
    assert site.describe(instance)["State"]["Name"] == "running"
    site.ec2.reboot_instances(InstanceIds=[instance])
    site.cloud.settle()
    assert ("restart", instance) in site.cloud.docker.calls


def change_of(answer: Any) -> tuple[str, str]:
    (change,) = answer.get("StartingInstances") or answer["StoppingInstances"]
    return change["PreviousState"]["Name"], change["CurrentState"]["Name"]


def test_what_is_so_already_is_not_done_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    instance = site.run()
    launched = site.describe(instance)["LaunchTime"]
    later = launched + timedelta(hours=1)
    monkeypatch.setattr("localcloud.ec2.models.utcnow", lambda: later)
    assert change_of(site.ec2.start_instances(InstanceIds=[instance])) == ("running", "running")
    assert site.describe(instance)["LaunchTime"] == launched
    assert change_of(site.ec2.stop_instances(InstanceIds=[instance])) == ("running", "stopping")
    site.cloud.settle()
    assert change_of(site.ec2.stop_instances(InstanceIds=[instance])) == ("stopped", "stopped")
    assert site.describe(instance)["StateReason"]["Code"] == "Client.UserInitiatedShutdown"
    assert change_of(site.ec2.start_instances(InstanceIds=[instance])) == ("stopped", "pending")
    assert site.describe(instance)["LaunchTime"] == later


def test_only_what_stands_still_starts_and_only_what_ran_stops(site: Site) -> None:
    other = site.run()
    site.cloud.docker.fail = "connection reset"
    pending = site.run()
    with pytest.raises(
        ClientError, match=rf"IncorrectInstanceState.*Instance '{pending}' cannot be stopped as it has never"
    ):
        site.ec2.stop_instances(InstanceIds=[other, pending])
    assert site.describe(other)["State"]["Name"] == "running", "none of them is"
    site.cloud.docker.fail_stops = 6
    site.ec2.stop_instances(InstanceIds=[other])
    with pytest.raises(
        ClientError, match=rf"IncorrectInstanceState.*The instance '{other}' is not in a state from which it"
    ):
        site.ec2.start_instances(InstanceIds=[other])
    site.ec2.terminate_instances(InstanceIds=[other])
    for operation in (site.ec2.start_instances, site.ec2.stop_instances):
        with pytest.raises(ClientError, match=r"IncorrectInstanceState.*is not in a state from which it can be st"):
            operation(InstanceIds=[other])


def test_addresses_after_a_start(site: Site) -> None:
    interface = {"DeviceIndex": 0, "SubnetId": site.subnet, "AssociatePublicIpAddress": True, "Groups": [site.group]}
    automatic = site.run(NetworkInterfaces=[interface], SubnetId="", SecurityGroupIds=[])
    elastic = site.run(NetworkInterfaces=[interface], SubnetId="", SecurityGroupIds=[])
    address = site.ec2.allocate_address(Domain="vpc")
    site.ec2.associate_address(AllocationId=address["AllocationId"], InstanceId=elastic)
    site.ec2.stop_instances(InstanceIds=[automatic, elastic])
    site.cloud.settle()
    assert "PublicIpAddress" not in site.describe(automatic), "it goes back"
    assert site.describe(elastic)["PublicIpAddress"] == address["PublicIp"]
    taken = site.ec2.allocate_address(Domain="vpc")["PublicIp"]
    site.ec2.start_instances(InstanceIds=[automatic, elastic])
    site.cloud.settle()
    assert site.describe(automatic)["PublicIpAddress"] not in (taken, address["PublicIp"])
    assert site.describe(elastic)["PublicIpAddress"] == address["PublicIp"]
    assert [a.address for a in site.spec(elastic).attachments] == ["10.42.1.5", address["PublicIp"]]


def test_a_start_that_docker_refuses_for_long_ends_stopped_with_its_disk(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("localcloud.ec2.models.LAUNCH_SECONDS", 0.0)
    instance = site.run()
    site.ec2.stop_instances(InstanceIds=[instance])
    site.cloud.settle()
    with monkeypatch.context() as broken:
        broken.setattr(site.cloud.docker, "start", fail_to_start)
        site.ec2.start_instances(InstanceIds=[instance])
        site.cloud.settle()
    described = site.describe(instance)
    assert (described["State"]["Name"], site.cloud.docker.states()[instance]) == ("stopped", "exited")
    assert "no space left on device" in described["StateReason"]["Message"]
    site.ec2.start_instances(InstanceIds=[instance])
    site.cloud.settle()
    assert site.describe(instance)["State"]["Name"] == "running"


def fail_to_start(_: str) -> None:
    raise DockerFailedError("no space left on device")


def test_a_reboot_asked_for_while_another_runs_is_done_too(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    instance = site.run()
    restarts: list[str] = []

    def restart(name: str, *, seconds: int) -> None:
        restarts.append(name)
        if len(restarts) == 1:
            site.ec2.reboot_instances(InstanceIds=[instance])

    monkeypatch.setattr(site.cloud.docker, "restart", restart)
    site.ec2.reboot_instances(InstanceIds=[instance])
    site.cloud.settle()
    assert restarts == [f"test-{instance}"] * 2


def test_a_terminated_instance_has_no_machine_and_is_forgotten_after_an_hour(site: Site) -> None:
    instance = site.run()
    site.ec2.terminate_instances(InstanceIds=[instance])
    site.cloud.settle()
    assert site.describe(instance)["State"]["Name"] == "terminated"
    assert instance not in site.cloud.machines.specs
    backend: Any = site.cloud.now
    with backend.model.lock:
        from moto.ec2.models import ec2_backends  # noqa: PLC0415 - after the environment is set

        model: Any = ec2_backends["123456789012"]["eu-west-1"]
        model.get_instance(instance).beacon_terminated = utcnow() - FORGET_TERMINATED * 2
    site.run()
    with pytest.raises(ClientError, match="InvalidInstanceID"):
        site.describe(instance)


def test_an_elastic_address_comes_from_the_public_range_and_moves(site: Site) -> None:
    first, second = site.run(), site.run()
    address = site.ec2.allocate_address(Domain="vpc")
    assert address["PublicIp"] == "198.51.100.64"
    site.ec2.associate_address(AllocationId=address["AllocationId"], InstanceId=first)
    site.cloud.settle()
    assert [a.address for a in site.spec(first).attachments] == ["10.42.1.4", "198.51.100.64"]
    site.ec2.associate_address(AllocationId=address["AllocationId"], InstanceId=second, AllowReassociation=True)
    site.cloud.settle()
    assert [a.address for a in site.spec(first).attachments] == ["10.42.1.4"]
    assert [a.address for a in site.spec(second).attachments] == ["10.42.1.5", "198.51.100.64"]


def test_an_automatic_public_address_is_one_of_ours(site: Site) -> None:
    interface = {"DeviceIndex": 0, "SubnetId": site.subnet, "AssociatePublicIpAddress": True, "Groups": [site.group]}
    answer = site.ec2.run_instances(ImageId=AMI, MinCount=1, MaxCount=1, NetworkInterfaces=[interface])
    site.cloud.settle()
    assert site.describe(answer["Instances"][0]["InstanceId"])["PublicIpAddress"] == "198.51.100.64"


def test_addresses_of_services_are_not_dealt_twice(site: Site) -> None:
    from moto.ec2.models import ec2_backends  # noqa: PLC0415 - after the environment is set

    backend: Any = ec2_backends["123456789012"]["eu-west-1"]
    with site.cloud.now.model.transaction():
        assert backend.reserve_public_address("nlb") == backend.reserve_public_address("nlb") == "198.51.100.64"
    assert site.ec2.allocate_address(Domain="vpc")["PublicIp"] == "198.51.100.65"


def test_interfaces_get_free_addresses_of_their_subnet(site: Site) -> None:
    made = [
        site.ec2.create_network_interface(SubnetId=site.subnet)["NetworkInterface"]["PrivateIpAddress"]
        for _ in range(2)
    ]
    assert made == ["10.42.1.4", "10.42.1.5"]


def test_an_unknown_image_is_refused(site: Site) -> None:
    with pytest.raises(ClientError, match=r"InvalidAMIID.NotFound.*ami-12345678"):
        site.run(ImageId="ami-12345678")


def test_an_image_that_the_engine_lacks_is_refused_with_the_next_step(site: Site) -> None:
    site.cloud.docker.images_missing.add("mirror.beacon/host:1")
    with pytest.raises(ClientError, match=r"mirror.beacon/host:1 is not in the Docker engine.*python -m mirror images"):
        site.run()


def test_a_launch_that_docker_refuses_for_long_ends_terminated_with_the_reason(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("localcloud.ec2.models.LAUNCH_SECONDS", 0.0)
    site.cloud.docker.fail = "no space left on device"
    instance = site.describe(site.run())
    assert instance["State"]["Name"] == "terminated"
    assert "no space left on device" in instance["StateReason"]["Message"]


def test_an_instance_follows_after_docker_s_restart(site: Site) -> None:
    instance = site.run()
    site.cloud.docker.fail_stops = 6  # more than a few tries
    site.ec2.stop_instances(InstanceIds=[instance])
    until(lambda: site.describe(instance)["State"]["Name"] == "stopped")


def test_a_launch_survives_a_failure_of_docker(site: Site) -> None:
    site.cloud.docker.fail = "connection reset"
    instance = site.run()
    assert site.describe(instance)["State"]["Name"] == "pending"
    assert "connection reset" in site.cloud.now.queue.failing()[f"instance/{instance}"]
    site.cloud.docker.fail = ""
    until(lambda: site.describe(instance)["State"]["Name"] == "running")


def test_a_vpc_over_somebody_s_network_is_refused(site: Site) -> None:
    site.cloud.docker.add_network("office", "10.50.0.0/16")
    with pytest.raises(ClientError, match=r"InvalidVpc.Range.*overlaps the Docker network office"):
        site.ec2.create_vpc(CidrBlock="10.50.0.0/20")


def test_deleting_a_vpc_removes_its_network(site: Site) -> None:
    instance = site.run()
    assert f"test-{site.vpc}" in site.cloud.docker.networks_
    site.ec2.terminate_instances(InstanceIds=[instance])
    site.cloud.settle()
    site.ec2.delete_security_group(GroupId=site.group)
    site.ec2.delete_subnet(SubnetId=site.subnet)
    of_the_vpc = [{"Name": "vpc-id", "Values": [site.vpc]}]
    made = site.ec2.create_network_acl(VpcId=site.vpc)["NetworkAcl"]["NetworkAclId"]
    with pytest.raises(ClientError, match=rf"DependencyViolation.*'{site.vpc}' has dependencies"):
        site.ec2.delete_vpc(VpcId=site.vpc)
    site.ec2.delete_network_acl(NetworkAclId=made)
    (default,) = site.ec2.describe_network_acls(Filters=of_the_vpc)["NetworkAcls"]
    site.ec2.create_tags(Resources=[default["NetworkAclId"]], Tags=[{"Key": "Environment", "Value": "test"}])
    site.ec2.delete_vpc(VpcId=site.vpc)
    site.cloud.settle()
    assert f"test-{site.vpc}" not in site.cloud.docker.networks_
    assert site.ec2.describe_network_acls(Filters=of_the_vpc)["NetworkAcls"] == []
    tagging = site.cloud.client("resourcegroupstaggingapi")
    assert [
        one for one in tagging.get_resources()["ResourceTagMappingList"] if "network-acl" in one["ResourceARN"]
    ] == []


def test_launch_templates_show_their_data_s_tags_only(site: Site) -> None:
    tags = [{"Key": "a", "Value": "b"}]
    site.ec2.create_launch_template(
        LaunchTemplateName="template",
        LaunchTemplateData={"ImageId": AMI, "TagSpecifications": [{"ResourceType": "instance", "Tags": tags}]},
        TagSpecifications=[{"ResourceType": "launch-template", "Tags": tags}],
    )
    data = site.ec2.describe_launch_template_versions(LaunchTemplateName="template")["LaunchTemplateVersions"][0]
    assert [s["ResourceType"] for s in data["LaunchTemplateData"]["TagSpecifications"]] == ["instance"]


def test_hooks_see_launch_and_end(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def note(what: str) -> None:
        locked: Any = site.cloud.now.model.lock._lock
        seen.append(what if locked._is_owned() else f"{what} without the model's lock")

    class Hook:
        def prepare(self, instance: Any, spec: MachineSpec) -> MachineSpec:
            note("prepare")
            return spec

        def launched(self, instance: Any) -> None:
            note("launched")

        def terminated(self, instance: Any) -> None:
            note("terminated")

    monkeypatch.setattr(hooks, "all_hooks", lambda: (Hook(),))
    instance = site.run()
    site.ec2.terminate_instances(InstanceIds=[instance])
    site.cloud.settle()
    assert seen == ["prepare", "launched", "terminated"]


def test_after_a_kill_everything_is_there_and_what_nobody_wants_is_removed(site: Site) -> None:
    instance = site.run()
    address = site.ec2.allocate_address(Domain="vpc")["PublicIp"]
    site.cloud.machines.ensure(replace(site.spec(instance), name="i-stray"))
    site.cloud.docker.halt(instance)
    site.cloud.now.networks.ensure_vpc("vpc-stray", "10.77.0.0/16")
    assert site.cloud.boot()
    assert site.describe(instance)["State"]["Name"] == "running"
    assert set(site.cloud.docker.networks_) == {"test-public", f"test-{site.vpc}"}
    assert site.cloud.docker.states()[instance] == "running"
    assert "i-stray" not in site.cloud.machines.specs
    assert site.ec2.describe_addresses()["Addresses"][0]["PublicIp"] == address
    assert site.run() != instance
    assert site.answer["PrivateIpAddress"] == "10.42.1.5"
