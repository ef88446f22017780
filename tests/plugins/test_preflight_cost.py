"""What an environment costs, by the dated table in the repository."""

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from plugins.module_utils._preflight_cost import Sizes, cost, cost_table, price_region

CHECKOUT = Path(__file__).parents[2]
PRICES: dict[str, Any] = yaml.safe_load((CHECKOUT / "roles/preflight/files/prices.yml").read_text())
PRODUCTION = Sizes(
    instances=Counter({"t3.medium": 3, "t3.micro": 1}), nat_gateways=2, addresses=5, volumes_gib=160, kms_keys=2
)


def month(sizes: Sizes, region: str) -> dict[str, float | None]:
    return {line.resource: line.month and round(line.month, 2) for line in cost(PRICES, sizes, region=region)}


def test_each_resource_of_a_production_environment_in_ireland() -> None:
    assert month(PRODUCTION, "eu-west-1") == {
        "1 x EKS cluster": 73.00,
        "3 x EC2 t3.medium": 99.86,
        "1 x EC2 t3.micro": 8.32,
        "2 x NAT gateway": 70.08,
        "5 x public IPv4 address": 18.25,
        "1 x network load balancer": 22.78,
        "160 x GiB of volumes (gp3)": 14.08,
        "2 x KMS key": 2.00,
        "10 x GiB of logs, an estimate": 5.70,
        "10 x GiB in S3, an estimate": 0.23,
    }


@pytest.mark.parametrize(
    ("region", "a_day", "a_month"),
    [
        ("eu-west-1", "10.33", "314.30"),
        ("us-east-1", "9.75", "296.48"),
        ("us-west-2", "9.75", "296.48"),
        ("eu-central-1", "10.81", "328.92"),
    ],
)
def test_the_sum_of_a_day_and_of_a_month(region: str, a_day: str, a_month: str) -> None:
    text = cost_table(cost(PRICES, PRODUCTION, region=region), PRICES, region=region)
    last = next(line for line in text.splitlines() if line.startswith("| sum "))
    assert [cell.strip() for cell in last.strip("|").split("|")] == ["sum", a_day, a_month]


def test_another_region_takes_the_nearest_prices_and_says_so() -> None:
    assert [price_region(PRICES, region) for region in ("eu-north-1", "ca-central-1", "ap-south-1")] == [
        "eu-west-1",
        "us-east-1",
        "eu-central-1",
    ]
    text = cost_table(cost(PRICES, PRODUCTION, region="eu-north-1"), PRICES, region="eu-north-1")
    assert "There are none of eu-north-1: these are of eu-west-1, the nearest." in text


def test_a_type_without_a_price_is_named_and_the_sum_is_the_least() -> None:
    sizes = Sizes(instances=Counter({"x9.huge": 1}), nat_gateways=1, addresses=4, volumes_gib=60, kms_keys=2)
    text = cost_table(cost(PRICES, sizes, region="eu-west-1"), PRICES, region="eu-west-1")
    assert "1 x EC2 x9.huge" in text
    assert "no price known" in text
    assert "sum, at least" in text


def test_the_table_is_dated_and_every_price_has_its_source() -> None:
    date.fromisoformat(PRICES["as_of"])
    for region, prices in PRICES["regions"].items():
        assert prices.keys() == PRICES["sources"].keys(), region
        types = {name for known in PRICES["regions"].values() for name in known["instance_hour"]}
        assert prices["instance_hour"].keys() == types, region
