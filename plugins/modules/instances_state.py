#!/usr/bin/python
"""Instances that run, or are stopped, and have got there."""

from __future__ import annotations

DOCUMENTATION = r"""
module: instances_state
author: The Beacon authors (@beacon)
short_description: Start or stop EC2 instances, and wait until they are
version_added: 0.1.0
description:
  - Asks EC2 for what is not so yet, and waits. Unlike M(amazon.aws.ec2_instance) it goes on with what a run that was cut short
    left half way, changes nothing else of an instance, and needs no right but to describe, start and stop it.
  - An instance that is stopping is started when it has stopped, and one that is starting is stopped when it runs.
options:
  instance_ids:
    description: The instances.
    type: list
    elements: str
    required: true
  state:
    description: What they are to be.
    type: str
    choices: [running, stopped]
    required: true
  timeout:
    description: How many seconds they have for it.
    type: int
    default: 300
attributes:
  check_mode:
    support: full
    description: Asks what they are, and neither changes them nor waits.
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Stop a host
  beacon.platform.instances_state:
    region: eu-west-1
    instance_ids: [i-0123456789abcdef0]
    state: stopped
"""

RETURN = r"""
states:
  description: What each instance was at the last look, by its id.
  returned: success
  type: dict
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

OPPOSITE = {"running": "stopped", "stopped": "running"}
MOVING = {"running": "pending", "stopped": "stopping"}  # on the way to it
GONE = ("shutting-down", "terminated")
BY_HAND = "Client.UserInitiatedShutdown"
EVERY_SECONDS = 3.0


class UnreachableError(Exception):
    """Instances don't get to the wanted state; the text says why, and what to do."""


class Instances:
    """Instances on their way to a state."""

    def __init__(self, client: Any, ids: list[str], wanted: str) -> None:
        self.client = client
        self.ids = ids
        self.wanted = wanted
        self.asked: set[str] = set()
        self.found: dict[str, dict[str, Any]] = {}

    @property
    def states(self) -> dict[str, str]:
        """Return what each was at the last look."""
        return {name: self.found[name]["State"]["Name"] for name in self.ids}

    def in_state(self, *states: str) -> list[str]:
        """Return those that were in one of these states at the last look."""
        return [name for name, state in self.states.items() if state in states]

    def look(self) -> None:
        """Ask EC2. Raises UnreachableError for those that are gone, or that stopped again after they were started."""
        answer = self.client.describe_instances(aws_retry=True, InstanceIds=self.ids)
        every = [one for reservation in answer["Reservations"] for one in reservation["Instances"]]
        self.found = {one["InstanceId"]: one for one in every}
        if gone := self.in_state(*GONE):
            raise UnreachableError(
                f"{', '.join(gone)}: gone. beacon.platform.provision makes the environment's hosts again."
            )
        for name in self.in_state("stopped") if self.wanted == "running" else ():
            reason = self.found[name].get("StateReason", {})
            if name in self.asked and reason.get("Code", BY_HAND) != BY_HAND:
                raise UnreachableError(
                    f"{name} was started and stopped again: {reason.get('Message')}. With an encrypted volume, who starts it needs "
                    "kms:CreateGrant on the volume's key (terraform/permissions). Mend that, then play the same again."
                )

    def ask(self) -> None:
        """Ask for those that stand in the opposite state, once."""
        ready = [name for name in self.in_state(OPPOSITE[self.wanted]) if name not in self.asked]
        if ready:
            change = self.client.start_instances if self.wanted == "running" else self.client.stop_instances
            change(aws_retry=True, InstanceIds=ready)
            self.asked |= set(ready)

    def settle(self, *, seconds: float, sleep: Callable[[float], None] = time.sleep) -> None:
        """Ask and look until all of them are what is wanted. Raises UnreachableError."""
        end = time.monotonic() + seconds
        self.look()
        while len(self.in_state(self.wanted)) < len(self.ids):
            self.ask()
            if time.monotonic() >= end:
                raise UnreachableError(
                    f"After {seconds:g} s not {self.wanted}: "
                    f"{', '.join(f'{name} ({state})' for name, state in self.states.items() if state != self.wanted)}. "
                    "Play the same again: it goes on from here."
                )
            sleep(EVERY_SECONDS)
            self.look()


def main() -> None:
    """Run the module."""
    module = AnsibleAWSModule(
        argument_spec={
            "instance_ids": {"type": "list", "elements": "str", "required": True},
            "state": {"type": "str", "choices": list(OPPOSITE), "required": True},
            "timeout": {"type": "int", "default": 300},
        },
        supports_check_mode=True,
    )
    client = module.client("ec2", retry_decorator=AWSRetry.jittered_backoff())
    wanted = module.params["state"]
    instances = Instances(client, module.params["instance_ids"], wanted)
    try:
        if module.check_mode:
            instances.look()
        else:
            instances.settle(seconds=module.params["timeout"])
    except UnreachableError as error:
        module.fail_json(msg=str(error), changed=bool(instances.asked))
    except (BotoCoreError, ClientError) as error:
        module.fail_json_aws(error, msg=f"{', '.join(instances.ids)} can't be {wanted}")
    standing = module.check_mode and len(instances.in_state(wanted, MOVING[wanted])) < len(instances.ids)
    module.exit_json(changed=bool(instances.asked) or standing, states=instances.states)


if __name__ == "__main__":
    main()
