"""What an environment costs: its resources, by the inventory's values, times a dated table of prices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections import Counter

HOURS = 730  # of a month, as AWS's own calculator counts
DAY = 24 / HOURS  # of a month


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """What is counted and charged."""

    instances: Counter[str]  # instance type -> how many
    nat_gateways: int
    addresses: int
    volumes_gib: int
    kms_keys: int
    load_balancers: int = 1
    clusters: int = 1


@dataclass(frozen=True, kw_only=True)
class Line:
    """One resource: US dollars a month, without taxes and traffic; None where the table has no price."""

    resource: str
    month: float | None

    @property
    def day(self) -> float | None:
        """Return the cost of a day."""
        return None if self.month is None else self.month * DAY


def price_region(prices: dict[str, Any], region: str) -> str:
    """Return the region whose prices are taken: its own, or the nearest that the table has."""
    if region in prices["regions"]:
        return region
    return str(prices["nearest"].get(region.split("-", maxsplit=1)[0], prices["nearest"]["default"]))


def cost(prices: dict[str, Any], sizes: Sizes, *, region: str) -> list[Line]:
    """Return what each resource costs."""
    of = prices["regions"][price_region(prices, region)]
    estimate = prices["estimate"]
    lines = [
        _line("EKS cluster", sizes.clusters, of["eks_hour"] * HOURS),
        *(
            _line(f"EC2 {name}", number, hour * HOURS if (hour := of["instance_hour"].get(name)) else None)
            for name, number in sorted(sizes.instances.items())
        ),
        _line("NAT gateway", sizes.nat_gateways, of["nat_hour"] * HOURS),
        _line("public IPv4 address", sizes.addresses, of["ipv4_hour"] * HOURS),
        _line("network load balancer", sizes.load_balancers, (of["nlb_hour"] + of["nlcu_hour"]) * HOURS),
        _line("GiB of volumes (gp3)", sizes.volumes_gib, of["gp3_gib_month"]),
        _line("KMS key", sizes.kms_keys, of["kms_key_month"]),
        _line("GiB of logs, an estimate", estimate["logs_gib"], of["logs_gib"]),
        _line("GiB in S3, an estimate", estimate["s3_gib"], of["s3_gib_month"]),
    ]
    return [line for line in lines if line]


def _line(name: str, number: float, month: float | None) -> Line | None:
    if not number:
        return None
    return Line(resource=f"{number:g} x {name}", month=None if month is None else number * month)


def cost_table(lines: list[Line], prices: dict[str, Any], *, region: str) -> str:
    """Return the costs as aligned text, with their sum and where the prices come from."""
    taken = price_region(prices, region)
    known = [line for line in lines if line.month is not None]
    month = sum(line.month or 0 for line in known)
    rows = [("USD, without traffic and taxes", "a day", "a month")]
    rows += [(line.resource, _money(line.day), _money(line.month)) for line in lines]
    rows.append(("sum" if len(known) == len(lines) else "sum, at least", _money(month * DAY), _money(month)))
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    text = [
        f"| {name.ljust(widths[0])} | {day.rjust(widths[1])} | {month.rjust(widths[2])} |" for name, day, month in rows
    ]
    text.insert(1, f"| {'-' * widths[0]} | {'-' * widths[1]} | {'-' * widths[2]} |")
    note = "" if taken == region else f" There are none of {region}: these are of {taken}, the nearest."
    text.append(f"Prices of {taken}, as of {prices['as_of']} (roles/preflight/files/prices.yml).{note}")
    return "\n".join(text)


def _money(value: float | None) -> str:
    return "no price known" if value is None else f"{value:.2f}"
