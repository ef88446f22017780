"""What an environment saves while some of its instances are stopped."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from ..module_utils._preflight_cost import Sizes, cost, cost_table  # noqa: TID252 # the same import from a checkout and when installed

if TYPE_CHECKING:
    from collections.abc import Callable

NOTHING = {"logs_gib": 0, "s3_gib": 0}


def savings_table(prices: dict[str, Any], region: str, instances: list[str], volumes_gib: int = 0) -> str:
    """Return what these instances, and volumes that end with them, cost as long as they are there."""
    sizes = Sizes(
        instances=Counter(instances),
        nat_gateways=0,
        addresses=0,
        volumes_gib=volumes_gib,
        kms_keys=0,
        load_balancers=0,
        clusters=0,
    )
    return cost_table(cost(prices | {"estimate": NOTHING}, sizes, region=region), prices, region=region)


class FilterModule:
    """The filter by its name."""

    def filters(self) -> dict[str, Callable[..., str]]:
        """Return it."""
        return {"savings_table": savings_table}
