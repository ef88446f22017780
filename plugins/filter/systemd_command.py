"""Filter systemd_command: a program and its flags as a unit's ExecStart has them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleFilterError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DOCUMENTATION = r"""
name: systemd_command
short_description: Write a program and its flags for a unit's ExecStart
version_added: 0.1.0
description:
  - A line each, quoted as systemd reads them; C(%) and C($) stay what they are.
positional: flags
options:
  _input:
    description: Path of the program.
    type: str
    required: true
  flags:
    description: Flags by their names without dashes. V(true) is a flag without a value, a list one that is repeated; V(false) and none are left out.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show the command of a unit
  ansible.builtin.debug:
    msg: "ExecStart={{ '/opt/example/current/example' | beacon.platform.systemd_command({'web.listen-address': '127.0.0.1:9100'}) }}"
"""

RETURN = r"""
_value:
  description: The command, without C(ExecStart=).
  type: str
"""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
PLAIN = re.compile(r"[\w@%+=:,./^*()|{}\[\]$-]+")


def systemd_command(program: str, flags: Mapping[str, Any]) -> str:
    """Return the command, a flag a line. Raises AnsibleFilterError for a flag whose name is none."""
    arguments = [f"--{name}{value}" for name in flags for value in _values(name, flags[name])]
    return " \\\n  ".join([program, *map(_quoted, arguments)])


def _values(name: str, value: Any) -> list[str]:
    if not NAME.fullmatch(name):
        raise AnsibleFilterError(f"'{name}' is no flag's name: give it without dashes, such as log.level.")
    if value is True:
        return [""]
    if value is False or value is None:
        return []
    return [f"={one}" for one in (value if isinstance(value, list) else [value])]


def _quoted(argument: str) -> str:
    """Quote as systemd.syntax(7) and systemd.service(5) (command lines) have it."""
    literal = argument.replace("%", "%%").replace("$", "$$")
    if PLAIN.fullmatch(argument):
        return literal
    escaped = literal.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., str]]:
        """Name the filters."""
        return {"systemd_command": systemd_command}
