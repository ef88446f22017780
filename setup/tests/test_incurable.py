"""What can't be mended is told before anything is changed, all at once, each with its way out."""

from __future__ import annotations

import os
import platform
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from setup import engine, incurable, paths
from setup.missing import Missing

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
HERE = {
    "ServerVersion": "28.2.2",
    "OperatingSystem": "Debian GNU/Linux 13 (trixie)",
    "KernelVersion": platform.release(),
    "Architecture": "x86_64",
    "SecurityOptions": ["name=seccomp,profile=default", "name=cgroupns"],
}
# a row is an engine that can't serve: what differs, and what is said of it
ENGINES: list[tuple[dict[str, Any], str]] = [
    ({"ServerVersion": "19.03.15"}, "the Docker engine is 19.03.15, 20.10 or newer is needed"),
    ({"SecurityOptions": ["name=rootless"]}, "runs rootless: its networks can't be reached from here"),
    ({"OperatingSystem": "Docker Desktop"}, "is Docker Desktop's: its networks can't be reached from here"),
    ({"KernelVersion": "6.6.0-linuxkit"}, "runs on another kernel (6.6.0-linuxkit, in a VM or on another machine)"),
    ({"Architecture": "aarch64"}, "the Docker engine is for aarch64. Images are built for x86_64: take such a machine"),
]
# a row is a route of /proc/net/route (device, destination, mask; bytes in reverse), and what is said of it
ROUTES = [
    ("tun0", "0000000A", "000000FF", "BEACON_NETWORK=10.42 overlaps 10.0.0.0/8, this machine's route by tun0"),
    ("cni0", "00002A0A", "0000FFFF", "BEACON_NETWORK=10.42 overlaps 10.42.0.0/16, this machine's route by cni0"),
    ("vpn", "006433C6", "00FFFFFF", "LOCALCLOUD_PUBLIC_RANGE=198.51.100.0/24 overlaps 198.51.100.0/24, this"),
    ("eth0", "00000000", "00000000", ""),
    ("br-1234", "00002A0A", "0000FFFF", ""),
    ("eth0", "0000A8C0", "0000FFFF", ""),
]


def said(found: Any) -> str:
    return "\n".join(map(str, found))


@pytest.fixture(autouse=True)
def defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in (*incurable.RANGES, "LOCALCLOUD_NAME"):
        monkeypatch.delenv(variable, raising=False)


@pytest.mark.parametrize(("differs", "text"), ENGINES)
def test_an_engine_that_can_not_serve_is_named(differs: dict[str, Any], text: str) -> None:
    assert text in said(incurable.engine_kind(HERE | differs))


def test_an_engine_of_this_machine_is_taken() -> None:
    assert said(incurable.engine_kind(HERE)) == ""
    assert said(incurable.engine_proxy(HERE)) == ""


@pytest.mark.parametrize("exceptions", ["", "127.0.0.1,intra.example", "dkr.ecr.us-east-1.amazonaws.com"])
def test_an_engine_that_asks_a_proxy_for_the_registry_is_named(exceptions: str) -> None:
    text = said(incurable.engine_proxy({**HERE, "HttpsProxy": "http://proxy.example:3128", "NoProxy": exceptions}))
    assert (
        "asks the proxy http://proxy.example:3128 for the local cloud's registry, too. Add .dkr.ecr.eu-west-1.amazonaws.com"
        in text
    )


@pytest.mark.parametrize(
    "exceptions",
    [
        "*",
        "127.0.0.1, amazonaws.com",
        "*.amazonaws.com",
        ".dkr.ecr.eu-west-1.amazonaws.com",
        f"1{engine.registry_domain('eu-west-1')}",
    ],
)
def test_an_engine_that_asks_the_registry_directly_is_taken(exceptions: str) -> None:
    assert (
        said(incurable.engine_proxy({**HERE, "HttpsProxy": "http://proxy.example:3128", "NoProxy": exceptions})) == ""
    )


