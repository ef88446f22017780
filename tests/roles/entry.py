"""An entry point of a role, played alone on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CHECKOUT = Path(__file__).parents[2]


def play(
    role: str, entry: str, folder: Path, variables: Mapping[str, object], *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Play it, by a playbook in the folder; what it printed is in the result."""
    task = {"ansible.builtin.include_role": {"name": f"beacon.platform.{role}", "tasks_from": entry}}
    return play_tasks([task], folder, variables, *arguments)


def play_tasks(
    tasks: Sequence[Mapping[str, object]], folder: Path, variables: Mapping[str, object], *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Play tasks, by a playbook in the folder; what it printed is in the result."""
    playbook = folder / "play.yml"
    playbook.write_text(yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": list(tasks)}]))
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    inputs = json.dumps({"ansible_python_interpreter": sys.executable, **variables})
    return subprocess.run(
        [program, str(playbook), "-i", "localhost,", "-c", "local", "-e", inputs, *arguments],
        cwd=CHECKOUT,
        env={**os.environ, "ANSIBLE_NOCOLOR": "1"},
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
