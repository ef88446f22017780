"""Parameter Store: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html.

moto has the rules of reserved names.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from localcloud.core.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localcloud.arguments.rules.kinds import Asked, Rules

STANDARD, ADVANCED = 4096, 8192
LEVELS = 15
NAME = re.compile(r"[a-zA-Z0-9_.\-/]+")
BAD_NAME = (
    'Parameter name: can\'t be prefixed with "ssm" (case-insensitive). If formed as a path, it can consist of sub-paths divided by '
    "slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_"
)
TOO_LARGE = (
    "{} tier parameters support a maximum parameter value of {} characters. For more information, see "
    "https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html"
)


def _name(asked: Asked) -> Iterator[Fault]:
    name = asked["Name"]
    if not NAME.fullmatch(name) or "//" in name:
        yield Fault(code="ValidationException", message=f"{BAD_NAME} ({name})")
    if "/" in name and not name.startswith("/"):
        yield Fault(code="ValidationException", message=f"Parameter name must be a fully qualified name. ({name})")
    if name.count("/") > LEVELS:
        text = f"The parameter name {name} has more than {LEVELS} levels."
        yield Fault(code="HierarchyLevelLimitExceededException", message=text)


def _value(asked: Asked) -> Iterator[Fault]:
    """Refuse what is too large for its tier; without one, a parameter that is there has its own."""
    tier = asked.get("Tier") or ("Advanced" if asked.get("Overwrite") else "Standard")
    most = STANDARD if tier == "Standard" else ADVANCED
    if len(asked["Value"].encode()) > most:
        yield Fault(code="ValidationException", message=TOO_LARGE.format(tier, most))


RULES: Rules = {"PutParameter": (_name, _value)}