def test_the_engine_that_we_start_asks_no_proxy_for_a_registry() -> None:
    own = {"HTTPS_PROXY": "http://proxy.example:3128", "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    seen = engine.environment(own)
    assert {"127.0.0.1", ".dkr.ecr.eu-west-1.amazonaws.com", ".dkr.ecr.ap-southeast-2.amazonaws.com"} <= set(
        seen["NO_PROXY"].split(",")
    )
    assert seen["no_proxy"] == seen["NO_PROXY"]
    assert seen["HTTPS_PROXY"] == own["HTTPS_PROXY"]
    assert engine.environment({"PATH": "/bin"}) == {"PATH": "/bin"}


@pytest.mark.parametrize(("device", "destination", "mask", "text"), ROUTES)
def test_a_route_that_overlaps_names_the_variable(
    tmp_path: Path, device: str, destination: str, mask: str, text: str
) -> None:
    table = tmp_path / "route"
    table.write_text(f"{HEADER}{device}\t{destination}\t00000000\t0001\t0\t0\t0\t{mask}\t0\t0\t0\n")
    found = said(incurable.ranges([], table))
    assert found.startswith(text) if text else not found
    assert not text or ". Set " in found


def test_a_docker_network_that_overlaps_is_named_but_not_our_own(tmp_path: Path) -> None:
    (tmp_path / "route").write_text(HEADER)
    network = {"Name": "other", "Labels": {}, "IPAM": {"Config": [{"Subnet": "10.42.8.0/24"}, {"Subnet": "fd00::/64"}]}}
    text = "BEACON_NETWORK=10.42 overlaps 10.42.8.0/24, the Docker network other. Set BEACON_NETWORK to a range that is free, such as 172.29"
    assert said(incurable.ranges([network], tmp_path / "route")) == text
    ours = network | {"Labels": {"beacon.localcloud": "localcloud"}}
    assert said(incurable.ranges([ours], tmp_path / "route")) == ""


@pytest.mark.parametrize(
    ("state", "text"),
    [
        ("/home/somebody/.local/state/beacon", ""),
        ("/srv/übung/beacon-1", ""),
        ("/srv/" + "x" * 64, "is 69 bytes long; ssh's sockets in it allow 68. Set BEACON_STATE to a shorter one"),
        (
            "/srv/my state",
            "has ' ' in its name, which ssh's options don't carry. Set BEACON_STATE to one of letters, digits",
        ),
        ("/srv/50%\"'", "has '\"' '%' \"'\" in its name"),
    ],
)
def test_the_state_directory(monkeypatch: pytest.MonkeyPatch, state: str, text: str) -> None:
    monkeypatch.setenv("BEACON_STATE", state)
    found = said(incurable.state_path())
    assert text in found if text else not found


def test_the_longest_state_directory_holds_a_socket_of_ssh() -> None:
    """The bound is the kernel's, not a guess."""
    longest = incurable.SOCKET_CHARACTERS - len(incurable.LONGEST_SOCKET)
    with socket.socket(socket.AF_UNIX) as unix:
        with pytest.raises(FileNotFoundError):
            unix.connect("/" + "x" * (longest - 1) + incurable.LONGEST_SOCKET)
        with pytest.raises(OSError, match="path too long"):
            unix.connect("/" + "x" * longest + incurable.LONGEST_SOCKET)


def test_noexec(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    real = os.statvfs
    monkeypatch.setenv("BEACON_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(os, "statvfs", lambda path: _Flags(real(path).f_flag | os.ST_NOEXEC))
    assert f"{tmp_path}/cache is mounted noexec" in said(incurable.executable())
    assert "Set TMPDIR to a directory on another file system" in said(incurable.executable())


class _Flags:
    def __init__(self, flag: int) -> None:
        self.f_flag = flag


def test_memory_and_inotify(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text("MemTotal:        2048000 kB\n")
    assert said(incurable.memory(tmp_path / "meminfo")).startswith("6 GiB of memory are needed, this machine has 2.0")
    (tmp_path / "instances").write_text("64\n")
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert "Run as root: sysctl fs.inotify.max_user_instances=1024" in said(incurable.inotify(tmp_path / "instances"))
    (tmp_path / "instances").write_text("128\n")
    assert said(incurable.inotify(tmp_path / "instances")) == ""


def test_make_up_tells_all_at_once_and_changes_nothing(tmp_path: Path) -> None:
    """The real verb; a row is a setting and what is said of it."""
    rows = {
        "BEACON_STATE": (str(tmp_path / ("long " * 20)), "Set BEACON_STATE to a shorter one"),
        "LOCALCLOUD_PORT": ("5600x", "LOCALCLOUD_PORT=5600x is no port. A number from 1024 to 65535 is allowed"),
        "MIRROR_PORT": ("70000", "MIRROR_PORT=70000 is no port"),
        "BEACON_NETWORK": ("10.42.1", "BEACON_NETWORK=10.42.1 is no range. An example: 10.42"),
    }
    caller = {**os.environ, **{name: value for name, (value, _) in rows.items()}}
    command = [sys.executable, "-E", "-m", "setup", "up"]
    answer = subprocess.run(
        command, env=caller, cwd=paths.CHECKOUT, check=False, capture_output=True, text=True, timeout=60
    )
    assert answer.returncode == 2, answer.stdout
    assert answer.stderr.startswith("This machine lacks:\n")
    for _, text in rows.values():
        assert text in answer.stderr
    assert list(tmp_path.iterdir()) == []


def test_missing_is_one_line() -> None:
    assert str(Missing("a is not there", "Get it")) == "a is not there. Get it"
