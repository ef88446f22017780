from __future__ import annotations

import io
import tarfile
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import docker
import pytest
from docker.errors import NotFound

from localcloud.core.errors import DockerFailedError, DockerUnavailableError
from localcloud.docker.api import Endpoint, Network
from localcloud.docker.client import failures, probe, talk, tar
from localcloud.docker.spec import Attachment, File, MachineSpec
from localcloud.docker.tests.fake_api import engine

PLACES = {
    "vpc": {"IPAddress": "", "IPAMConfig": {"IPv4Address": "10.42.1.4"}, "NetworkID": "abc"},
    "public": {"IPAddress": "198.51.100.200", "IPAMConfig": None, "NetworkID": ""},
}
INSPECTED = {
    "Name": "/test-i-1",
    "State": {"Status": "restarting", "Running": True},
    "Config": {"Labels": {"beacon.kind": "instance"}},
    "NetworkSettings": {"Networks": PLACES},
}


def test_a_container_is_read_with_its_addresses_before_and_after_its_start() -> None:
    found = engine(inspect_container=INSPECTED)[0].container("test-i-1")
    assert found is not None
    assert (found.name, found.state, found.running) == ("test-i-1", "restarting", True)
    assert found.endpoints["vpc"] == Endpoint(address="10.42.1.4", fixed="10.42.1.4", network_id="abc")
    assert found.addresses == {"vpc": "10.42.1.4", "public": "198.51.100.200"}
    assert engine(inspect_container=NotFound("no such container"))[0].container("test-i-9") is None


def test_containers_are_listed_by_labels() -> None:
    listed = {"Names": ["/test-i-1"], "State": "exited", "Labels": {}, "NetworkSettings": {"Networks": None}}
    made, api = engine(containers=[listed])
    (found,) = made.containers("a=b", "c=d")
    assert (found.name, found.state, found.running, found.addresses) == ("test-i-1", "exited", False, {})
    assert api.asked == [("containers", (), {"all": True, "filters": {"label": ["a=b", "c=d"]}})]


@pytest.mark.parametrize(("systemd", "capability"), [(True, "ALL"), (False, "NET_ADMIN")])
def test_a_machine_s_container_has_the_rights_it_needs_and_no_more(*, systemd: bool, capability: str) -> None:
    place = Attachment(network="vpc", address="10.42.1.4", aliases=("web",))
    spec = MachineSpec(name="i-1", kind="instance", image="host:1", attachments=(place,), systemd=systemd)
    made, api = engine(
        inspect_image={"Config": {"Entrypoint": ["/entry"], "Cmd": ["/sbin/init"]}}, create_host_config={}
    )
    made.create("test-i-1", spec, label="beacon.localcloud=test", entrypoint=["/bin/sh", "/start"])
    asked = {method: (args, kwargs) for method, args, kwargs in api.asked}
    args, kwargs = asked["create_container"]
    assert args == ("host:1", ["/sbin/init"])
    assert kwargs["entrypoint"] == ["/bin/sh", "/start", "/entry"]
    assert kwargs["labels"] == {"beacon.localcloud": "test", "beacon.kind": "instance", "beacon.machine": "i-1"}
    assert asked["create_host_config"][1]["cap_add"] == [capability]
    assert asked["create_endpoint_config"][1] == {"ipv4_address": "10.42.1.4", "aliases": ["web"]}


def test_networks_are_those_with_ipv4_ranges_and_their_bridges() -> None:
    def pools(*subnets: str) -> dict[str, Any]:
        return {"Config": [{"Subnet": subnet} for subnet in subnets]}

    listed = [
        {"Name": "both", "Id": "0123456789abcdef", "IPAM": pools("fd00::/64", "10.77.0.0/16")},
        {
            "Name": "named",
            "Id": "1",
            "IPAM": pools("10.78.0.0/16"),
            "Options": {"com.docker.network.bridge.name": "b0"},
        },
        {"Name": "host", "IPAM": {"Config": None}},
    ]
    assert engine(networks=listed)[0].networks() == [
        Network(name="both", cidr=IPv4Network("10.77.0.0/16"), id="0123456789abcdef", device="br-0123456789ab"),
        Network(name="named", cidr=IPv4Network("10.78.0.0/16"), id="1", device="b0"),
    ]


