#!/usr/bin/python
"""Documentation of the action plugin of the same name, which runs on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: terraform
author: The Beacon authors (@beacon)
short_description: Let Terraform make or destroy what a root module describes, and show what it does
version_added: 0.1.0
description:
  - Runs C(terraform plan), and C(terraform apply) with that plan, on the controller, and shows each resource as it is begun and
    done. What takes long is named every O(progress_interval) seconds.
  - Ctrl-C, a terminated or killed C(ansible-playbook) and O(timeout) stop Terraform in order. It gets SIGINT and up to
    O(stop_timeout) seconds to end what it has begun, write the state and release the lock; only then a second SIGINT.
  - The project path has to be initialised (C(terraform init)). Credentials come from the environment; C(environment) adds to it.
  - Values of resources and sensitive outputs are never shown or returned; a plan's text has C((sensitive value)) in their place.
options:
  project_path:
    description: Folder of the root module.
    type: path
    required: true
  state:
    description: Whether what the root module describes is wanted.
    type: str
    choices: [present, absent]
    default: present
  replace:
    description: Addresses of resources that are made anew, such as C(aws_instance.host["ops"]).
    type: list
    elements: str
    default: []
  lock:
    description: Whether a plan takes the lock on the state; one that only shows needs none.
    type: bool
    default: true
  lock_timeout:
    description: Seconds to wait for another run to release the lock.
    type: int
    default: 20
  timeout:
    description: Seconds that all of it may take.
    type: int
    default: 3600
  stop_timeout:
    description: Seconds that Terraform gets to stop in order.
    type: int
    default: 300
  progress_interval:
    description: Seconds of silence after which a line says what is waited for.
    type: int
    default: 20
attributes:
  check_mode:
    support: full
    description: Returns the plan, and changes nothing.
  diff_mode:
    support: full
    description: Shows the plan.
requirements:
  - terraform >= 1.11
"""

EXAMPLES = r"""
- name: Ensure the infrastructure
  beacon.platform.terraform:
    project_path: /srv/infrastructure
    timeout: 1800
  environment:
    TF_CLI_CONFIG_FILE: /srv/cli.tfrc
"""

RETURN = r"""
changed:
  description: Whether the plan has anything to do.
  returned: always
  type: bool
plan:
  description: The plan's text, in check mode or with C(--diff); else empty.
  returned: success
  type: str
counts:
  description: How many resources the plan adds, changes, removes and imports.
  returned: success
  type: dict
resources:
  description: The C(address) and C(action) of each resource and output that the plan changes.
  returned: success
  type: list
  elements: dict
outputs:
  description: Outputs by their names, each with C(value) and C(type); none that is sensitive.
  returned: success
  type: dict
"""
