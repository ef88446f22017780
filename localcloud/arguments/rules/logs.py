"""CloudWatch Logs: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localcloud.arguments.model import Kind, Violation, message
from localcloud.core.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localcloud.arguments.rules.kinds import Asked, Rules

YEARS = (365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, *YEARS)


def _retention(asked: Asked) -> Iterator[Fault]:
    if (days := asked["retentionInDays"]) not in DAYS:
        constraint = f"Member must satisfy enum value set: [{', '.join(map(str, DAYS))}]"
        wrong = Violation(at="retentionInDays", value=days, kind=Kind.ENUM, constraint=constraint)
        yield Fault(code="InvalidParameterException", message=message([wrong]))


RULES: Rules = {"PutRetentionPolicy": (_retention,)}
