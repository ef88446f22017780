"""The stack that `make up` brought up, as a person or a program from outside sees it."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import requests

from setup import paths

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT = paths.CHECKOUT
STATE = paths.state()
ENVIRONMENT = "local"
KUBECONFIG = str(STATE / ENVIRONMENT / "kubeconfig")
SECONDS = 10


def run(*command: str, limit: float = 300, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command in the checkout; what it printed is in the result."""
    return subprocess.run(
        command, cwd=CHECKOUT, check=False, capture_output=True, text=True, timeout=limit, env=env or dict(os.environ)
    )


def play(
    name: str, *arguments: str, inventory: str = "local", limit: float = 900, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Play one of the playbooks against an inventory."""
    command = ("ansible-playbook", f"playbooks/{name}.yml", "-i", f"inventories/{inventory}", *arguments)
    return run(*command, limit=limit, env=env)


@contextmanager
def access() -> Iterator[None]:
    """Keep the way through the ops host open, as `playbooks/access.yml` leaves it for a person, while the block runs."""
    opened = play("access")
    assert opened.returncode == 0, opened.stdout[-3000:] + opened.stderr
    yield
    closed = play("access", "-e", "access_state=absent")
    assert closed.returncode == 0, closed.stdout[-3000:] + closed.stderr


def kubectl(*arguments: str, limit: float = 60, **credentials: str) -> tuple[int, str]:
    """Ask the cluster, by the fixture `tunnel`; return the exit code and all that was said."""
    answer = run("kubectl", "--kubeconfig", KUBECONFIG, *arguments, env={**os.environ, **credentials}, limit=limit)
    return answer.returncode, answer.stdout + answer.stderr


def is_ready(thing: dict[str, Any]) -> bool:
    """Tell whether a pod or a node is, and stays."""
    found = {condition["type"]: condition["status"] for condition in thing["status"].get("conditions", [])}
    return found.get("Ready") == "True" and "deletionTimestamp" not in thing["metadata"]


@dataclass(frozen=True)
class Stack:
    """What Terraform hands over, and the doors that lead in."""

    outputs: dict[str, Any]

    @property
    def address(self) -> str:
        return str(self.outputs["load_balancer_addresses"][0])

    @property
    def terraform(self) -> Path:
        return STATE / ENVIRONMENT / "terraform"

    def page(self, path: str, **arguments: Any) -> requests.Response:
        return requests.get(f"http://{self.address}{path}", timeout=SECONDS, **arguments)

    def parameter(self, name: str) -> str:
        client = boto3.client("ssm")
        answer = client.get_parameter(Name=self.outputs["parameters"][name], WithDecryption=True)
        return str(answer["Parameter"]["Value"])

    @cached_property
    def authority(self) -> str:
        """The path of the certificate authority's certificate."""
        file = Path(tempfile.mkdtemp()) / "ca.crt"
        file.write_text(self.parameter("ca_certificate"))
        return str(file)

    def grafana(self, method: str, path: str, *, user: str, **arguments: Any) -> requests.Response:
        return requests.request(
            method,
            f"https://{self.address}:{self.outputs['grafana_port']}{path}",
            auth=(user, self.parameter(f"grafana_{user}")),
            verify=self.authority,
            timeout=SECONDS,
            **arguments,
        )

    def query(self, expression: str) -> dict[tuple[str, ...], float]:
        """Ask the central Prometheus, as the viewer, through Grafana: {label values: value}."""
        query = {"refId": "A", "datasource": {"uid": "prometheus"}, "expr": expression, "instant": True}
        body = {"from": "now-5m", "to": "now", "queries": [query]}
        answer = self.grafana("POST", "/api/ds/query", user="viewer", json=body)
        assert answer.status_code == 200, answer.text
        found = {}
        for frame in answer.json()["results"]["A"]["frames"]:
            labels = frame["schema"]["fields"][-1].get("labels") or {}
            values = frame["data"]["values"]
            if values and values[-1]:
                found[tuple(labels[name] for name in sorted(labels) if name != "__name__")] = values[-1][-1]
        return found


def load() -> Stack:
    """Return the running stack. Raises LookupError when there is none."""
    answer = run("terraform", f"-chdir={STATE / ENVIRONMENT / 'terraform'}", "output", "-json")
    if answer.returncode:
        raise LookupError(f"no stack is up: run `make up` first ({answer.stderr.strip()})")
    return Stack({name: output["value"] for name, output in json.loads(answer.stdout).items()})
