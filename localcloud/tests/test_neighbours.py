"""Who is heard, asked from real network namespaces: a machine behind the bridge is, a neighbour who routes here is not.

Needs root, directly or by sudo. In CI that it can't be had is a failure, not a reason to skip.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

import pytest
import requests

from localcloud.tests import test_process

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localcloud.core.config import Config

PUBLIC = IPv4Network("198.18.99.0/25")
GATEWAY, MACHINE = str(PUBLIC[1]), str(PUBLIC[70])
HERE, NEIGHBOUR = "192.0.2.241", "192.0.2.242"  # the two ends of what stands for a LAN
ASK = (  # prints what is answered; a closed or silent connection is an error
    "import sys, urllib.request as r; sys.stdout.write(r.urlopen(r.Request(sys.argv[1], method=sys.argv[2]), timeout=3).read().decode())"
)


def root() -> list[str]:
    """Return what goes before a command that needs root."""
    if os.geteuid() == 0:
        return []
    if subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0:
        return ["sudo", "-n"]
    reason = "network namespaces need root, or sudo without a password"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def ip(*words: str) -> None:
    subprocess.run([*root(), "ip", *words], check=True, capture_output=True, text=True, timeout=30)


@dataclass(frozen=True, kw_only=True)
class Place:
    """A network namespace."""

    name: str

    def ask(self, url: str, method: str = "GET") -> subprocess.CompletedProcess[str]:
        command = ["ip", "netns", "exec", self.name, sys.executable, "-c", ASK, url, method]
        return subprocess.run([*root(), *command], capture_output=True, text=True, timeout=30, check=False)


@pytest.fixture
def places() -> Iterator[tuple[str, Place, Place]]:
    """Give a bridge, a machine behind it, and a neighbour who routes to the bridge's range by this machine."""
    number = str(os.getpid() % 100_000)
    bridge, machine, neighbour = f"tb{number}", f"tm{number}", f"tn{number}"
    with ExitStack() as undo:

        def add(remove: tuple[str, ...], *words: str) -> None:
            ip(*words)
            undo.callback(ip, *remove)

        add(("link", "delete", bridge), "link", "add", bridge, "type", "bridge")
        ip("address", "add", f"{GATEWAY}/{PUBLIC.prefixlen}", "dev", bridge)
        ip("link", "set", bridge, "up")
        for name, outside, address, prefix in ((machine, "", MACHINE, "25"), (neighbour, HERE, NEIGHBOUR, "30")):
            add(("netns", "delete", name), "netns", "add", name)
            ip("link", "add", f"{name}h", "type", "veth", "peer", "name", "eth0", "netns", name)
            ip("link", "set", f"{name}h", "up", *(() if outside else ("master", bridge)))
            if outside:
                ip("address", "add", f"{outside}/{prefix}", "dev", f"{name}h")
            ip("-n", name, "address", "add", f"{address}/{prefix}", "dev", "eth0")
            ip("-n", name, "link", "set", "eth0", "up")
        ip("-n", neighbour, "route", "add", str(PUBLIC), "via", HERE)
        yield bridge, Place(name=machine), Place(name=neighbour)


def test_only_machines_of_our_networks_are_answered(
    config: Config, places: tuple[str, Place, Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    bridge, machine, neighbour = places
    given: Any = test_process.environment(config) | {
        "LOCALCLOUD_PUBLIC_RANGE": str(PUBLIC),
        "LOCALCLOUD_METADATA_PORT": str(config.metadata_port),
        "LOCALCLOUD_TEST_DEVICE": bridge,
    }
    monkeypatch.setattr(test_process, "environment", lambda _: given)
    ports = (config.port, config.registry_port, config.metadata_port)
    with test_process.server(config):
        answered = machine.ask(f"http://{GATEWAY}:{config.port}/health")
        assert '"status": "ok"' in answered.stdout, answered.stderr
        for port in ports:  # what it asks for by the name of the network is there, so the way to it is open
            refused = neighbour.ask(f"http://{GATEWAY}:{port}/health")
            assert "Connection refused" in refused.stderr, (port, refused.stdout, refused.stderr)
        for port, path in ((config.metadata_port, "/latest/api/token"), (config.registry_port, "/v2/")):
            silent = machine.ask(f"http://{GATEWAY}:{port}{path}", "PUT")
            assert (silent.stdout, silent.returncode) == ("", 1)
            assert "Remote end closed connection" in silent.stderr or "reset by peer" in silent.stderr, silent.stderr
        for path in ("/latest/api/token", "/latest/meta-data/"):  # not on the API's port either: S3 has no such bucket
            assert "HTTP Error 403" in machine.ask(f"http://{GATEWAY}:{config.port}{path}", "PUT").stderr
        for page in ({"Origin": "http://evil.example"}, {"Host": "evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            assert requests.get(f"{config.endpoint}/health", headers=page, timeout=5).status_code == 403, page
