#!/usr/bin/python
"""How many nodes the managed node groups of a cluster have."""

from __future__ import annotations

DOCUMENTATION = r"""
module: nodegroup_size
author: The Beacon authors (@beacon)
short_description: How many nodes the managed node groups of an EKS cluster have
version_added: 0.1.0
description:
  - Gives each managed node group of a cluster the same sizes where it has others, and waits until EKS has taken them. What is not
    given stays. It does not wait for nodes. Unlike M(community.aws.eks_nodegroup) it needs to know nothing else of a group.
options:
  cluster:
    description: Name of the cluster.
    type: str
    required: true
  min:
    description: How many nodes a group has at least.
    type: int
    required: true
  desired:
    description: How many it has now.
    type: int
    required: true
  max:
    description: How many it has at most.
    type: int
  timeout:
    description: How many seconds EKS has for a change, and for one that is under way before it.
    type: int
    default: 300
attributes:
  check_mode:
    support: full
    description: Asks what the groups have, and neither changes them nor waits.
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: End all nodes
  beacon.platform.nodegroup_size:
    region: eu-west-1
    cluster: beacon-production
    min: 0
    desired: 0
"""

RETURN = r"""
groups:
  description: What each group was at first, with its C(name), C(status), and its sizes C(min), C(desired) and C(max).
  returned: success
  type: list
  elements: dict
"""

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry

with suppress(ImportError):  # AnsibleAWSModule names a missing package
    from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

KEYS = {"min": "minSize", "desired": "desiredSize", "max": "maxSize"}
STEADY = ("ACTIVE", "DEGRADED")  # what EKS lets change
EVERY_SECONDS = 3.0


class SizeError(Exception):
    """A group does not get its sizes; the text says why, and what to do."""


class Groups:
    """The managed node groups of a cluster."""

    def __init__(
        self, client: Any, cluster: str, *, seconds: float, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.client = client
        self.cluster = cluster
        self.seconds = seconds
        self.sleep = sleep

    def look(self) -> list[dict[str, Any]]:
        """Return what each group is."""
        names = self.client.list_nodegroups(aws_retry=True, clusterName=self.cluster)["nodegroups"]
        return [self.describe(name) for name in names]

    def describe(self, name: str) -> dict[str, Any]:
        """Return what a group is."""
        asked = {"clusterName": self.cluster, "nodegroupName": name}
        group = self.client.describe_nodegroup(aws_retry=True, **asked)["nodegroup"]
        sizes = {ours: group["scalingConfig"][theirs] for ours, theirs in KEYS.items()}
        return {"name": name, "status": group["status"], **sizes}

    def resize(self, name: str, sizes: dict[str, int]) -> None:
        """Change a group's sizes when nothing else changes it, and wait until they are taken. Raises SizeError."""
        self._wait(lambda: self.describe(name)["status"] in STEADY, f"{name} is changed by somebody else")
        asked = {"clusterName": self.cluster, "nodegroupName": name}
        wanted = {KEYS[key]: number for key, number in sizes.items()}
        update = self.client.update_nodegroup_config(aws_retry=True, scalingConfig=wanted, **asked)["update"]["id"]
        about = {"name": self.cluster, "nodegroupName": name, "updateId": update}
        told: dict[str, Any] = {}

        def is_over() -> bool:
            told.update(self.client.describe_update(aws_retry=True, **about)["update"])
            return bool(told["status"] != "InProgress")

        self._wait(is_over, f"{name} does not take its sizes")
        if told["status"] != "Successful":
            why = "; ".join(error["errorMessage"] for error in told.get("errors", []))
            raise SizeError(f"{name} keeps its sizes: {told['status']}. {why} Mend that, then play the same again.")

    def _wait(self, is_so: Callable[[], bool], otherwise: str) -> None:
        end = time.monotonic() + self.seconds
        while not is_so():
            if time.monotonic() >= end:
                raise SizeError(f"After {self.seconds:g} s {otherwise}. Play the same again: it goes on from here.")
            self.sleep(EVERY_SECONDS)


def main() -> None:
    """Run the module."""
    module = AnsibleAWSModule(
        argument_spec={
            "cluster": {"type": "str", "required": True},
            "min": {"type": "int", "required": True},
            "desired": {"type": "int", "required": True},
            "max": {"type": "int"},
            "timeout": {"type": "int", "default": 300},
        },
        supports_check_mode=True,
    )
    client = module.client("eks", retry_decorator=AWSRetry.jittered_backoff())
    groups = Groups(client, module.params["cluster"], seconds=module.params["timeout"])
    sizes = {key: module.params[key] for key in KEYS if module.params[key] is not None}
    changed = False
    try:
        found = groups.look()
        for group in found:
            if sizes.items() <= group.items():
                continue
            if not module.check_mode:
                groups.resize(group["name"], sizes)
            changed = True
    except SizeError as error:
        module.fail_json(msg=str(error), changed=changed)
    except (BotoCoreError, ClientError) as error:
        module.fail_json_aws(error, msg=f"The nodes of {groups.cluster} can't be {sizes}")
    module.exit_json(changed=changed, groups=found)


if __name__ == "__main__":
    main()
