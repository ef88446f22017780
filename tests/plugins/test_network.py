"""Ranges that can't work are refused with the value, what is allowed, and what to correct."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.filter.network import Plan, network_problems

GOOD: Plan = {
    "vpc_cidr": "10.42.0.0/16",
    "public_subnets": ["10.42.0.0/24", "10.42.1.0/24"],
    "private_subnets": ["10.42.10.0/24", "10.42.11.0/24"],
    "monitoring_private_ip": "10.42.10.20",
    "ssh_allowed_cidrs": ["198.51.100.1/32"],
    "http_allowed_cidrs": ["0.0.0.0/0"],
    "grafana_allowed_cidrs": ["198.51.100.0/24"],
}


def test_a_good_plan_has_no_problems() -> None:
    assert network_problems(GOOD) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            {"vpc_cidr": "10.42.0.0/8"},
            (
                "vpc_cidr holds '10.42.0.0/8' (10.42.0.0/8 has host bits set); allowed is an IPv4 range that begins at its "
                "network address, such as 10.42.0.0/16. Correct vpc_cidr in the inventory."
            ),
        ),
        (
            {"vpc_cidr": "10.0.0.0/8"},
            "vpc_cidr is '10.0.0.0/8'; AWS allows prefix lengths from /16 to /28. Correct vpc_cidr in the inventory.",
        ),
        (
            {"public_subnets": ["10.42.0.0/24", "10.43.1.0/24"]},
            (
                "public_subnets holds '10.43.1.0/24', which is outside of the VPC's 10.42.0.0/16. Correct public_subnets in "
                "the inventory."
            ),
        ),
        (
            {"public_subnets": ["10.42.0.0/24", "10.42.10.0/23"]},
            (
                "'10.42.10.0/23' of public_subnets overlaps '10.42.10.0/24' of private_subnets; each subnet needs a range of "
                "its own. Correct private_subnets in the inventory."
            ),
        ),
        (
            {"grafana_allowed_cidrs": ["198.51.100.1/24"]},
            (
                "grafana_allowed_cidrs holds '198.51.100.1/24' (198.51.100.1/24 has host bits set); allowed is an IPv4 range "
                "that begins at its network address, such as 10.42.0.0/16. Correct grafana_allowed_cidrs in the inventory."
            ),
        ),
        (
            {"ssh_allowed_cidrs": ["0.0.0.0/0"]},
            (
                "ssh_allowed_cidrs holds '0.0.0.0/0', the whole internet; allowed are your own ranges, such as "
                "198.51.100.1/32. Correct ssh_allowed_cidrs in the inventory."
            ),
        ),
        (
            {"monitoring_private_ip": "10.42.10.3"},
            (
                "monitoring_private_ip is '10.42.10.3'; AWS keeps the first four addresses and the last one of "
                "10.42.10.0/24. Correct monitoring_private_ip in the inventory."
            ),
        ),
        (
            {"monitoring_private_ip": "10.42.1.20"},
            (
                "monitoring_private_ip is '10.42.1.20'; allowed is an address of the private subnets 10.42.10.0/24, "
                "10.42.11.0/24. Correct monitoring_private_ip in the inventory."
            ),
        ),
    ],
)
def test_each_problem_has_its_sentence(change: Plan, problem: str) -> None:
    assert problem in network_problems({**GOOD, **change})


def test_all_problems_are_named_at_once() -> None:
    bad: Plan = {**GOOD, "vpc_cidr": "tea", "monitoring_private_ip": "cake"}
    assert [text.split()[0] for text in network_problems(bad)] == ["vpc_cidr", "monitoring_private_ip"]


@given(st.text(max_size=20))
def test_no_text_breaks_the_check(text: str) -> None:
    assert all(isinstance(problem, str) for problem in network_problems({**GOOD, "vpc_cidr": text}))