def test_a_network_is_made_with_its_gateway_and_removed_with_what_is_connected() -> None:
    cidr, dynamic = IPv4Network("10.77.0.0/16"), IPv4Network("10.77.255.0/24")
    listed = [{"Name": "vpc", "Id": "1", "IPAM": {"Config": [{"Subnet": str(cidr)}]}}]
    made, api = engine(networks=listed, inspect_network={"Containers": {"c1": {}}})
    assert made.create_network("vpc", cidr=cidr, dynamic=dynamic, label="a=b").gateway == IPv4Address("10.77.0.1")
    pool = api.asked[0][2]["ipam"]["Config"][0]
    assert (pool["Subnet"], pool["IPRange"], pool["Gateway"]) == ("10.77.0.0/16", "10.77.255.0/24", "10.77.0.1")
    made.remove_network("vpc")
    assert [(method, args) for method, args, _ in api.asked[-2:]] == [
        ("disconnect_container_from_network", ("c1", "vpc")),
        ("remove_network", ("vpc",)),
    ]


def test_files_come_back_as_they_were_put() -> None:
    packed = tar({"/etc/motd": File(content="hello", mode=0o600)})
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        (member,) = archive.getmembers()
    assert (member.name, member.mode) == ("etc/motd", 0o600)
    assert engine(get_archive=([packed], {}))[0].read("test-i-1", "/etc/motd") == b"hello"


def test_a_directory_is_no_file() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        folder = tarfile.TarInfo("etc")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
    with pytest.raises(IsADirectoryError, match="test-i-1: /etc"):
        engine(get_archive=([buffer.getvalue()], {}))[0].read("test-i-1", "/etc")


def test_a_command_without_an_exit_code_has_failed() -> None:
    made, api = engine(exec_create={"Id": "1"}, exec_start=b"half", exec_inspect={"ExitCode": None})
    done = made.execute("test-i-1", ["true"], stdin=None, env={"A": "b"})
    assert (done.exit_code, done.output) == (-1, "half")
    assert api.asked[0] == ("exec_create", ("test-i-1", ["true"]), {"stdin": False, "environment": {"A": "b"}})


def test_every_other_call_goes_to_the_engine_as_it_is() -> None:
    place = Attachment(network="vpc", address="10.42.1.4")
    made, api = engine(logs=b"printed")
    made.start("m")
    made.stop("m", seconds=3)
    made.restart("m", seconds=4)
    made.remove("m")
    made.connect("m", place)
    made.disconnect("m", "vpc")
    made.write("m", {"/a": File(content="b")})
    assert made.logs("m", lines=5) == b"printed"
    assert [(method, *args, kwargs) for method, args, kwargs in api.asked if method != "put_archive"] == [
        ("start", "m", {}),
        ("stop", "m", {"timeout": 3}),
        ("restart", "m", {"timeout": 4}),
        ("remove_container", "m", {"force": True, "v": True}),
        ("connect_container_to_network", "m", "vpc", {"ipv4_address": "10.42.1.4", "aliases": None}),
        ("disconnect_container_from_network", "m", "vpc", {"force": True}),
        ("logs", "m", {"tail": 5}),
    ]


def test_a_volume_is_made_with_the_label_by_which_it_is_removed() -> None:
    place = Attachment(network="vpc")
    spec = MachineSpec(name="r", kind="registry", image="r:1", attachments=(place,), named_volumes={"data": "/var/lib"})
    made, api = engine(inspect_image={"Config": {}}, create_host_config={})
    made.create("test-r", spec, label="beacon.localcloud=test", entrypoint=[])
    assert ("create_volume", ("data",), {"labels": {"beacon.localcloud": "test"}}) in api.asked


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
    assert talk(connection, b"input") == b"onetwo"
    assert connection.sent == b"input"


def test_who_has_no_engine_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    with pytest.raises(DockerUnavailableError, match=r"Docker Engine 20\.10 or newer must run .* or set DOCKER_HOST"):
        probe()


def test_what_docker_says_is_told_by_its_first_line() -> None:
    with pytest.raises(DockerFailedError, match=r"^looking: no space left$"), failures("looking"):
        raise docker.errors.APIError("refused", explanation="no space left\nand more")
