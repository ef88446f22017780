from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from localcloud.core.errors import DockerFailedError, ImageMissingError
from localcloud.docker.machines import Machines
from localcloud.docker.networks import Networks
from localcloud.docker.security_groups import Group, Permission
from localcloud.docker.spec import Attachment, ExecResult, File, MachineSpec
from localcloud.tests.fake_docker import Executed

if TYPE_CHECKING:
    from localcloud.core.config import Config
    from localcloud.tests.fake_docker import FakeDocker

VPC, PUBLIC = "test-vpc-1", "test-public"
GROUPS = {"sg-web": Group(ingress=(Permission(protocol="tcp", first_port=80, last_port=80, groups=("sg-web",)),))}


@pytest.fixture
def machines(config: Config, docker: FakeDocker) -> Machines:
    return manager(config, docker)


def manager(config: Config, docker: FakeDocker) -> Machines:
    networks = Networks(config=config, docker=docker)
    networks.ensure_public()
    networks.ensure_vpc("vpc-1", "10.42.0.0/16")
    return Machines(config=config, docker=docker, networks=networks, groups=lambda _: GROUPS)


def spec(name: str = "i-1", address: str = "10.42.1.4", **more: Any) -> MachineSpec:
    wanted: dict[str, Any] = {
        "name": name,
        "kind": "instance",
        "image": "mirror.beacon/host:1",
        "attachments": (Attachment(network=VPC, address=address),),
        "security_groups": ("sg-web",),
    }
    return MachineSpec(**wanted | more)


def test_a_machine_s_first_process_sets_up_its_network_and_becomes_the_image_s_own(
    machines: Machines, docker: FakeDocker
) -> None:
    assert machines.ensure(spec()) == {VPC: "10.42.1.4"}
    assert docker.entrypoints["i-1"] == ("/bin/sh", "/etc/beacon/start")
    assert {"/etc/beacon/start", "/etc/beacon/network", "/etc/beacon/firewall.nft"} <= docker.files["i-1"].keys()
    assert docker.executed == []


def test_again_changes_nothing(machines: Machines, docker: FakeDocker) -> None:
    machines.ensure(spec())
    before = dict(docker.files["i-1"])
    machines.ensure(spec())
    assert (docker.files["i-1"], docker.executed) == (before, [])


def test_a_public_address_comes_and_goes(machines: Machines, docker: FakeDocker) -> None:
    machines.ensure(spec())
    public = Attachment(network=PUBLIC, address="198.51.100.64")
    machines.ensure(spec(attachments=(Attachment(network=VPC, address="10.42.1.4"), public)))
    assert docker.executed == [Executed("i-1", ("sh", "/etc/beacon/network"), None)]
    assert machines.addresses("i-1") == {VPC: "10.42.1.4", PUBLIC: "198.51.100.64"}
    machines.ensure(spec())
    assert machines.addresses("i-1") == {VPC: "10.42.1.4"}


def test_a_stopped_machine_joins_the_network_that_was_made_again(machines: Machines, docker: FakeDocker) -> None:
    machines.ensure(spec())
    first = docker.machines["i-1"].endpoints[VPC]
    machines.ensure(spec())
    assert docker.machines["i-1"].endpoints[VPC] is first
    del docker.networks_[VPC]
    machines.networks.ensure_vpc("vpc-1", "10.42.0.0/16")
    machines.ensure(spec())
    assert docker.machines["i-1"].endpoints[VPC].network_id == docker.networks_[VPC].id != first.network_id
    assert machines.addresses("i-1") == {VPC: "10.42.1.4"}


def test_a_new_member_of_a_group_opens_the_others_at_refresh(machines: Machines, docker: FakeDocker) -> None:
    machines.ensure(spec())
    machines.ensure(spec("i-2", "10.42.1.5"))
    machines.refresh()
    rules = docker.files["i-1"]["/etc/beacon/firewall.nft"]
    assert (
        "ip saddr { 10.42.1.4, 10.42.1.5 } tcp dport 80 accept" in rules
        or "ip saddr 10.42.1.4/31 tcp dport 80" in rules
    )
    done = len(docker.executed)
    machines.refresh()
    assert len(docker.executed) == done


def test_after_a_restart_rules_stay_until_all_machines_are_known_again(
    config: Config, machines: Machines, docker: FakeDocker
) -> None:
    first, second = spec(), spec("i-2", "10.42.1.5")
    machines.ensure(first)
    machines.ensure(second)
    machines.refresh()
    before = {name: dict(files) for name, files in docker.files.items()}

    again = manager(config, docker)
    again.hold(seconds=60)
    again.ensure(first)
    again.refresh()
    assert docker.files == before, "rules without i-2 would refuse its traffic"
    again.remove("i-2")  # what was waited for is gone: from here on the rules follow
    again.refresh()
    assert "10.42.1.5" not in docker.files["i-1"]["/etc/beacon/firewall.nft"]


