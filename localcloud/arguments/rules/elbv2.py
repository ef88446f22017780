"""Elastic Load Balancing: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html.

moto has the rules of target groups' names.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from localcloud.core.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from localcloud.arguments.rules.kinds import Rules

LONGEST = 32
NAME = re.compile(r"[a-zA-Z0-9-]+")


def _balancer(asked: Mapping[str, Any]) -> Iterator[Fault]:
    name = asked["Name"]
    problem = ""
    if len(name) > LONGEST:
        problem = f"cannot be longer than '{LONGEST}' characters"
    elif not NAME.fullmatch(name):
        problem = "can only contain characters that are alphanumeric characters and hyphens(-)"
    elif name.startswith("-") or name.endswith("-"):
        problem = "cannot begin or end with '-'"
    elif name.startswith("internal-"):
        problem = "cannot begin with 'internal-'"
    if problem:
        yield Fault(code="ValidationError", message=f"The load balancer name '{name}' {problem}")


RULES: Rules = {"CreateLoadBalancer": (_balancer,)}
