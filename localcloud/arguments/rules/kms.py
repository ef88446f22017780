"""KMS: names of aliases and waiting periods.

https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html, API_ScheduleKeyDeletion.html. moto has the rest of
an alias' name. The model's period is wider than the documented one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from localcloud.core.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localcloud.arguments.rules.kinds import Asked, Rules

RESERVED = "alias/aws/"
SHORTEST, LONGEST = 7, 30


def _alias(asked: Asked) -> Iterator[Fault]:
    if asked["AliasName"].startswith(RESERVED):
        yield Fault(code="NotAuthorizedException", message="")  # AWS says no more


def _window(asked: Asked) -> Iterator[Fault]:
    days = asked.get("PendingWindowInDays")
    if days is not None and not SHORTEST <= days <= LONGEST:
        text = f"PendingWindowInDays {days} is invalid: {SHORTEST} to {LONGEST} days are allowed."
        yield Fault(code="ValidationException", message=text)


RULES: Rules = {"CreateAlias": (_alias,), "ScheduleKeyDeletion": (_window,), "UpdateAlias": (_alias,)}
