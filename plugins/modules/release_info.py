#!/usr/bin/python
"""What a host has of a program that role release installs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release_info
author: The Beacon authors (@beacon)
short_description: The releases of a program on a host, and the user that runs it
version_added: 0.1.0
description:
  - Tells all that role P(beacon.platform.release#role) compares, with one start of Python on the host instead of four.
options:
  directory:
    description: Folder that holds the versions and the link C(current).
    type: path
    required: true
  version:
    description: Version that is wanted; the name of its folder.
    type: str
    required: true
  user:
    description: Name of the user that runs the program.
    type: str
    default: ""
extends_documentation_fragment:
  - beacon.platform.info
"""

EXAMPLES = r"""
- name: Look which version runs
  beacon.platform.release_info:
    directory: /opt/prometheus
    version: 3.13.5
    user: prometheus
"""

RETURN = r"""
identity:
  description: What the version's folder was unpacked from; empty where it is missing, or was cut short.
  returned: always
  type: str
current:
  description: Where the link C(current) points; empty where there is none.
  returned: always
  type: str
others:
  description: Paths of the other versions, the newest first.
  returned: always
  type: list
  elements: str
user:
  description: The user's C(home) and C(shell); empty where there is no such user.
  returned: always
  type: dict
"""

import pwd
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

MARKER = ".release"


def identity(directory: Path, version: str) -> str:
    """Return the text of a version's marker, which is written last."""
    marker = directory / version / MARKER
    return marker.read_text(encoding="utf-8").strip() if marker.is_file() else ""


def current(directory: Path) -> str:
    """Return the target of the link, as it stands there."""
    link = directory / "current"
    return str(link.readlink()) if link.is_symlink() else ""


def others(directory: Path, version: str) -> list[str]:
    """Return the folders of other versions, the newest first."""
    if not directory.is_dir():
        return []
    found = [
        path
        for path in directory.iterdir()
        if path.is_dir() and not path.is_symlink() and path.name != version and not path.name.startswith(".")
    ]
    return [str(path) for path in sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)]


def user(name: str) -> dict[str, str]:
    """Return what role release asks of a user."""
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return {}
    return {"home": entry.pw_dir, "shell": entry.pw_shell}


def main() -> None:
    """Run the module."""
    arguments: dict[str, Any] = {
        "directory": {"type": "path", "required": True},
        "version": {"type": "str", "required": True},
        "user": {"type": "str", "default": ""},
    }
    module = AnsibleModule(argument_spec=arguments, supports_check_mode=True)
    directory, version = Path(module.params["directory"]), module.params["version"]
    module.exit_json(
        changed=False,
        identity=identity(directory, version),
        current=current(directory),
        others=others(directory, version),
        user=user(module.params["user"]),
    )


if __name__ == "__main__":
    main()
