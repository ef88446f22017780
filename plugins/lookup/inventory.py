"""What the inventory says for an input of a role, at the place where the role is called."""

from __future__ import annotations

DOCUMENTATION = r"""
name: inventory
author: The Beacon authors (@beacon)
short_description: What the inventory says for a variable, or a default
version_added: 0.1.0
description:
  - The value of a variable in the inventory, for the host of the play. Variables of plays, tasks and role calls are not looked at,
    so a role call can hand over the inventory's value of the very input that it sets.
  - The value is templated where it is looked up. One that names something undefined is an error, never the default.
options:
  _terms:
    description: Names of variables.
    type: list
    elements: str
    required: true
  default:
    description: The value where the inventory has none.
    type: raw
    required: true
"""

EXAMPLES = r"""
- name: Take the inventory's retention, else a year
  ansible.builtin.include_role:
    name: beacon.platform.prometheus
  vars:
    prometheus_retention_time: "{{ lookup('beacon.platform.inventory', 'prometheus_retention_time', default='1y') }}"
"""

RETURN = r"""
_raw:
  description: The values.
  type: list
  elements: raw
"""

from typing import TYPE_CHECKING, Any

from ansible.plugins.lookup import LookupBase

if TYPE_CHECKING:
    from collections.abc import Iterable


class LookupModule(LookupBase):  # type: ignore[misc] # Ansible ships no types
    """The lookup itself."""

    def run(self, terms: Iterable[str], variables: dict[str, Any] | None = None, **options: Any) -> list[Any]:
        """Return each variable's value of the inventory, or the default."""
        variables = variables or {}
        said = variables["hostvars"].raw_get(variables["inventory_hostname"])
        return [self._templar.template(said[name]) if name in said else options["default"] for name in terms]
