"""Entry points `service` and `service_absent` of role release, as the roles call them: played in check mode, on this machine."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.roles.entry import CHECKOUT, play

if TYPE_CHECKING:
    from pathlib import Path

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


def said_by(role: str, entry: str, folder: Path) -> str:
    """Play an entry point of a role in check mode, with the unit in a folder of the test; return what was printed."""
    variables = {
        "__release_unit": str(folder / f"{role}.service"),
        "prometheus_users": USERS,
        "alertmanager_users": USERS,
    }
    done = play(role, entry, folder, variables, "--check", "--diff")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("role", ROLES)
def test_the_unit_is_the_roles_own_and_its_change_restarts_the_service(role: str, tmp_path: Path) -> None:
    said = said_by(role, "service", tmp_path)
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
    said = said_by(role, "absent", tmp_path)
    _, _, removal = said.partition("service_absent | Remove unit, releases and what it wrote]")
    items = re.findall(r"\(item=(\S+)\)", removal.partition("\nTASK ")[0])
    assert items[:2] == [str(tmp_path / f"{role}.service"), f"/opt/{role}"]
    assert set(items[2:]) == ROLES[role][1]
    assert "service_absent | Remove the user]" in removal
