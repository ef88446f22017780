"""The way to the cluster: a host that does not answer, and a port that is taken, are named with the next step."""

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]


def open_tunnel(state: Path, **inputs: object) -> str:
    """Play the role against a host that is none; return what it printed as one line."""
    values = {
        "cluster_access_cluster_name": "beacon-test",
        "cluster_access_endpoint": "https://nowhere.example",
        "cluster_access_certificate_authority": "none",
        "cluster_access_role_arn": "arn:aws:iam::123456789012:role/none",
        "cluster_access_region": "eu-west-1",
        "cluster_access_ops_host": "127.0.0.254",
        "cluster_access_ops_host_key_alias": "i-0",
        "cluster_access_ssh_user": "admin",
        "cluster_access_ssh_key_file": str(state / "key"),
        "cluster_access_state_directory": str(state),
        "cluster_access_ssh_timeout": 3,
        **inputs,
    }
    program = str(Path(sys.executable).with_name("ansible"))
    command = [program, "localhost", "-i", "inventories/local/hosts.yml", "-m", "ansible.builtin.include_role"]
    command += ["-a", "name=beacon.platform.cluster_access", "-e", json.dumps(values)]
    environment = {**os.environ, "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}
    answer = subprocess.run(
        command, cwd=CHECKOUT, env=environment, check=False, capture_output=True, text=True, timeout=300
    )
    assert answer.returncode != 0
    return re.sub(r"\s+", " ", answer.stdout + answer.stderr)


def test_a_host_that_does_not_answer_is_named(tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True, timeout=60)
    text = open_tunnel(tmp_path)
    assert (
        "admin@127.0.0.254 does not answer ssh after 3 s. Does the instance run, and is this machine's address" in text
    )


def test_a_port_that_is_taken_is_named_before_anything_is_asked(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        text = open_tunnel(tmp_path, cluster_access_port=port)
    assert f"Port {port} of this machine is taken, so the tunnel to the cluster can't begin there." in text
