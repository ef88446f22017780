"""Run by the environment that has awx.awx: checks data against the argument specs of its modules.

Reads {"MODULE": [entry, …]} from standard input, writes the list of problems. Alone, since awx.awx is only there.
"""

import importlib
import json
import sys
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.awx.awx.plugins.module_utils import controller_api


class SpecSeenError(Exception):
    """Ends a module where it has said what it takes."""


def spec(module: str) -> dict[str, Any]:
    """Return what a module passes to its base class."""

    def stop(_: Any, **arguments: Any) -> None:
        raise SpecSeenError(arguments)

    code = importlib.import_module(f"ansible_collections.awx.awx.plugins.modules.{module}")
    controller_api.ControllerAPIModule.__init__ = stop
    try:
        code.main()
    except SpecSeenError as seen:
        found: dict[str, Any] = seen.args[0]
        return found
    raise RuntimeError(f"{module} has no argument spec")


def problems(module: str, entries: list[dict[str, Any]]) -> list[str]:
    """Return what is wrong with a module's entries, each with the entry's name."""
    arguments = spec(module)
    validator = ArgumentSpecValidator(**arguments)
    found = []
    for entry in entries:
        name = entry.get("name") or entry.get("identifier") or entry.get("team")
        found += [f"{module} '{name}': {message}" for message in validator.validate(entry).error_messages]
    return found


if __name__ == "__main__":
    data = json.load(sys.stdin)
    json.dump([text for module, entries in data.items() for text in problems(module, entries)], sys.stdout)
