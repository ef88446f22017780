"""Who reaches an API server: AWS's defaults, changes one at a time, and what is refused."""

from __future__ import annotations

from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from moto.ec2.exceptions import EC2ClientError
from moto.eks.models import eks_backends

from localcloud.core.config import ACCOUNT
from localcloud.core.errors import HopelessError
from localcloud.core.hosts_file import HostNames
from localcloud.eks import jobs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from localcloud.eks.controlplane import ControlPlane
    from localcloud.eks.tests.conftest import Site

MACHINE = "eks-eu-west-1-demo"
PUBLIC = "198.51.100.64"
ALREADY = (
    r"Cluster is already at the desired configuration with endpointPrivateAccess: {} , endpointPublicAccess: {}, "
    r"and Public Endpoint Restrictions: \[{}\]"
)


@pytest.fixture
def hosts(site: Site) -> Iterator[Callable[[], str]]:
    """Give what stands in this machine's hosts file, beside a line of others."""
    file = site.cloud.config.hosts_file
    file.write_text("127.0.0.1 localhost\n")
    yield lambda: file.read_text().removeprefix("127.0.0.1 localhost\n")
    assert file.read_text().startswith("127.0.0.1 localhost\n")


def create(site: Site, **access: Any) -> Any:
    return site.create(resourcesVpcConfig={"subnetIds": site.subnets, **access})


def change(site: Site, **access: Any) -> Any:
    answer = site.eks.update_cluster_config(name="demo", resourcesVpcConfig=access)["update"]
    site.settle()
    return site.eks.describe_update(name="demo", updateId=answer["id"])["update"]


def access(site: Site) -> tuple[bool, bool, list[str]]:
    found = site.cluster()["resourcesVpcConfig"]
    return found["endpointPublicAccess"], found["endpointPrivateAccess"], found["publicAccessCidrs"]


def rules(site: Site) -> list[str]:
    """Return what the control plane lets in."""
    text = site.cloud.docker.files[MACHINE]["/etc/beacon/firewall.nft"]
    return [line.strip() for line in text.partition("chain ingress {")[2].partition("\n  }")[0].splitlines()]


def line(site: Site, address: str = PUBLIC) -> str:
    host = site.cluster()["endpoint"].removeprefix("https://")
    return f"{address} {host} # {site.cloud.config.label} server\n"


def test_as_on_aws_an_api_server_is_public_unless_it_is_said_otherwise(site: Site, hosts: Callable[[], str]) -> None:
    create(site)
    assert access(site) == (True, False, ["0.0.0.0/0"])
    assert site.cloud.machines.addresses(MACHINE)["test-public"] == PUBLIC
    assert hosts() == line(site)
    found = rules(site)
    last = found.index("tcp dport 443 drop")
    assert found[last - 3 : last + 1] == [
        f"ip daddr {PUBLIC} tcp dport 443 accept",
        f"ip daddr {PUBLIC} drop",
        "ip saddr 10.42.0.0/16 tcp dport 443 accept",
        "tcp dport 443 drop",
    ]
    assert found.index("ip saddr 10.42.0.1 drop") < last - 3, "this machine's address in the VPC stays out"


def test_a_private_api_server_has_no_public_address_and_no_name_here(site: Site, hosts: Callable[[], str]) -> None:
    create(site, endpointPublicAccess=False, endpointPrivateAccess=True)
    assert access(site)[:2] == (False, True)
    assert "test-public" not in site.cloud.machines.addresses(MACHINE)
    assert "dport 443" not in " ".join(rules(site))
    assert hosts() == ""


def test_with_both_the_vpc_s_machines_come_in_by_security_groups(site: Site) -> None:
    create(site, endpointPrivateAccess=True, publicAccessCidrs=["203.0.113.0/24", "198.51.100.1/32"])
    found = rules(site)
    assert f"ip daddr {PUBLIC} ip saddr {{ 198.51.100.1, 203.0.113.0/24 }} tcp dport 443 accept" in found
    assert "tcp dport 443 drop" not in found


