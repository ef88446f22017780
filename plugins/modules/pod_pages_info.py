#!/usr/bin/python
"""What pods answer to requests for pages."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pod_pages_info
author: The Beacon authors (@beacon)
short_description: What pods answer to requests for pages
version_added: 0.1.0
description:
  - Asks each pod itself for pages, by the port forwarding of the cluster's API; so it needs no way to the pod's network, and the right
    C(create) and C(get) on C(pods/portforward). A pod that listens for PROXY protocol gets its header, as from a load balancer.
  - A pod that does not answer is no failure; it is told in the result. An API that does not forward is one.
options:
  namespace:
    description: Namespace of the pods.
    type: str
    required: true
  pods:
    description: Their names.
    type: list
    elements: str
    required: true
  port:
    description: The port at which a pod answers.
    type: int
    required: true
  pages:
    description: What to ask for.
    type: list
    elements: dict
    required: true
    suboptions:
      path:
        description: Path, and query.
        type: str
        required: true
      host:
        description: The host's name that the request tells.
        type: str
        default: localhost
  proxy_protocol:
    description: Whether each connection begins with a PROXY protocol header (C(UNKNOWN), which names no caller).
    type: bool
    default: false
  timeout:
    description: Seconds to wait for an answer.
    type: int
    default: 10
extends_documentation_fragment:
  - beacon.platform.info
  - kubernetes.core.k8s_auth_options
requirements:
  - kubernetes (Python package)
"""

EXAMPLES = r"""
- name: Ask two pods behind a load balancer for a page
  beacon.platform.pod_pages_info:
    namespace: ingress
    pods: [ingress-5d8f-a, ingress-5d8f-b]
    port: 8000
    proxy_protocol: true
    pages: [{path: /}]
"""

RETURN = r"""
answers:
  description: One of each pod to each page, with C(pod), C(host), C(path), and either C(status) and C(location) or C(error).
  returned: always
  type: list
  elements: dict
"""

import copy
from contextlib import suppress
from functools import partial
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable
    from socket import socket

from ansible_collections.kubernetes.core.plugins.module_utils.ansiblemodule import AnsibleModule
from ansible_collections.kubernetes.core.plugins.module_utils.args_common import AUTH_ARG_SPEC
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.client import get_api_client
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.core import AnsibleK8SModule
from ansible_collections.kubernetes.core.plugins.module_utils.k8s.exceptions import CoreException

with suppress(ImportError):  # AnsibleK8SModule names a missing package
    from kubernetes.client import CoreV1Api
    from kubernetes.client.exceptions import ApiException
    from kubernetes.stream import portforward

PROXY_HEADER = b"PROXY UNKNOWN\r\n"  # https://www.haproxy.org/download/1.8/doc/proxy-protocol.txt


def ask(connect: Callable[[], socket], page: dict[str, str], *, proxy_protocol: bool, timeout: int) -> dict[str, Any]:
    """Ask for one page over a new connection; return its status and where it leads to, or why there is no answer."""
    connection = HTTPConnection(page["host"], timeout=timeout)
    try:
        connection.sock = connect()
        connection.sock.settimeout(timeout)
        if proxy_protocol:
            connection.sock.sendall(PROXY_HEADER)
        connection.request("GET", page["path"], headers={"User-Agent": "beacon", "Connection": "close"})
        response = connection.getresponse()
        return {"status": response.status, "location": response.getheader("Location", "")}
    except (HTTPException, OSError) as error:
        return {"error": str(error) or type(error).__name__}
    finally:
        connection.close()


def reason(error: ApiException) -> str:
    """Say what the API answered, without the headers that the client puts into a refusal of port forwarding."""
    return str(error.reason).partition(" -+-+- ")[0]


def main() -> None:
    """Run the module."""
    page: dict[str, Any] = {"path": {"type": "str", "required": True}, "host": {"type": "str", "default": "localhost"}}
    module = AnsibleK8SModule(
        module_class=AnsibleModule,
        check_pyyaml=False,
        argument_spec={
            **copy.deepcopy(AUTH_ARG_SPEC),
            "namespace": {"type": "str", "required": True},
            "pods": {"type": "list", "elements": "str", "required": True},
            "port": {"type": "int", "required": True},
            "pages": {"type": "list", "elements": "dict", "required": True, "options": page},
            "proxy_protocol": {"type": "bool", "default": False},
            "timeout": {"type": "int", "default": 10},
        },
        supports_check_mode=True,
    )
    params = module.params
    try:
        api = CoreV1Api(get_api_client(module).client.client)
    except CoreException as error:
        module.fail_from_exception(error)

    def connect(pod: str) -> socket:
        forward = api.connect_get_namespaced_pod_portforward
        way = portforward(forward, pod, params["namespace"], ports=str(params["port"]))
        return cast("socket", way.socket(params["port"]))

    settings = {"proxy_protocol": params["proxy_protocol"], "timeout": params["timeout"]}
    try:
        answers = [
            {"pod": pod, **page, **ask(partial(connect, pod), page, **settings)}
            for pod in params["pods"]
            for page in params["pages"]
        ]
    except ApiException as error:
        module.fail_json(
            msg=f"The cluster's API does not forward to the pods of {params['namespace']}: {reason(error)}. "
            "Who asks needs the rights create and get on pods/portforward."
        )
    module.exit_json(changed=False, answers=answers)


if __name__ == "__main__":
    main()
