"""Filter build_log: the lines of an image build that failed, out of a module's message."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

DOCUMENTATION = r"""
name: build_log
author: The Beacon authors (@beacon)
short_description: Lines of a failed image build
version_added: 0.1.0
description:
  - C(community.docker.docker_image) puts a failed build's whole log on one line, as a list within its message. This
    returns the log's lines and then the reason; without a list, the message's own lines.
options:
  _input:
    description: The module's message.
    type: str
    required: true
"""

RETURN = r"""
_value:
  description: The lines.
  type: list
  elements: str
"""

EXAMPLES = r"""
- name: Show the end of the log
  ansible.builtin.debug:
    msg: "{{ (ansible_failed_result.msg | beacon.platform.build_log)[-15:] }}"
"""

COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def build_log(message: str) -> list[str]:
    """Split a message into its lines."""
    reason, found, listing = message.partition(", logs: [")
    lines = message.splitlines()
    if found:
        try:
            lines = [*ast.literal_eval("[" + listing), reason]
        except (SyntaxError, ValueError):
            lines = message.splitlines()  # cut short on its way: better the raw text than none
    plain = (COLOUR.sub("", line).rstrip() for text in lines for line in str(text).splitlines())
    return [line for line in plain if line]


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[[str], list[str]]]:
        """Return it by its name."""
        return {"build_log": build_log}
