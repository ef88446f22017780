#!/usr/bin/python
"""Whether an account can take an environment, and what it costs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: preflight_info
author: The Beacon authors (@beacon)
short_description: Whether an account and an inventory fit, before anything is made
version_added: 0.1.0
description:
  - Asks the account who the caller is and what it may do, and for quotas, zones, images, instance types, Kubernetes and
    add-on versions; checks ranges and alert receivers; counts what the environment costs. It only reads.
  - Problems don't fail the module; they are in its result.
options:
  environment:
    description: Name of the environment.
    type: str
    required: true
  account_id:
    description: The account that is meant.
    type: str
    default: ""
  state_bucket:
    description: Bucket of the state; empty, it is named after environment and account.
    type: str
    default: ""
  availability_zones:
    description: Zones in the order of the subnets; empty, they are chosen.
    type: list
    elements: str
    default: []
  private_subnets:
    description: Ranges of the private subnets, one for each zone.
    type: list
    elements: str
    required: true
  only:
    description: What to check; V(zones) asks for the zones only.
    type: str
    choices: [all, zones]
    default: all
  kubernetes_version:
    description: Kubernetes minor version of the cluster.
    type: str
    default: ""
  kubernetes_change_allowed:
    description: Whether the cluster may have another version than O(kubernetes_version), because who asks changes it after other checks.
    type: bool
    default: false
  addons:
    description: EKS add-ons, each with its pinned version or an empty text.
    type: dict
    default: {}
  node_instance_type:
    description: Instance type of the nodes.
    type: str
    required: true
  node_count:
    description: How many nodes, with C(desired).
    type: dict
    required: true
  host_instance_types:
    description: Instance type of each host.
    type: list
    elements: str
    required: true
  single_nat_gateway:
    description: Whether one NAT gateway serves all zones.
    type: bool
    default: false
  volumes_gib:
    description: GiB of all hosts' volumes together (C(hosts)) and of one node's (C(node)).
    type: dict
    default: {hosts: 0, node: 0}
  kms_keys:
    description: How many KMS keys.
    type: int
    default: 0
  ami:
    description: C(name) (a pattern) and C(owner) of the hosts' AMI.
    type: dict
    default: {name: "", owner: ""}
  trusted_arns:
    description: Who may assume the deployer role.
    type: list
    elements: str
    default: []
  ranges:
    description: Ranges that may connect, by the variable that holds them.
    type: dict
    default: {}
  network_problems:
    description: What another check found wrong with the ranges.
    type: list
    elements: str
    default: []
  documentation_ranges_allowed:
    description: Whether ranges for examples (RFC 5737) are somebody's here.
    type: bool
    default: false
  alerts:
    description: C(receivers) (names), the default C(receiver), whether alerts are C(routed), and whether one is C(required).
    type: dict
    default: {receivers: [], receiver: "", routed: false, required: false}
  permissions:
    description: The policies of the rights that are needed, each as JSON with placeholders.
    type: list
    elements: str
    default: []
  prices:
    description: The table of prices; see roles/preflight/files/prices.yml.
    type: dict
    default: {}
extends_documentation_fragment:
  - beacon.platform.info
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Choose zones
  beacon.platform.preflight_info:
    region: eu-west-1
    environment: production
    only: zones
    private_subnets: [10.42.16.0/20, 10.42.32.0/20]
    node_instance_type: t3.medium
    node_count: {desired: 2}
    host_instance_types: [t3.micro, t3.medium]
"""

RETURN = r"""
rows:
  description: A row for each check, with C(check), C(state) (V(ok), V(warn), V(problem)), C(found), C(needed) and C(step).
  returned: when O(only=all)
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
zones:
  description: The zones, in the order of the subnets; empty where there are not enough.
  returned: always
  type: list
  elements: str
trusted_arns:
  description: Those that were given, else the caller as a trust policy names it.
  returned: when O(only=all)
  type: list
  elements: str
caller:
  description: The caller's C(account) and C(arn); empty where AWS does not say who it is.
  returned: when O(only=all)
  type: dict
cost:
  description: What the environment costs, as aligned text.
  returned: when O(only=all)
  type: str
cost_month:
  description: US dollars a month.
  returned: when O(only=all)
  type: float
"""

