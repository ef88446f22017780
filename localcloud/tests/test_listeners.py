"""Which networks are listened on, as these come and go."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest
from werkzeug import Request, Response

from localcloud.conftest import until
from localcloud.docker.networks import Networks
from localcloud.http.server import ListenError, Server
from localcloud.listeners import LOOK_AGAIN, Listeners

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localcloud.core.config import Config
    from localcloud.docker.api import Network
    from localcloud.tests.fake_docker import FakeDocker


@Request.application
def application(_: Request) -> Response:
    return Response("here")


def free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        number: int = found.getsockname()[1]
        return number


def answers(port: int) -> bool:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        return client.recv(12) == b"HTTP/1.1 200"


class Ground:
    """Networks whose machines are heard on the loopback device, each at two ports of its own."""

    def __init__(self, config: Config, docker: FakeDocker, monkeypatch: pytest.MonkeyPatch) -> None:
        self.networks = Networks(config=config, docker=docker)
        self.docker = docker
        self.ports: dict[str, tuple[int, int]] = {}
        self.numbers: dict[str, int] = {}  # of devices
        self.made: list[str] = []
        own = Server(("127.0.0.1", 0), application, device="lo")
        self.listeners = Listeners(networks=self.networks, fixed=[own], make=self._make)
        monkeypatch.setattr("socket.if_nametoindex", lambda device: self.numbers.setdefault(device, 1))

    def _make(self, network: Network) -> list[Server]:
        self.made.append(network.name)
        ports = self.ports.setdefault(network.name, (free(), free()))
        return [Server(("127.0.0.1", port), application, device="lo") for port in ports]

    def follows(self) -> bool:
        """Listen on the networks that there are; False when a port is still held."""
        try:
            self.listeners.follow()
        except ListenError:
            return False
        return True


@pytest.fixture
def ground(config: Config, docker: FakeDocker, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    monkeypatch.setattr(Server, "expiration_interval", 0.05)
    made = Ground(config, docker, monkeypatch)
    made.listeners.prepare()
    made.listeners.serve()
    yield made
    made.listeners.close()


def until_gone(port: int) -> None:
    for _ in range(500):
        try:
            answers(port)
        except OSError:
            return
    pytest.fail(f"{port} is still listened on")


def test_a_new_network_is_heard_before_its_first_machine_starts(ground: Ground) -> None:
    ground.networks.on_created.append(ground.listeners.hear)
    made = ground.networks.ensure_vpc("vpc-1", "10.99.0.0/16")
    assert all(answers(port) for port in ground.ports[made.name])
    assert ground.listeners.follow() == LOOK_AGAIN
    assert ground.made == ["test-public", "test-vpc-1"], "what is heard is left alone"


def test_a_network_that_was_pruned_and_made_again_is_heard_again(ground: Ground) -> None:
    first = ground.networks.ensure_vpc("vpc-1", "10.99.0.0/16")
    ground.listeners.follow()
    ground.docker.remove_network(first.name)
    ground.listeners.follow()
    for port in ground.ports[first.name]:
        until_gone(port)
    again = ground.networks.ensure_vpc("vpc-1", "10.99.0.0/16")
    assert again.device != first.device
    ground.listeners.follow()
    assert all(answers(port) for port in ground.ports[again.name])


def test_a_device_that_was_made_again_under_its_name_is_bound_again(ground: Ground) -> None:
    network = ground.networks.ensure_vpc("vpc-1", "10.99.0.0/16")
    ground.listeners.follow()
    ground.numbers[network.device] = 2
    until(ground.follows)  # the sockets of the first are let go of meanwhile
    assert ground.made.count(network.name) >= 2
    assert all(answers(port) for port in ground.ports[network.name])


def test_a_network_is_heard_at_all_its_ports_or_at_none(ground: Ground) -> None:
    ports = free(), free()
    ground.ports["test-vpc-1"] = ports
    ground.networks.ensure_vpc("vpc-1", "10.99.0.0/16")
    ground.networks.ensure_vpc("vpc-2", "10.98.0.0/16")
    with socket.create_server(("127.0.0.1", ports[1])):
        with pytest.raises(
            ListenError, match=rf"Can't listen on 127\.0\.0\.1:{ports[1]} on lo: Address already in use\."
        ):
            ground.listeners.follow()
        with pytest.raises(ConnectionRefusedError):
            answers(ports[0])
        assert all(answers(port) for port in ground.ports["test-vpc-2"]), "others don't suffer from it"
    ground.listeners.follow()
    assert all(answers(port) for port in ports)


def test_a_network_without_a_device_is_named_and_holds_up_no_other(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = ground.networks.ensure_vpc("vpc-1", "10.99.0.0/16")
    other = ground.networks.ensure_vpc("vpc-2", "10.98.0.0/16")

    def number(device: str) -> int:
        if device == without.device:
            raise OSError(19, "No such device")
        return 1

    monkeypatch.setattr("socket.if_nametoindex", number)
    told = f"The network {without.name} has no device '{without.device}' on this machine"
    with pytest.raises(ListenError, match=told):
        ground.listeners.follow()
    assert all(answers(port) for port in ground.ports[other.name])
