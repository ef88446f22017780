from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from localcloud.core.errors import RangeTakenError
from localcloud.docker.networks import Networks, host_routes

if TYPE_CHECKING:
    from localcloud.core.config import Config

ROUTES = """\
Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT
eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
eth0\t507100CB\t010200C0\t0007\t0\t0\t0\tFFFFFFFF\t0\t0\t0
"""


class FakeEngine:
    def __init__(self, networks: list[dict[str, Any]]) -> None:
        self.present = networks

    @property
    def api(self) -> Any:
        return SimpleNamespace(networks=lambda **_: self.present)

    @property
    def client(self) -> Any:
        return SimpleNamespace(networks=SimpleNamespace(create=self.create))

    def create(self, name: str, *, ipam: Any, **_: Any) -> Any:
        made = other(name, ipam["Config"][0]["Subnet"]) | {"Id": f"{name}/{len(self.present)}"}
        self.present.append(made)
        return SimpleNamespace(attrs=made, reload=lambda: None)


def other(name: str, subnet: str) -> dict[str, Any]:
    return {"Name": name, "IPAM": {"Config": [{"Subnet": subnet}]}}


def test_routes_of_this_machine_without_the_default_and_single_addresses() -> None:
    assert [(device, str(network)) for device, network in host_routes(ROUTES.splitlines())] == [
        ("eth0", "192.0.2.0/24")
    ]


def test_an_overlapping_docker_network_is_named(config: Config) -> None:
    engine: Any = FakeEngine([other("somebody", "10.42.8.0/24")])
    networks = Networks(config=config, engine=engine)
    assert networks.conflict("10.42.0.0/16") == "the Docker network somebody (10.42.8.0/24)"


def test_a_network_that_overlaps_is_not_made(config: Config) -> None:
    engine: Any = FakeEngine([other("somebody", "10.42.0.0/16")])
    networks = Networks(config=config, engine=engine)
    with pytest.raises(
        RangeTakenError, match=r"10\.42\.0\.0/16 overlaps the Docker network somebody .* choose a range"
    ):
        networks.ensure_vpc("vpc-1", "10.42.0.0/16")


def test_ipv6_pools_are_no_conflict(config: Config) -> None:
    engine: Any = FakeEngine([other("six", "fd00::/64"), {"Name": "host", "IPAM": {"Config": None}}])
    assert Networks(config=config, engine=engine).conflict("10.77.0.0/16") is None


def test_a_network_that_somebody_removed_is_made_again(config: Config) -> None:
    """`docker network prune` removes those whose machines are all stopped."""
    engine: Any = FakeEngine([other("somebody", "192.0.2.0/24")])
    networks = Networks(config=config, engine=engine)
    made: list[str] = []
    networks.on_created.append(lambda network: made.append(network.id))
    first = networks.ensure_vpc("vpc-1", "10.42.0.0/16")
    assert networks.ensure_vpc("vpc-1", "10.42.0.0/16") == first
    engine.present = [other("somebody", "192.0.2.0/24"), other("another", "203.0.113.0/24")]
    again = networks.ensure_vpc("vpc-1", "10.42.0.0/16")
    assert (again.name, again.cidr) == (first.name, first.cidr)
    assert made == [first.id, again.id], "who joins every network is told twice"


def test_a_peer_is_known_by_its_network_and_comes_in_by_the_network_s_bridge(config: Config) -> None:
    engine: Any = FakeEngine([])
    networks = Networks(config=config, engine=engine)
    networks.ensure_vpc("vpc-1", "10.42.0.0/16")
    found = networks.of_peer("10.42.1.4")
    assert found is not None
    assert (found.name, found.device) == (networks.vpc_name("vpc-1"), f"br-{found.id[:12]}")
    assert networks.of_peer("192.0.2.7") is None


def test_a_bridge_with_a_name_of_its_own_is_found(config: Config) -> None:
    named = other("test-public", "198.51.100.0/24") | {"Options": {"com.docker.network.bridge.name": "beacon0"}}
    engine: Any = FakeEngine([named])
    assert Networks(config=config, engine=engine).ensure_public().device == "beacon0"
