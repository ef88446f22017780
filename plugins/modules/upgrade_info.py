#!/usr/bin/python
"""Whether an EKS cluster can go to another version of Kubernetes, and in which steps."""

from __future__ import annotations

DOCUMENTATION = r"""
module: upgrade_info
author: The Beacon authors (@beacon)
short_description: Whether an EKS cluster can go to another version of Kubernetes, and in which steps
version_added: 0.1.0
description:
  - Asks EKS for versions, states and issues of control plane, node groups and add-ons, for add-ons that go with the wanted version,
    its own insights, free addresses, and, for the way back, when the cluster was updated. Judges with that what
    M(beacon.platform.kubernetes_state_info) found. It only reads.
  - Problems don't fail the module; they are in its result.
options:
  environment:
    description: Name of the environment.
    type: str
    required: true
  cluster:
    description: Name of the cluster.
    type: str
    required: true
  version:
    description: The wanted minor version of Kubernetes.
    type: str
    required: true
  addons:
    description: For each version of Kubernetes its EKS add-ons, each with its version.
    type: dict
    required: true
  state:
    description: The cluster's C(nodes), C(budgets) and C(deprecated) APIs, as M(beacon.platform.kubernetes_state_info) returns them.
    type: dict
    required: true
extends_documentation_fragment:
  - beacon.platform.info
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Ask what the API server knows
  beacon.platform.kubernetes_state_info:
  register: state

- name: Ask whether the cluster can go to 1.36
  beacon.platform.upgrade_info:
    region: eu-west-1
    environment: production
    cluster: beacon-production
    version: "1.36"
    addons: {"1.36": {kube-proxy: v1.36.0-eksbuild.14}, "1.35": {kube-proxy: v1.35.3-eksbuild.13}}
    state: "{{ state }}"
"""

RETURN = r"""
rows:
  description: A row for each check, with C(check), C(state) (V(ok), V(warn), V(problem)), C(found), C(needed) and C(step).
  returned: always
  type: list
  elements: dict
table:
  description: The rows as aligned text.
  returned: always
  type: str
problem:
  description: One message that names all problems; empty where there is none.
  returned: always
  type: str
steps:
  description: What is left to do, one C(part) after the other, each with the versions of C(control_plane), C(addons), C(nodes) after it.
  returned: always
  type: list
  elements: dict
"""

from contextlib import suppress
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.beacon.platform.plugins.module_utils._cluster import Cluster
from ansible_collections.beacon.platform.plugins.module_utils._preflight import message, table
from ansible_collections.beacon.platform.plugins.module_utils._preflight_aws import Account
from ansible_collections.beacon.platform.plugins.module_utils._upgrade_run import Asked, readiness

with suppress(ImportError):  # AnsibleAWSModule names a missing package
    from botocore.exceptions import BotoCoreError, ClientError

SPEC: dict[str, dict[str, Any]] = {
    "environment": {"type": "str", "required": True},
    "cluster": {"type": "str", "required": True},
    "version": {"type": "str", "required": True},
    "addons": {"type": "dict", "required": True},
    "state": {"type": "dict", "required": True},
}


def main() -> None:
    """Run the module."""
    module = AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True)
    params = module.params
    asked = Asked(
        wanted=params["version"],
        pinned=params["addons"],
        nodes=params["state"]["nodes"],
        budgets=params["state"]["budgets"],
        deprecated=params["state"]["deprecated"],
    )
    account = Account(module.client, environment=params["environment"])
    try:
        rows, steps = readiness(account, Cluster(module.client, name=params["cluster"]), asked)
    except (BotoCoreError, ClientError) as error:
        module.fail_json(msg=f"AWS does not answer whether the cluster can be upgraded: {error}. Nothing was changed.")
    module.exit_json(
        changed=False,
        rows=[row.as_dict() for row in rows],
        table=table(rows),
        problem=message(rows),
        steps=steps,
    )


if __name__ == "__main__":
    main()
