"""A proxy for the world does not catch the tunnel: tasks of the controller go to this machine directly."""

from __future__ import annotations

import http.server
import json
import subprocess
import threading
from typing import TYPE_CHECKING

import pytest

from setup import paths
from setup.phases import environment, program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLAY = """
- hosts: localhost
  connection: local
  gather_facts: false
  environment: "{{ beacon_deployer_environment }}"
  vars: {ansible_python_interpreter: "{{ ansible_playbook_python }}"}
  tasks:
    - kubernetes.core.k8s_info:
        kubeconfig: KUBECONFIG
        kind: Namespace
        api_version: v1
"""


@pytest.fixture
def api() -> Iterator[tuple[int, list[str]]]:
    """Something that listens where the tunnel does; what it is asked."""
    asked: list[str] = []

    class Api(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(403)

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port, asked
        server.shutdown()
        thread.join()


def test_the_tunnel_is_asked_directly(tmp_path: Path, api: tuple[int, list[str]]) -> None:
    port, asked = api
    cluster = {"name": "c", "cluster": {"server": f"http://127.0.0.1:{port}"}}
    context = {"name": "c", "context": {"cluster": "c", "user": ""}}
    kubeconfig = {"clusters": [cluster], "contexts": [context], "current-context": "c"}
    (tmp_path / "kubeconfig").write_text(json.dumps(kubeconfig))
    (tmp_path / "play.yml").write_text(PLAY.replace("KUBECONFIG", str(tmp_path / "kubeconfig")))
    dead = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9")
    without = {name: value for name, value in environment().items() if name.lower() != "no_proxy"}
    variables = f"@{paths.CHECKOUT}/playbooks/group_vars/all/shared.yml"
    command = [program("ansible-playbook"), str(tmp_path / "play.yml"), "-i", "localhost,", "-e", variables]
    answer = subprocess.run(
        command, cwd=paths.CHECKOUT, env=without | dead, check=False, capture_output=True, text=True, timeout=120
    )
    assert asked, answer.stdout + answer.stderr
