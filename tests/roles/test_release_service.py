"""Entry points `service` and `service_absent` of role release, as the roles call them: played in check mode, on this machine."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

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
SANDBOX: dict[str, Any] = yaml.safe_load((CHECKOUT / "roles/release/vars/main.yml").read_text())["__release_settings"]
# What of it a program can't live with
OPEN = {"grafana": ["MemoryDenyWriteExecute"], "node_exporter": ["ProtectClock", "ProtectProc"]}
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
def test_the_unit_has_the_sandbox_but_for_what_the_role_names(role: str, tmp_path: Path) -> None:
    said = said_by(role, "service", tmp_path)
    unit = [line[1:] for line in said.splitlines() if line.startswith("+")]
    program, _ = ROLES[role]
    assert any(line.startswith(f"ExecStart={program} ") for line in unit)
    assert f"User={role.replace('_', '-')}" in unit
    settings = [name for name, equals, _ in (line.partition("=") for line in unit) if equals]
    assert [name for name in (*SANDBOX, "Restart") if name not in settings] == sorted(OPEN.get(role, ()))
    assert "None" not in " ".join(unit)


def test_a_setting_is_a_line_for_each_value_and_one_that_is_left_out_is_none(tmp_path: Path) -> None:
    variables = {
        "__release_unit": str(tmp_path / "greeter.service"),
        "release_service": "greeter",
        "release_directory": "/opt/greeter",
        "release_user": "greeter",
        "release_description": "Greeter",
        "release_documentation": "https://example.invalid/",
        "release_command": "/opt/greeter/current/greeter --name='a b'",
        "release_settings": {"Environment": ["A=1", "B=2"], "PrivateTmp": None, "ProtectHome": False, "UMask": "0027"},
        "release_unit": {"Wants": None, "Requires": "network.target"},
    }
    done = play("release", "service", tmp_path, variables, "--check", "--diff")
    assert done.returncode == 0, done.stdout + done.stderr
    unit = [line[1:] for line in done.stdout.splitlines() if line.startswith("+")]
    start = unit.index("[Unit]")
    assert unit[start : start + 12] == [
        "[Unit]",
        "Description=Greeter",
        "Documentation=https://example.invalid/",
        "After=network-online.target",
        "Requires=network.target",
        "",
        "[Service]",
        "User=greeter",
        "ExecStart=/opt/greeter/current/greeter --name='a b'",
        "Restart=always",
        "RestartSec=2",
        "CapabilityBoundingSet=",
    ]
    assert {"Environment=A=1", "Environment=B=2", "ProtectHome=false", "UMask=0027"} <= set(unit)
    assert not any(line.startswith("PrivateTmp") for line in unit)
    assert unit[-3:] == ["", "[Install]", "WantedBy=multi-user.target"]


@pytest.mark.parametrize("role", ROLES)
def test_removal_names_the_unit_the_releases_and_what_the_service_wrote(role: str, tmp_path: Path) -> None:
    said = said_by(role, "absent", tmp_path)
    _, _, removal = said.partition("service_absent | Remove unit, releases and what it wrote]")
    items = re.findall(r"\(item=(\S+)\)", removal.partition("\nTASK ")[0])
    assert items[:2] == [str(tmp_path / f"{role}.service"), f"/opt/{role}"]
    assert set(items[2:]) == ROLES[role][1]
    assert "service_absent | Remove the user]" in removal
