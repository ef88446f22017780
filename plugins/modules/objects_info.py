#!/usr/bin/python
"""Objects of a cluster, of several kinds at once."""

from __future__ import annotations

DOCUMENTATION = r"""
module: objects_info
author: The Beacon authors (@beacon)
short_description: Objects of a Kubernetes cluster, of several kinds at once
version_added: 0.1.0
description:
  - Answers several questions of M(kubernetes.core.k8s_info) by one start of Python and one log-in.
options:
  queries:
    description: What to look for, each as in M(kubernetes.core.k8s_info).
    type: list
    elements: dict
    required: true
    suboptions:
      kind:
        description: Kind of the objects.
        type: str
        required: true
      api_version:
        description: Version of their API.
        type: str
        default: v1
      name:
        description: Name of the only one.
        type: str
      namespace:
        description: Namespace of the objects; all namespaces where it is missing.
        type: str
      label_selectors:
        description: What their labels have to be.
        type: list
        elements: str
        default: []
      field_selectors:
        description: What their fields have to be.
        type: list
        elements: str
        default: []
  hidden_fields:
    description: Fields to leave out of each object.
    type: list
    elements: str
extends_documentation_fragment:
  - beacon.platform.info
  - kubernetes.core.k8s_auth_options
requirements:
  - kubernetes (Python package)
"""

EXAMPLES = r"""
- name: Look at an application's pods, and at the events
  beacon.platform.objects_info:
    queries:
      - {kind: Pod, namespace: webapp, label_selectors: [app.kubernetes.io/name=webapp]}
      - {kind: Event, namespace: webapp}
"""

RETURN = r"""
found:
  description: The objects that each query found, in the order of O(queries); an empty list where there are none.
  returned: always
  type: list
  elements: list
"""

import copy
from typing import Any

from ansible_collections.kubernetes.core.plugins.module_utils.ansiblemodule import AnsibleModule
from ansible_collections.kubernetes.core.plugins.module_utils.args_common import AUTH_ARG_SPEC
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.client import get_api_client
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.core import AnsibleK8SModule
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.exceptions import CoreException
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.service import K8sService

SELECTORS: dict[str, Any] = {"type": "list", "elements": "str", "default": []}
QUERY: dict[str, Any] = {
    "kind": {"type": "str", "required": True},
    "api_version": {"type": "str", "default": "v1"},
    "name": {"type": "str"},
    "namespace": {"type": "str"},
    "label_selectors": SELECTORS,
    "field_selectors": SELECTORS,
}


def main() -> None:
    """Run the module."""
    module = AnsibleK8SModule(
        module_class=AnsibleModule,
        check_pyyaml=False,
        argument_spec={
            **copy.deepcopy(AUTH_ARG_SPEC),
            "queries": {"type": "list", "elements": "dict", "required": True, "options": QUERY},
            "hidden_fields": {"type": "list", "elements": "str"},
        },
        supports_check_mode=True,
    )
    hidden = module.params["hidden_fields"]
    try:
        service = K8sService(get_api_client(module), module)
        found = [service.find(**query, hidden_fields=hidden)["resources"] for query in module.params["queries"]]
    except CoreException as error:
        module.fail_from_exception(error)
    module.exit_json(changed=False, found=found)


if __name__ == "__main__":
    main()
