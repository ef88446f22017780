from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING

import pytest

from localcloud.core.errors import DockerFailedError, RangeTakenError
from localcloud.docker.networks import Networks, host_routes

if TYPE_CHECKING:
    from pathlib import Path

    from localcloud.core.config import Config
    from localcloud.docker.api import Network
    from localcloud.tests.fake_docker import FakeDocker

ROUTES = """\
Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT
eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
eth0\t507100CB\t010200C0\t0007\t0\t0\t0\tFFFFFFFF\t0\t0\t0
"""


@pytest.fixture
def networks(config: Config, docker: FakeDocker) -> Networks:
    return Networks(config=config, docker=docker)


def test_routes_of_this_machine_without_the_default_and_single_addresses() -> None:
    assert [(device, str(network)) for device, network in host_routes(ROUTES.splitlines())] == [
        ("eth0", "192.0.2.0/24")
    ]


def test_a_network_that_overlaps_is_not_made(networks: Networks, docker: FakeDocker) -> None:
    docker.add_network("somebody", "10.42.8.0/24")
    with pytest.raises(
        RangeTakenError, match=r"10\.42\.0\.0/16 overlaps the Docker network somebody .* choose a range"
    ):
        networks.ensure_vpc("vpc-1", "10.42.0.0/16")


def test_a_route_of_this_machine_is_not_taken(
    networks: Networks, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    routes = tmp_path / "routes"
    routes.write_text(ROUTES)
    monkeypatch.setattr("localcloud.docker.networks.ROUTES", routes)
    with pytest.raises(RangeTakenError, match=r"overlaps this machine's own network on eth0 \(192\.0\.2\.0/24\)"):
        networks.ensure_vpc("vpc-1", "192.0.0.0/16")


def test_a_network_that_somebody_removed_is_made_again(networks: Networks, docker: FakeDocker) -> None:
    """`docker network prune` removes those whose machines are all stopped."""
    made: list[str] = []
    networks.on_created.append(lambda network: made.append(network.id))
    first = networks.ensure_vpc("vpc-1", "10.42.0.0/16")
    assert networks.ensure_vpc("vpc-1", "10.42.0.0/16") == first
    del docker.networks_[first.name]
    again = networks.ensure_vpc("vpc-1", "10.42.0.0/16")
    assert (again.name, again.cidr) == (first.name, first.cidr)
    assert made == [first.id, again.id], "who joins every network is told twice"


def test_docker_chooses_addresses_from_the_top_of_a_range_only(networks: Networks, docker: FakeDocker) -> None:
    for vpc, cidr in (("vpc-1", "10.42.0.0/16"), ("vpc-2", "10.43.0.0/24")):
        networks.ensure_vpc(vpc, cidr)
    assert [str(found) for found in docker.dynamic.values()] == ["10.42.255.0/24", "10.43.0.192/26"]


def test_a_network_that_nobody_made_can_t_be_joined(networks: Networks) -> None:
    with pytest.raises(DockerFailedError, match="looking for the network test-vpc-9: there is no network test-vpc-9"):
        networks.get("test-vpc-9")


def test_a_peer_is_known_by_its_network_and_comes_in_by_the_network_s_bridge(networks: Networks) -> None:
    made = networks.ensure_vpc("vpc-1", "10.42.0.0/16")
    assert networks.of_peer("10.42.1.4") == made
    assert networks.of_peer("192.0.2.7") is None


def test_a_network_that_is_removed_during_a_look_is_nobody_s(
    networks: Networks, docker: FakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A later one may have its range, and machines there would be taken for strangers."""
    networks.ensure_vpc("vpc-1", "10.42.0.0/16")
    removal = Thread(target=networks.remove_vpc, args=("vpc-1",))
    look = docker.networks

    def slowly(**asked: str) -> list[Network]:
        found = look(**asked)
        removal.start()
        removal.join(0.2)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(docker, "networks", slowly)
        networks.vpcs()
    removal.join()
    assert networks.of_peer("10.42.0.9") is None
    second = networks.ensure_vpc("vpc-2", "10.42.0.0/16")
    assert networks.of_peer("10.42.0.9") == second


def test_a_network_that_somebody_else_removed_is_forgotten(networks: Networks, docker: FakeDocker) -> None:
    gone = networks.ensure_vpc("vpc-1", "10.42.0.0/16")
    del docker.networks_[gone.name]
    second = networks.ensure_vpc("vpc-2", "10.42.0.0/16")
    assert networks.vpcs() == [second]
    assert networks.of_peer("10.42.0.9") == second