def test_without_private_access_ranges_hold_for_the_vpc_s_machines_as_they_leave_it(site: Site) -> None:
    """With their own public address, or a NAT gateway's; it is looked at again when these change."""
    create(site, publicAccessCidrs=["203.0.113.0/24"])
    ec2 = site.cloud.client("ec2")
    ami = "ami-0debian1300000001"
    private, public = (
        ec2.run_instances(ImageId=ami, MinCount=1, MaxCount=1, SubnetId=site.subnets[0])["Instances"][0]
        for _ in range(2)
    )
    site.settle()
    assert not [each for each in rules(site) if each.startswith("ip saddr") and "443 accept" in each]
    address = ec2.allocate_address(Domain="vpc")
    ec2.associate_address(InstanceId=public["InstanceId"], AllocationId=address["AllocationId"])
    change(site, publicAccessCidrs=[f"{address['PublicIp']}/32"])
    assert f"ip saddr {public['PrivateIpAddress']} tcp dport 443 accept" in rules(site)
    gateway = ec2.allocate_address(Domain="vpc")
    change(site, publicAccessCidrs=[f"{gateway['PublicIp']}/32"])
    ec2.create_nat_gateway(SubnetId=site.subnets[1], AllocationId=gateway["AllocationId"])
    site.settle()
    (allowed,) = (each for each in rules(site) if each.startswith("ip saddr") and each.endswith("443 accept"))
    assert private["PrivateIpAddress"] in allowed
    assert public["PrivateIpAddress"] not in allowed


def test_access_is_changed_by_an_update_and_its_address_is_given_back(site: Site, hosts: Callable[[], str]) -> None:
    create(site)
    update = site.eks.update_cluster_config(
        name="demo", resourcesVpcConfig={"endpointPublicAccess": False, "endpointPrivateAccess": True}
    )["update"]
    assert (update["type"], update["status"]) == ("EndpointAccessUpdate", "InProgress")
    assert {each["type"]: each["value"] for each in update["params"]} == {
        "EndpointPublicAccess": "false",
        "EndpointPrivateAccess": "true",
        "PublicAccessCidrs": '["0.0.0.0/0"]',
    }
    site.settle()
    assert site.eks.describe_update(name="demo", updateId=update["id"])["update"]["status"] == "Successful"
    assert site.cluster()["status"] == "ACTIVE"
    assert "test-public" not in site.cloud.machines.addresses(MACHINE)
    assert hosts() == ""
    assert site.cloud.client("ec2").allocate_address(Domain="vpc")["PublicIp"] == PUBLIC
    assert change(site, endpointPublicAccess=True)["status"] == "Successful"
    assert hosts() == line(site, "198.51.100.65")


def test_a_second_update_waits_for_the_first(site: Site) -> None:
    create(site)
    site.api_ready = False
    update = site.eks.update_cluster_config(name="demo", resourcesVpcConfig={"endpointPrivateAccess": True})["update"]
    assert site.cluster()["status"] == "UPDATING"
    busy = f"LoggingUpdate because cluster demo currently has update {update['id']} in progress"
    with pytest.raises(ClientError, match=rf"\(ResourceInUseException\).*Cannot {busy}"):
        site.eks.update_cluster_config(name="demo", logging={"clusterLogging": [{"types": ["api"], "enabled": True}]})
    with pytest.raises(ClientError, match="Cannot delete because cluster demo currently has an update in progress"):
        site.eks.delete_cluster(name="demo")
    site.api_ready = True
    site.settle()
    assert site.cluster()["status"] == "ACTIVE"


def test_an_update_goes_on_after_a_restart(site: Site) -> None:
    create(site)
    site.cloud.docker.fail = "connection reset"
    site.cloud.docker.machines.pop(MACHINE)
    update = site.eks.update_cluster_config(name="demo", resourcesVpcConfig={"endpointPrivateAccess": True})["update"]
    site.cloud.docker.fail = ""
    site.cloud.boot()
    assert site.eks.describe_update(name="demo", updateId=update["id"])["update"]["status"] == "Successful"
    assert site.cluster()["status"] == "ACTIVE"


