#!/usr/bin/python
"""What a cluster's API server knows that an upgrade depends on."""

from __future__ import annotations

DOCUMENTATION = r"""
module: kubernetes_state_info
author: The Beacon authors (@beacon)
short_description: What a cluster's API server knows that an upgrade depends on
version_added: 0.1.0
description:
  - Asks for the version of the API server, for nodes, for disruption budgets, and for the deprecated APIs that were asked for since
    the API server started.
extends_documentation_fragment:
  - beacon.platform.info
  - kubernetes.core.k8s_auth_options
requirements:
  - kubernetes (Python package)
"""

EXAMPLES = r"""
- name: Ask what the API server knows
  beacon.platform.kubernetes_state_info:
    kubeconfig: /srv/kubeconfig
"""

RETURN = r"""
version:
  description: The API server's minor version, such as V(1.36).
  returned: success
  type: str
nodes:
  description: Each node's C(name), its C(instance), its kubelet's minor C(version), and whether it is C(ready).
  returned: success
  type: list
  elements: dict
budgets:
  description: Each disruption budget that has pods, with C(namespace), C(name) and how many disruptions are C(allowed).
  returned: success
  type: list
  elements: dict
deprecated:
  description: APIs in use, each with C(group), C(version), C(resource) and the version in which it is C(removed), if that is known.
  returned: success
  type: list
  elements: dict
"""

import copy
import json
import re
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

from ansible_collections.kubernetes.core.plugins.module_utils.ansiblemodule import AnsibleModule
from ansible_collections.kubernetes.core.plugins.module_utils.args_common import AUTH_ARG_SPEC
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.client import get_api_client
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.core import AnsibleK8SModule
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.exceptions import CoreException

with suppress(ImportError):  # AnsibleK8SModule names a missing package
    from kubernetes.client.exceptions import ApiException
    from urllib3.exceptions import HTTPError

PATHS = {
    "version": "/version",
    "nodes": "/api/v1/nodes",
    "budgets": "/apis/policy/v1/poddisruptionbudgets",
    "metrics": "/metrics",
}
DEPRECATED = re.compile(r"^apiserver_requested_deprecated_apis\{(?P<labels>.*)\} (?P<value>\S+)$", re.MULTILINE)
LABEL = re.compile(r'(\w+)="([^"]*)"')
MINOR = re.compile(r"v?(\d+\.\d+)")


def minor(version: str) -> str:
    """Return the minor version of `v1.36.3`, or of `v1.36.3-eks-1`."""
    found = MINOR.match(version)
    return found[1] if found else version


def state(get: Callable[[str], str]) -> dict[str, Any]:
    """Return what the module returns; `get` returns the text of a path of the API."""
    text = {name: get(path) for name, path in PATHS.items()}
    return {
        "version": minor(json.loads(text["version"])["gitVersion"]),
        "nodes": [_node(node) for node in json.loads(text["nodes"])["items"]],
        "budgets": [_budget(budget) for budget in json.loads(text["budgets"])["items"] if _guards(budget)],
        "deprecated": deprecated(text["metrics"]),
    }


def get(client: Any, path: str) -> str:
    """Return the text of a path, by a dynamic client."""
    return str(client.request("get", path, serialize=False).data.decode())


def deprecated(metrics: str) -> list[dict[str, str]]:
    """Return the deprecated APIs that the API server's metrics name, each once."""
    found = []
    for line in DEPRECATED.finditer(metrics):
        labels = dict(LABEL.findall(line["labels"]))
        api = {name: labels.get(name, "") for name in ("group", "version", "resource")}
        api["removed"] = labels.get("removed_release", "")
        if float(line["value"]) and api not in found:
            found.append(api)
    return found


def _node(node: dict[str, Any]) -> dict[str, Any]:
    status = node["status"]
    ready = any(each["type"] == "Ready" and each["status"] == "True" for each in status.get("conditions", []))
    version = minor(status["nodeInfo"]["kubeletVersion"])
    instance = node.get("spec", {}).get("providerID", "").rpartition("/")[2]
    return {"name": node["metadata"]["name"], "instance": instance, "version": version, "ready": ready}


def _guards(budget: dict[str, Any]) -> bool:
    return bool(budget.get("status", {}).get("expectedPods"))


def _budget(budget: dict[str, Any]) -> dict[str, Any]:
    metadata = budget["metadata"]
    allowed = budget["status"].get("disruptionsAllowed", 0)
    return {"namespace": metadata["namespace"], "name": metadata["name"], "allowed": allowed}


def main() -> None:
    """Run the module."""
    module = AnsibleK8SModule(
        module_class=AnsibleModule,
        check_pyyaml=False,
        argument_spec=copy.deepcopy(AUTH_ARG_SPEC),
        supports_check_mode=True,
    )
    try:
        client = get_api_client(module).client
    except CoreException as error:
        module.fail_from_exception(error)

    try:
        found = state(partial(get, client))
    except (ApiException, HTTPError) as error:
        said = getattr(error, "reason", "") or error
        module.fail_json(msg=f"The cluster's API does not answer: {said}. Who asks has to be its administrator.")
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
