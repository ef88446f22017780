"""EKS: names of node groups, and who may stand in access entries.

https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html,
https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html; words: terraform-aws-modules/terraform-aws-eks#2915,
aws-ia/terraform-aws-eks-blueprints#1920.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from localcloud.core.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localcloud.arguments.rules.kinds import Asked, Rules

LONGEST_NODEGROUP = 63
NODEGROUP = re.compile(r"[0-9A-Za-z][A-Za-z0-9_-]*")
RESERVED = ("system:", "eks:", "aws:", "amazon:", "iam:")  # beginnings of Kubernetes users and groups


def _nodegroup(asked: Asked) -> Iterator[Fault]:
    name = asked["nodegroupName"]
    if len(name) > LONGEST_NODEGROUP:
        text = f"nodegroupName can't be longer than {LONGEST_NODEGROUP} characters!"
        yield Fault(code="InvalidParameterException", message=text)
    if not NODEGROUP.fullmatch(name):
        text = f"The nodegroupName parameter {name} contains invalid characters: it must match {NODEGROUP.pattern}"
        yield Fault(code="InvalidParameterException", message=text)


def _kubernetes_names(asked: Asked) -> Iterator[Fault]:
    for group in asked.get("kubernetesGroups") or ():
        if beginning := _reserved(group):
            text = f"The kubernetes group name {group} is invalid, it cannot start with {beginning}"
            yield Fault(code="InvalidParameterException", message=text)
    if beginning := _reserved(asked.get("username") or ""):
        yield Fault(code="InvalidParameterException", message=f"The username must not begin with {beginning}")


def _reserved(name: str) -> str | None:
    return next((beginning for beginning in RESERVED if name.startswith(beginning)), None)


RULES: Rules = {
    "CreateAccessEntry": (_kubernetes_names,),
    "CreateNodegroup": (_nodegroup,),
    "UpdateAccessEntry": (_kubernetes_names,),
}
