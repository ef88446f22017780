"""Roles of hosts: refused on other systems before anything is changed, archives named for each architecture. Played on this machine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from mirror.settings import SOURCE, TABLE
from mirror.table import read_table
from plugins.filter.host import ARCHITECTURES
from tests.roles.entry import CHECKOUT, play_tasks
from tests.roles.readmes import systems

if TYPE_CHECKING:
    from pathlib import Path

ARCHIVES = ("alertmanager", "grafana", "node_exporter", "prometheus")
MADE_UP = [{"name": "reader", "password": "made-up"}]
REQUIRED: dict[str, dict[str, Any]] = {
    "alertmanager": {
        "alertmanager_tls_enabled": False,
        "alertmanager_users": MADE_UP,
        "alertmanager_listen_address": "127.0.0.1:9093",
    },
    "grafana": {
        "grafana_tls_enabled": False,
        "grafana_listen_address": "127.0.0.1",
        "grafana_admin_password": "made-up-and-long-enough",
    },
    "node_exporter": {},
    "prometheus": {
        "prometheus_tls_enabled": False,
        "prometheus_users": MADE_UP,
        "prometheus_listen_address": "127.0.0.1:9090",
    },
    "host_baseline": {},
    "release": {"release_directory": "/opt/tool"},
    "ssh_access": {"ssh_access_user": "admin", "ssh_access_environment_key": "ssh-ed25519 AAAA"},
}


def host(system: str, version: str, machine: str) -> dict[str, Any]:
    """Return the task after which a play takes this machine for such a host."""
    facts = {"distribution": system, "distribution_version": version, "architecture": machine}
    return {"ansible.builtin.set_fact": {**facts, "cacheable": True}}


@pytest.mark.parametrize("role", REQUIRED)
def test_another_system_is_refused_before_anything_is_changed(role: str, tmp_path: Path) -> None:
    tasks = [
        host("Fedora", "42", "x86_64"),
        {"ansible.builtin.include_role": {"name": f"beacon.platform.{role}"}},
    ]
    done = play_tasks(tasks, tmp_path, REQUIRED[role], "--check")
    said = " ".join(done.stdout.split())
    assert done.returncode == 2, done.stdout + done.stderr
    assert "The host runs Fedora 42 on x86_64: supported are Debian 12, Debian 13, Ubuntu 24.04, each on" in said
    assert "changed=0 " in said


def test_this_check_asks_the_host_itself_where_no_facts_are_gathered(tmp_path: Path) -> None:
    task = {"ansible.builtin.include_role": {"name": "beacon.platform.release", "tasks_from": "host"}}
    done = play_tasks([task], tmp_path, {})
    assert "host | Gather the facts that tell]" in done.stdout
    assert "host | Check system and architecture]" in done.stdout
    assert "unknown" not in done.stdout


def test_archives_of_each_architecture_are_those_of_their_makers(tmp_path: Path) -> None:
    shown = tmp_path / "shown.json"
    names = [f"{role}_url" for role in ARCHIVES]
    keep = {
        "ansible.builtin.copy": {
            "content": "{{ [ansible_facts.architecture, query('ansible.builtin.vars', *names)] | to_json }}",
            "dest": f"{shown}.{{{{ ansible_facts.architecture }}}}",
            "mode": "0600",
        }
    }
    files = [str(CHECKOUT / f"roles/{role}/defaults/main.yml") for role in ARCHIVES]
    tasks = [{"ansible.builtin.include_vars": {"file": file}} for file in files]
    tasks += [task for machine in ARCHITECTURES for task in (host("Debian", "13", machine), keep)]
    done = play_tasks(tasks, tmp_path, {"names": names})
    assert done.returncode == 0, done.stdout + done.stderr
    upstream = [made.url for role in ARCHIVES if (made := read_table(SOURCE / TABLE)[role].upstream)]
    assert len(upstream) == len(ARCHIVES)
    for machine, architecture in ARCHITECTURES.items():
        wanted = [url.replace("linux-amd64", f"linux-{architecture}") for url in upstream]
        assert json.loads((tmp_path / f"shown.json.{machine}").read_text()) == [machine, wanted]


def test_the_support_matrix_names_what_is_supported() -> None:
    page = (CHECKOUT / "docs/site/support.md").read_text()
    *named, _ = systems().partition(" on ")[0].replace(" or ", ", ").split(", ")
    assert all(name in page for name in (*named, *ARCHITECTURES.values()))
