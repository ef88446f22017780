"""Entry points `service` and `service_absent` of role release, as the roles call them: played in check mode, on this machine."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

CHECKOUT = Path(__file__).parents[2]
# Each role's program, and what is removed beside unit and releases
ROLES = {
    "alertmanager": ("/opt/alertmanager/current/alertmanager", {"/etc/alertmanager", "/var/lib/alertmanager"}),
    "grafana": ("/opt/grafana/current/bin/grafana server", {"/etc/grafana", "/var/lib/grafana", "/var/log/grafana"}),
    "node_exporter": (
        "/opt/node_exporter/current/node_exporter",
        {"/var/lib/node_exporter/textfile", "/var/lib/node_exporter"},
    ),
    "prometheus": ("/opt/prometheus/current/prometheus", {"/etc/prometheus", "/var/lib/prometheus"}),
}
USERS = [{"name": "reader", "password": "made-up"}]


def play(role: str, entry: str, folder: Path) -> str:
    """Play an entry point of a role in check mode, with the unit in a folder of the test; return what was printed."""
    task = {"ansible.builtin.include_role": {"name": f"beacon.platform.{role}", "tasks_from": entry}}
    (folder / "play.yml").write_text(yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": [task]}]))
    variables = {
        "__release_unit": str(folder / f"{role}.service"),
        "ansible_python_interpreter": sys.executable,
        "prometheus_users": USERS,
        "alertmanager_users": USERS,
    }
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    arguments = ["-i", "localhost,", "-c", "local", "--check", "--diff", "-e", json.dumps(variables)]
    done = subprocess.run(
        [program, str(folder / "play.yml"), *arguments],
        cwd=CHECKOUT,
        env={**os.environ, "ANSIBLE_NOCOLOR": "1"},
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("role", ROLES)
def test_the_unit_is_the_roles_own_and_its_change_restarts_the_service(role: str, tmp_path: Path) -> None:
    said = play(role, "service", tmp_path)
    unit = "\n".join(line[1:] for line in said.splitlines() if line.startswith("+"))
    program, _ = ROLES[role]
    assert f"ExecStart={program} \\" in unit
    template = (CHECKOUT / f"roles/{role}/templates/{role}.service.j2").read_text()
    plain = [line for line in template.splitlines() if re.match(r"[A-Z]\w+=[^{]*$", line)]
    assert len(plain) > 20
    assert [line for line in plain if line not in unit.splitlines()] == []
    assert f"RUNNING HANDLER [beacon.platform.{role} : Restart {role}]" in said


@pytest.mark.parametrize("role", ROLES)
def test_removal_names_the_unit_the_releases_and_what_the_service_wrote(role: str, tmp_path: Path) -> None:
    said = play(role, "absent", tmp_path)
    _, _, removal = said.partition("service_absent | Remove unit, releases and what it wrote]")
    items = re.findall(r"\(item=(\S+)\)", removal.partition("\nTASK ")[0])
    assert items[:2] == [str(tmp_path / f"{role}.service"), f"/opt/{role}"]
    assert set(items[2:]) == ROLES[role][1]
    assert "service_absent | Remove the user]" in removal