def test_after_a_failed_update_the_cluster_is_what_it_was(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    create(site)

    def fail(*_: Any, **__: Any) -> str:
        monkeypatch.undo()
        raise HopelessError("no such network")

    monkeypatch.setattr(jobs, "_start", fail)
    update = change(site, endpointPublicAccess=False, endpointPrivateAccess=True)
    assert (update["status"], update["errors"][0]["errorMessage"]) == ("Failed", "no such network")
    assert access(site) == (True, False, ["0.0.0.0/0"])
    assert site.cluster()["status"] == "ACTIVE"
    assert site.cloud.machines.addresses(MACHINE)["test-public"] == PUBLIC


def test_a_failed_update_has_its_address_again_where_all_others_are_taken(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(site)
    started: list[ControlPlane] = []

    def fail(plane: ControlPlane, *_: Any, **__: Any) -> str:
        started.append(plane)
        monkeypatch.undo()
        backend: Any = eks_backends[ACCOUNT]["eu-west-1"]
        with site.cloud.now.model.transaction():
            backend.local_ec2.service_addresses |= {
                each: each for each in site.cloud.config.public_addresses() if each != PUBLIC
            }
            with pytest.raises(EC2ClientError, match="no free address"):
                backend.local_ec2.reserve_public_address("another")
        raise HopelessError("no such network")

    monkeypatch.setattr(jobs, "_start", fail)
    assert change(site, endpointPublicAccess=False, endpointPrivateAccess=True)["status"] == "Failed"
    assert started[0].public is None, "it was to be private"
    assert (access(site), site.cluster()["status"]) == ((True, False, ["0.0.0.0/0"]), "ACTIVE")
    assert site.cloud.machines.addresses(MACHINE)["test-public"] == PUBLIC


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"endpointPublicAccess": False}, "Both private and public endpoint access cannot be false"),
        (
            {"publicAccessCidrs": ["203.0.113.0/24", "203.0.113.1/24", "203.0.113.9", "::/0", "here"]},
            r"The following CIDRs are invalid in publicAccessCidrs: \[203.0.113.1/24,203.0.113.9,::/0,here\]",
        ),
        (
            {"publicAccessCidrs": ["10.0.0.0/8", "203.0.113.0/24", "192.168.1.0/24"]},
            r"The following CIDRs are not allowed in publicAccessCidrs: \[10.0.0.0/8,192.168.1.0/24\]",
        ),
    ],
)
def test_what_cannot_be_is_refused_at_creation_and_later(site: Site, asked: dict[str, Any], reason: str) -> None:
    with pytest.raises(ClientError, match=rf"\(InvalidParameterException\).*{reason}"):
        create(site, **asked)
    backend: Any = eks_backends[ACCOUNT]["eu-west-1"]
    assert backend.local_ec2.service_addresses == {}
    create(site)
    with pytest.raises(ClientError, match=rf"\(InvalidParameterException\).*{reason}"):
        change(site, **asked)
    assert access(site) == (True, False, ["0.0.0.0/0"])
    assert site.eks.list_updates(name="demo")["updateIds"] == []


def test_what_there_is_already_and_two_kinds_at_a_time_are_refused(site: Site) -> None:
    create(site)
    with pytest.raises(ClientError, match=ALREADY.format("false", "true", "0.0.0.0/0")):
        change(site, endpointPublicAccess=True)
    with pytest.raises(ClientError, match=r"Only one type of update can be allowed\."):
        change(site, endpointPrivateAccess=True, subnetIds=site.subnets)
    assert site.eks.list_updates(name="demo")["updateIds"] == []


def test_a_cluster_that_goes_takes_its_address_and_its_name_with_it(site: Site, hosts: Callable[[], str]) -> None:
    create(site)
    site.eks.delete_cluster(name="demo")
    site.settle()
    assert hosts() == ""
    assert site.cloud.client("ec2").allocate_address(Domain="vpc")["PublicIp"] == PUBLIC


def test_without_a_free_public_address_no_cluster_is_made(site: Site) -> None:
    backend: Any = eks_backends[ACCOUNT]["eu-west-1"]
    backend.local_ec2.service_addresses |= {each: each for each in site.cloud.config.public_addresses()}
    with pytest.raises(ClientError, match=r"\(InvalidParameterException\).*public range has no free address"):
        create(site)
    assert site.eks.list_clusters()["clusters"] == []


def test_of_two_clusters_jobs_the_last_that_writes_names_is_the_last_that_looked(
    site: Site, hosts: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    create(site)
    backend: Any = eks_backends[ACCOUNT]["eu-west-1"]
    keep, looked, may_write = HostNames.keep, Event(), Event()

    def slowly(self: HostNames, suffix: str, names: dict[str, str]) -> None:
        if not looked.is_set():  # the first, which saw no cluster yet
            looked.set()
            may_write.wait(10)
            names = {}
        keep(self, suffix, names)

    monkeypatch.setattr(HostNames, "keep", slowly)
    first, second = (Thread(target=jobs.keep_names, args=(backend,)) for _ in range(2))
    first.start()
    assert looked.wait(10)
    second.start()
    second.join(0.3)
    may_write.set()
    first.join(10)
    second.join(10)
    assert hosts() == line(site)
