"""EKS: https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from localcloud.core.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from localcloud.arguments.rules.kinds import Rules

LONGEST_NODEGROUP = 63
NODEGROUP = re.compile(r"[0-9A-Za-z][A-Za-z0-9_-]*")


def _nodegroup(asked: Mapping[str, Any]) -> Iterator[Fault]:
    name = asked["nodegroupName"]
    if len(name) > LONGEST_NODEGROUP:
        text = f"nodegroupName can't be longer than {LONGEST_NODEGROUP} characters!"
        yield Fault(code="InvalidParameterException", message=text)
    if not NODEGROUP.fullmatch(name):
        text = f"The nodegroupName parameter {name} contains invalid characters: it must match {NODEGROUP.pattern}"
        yield Fault(code="InvalidParameterException", message=text)


RULES: Rules = {"CreateNodegroup": (_nodegroup,)}
