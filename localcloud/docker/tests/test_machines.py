from __future__ import annotations

import io
import tarfile
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

import pytest
from docker.errors import APIError, ImageNotFound, NotFound

from localcloud.core.errors import DockerFailedError, ImageMissingError
from localcloud.docker.machines import Machines, _talk
from localcloud.docker.networks import Network
from localcloud.docker.security_groups import Group, Permission
from localcloud.docker.spec import Attachment, File, MachineSpec

if TYPE_CHECKING:
    from localcloud.core.config import Config

VPC, PUBLIC = "test-vpc-1", "test-public"
GROUPS = {"sg-web": Group(ingress=(Permission(protocol="tcp", first_port=80, last_port=80, groups=("sg-web",)),))}


class FakeEngine:
    """As much of Docker as machines need: containers as they would be inspected."""

    def __init__(self) -> None:
        self.containers_: dict[str, dict[str, Any]] = {}
        self.files: dict[str, dict[str, bytes]] = {}
        self.execs: list[tuple[str, list[str]]] = []
        self.refuse: Exception | None = None

    @property
    def api(self) -> Any:
        return self

    def inspect_image(self, image: str) -> dict[str, Any]:
        if image == "missing:1":
            raise ImageNotFound("No such image: missing:1")
        return {"Config": {"Entrypoint": ["/entry"], "Cmd": ["/sbin/init"]}}

    def create_host_config(self, **kwargs: Any) -> dict[str, Any]:
        return kwargs

    def create_endpoint_config(self, ipv4_address: str | None = None, aliases: Any = None) -> dict[str, Any]:
        return {"IPAMConfig": {"IPv4Address": ipv4_address}, "IPAddress": ipv4_address, "Aliases": aliases}

    def create_networking_config(self, endpoints: Any) -> Any:
        return endpoints

    def create_container(self, image: str, command: Any, **kwargs: Any) -> None:
        if self.refuse:
            raise self.refuse
        self.containers_[kwargs["name"]] = {
            "Config": {"Image": image, "Cmd": command, "Entrypoint": kwargs["entrypoint"]},
            "Host": kwargs["host_config"],
            "Labels": kwargs["labels"],
            "State": {"Running": False, "Status": "created"},
            "NetworkSettings": {"Networks": dict(kwargs["networking_config"])},
        }

    def connect_container_to_network(
        self, name: str, network: str, ipv4_address: str | None = None, aliases: Any = None
    ) -> None:
        endpoint = self.create_endpoint_config(ipv4_address, aliases)
        self.containers_[name]["NetworkSettings"]["Networks"][network] = endpoint

    def disconnect_container_from_network(self, name: str, network: str, **_: Any) -> None:
        del self.containers_[name]["NetworkSettings"]["Networks"][network]

    def put_archive(self, name: str, path: str, data: bytes) -> None:
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            for member in archive.getmembers():
                content = archive.extractfile(member)
                assert content is not None
                self.files.setdefault(name, {})["/" + member.name] = content.read()

    def start(self, name: str) -> None:
        self.containers_[name]["State"] = {"Running": True, "Status": "running"}

    def inspect_container(self, name: str) -> dict[str, Any]:
        if name not in self.containers_:
            raise NotFound("no such container")
        return self.containers_[name]

    def containers(self, **_: Any) -> list[dict[str, Any]]:
        return [
            {**found, "Names": [name], "Labels": found["Labels"], "State": found["State"]["Status"]}
            for name, found in self.containers_.items()
        ]

    def remove_container(self, name: str, **_: Any) -> None:
        if self.containers_.pop(name, None) is None:
            raise NotFound("no such container")

    def exec_create(self, name: str, argv: list[str], **_: Any) -> dict[str, str]:
        self.execs.append((name, argv))
        return {"Id": "1"}

    def exec_start(self, _id: str) -> bytes:
        return b""

    def exec_inspect(self, _id: str) -> dict[str, int]:
        return {"ExitCode": 0}


class FakeNetworks:
    public_name = PUBLIC
    id = "made-first"

    def get(self, name: str) -> Network:
        cidr = IPv4Network("198.51.100.0/24" if name == PUBLIC else "10.42.0.0/16")
        return Network(name=name, cidr=cidr, id=self.id)


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def machines(config: Config, engine: FakeEngine) -> Machines:
    return manager(config, engine)


def manager(config: Config, engine: FakeEngine) -> Machines:
    fakes: Any = (engine, FakeNetworks())
    return Machines(config=config, engine=fakes[0], networks=fakes[1], groups=lambda _: GROUPS)


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
    machines: Machines, engine: FakeEngine
) -> None:
    assert machines.ensure(spec()) == {VPC: "10.42.1.4"}
    made = engine.containers_["test-i-1"]["Config"]
    assert (made["Entrypoint"], made["Cmd"]) == (["/bin/sh", "/etc/beacon/start", "/entry"], ["/sbin/init"])
    assert {"/etc/beacon/start", "/etc/beacon/network", "/etc/beacon/firewall.nft"} <= engine.files["test-i-1"].keys()
    assert engine.execs == []


def test_again_changes_nothing(machines: Machines, engine: FakeEngine) -> None:
    machines.ensure(spec())
    before = dict(engine.files["test-i-1"])
    machines.ensure(spec())
    assert (engine.files["test-i-1"], engine.execs) == (before, [])


def test_a_public_address_comes_and_goes(machines: Machines, engine: FakeEngine) -> None:
    machines.ensure(spec())
    public = Attachment(network=PUBLIC, address="198.51.100.64")
    machines.ensure(spec(attachments=(Attachment(network=VPC, address="10.42.1.4"), public)))
    assert engine.execs == [("test-i-1", ["sh", "/etc/beacon/network"])]
    assert machines.addresses("i-1") == {VPC: "10.42.1.4", PUBLIC: "198.51.100.64"}
    machines.ensure(spec())
    assert machines.addresses("i-1") == {VPC: "10.42.1.4"}


