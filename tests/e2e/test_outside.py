"""A network that only routes through this machine, as a neighbour's or another container's, gets no answer from the stack."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.e2e.stack import run

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.again
NAMESPACE, DEVICE = "beacon-outside", "veth-outside"
HERE, THERE = "203.0.113.245", "203.0.113.246"  # of a range for documentation: RFC 5737
SETUP = f"""
netns add {NAMESPACE}
link add {DEVICE} type veth peer name eth0 netns {NAMESPACE}
addr add {HERE}/30 dev {DEVICE}
link set {DEVICE} up
-n {NAMESPACE} addr add {THERE}/30 dev eth0
-n {NAMESPACE} link set eth0 up
-n {NAMESPACE} route add default via {HERE}
"""
METADATA = "169.254.169.254"
# ports of what runs in containers, which have no socket of this machine: pages, ssh, Kubernetes, etcd, the registry, monitoring
PORTS = (22, 80, 443, 2379, 3000, 5000, 6443, 8080, 9090, 9093, 9100, 10250, 10256)
ASK = """
import json, socket, sys
from concurrent.futures import ThreadPoolExecutor
def answer(target):
    try:
        with socket.create_connection(target, timeout=2) as connection:
            connection.sendall(b"GET /health HTTP/1.0\\r\\n\\r\\n")
            return bool(connection.recv(1))
    except OSError:
        return False
targets = [tuple(target) for target in json.load(sys.stdin)]
with ThreadPoolExecutor(64) as pool:
    print(json.dumps([target for target, answered in zip(targets, pool.map(answer, targets)) if answered]))
"""


@pytest.fixture
def outside() -> Iterator[None]:
    """A namespace whose way to everywhere is this machine, which forwards, as Docker needs it to."""
    try:
        for command in SETUP.strip().splitlines():
            done = run("ip", *command.split())
            assert done.returncode == 0, f"ip {command}: {done.stderr}"
        yield
    finally:
        run("ip", "link", "del", DEVICE)
        run("ip", "netns", "del", NAMESPACE)


def addresses() -> set[str]:
    """Return the addresses of this machine and of the stack's containers."""
    containers = run("docker", "ps", "--quiet").stdout.split()
    inspected = json.loads(run("docker", "inspect", *containers).stdout)
    inside = {one["IPAddress"] for found in inspected for one in found["NetworkSettings"]["Networks"].values()}
    here = {one.address for of in psutil.net_if_addrs().values() for one in of if one.family is socket.AF_INET}
    return (inside | here | {METADATA}) - {"", "127.0.0.1"}


def listened_on() -> set[int]:
    """Return the ports on which the stack's servers listen."""
    commands = ("localcloud", "mirror")
    servers = [one for one in psutil.process_iter(["cmdline"]) if {*commands} & {*(one.info["cmdline"] or [])}]
    ports = {at.laddr.port for one in servers for at in one.net_connections("tcp") if at.status == psutil.CONN_LISTEN}
    assert len(ports) > 3, f"the servers of a stack that is up were not found: {ports}"
    return ports


def answering(targets: list[tuple[str, int]]) -> list[list[str | int]]:
    """Ask from the namespace; what answered."""
    command = ["ip", "netns", "exec", NAMESPACE, "python3", "-c", ASK]
    asked = subprocess.run(command, input=json.dumps(targets), capture_output=True, text=True, timeout=120, check=True)
    return list(json.loads(asked.stdout))


def test_nothing_answers_who_is_outside(outside: None) -> None:
    with closing(socket.create_server((HERE, 0))) as control:
        port: int = control.getsockname()[1]
        threading.Thread(target=answer_one, args=[control], daemon=True).start()
        assert answering([(HERE, port)]) == [[HERE, port]], "what does answer is seen"
    targets = [(address, port) for address in sorted(addresses()) for port in sorted(listened_on() | {*PORTS})]
    assert len(targets) > 100
    assert answering(targets) == []


def answer_one(control: socket.socket) -> None:
    """Answer the first who asks."""
    connection, _ = control.accept()
    with connection:
        connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n")
