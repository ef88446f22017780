"""An inventory's values come first at a role's call, as they are; own entries stand beside those that the platform needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from plugins.filter.inventory import with_own
from setup import paths

RULES = [{"port": 22}, {"port": 3000}]


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ([], RULES),
        ([{"port": 9200}], [*RULES, {"port": 9200}]),
        ([{"port": 3000, "sources": ["10.0.0.0/8"]}], [{"port": 22}, {"port": 3000, "sources": ["10.0.0.0/8"]}]),
        ([{"port": 22, "protocol": "udp"}], [*RULES, {"port": 22, "protocol": "udp"}]),
        (
            [{"port": 9200, "sources": [str(n)]} for n in (1, 2)],
            [*RULES, *({"port": 9200, "sources": [str(n)]} for n in (1, 2))],
        ),
    ],
    ids=["none", "another", "in its place", "another protocol", "two of one port"],
)
def test_own_entries(own: list[dict[str, Any]], expected: list[dict[str, Any]]) -> None:
    assert with_own(RULES, own, "port", "protocol") == expected


def play(folder: Path, **inventory: object) -> tuple[int, str]:
    """Call a task that sets a variable from the inventory's value of it; return the exit code, and what was printed."""
    hosts = {"all": {"hosts": {"a": inventory, "b": {"ansible_connection": "local", "other": "of b"}}}}
    (folder / "hosts.yml").write_text(json.dumps(hosts))
    lookup = "{{ ['needed'] + lookup('beacon.platform.inventory', 'names', default=['default']) }}"
    task = {"ansible.builtin.debug": {"msg": "{{ names }}"}, "vars": {"names": lookup}}
    (folder / "play.yml").write_text(json.dumps([{"hosts": "a", "gather_facts": False, "tasks": [task]}]))
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    answer = subprocess.run(
        [program, str(folder / "play.yml"), "-i", str(folder / "hosts.yml")],
        cwd=paths.CHECKOUT,
        env={**os.environ, "ANSIBLE_CONFIG": str(paths.CHECKOUT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"},
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return answer.returncode, " ".join((answer.stdout + answer.stderr).split())


@pytest.mark.parametrize(
    ("inventory", "shown"),
    [
        ({}, "- needed - default"),
        ({"names": ["mine"]}, "- needed - mine"),
        ({"names": ["{{ hostvars['b'].other }}"]}, "- needed - of b"),
    ],
    ids=["default", "own", "of another host"],
)
def test_the_inventorys_value(tmp_path: Path, inventory: dict[str, Any], shown: str) -> None:
    code, text = play(tmp_path, **inventory)
    assert code == 0, text
    assert f"msg: {shown}" in text


def test_a_name_that_is_not_defined_is_no_reason_for_the_default(tmp_path: Path) -> None:
    code, text = play(tmp_path, names="{{ naems }}")
    assert code != 0
    assert "'naems' is undefined" in text