def test_a_stopped_machine_joins_the_network_that_was_made_again(machines: Machines, engine: FakeEngine) -> None:
    machines.ensure(spec())
    endpoints = engine.containers_["test-i-1"]["NetworkSettings"]["Networks"]
    endpoints[VPC]["NetworkID"] = "made-first"
    machines.ensure(spec())
    assert endpoints[VPC]["NetworkID"] == "made-first"
    networks: Any = machines.networks
    networks.id = "made-again"
    machines.ensure(spec())
    assert "NetworkID" not in endpoints[VPC], "joined anew"
    assert machines.addresses("i-1") == {VPC: "10.42.1.4"}


def test_a_new_member_of_a_group_opens_the_others_at_refresh(machines: Machines, engine: FakeEngine) -> None:
    machines.ensure(spec())
    machines.ensure(spec("i-2", "10.42.1.5"))
    machines.refresh()
    rules = engine.files["test-i-1"]["/etc/beacon/firewall.nft"].decode()
    assert (
        "ip saddr { 10.42.1.4, 10.42.1.5 } tcp dport 80 accept" in rules
        or "ip saddr 10.42.1.4/31 tcp dport 80" in rules
    )
    done = len(engine.execs)
    machines.refresh()
    assert len(engine.execs) == done


def test_after_a_restart_rules_stay_until_all_machines_are_known_again(
    config: Config, machines: Machines, engine: FakeEngine
) -> None:
    first, second = spec(), spec("i-2", "10.42.1.5")
    machines.ensure(first)
    machines.ensure(second)
    machines.refresh()
    before = {name: dict(files) for name, files in engine.files.items()}

    again = manager(config, engine)
    again.hold(seconds=60)
    again.ensure(first)
    again.refresh()
    assert engine.files == before, "rules without i-2 would refuse its traffic"
    again.remove("i-2")  # what was waited for is gone: from here on the rules follow
    again.refresh()
    assert b"10.42.1.5" not in engine.files["test-i-1"]["/etc/beacon/firewall.nft"]


def test_rules_do_not_stay_longer_than_they_may(config: Config, machines: Machines, engine: FakeEngine) -> None:
    machines.ensure(spec())
    machines.ensure(spec("i-2", "10.42.1.5"))
    machines.refresh()
    again = manager(config, engine)
    again.hold(seconds=0)
    again.ensure(spec())
    assert b"10.42.1.5" not in engine.files["test-i-1"]["/etc/beacon/firewall.nft"]


def test_ranges_behind_a_machine_are_routes_of_the_others(machines: Machines, engine: FakeEngine) -> None:
    machines.ensure(spec())
    machines.ensure(spec("i-2", "10.42.1.5", forwards=("10.244.2.0/24",)))
    machines.refresh()
    assert b"ip route replace 10.244.2.0/24 via 10.42.1.5" in engine.files["test-i-1"]["/etc/beacon/network"]
    assert b"10.244.2.0/24" not in engine.files["test-i-2"]["/etc/beacon/network"]
    machines.remove("i-2")
    machines.refresh()
    assert b"10.244.2.0/24" not in engine.files["test-i-1"]["/etc/beacon/network"]


def test_only_systemd_gets_all_rights(machines: Machines, engine: FakeEngine) -> None:
    machines.ensure(spec())
    machines.ensure(spec("balancer", "10.42.1.9", systemd=False))
    assert engine.containers_["test-i-1"]["Host"]["cap_add"] == ["ALL"]
    assert engine.containers_["test-balancer"]["Host"]["cap_add"] == ["NET_ADMIN"]


def test_who_has_an_address(machines: Machines) -> None:
    machines.ensure(spec())
    found = machines.at("10.42.1.4")
    assert found is not None
    assert found.name == "i-1"
    assert machines.at("10.42.1.99") is None


def test_files_change_with_the_specification(machines: Machines, engine: FakeEngine) -> None:
    machines.ensure(spec(files={"/etc/motd": File(content="one")}))
    machines.ensure(spec(files={"/etc/motd": File(content="two")}))
    assert engine.files["test-i-1"]["/etc/motd"] == b"two"


def test_a_missing_image_is_named_with_the_next_step(machines: Machines) -> None:
    with pytest.raises(
        ImageMissingError, match=r"missing:1 is not in the Docker engine: make it with `python -m mirror"
    ):
        machines.ensure(spec(image="missing:1"))


def test_what_docker_refuses_is_said_with_the_machine(machines: Machines, engine: FakeEngine) -> None:
    engine.refuse = APIError("refused", explanation="no space left on device")
    with pytest.raises(DockerFailedError, match="machine i-1: no space left on device"):
        machines.ensure(spec())


def test_removing_what_is_not_there_is_fine(machines: Machines) -> None:
    machines.remove("i-9")


def test_output_of_a_command_with_input_is_put_together() -> None:
    class Socket:
        def __init__(self) -> None:
            self.sent = b""
            self.left = [b"\1\0\0\0\0\0\0\3one", b"\2\0\0\0\0\0\0\3t", b"wo", b""]

        def sendall(self, data: bytes) -> None:
            self.sent += data

        def shutdown(self, _how: int) -> None: ...

        def recv(self, _size: int) -> bytes:
            return self.left.pop(0)

    connection: Any = Socket()
    assert _talk(connection, b"input") == b"onetwo"
    assert connection.sent == b"input"
