"""A host that does not answer is named before anything is changed on it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]


def test_a_host_that_does_not_answer_is_named(tmp_path: Path) -> None:
    tasks = [{"name": "Wait", "ansible.builtin.include_tasks": str(CHECKOUT / "playbooks/tasks/hosts.yml")}]
    playbook = tmp_path / "hosts.yml"
    playbook.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
    nowhere = {
        "ansible_host": "127.0.0.254",
        "ansible_user": "admin",
        "hosts_timeout": 3,
        "beacon_ssh_key_file": str(tmp_path / "key"),
        "beacon_state": str(tmp_path),
    }
    command = [str(Path(sys.executable).with_name("ansible-playbook")), str(playbook), "-i", "monitoring,"]
    answer = subprocess.run(
        [*command, "-e", json.dumps(nowhere)],
        cwd=tmp_path,
        env={**os.environ, "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"},
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert answer.returncode != 0
    text = re.sub(r"\s+", " ", answer.stdout + answer.stderr)
    assert (
        "monitoring (127.0.0.254) does not answer ssh after 3 s. Does the instance run, and is this machine's address "
        "one of infrastructure_ssh_allowed_cidrs?" in text
    )
    assert "changed=0" in text
