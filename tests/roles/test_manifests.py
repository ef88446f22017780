"""Every manifest that a role renders, and every one of the local EKS' add-ons, is what Kubernetes' own schemas ask for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from string import Template
from typing import Any

import kubernetes_validate
import pytest
import yaml

CHECKOUT = Path(__file__).parents[2]
VERSION = "1.36"  # of the cluster: infrastructure_kubernetes_version
RANGES = ["10.42.0.0/16", "172.20.0.1/32"]
# inputs that have no default, and some that switch parts of a template on
INPUTS: dict[str, dict[str, Any]] = {
    "application": {
        "application_image": "registry.example/webapp@sha256:0",
        "application_host": "pages.example",
        "application_environment": {"WEBAPP_LOG_LEVEL": "debug"},
    },
    "cluster_baseline": {
        "cluster_baseline_namespaces": ["webapp", "ingress"],
        "cluster_baseline_repositories": ["registry.example/webapp", "registry.example/nginx-ingress"],
    },
    "descheduler": {
        "descheduler_image": "registry.example/descheduler@sha256:0",
        "descheduler_api_server_cidrs": RANGES,
        "descheduler_namespaces": ["webapp", "ingress"],
    },
    "ingress": {
        "ingress_image": "registry.example/nginx-ingress@sha256:0",
        "ingress_api_server_cidrs": RANGES,
        "ingress_proxy_cidrs": RANGES[:1],
    },
    "metrics_agent": {
        "metrics_agent_image": "registry.example/prometheus@sha256:0",
        "metrics_agent_cluster": "beacon-test",
        "metrics_agent_environment": "test",
        "metrics_agent_remote_write_url": "https://10.42.10.20:9090/api/v1/write",
        "metrics_agent_remote_write_password": "made-up",
        "metrics_agent_remote_write_ca": "made-up",
        "metrics_agent_api_server_cidrs": RANGES,
        "metrics_agent_vpc_cidr": RANGES[0],
        "__metrics_agent_configuration": "{{ lookup('ansible.builtin.template', 'prometheus.yml.j2') }}",
    },
}


def manifests(role: str) -> list[Path]:
    """Return the templates of a role that are manifests."""
    found = sorted((CHECKOUT / "roles" / role / "templates").glob("*.yml.j2"))
    return [path for path in found if "apiVersion:" in path.read_text() and "kind: Config\n" not in path.read_text()]


def test_no_role_with_manifests_is_forgotten() -> None:
    roles = {path.parent.name for path in CHECKOUT.glob("roles/*/templates") if manifests(path.parent.name)}
    assert roles == set(INPUTS)


def rendered(role: str, folder: Path) -> dict[str, str]:
    """Render a role's manifests by Ansible itself, with the role's defaults."""
    home = CHECKOUT / "roles" / role
    (folder / "templates").symlink_to(home / "templates")
    names = [path.name for path in manifests(role)]
    pairs = ", ".join(f"'{name}': lookup('ansible.builtin.template', '{name}')" for name in names)
    content = "{{ {" + pairs + "} | to_json }}"
    copy = {"content": content, "dest": str(folder / "rendered.json"), "mode": "0600"}
    task = {"name": "Render", "ansible.builtin.copy": copy}
    files = [str(home / name / "main.yml") for name in ("defaults", "vars") if (home / name / "main.yml").exists()]
    values = {**INPUTS[role], "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    play = {"hosts": "localhost", "gather_facts": False, "vars_files": files, "vars": values, "tasks": [task]}
    (folder / "render.yml").write_text(yaml.safe_dump([play]))
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    environment = {**os.environ, "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}
    done = subprocess.run(
        [program, "render.yml", "-i", "localhost,", "-c", "local"],
        check=False,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, str] = json.loads((folder / "rendered.json").read_text())
    return found


def check(name: str, text: str) -> None:
    """Ask Kubernetes' schema of each object; no unknown field is let through."""
    objects = [item for item in yaml.safe_load_all(text) if item]
    assert objects, f"{name} renders nothing"
    for item in objects:
        kubernetes_validate.validate(item, VERSION, strict=True)


@pytest.mark.parametrize("role", INPUTS)
def test_what_a_role_applies_is_valid(role: str, tmp_path: Path) -> None:
    for name, text in rendered(role, tmp_path).items():
        check(f"{role}/{name}", text)


@pytest.mark.parametrize("path", sorted(CHECKOUT.glob("localcloud/eks/manifests/*.yaml")), ids=lambda path: path.stem)
def test_what_an_add_on_applies_is_valid(path: Path) -> None:
    values = {"REPLICAS": "2", "CLUSTER_DNS": "172.20.0.10", "ENDPOINT_ADDRESS": "10.42.10.4"}
    check(path.name, Template(path.read_text()).substitute(values))


def test_an_unknown_field_is_noticed() -> None:
    wrong = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {selektor: {}}\n"
    with pytest.raises(kubernetes_validate.ValidationError):
        check("wrong", wrong)
