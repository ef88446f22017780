from __future__ import annotations

import subprocess
from ipaddress import IPv4Network

from localcloud.docker import network_script
from localcloud.docker.api import Network

VPC = Network(name="vpc", cidr=IPv4Network("10.42.0.0/16"))
PUBLIC = Network(name="public", cidr=IPv4Network("198.51.100.0/24"))


def test_the_default_route_stays_in_the_vpc_and_answers_of_the_public_address_leave_by_it() -> None:
    text = network_script.script(networks=[VPC, PUBLIC], routes={})
    assert 'ip route replace default via 10.42.0.1 dev "$primary"' in text
    assert 'ip route replace default via 198.51.100.1 dev "$device" table 101' in text
    assert 'ip rule add pref 101 from "$(address 198.51.100.0/24)" lookup 101' in text


def test_routes_to_pods_are_set_and_old_ones_removed() -> None:
    text = network_script.script(networks=[VPC], routes={"10.244.1.0/24": "10.42.1.5"})
    assert "ip route replace 10.244.1.0/24 via 10.42.1.5 proto 66" in text
    assert "ip route del" in text


def test_the_scripts_are_shell() -> None:
    for text in (
        network_script.files(networks=[VPC], routes={}, rules="")[network_script.START].data.decode(),
        network_script.script(networks=[VPC, PUBLIC], routes={"10.244.1.0/24": "10.42.1.5"}),
    ):
        subprocess.run(["sh", "-n"], input=text, text=True, check=True)


def test_the_packet_filter_comes_before_any_route() -> None:
    text = network_script.script(networks=[VPC], routes={})
    assert text.index("nft -f") < text.index("ip route replace default")