def test_rules_do_not_stay_longer_than_they_may(config: Config, machines: Machines, docker: FakeDocker) -> None:
    machines.ensure(spec())
    machines.ensure(spec("i-2", "10.42.1.5"))
    machines.refresh()
    again = manager(config, docker)
    again.hold(seconds=0)
    again.ensure(spec())
    assert "10.42.1.5" not in docker.files["i-1"]["/etc/beacon/firewall.nft"]


def test_ranges_behind_a_machine_are_routes_of_the_others(machines: Machines, docker: FakeDocker) -> None:
    machines.ensure(spec())
    machines.ensure(spec("i-2", "10.42.1.5", forwards=("10.244.2.0/24",)))
    machines.refresh()
    assert "ip route replace 10.244.2.0/24 via 10.42.1.5" in docker.files["i-1"]["/etc/beacon/network"]
    assert "10.244.2.0/24" not in docker.files["i-2"]["/etc/beacon/network"]
    machines.remove("i-2")
    machines.refresh()
    assert "10.244.2.0/24" not in docker.files["i-1"]["/etc/beacon/network"]


def test_who_has_an_address(machines: Machines) -> None:
    machines.ensure(spec())
    found = machines.at("10.42.1.4")
    assert found is not None
    assert found.name == "i-1"
    assert machines.at("10.42.1.99") is None


def test_files_change_with_the_specification(machines: Machines, docker: FakeDocker) -> None:
    machines.ensure(spec(files={"/etc/motd": File(content="one")}))
    machines.ensure(spec(files={"/etc/motd": File(content="two")}))
    assert docker.files["i-1"]["/etc/motd"] == "two"


def test_a_missing_image_is_named_with_the_next_step(machines: Machines, docker: FakeDocker) -> None:
    docker.images_missing.add("missing:1")
    with pytest.raises(
        ImageMissingError, match=r"missing:1 is not in the Docker engine: make it with `python -m mirror"
    ):
        machines.ensure(spec(image="missing:1"))


def test_what_docker_refuses_is_said_with_the_machine(machines: Machines, docker: FakeDocker) -> None:
    docker.fail = "no space left on device"
    with pytest.raises(DockerFailedError, match="machine i-1: no space left on device"):
        machines.ensure(spec())


def test_removing_what_is_not_there_is_fine(machines: Machines) -> None:
    machines.remove("i-9")


def test_what_is_not_there_is_stopped_and_has_printed_nothing(machines: Machines) -> None:
    machines.stop("i-9")
    assert machines.console("i-9", size=10) == b""
    assert machines.state("i-9") == "missing"


def test_the_newest_of_a_console_is_kept(machines: Machines, docker: FakeDocker) -> None:
    machines.ensure(spec())
    docker.consoles["i-1"] = b"first and last"
    assert machines.console("i-1", size=4) == b"last"


def test_files_are_written_and_read(machines: Machines) -> None:
    machines.ensure(spec())
    machines.put_files("i-1", {"/etc/motd": File(content="hello")})
    assert machines.read_file("i-1", "/etc/motd") == b"hello"
    with pytest.raises(FileNotFoundError, match="i-1: /etc/none"):
        machines.read_file("i-1", "/etc/none")


def test_a_network_that_cannot_be_set_up_is_told_by_its_machine_and_tried_again(
    machines: Machines, docker: FakeDocker
) -> None:
    machines.ensure(spec())
    machines.ensure(spec("i-2", "10.42.1.5"))
    docker.answers["sh"] = ExecResult(exit_code=1, output="no address in 10.42.0.0/16\n")
    with pytest.raises(
        DockerFailedError, match=r"i-1: its network could not be set up: no address in 10\.42\.0\.0/16$"
    ):
        machines.refresh()
    docker.answers.clear()
    docker.executed.clear()
    machines.refresh()
    assert [each.machine for each in docker.executed] == ["i-1"]


def test_a_machine_that_stopped_meanwhile_is_no_problem_of_a_refresh(machines: Machines, docker: FakeDocker) -> None:
    machines.ensure(spec())
    machines.ensure(spec("i-2", "10.42.1.5"))
    docker.lose("i-1")
    machines.refresh()


def test_a_machine_that_is_gone_right_after_its_start_is_a_failure(
    machines: Machines, docker: FakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(docker, "start", lambda _: docker.lose("i-1"))
    with pytest.raises(DockerFailedError, match="i-1 is gone"):
        machines.ensure(spec())
