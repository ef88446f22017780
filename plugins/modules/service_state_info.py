#!/usr/bin/python
"""Whether a service runs with what is on its host, told by systemd's times and those of files."""

from __future__ import annotations

DOCUMENTATION = r"""
module: service_state_info
author: The Beacon authors (@beacon)
short_description: What has to be done so that a service runs with what is installed
version_added: 0.1.0
description:
  - Compares since when systemd runs a service with when its files were written. A handler knows only what its own run changed; this
    also finds what a run wrote that was cut short before it came to its handlers.
  - A path may be a link, which counts by itself, or a folder, which is newer when a file in it came, went or was replaced.
options:
  name:
    description: Name of the service.
    type: str
    required: true
  restart_paths:
    description: What the service reads at its start only; those that are missing don't count.
    type: list
    elements: path
    default: []
  reload_paths:
    description: What it reads again at a reload; those that are missing don't count.
    type: list
    elements: path
    default: []
extends_documentation_fragment:
  - beacon.platform.info
"""

EXAMPLES = r"""
- name: Ask whether Prometheus runs with what is installed
  beacon.platform.service_state_info:
    name: prometheus
    restart_paths: [/etc/systemd/system/prometheus.service, /opt/prometheus/current]
    reload_paths: [/etc/prometheus/prometheus.yml, /etc/prometheus/rules]
  register: found

- name: Ensure that it does
  ansible.builtin.systemd_service:
    name: prometheus
    state: "{{ found.state }}"
    daemon_reload: "{{ found.daemon_reload }}"
"""

RETURN = r"""
state:
  description:
    - V(restarted) where the service is older than one of O(restart_paths), V(reloaded) where it was last started or reloaded before one of
      O(reload_paths) was written, and V(started) otherwise.
    - These are states of M(ansible.builtin.systemd_service).
  returned: always
  type: str
daemon_reload:
  description: Whether systemd has yet to read the unit's file.
  returned: always
  type: bool
because:
  description: The path that is newer, the newest of them; empty where the state is V(started).
  returned: always
  type: str
written:
  description: When the newest of O(reload_paths) was written, in seconds since 1970 by the host's clock; 0 where there is none.
  returned: always
  type: float
"""

import datetime as dt
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

PROPERTIES = ("ActiveState", "ExecMainStartTimestamp", "StateChangeTimestamp", "NeedDaemonReload")
"""As https://www.freedesktop.org/software/systemd/man/latest/org.freedesktop.systemd1.html has them: a reload changes the state twice."""


def seconds(timestamp: str) -> float:
    """Return what `systemctl show --timestamp=us+utc` prints, such as `Mon 2026-11-30 17:46:11.123456 UTC`, since 1970; 0 for never."""
    words = timestamp.split()
    if len(words) != len(("weekday", "date", "time", "UTC")):
        return 0
    return dt.datetime.fromisoformat(f"{words[1]}T{words[2]}+00:00").timestamp()


def newest(paths: list[str]) -> tuple[float, str]:
    """Return when the newest was written, in seconds since 1970, and which it is."""
    found = [(path.lstat().st_mtime, str(path)) for path in map(Path, paths) if path.is_symlink() or path.exists()]
    return max(found, default=(0.0, ""))


def state(shown: dict[str, str], restarts: tuple[float, str], reloads: tuple[float, str]) -> tuple[str, str]:
    """Return what has to be done, and because of which path."""
    if shown["ActiveState"] not in {"active", "reloading"}:
        return "started", ""
    if restarts[0] > seconds(shown["ExecMainStartTimestamp"]):
        return "restarted", restarts[1]
    if reloads[0] > seconds(shown["StateChangeTimestamp"]):
        return "reloaded", reloads[1]
    return "started", ""


def main() -> None:
    """Run the module."""
    paths: dict[str, Any] = {"type": "list", "elements": "path", "default": []}
    arguments: dict[str, Any] = {
        "name": {"type": "str", "required": True},
        "restart_paths": paths,
        "reload_paths": paths,
    }
    module = AnsibleModule(argument_spec=arguments, supports_check_mode=True)
    command = ["systemctl", "show", "--timestamp=us+utc", f"--property={','.join(PROPERTIES)}", module.params["name"]]
    out = module.run_command(command, check_rc=True, environ_update={"LC_ALL": "C"})[1]
    shown = dict(line.split("=", 1) for line in out.splitlines())
    restarts, reloads = newest(module.params["restart_paths"]), newest(module.params["reload_paths"])
    wanted, because = state(shown, restarts, reloads)
    module.exit_json(
        changed=False,
        state=wanted,
        because=because,
        daemon_reload=shown["NeedDaemonReload"] == "yes",
        written=reloads[0],
    )


if __name__ == "__main__":
    main()