import os
from contextlib import suppress
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.beacon.platform.plugins.module_utils._preflight import message, table
from ansible_collections.beacon.platform.plugins.module_utils._preflight_aws import Account
from ansible_collections.beacon.platform.plugins.module_utils._preflight_cost import cost, cost_table
from ansible_collections.beacon.platform.plugins.module_utils._preflight_run import (
    Wanted,
    preflight,
    zones,
)

with suppress(ImportError):  # AnsibleAWSModule names a missing package
    from botocore.exceptions import BotoCoreError, ClientError

SPEC: dict[str, dict[str, Any]] = {
    "environment": {"type": "str", "required": True},
    "account_id": {"type": "str", "default": ""},
    "state_bucket": {"type": "str", "default": ""},
    "availability_zones": {"type": "list", "elements": "str", "default": []},
    "private_subnets": {"type": "list", "elements": "str", "required": True},
    "only": {"type": "str", "choices": ["all", "zones"], "default": "all"},
    "kubernetes_version": {"type": "str", "default": ""},
    "kubernetes_change_allowed": {"type": "bool", "default": False},
    "addons": {"type": "dict", "default": {}},
    "node_instance_type": {"type": "str", "required": True},
    "node_count": {"type": "dict", "required": True},
    "host_instance_types": {"type": "list", "elements": "str", "required": True},
    "single_nat_gateway": {"type": "bool", "default": False},
    "volumes_gib": {"type": "dict", "default": {"hosts": 0, "node": 0}},
    "kms_keys": {"type": "int", "default": 0, "no_log": False},
    "ami": {"type": "dict", "default": {"name": "", "owner": ""}},
    "trusted_arns": {"type": "list", "elements": "str", "default": []},
    "ranges": {"type": "dict", "default": {}},
    "network_problems": {"type": "list", "elements": "str", "default": []},
    "documentation_ranges_allowed": {"type": "bool", "default": False},
    "alerts": {"type": "dict", "default": {"receivers": [], "receiver": "", "routed": False, "required": False}},
    "permissions": {"type": "list", "elements": "str", "default": []},
    "prices": {"type": "dict", "default": {}},
}
OF_THE_RUN = ("only", "prices")


def run(account: Account, wanted: Wanted, *, prices: dict[str, Any], only: str) -> dict[str, Any]:
    """Return the module's result."""
    if only == "zones":
        chosen, rows, _ = zones(account, wanted)
        return {"zones": chosen, "table": table(rows), "problem": message(rows)}
    rows, chosen, who = preflight(account, wanted)
    lines = cost(prices, wanted.sizes, region=wanted.region)
    return {
        "rows": [row.as_dict() for row in rows],
        "table": table(rows),
        "problem": message(rows),
        "zones": chosen,
        "trusted_arns": wanted.trusted_arns or ([who.principal] if who and who.principal else []),
        "caller": {"account": who.account, "arn": who.arn} if who else {},
        "cost": cost_table(lines, prices, region=wanted.region),
        "cost_month": round(sum(line.month or 0 for line in lines), 2),
    }


def main() -> None:
    """Run the module."""
    module = AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True)
    given = {name: module.params[name] for name in SPEC if name not in OF_THE_RUN}
    account = Account(module.client, environment=module.params["environment"])
    try:
        wanted = Wanted(region=module.region, endpoint=os.environ.get("AWS_ENDPOINT_URL", ""), **given)
        result = run(account, wanted, prices=module.params["prices"], only=module.params["only"])
    except ValueError as error:
        module.fail_json(msg=f"{error} Correct terraform/permissions/provision.")
    except (BotoCoreError, ClientError) as error:
        module.fail_json(msg=f"AWS does not answer what the preflight asks: {error}. Nothing was changed.")
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
