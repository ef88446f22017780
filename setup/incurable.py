"""What a local cloud needs of this machine and no program can mend: said before the first minute, each with its way out."""

from __future__ import annotations

import ipaddress
import os
import platform
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import engine, paths
from .missing import Check, Missing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

ENGINE_MINIMUM = (20, 10)
MEMORY_GIB = 6
SOCKET_CHARACTERS = 107  # sun_path of unix(7), less its end
LONGEST_SOCKET = "/local/tunnel-01234567" + ".0123456789abcdef"  # of cluster_access, as ssh names it while it is made
MACHINES = 8
INOTIFY_INSTANCES = 12 * MACHINES  # of one systemd, times machines
INOTIFY_WANTED = 1024
LABEL = "beacon.localcloud"
# variable -> its default, and another that is seldom taken
RANGES = {"LOCALCLOUD_PUBLIC_RANGE": ("198.51.100.0/24", "203.0.113.0/24"), "BEACON_NETWORK": ("10.42", "172.29")}
ROUTES = Path("/proc/net/route")
INSTANCES = Path("/proc/sys/fs/inotify/max_user_instances")
MEMORY = Path("/proc/meminfo")


def state_path() -> Iterator[Missing]:
    """Look whether ssh's sockets can be made in the state directory, and their names be handed from program to program."""
    state = str(paths.state())
    longest = SOCKET_CHARACTERS - len(LONGEST_SOCKET)
    if len(os.fsencode(state)) > longest:
        yield Missing(
            f"the state directory {state} is {len(os.fsencode(state))} bytes long; ssh's sockets in it allow {longest}",
            "Set BEACON_STATE to a shorter one",
        )
    if wrong := sorted(set(re.findall(r"[^\w/.+@-]", state))):
        yield Missing(
            f"the state directory {state} has {' '.join(map(repr, wrong))} in its name, which ssh's options don't carry",
            "Set BEACON_STATE to one of letters, digits and / . _ + @ -",
        )


def executable() -> Iterator[Missing]:
    """Look whether programs may be run where they are unpacked and built."""
    for folder, variable in ((Path(tempfile.gettempdir()), "TMPDIR"), (paths.cache(), "BEACON_CACHE")):
        existing = next(path for path in (folder, *folder.parents) if path.exists())
        if os.statvfs(existing).f_flag & os.ST_NOEXEC:
            yield Missing(
                f"{folder} is mounted noexec: programs that are built there can't be run",
                f"Set {variable} to a directory on another file system",
            )


def memory(source: Path = MEMORY) -> Iterator[Missing]:
    """Look for enough memory."""
    total = int(re.findall(r"MemTotal:\s+(\d+) kB", source.read_text())[0]) / 2**20
    if total < MEMORY_GIB:
        yield Missing(
            f"{MEMORY_GIB} GiB of memory are needed, this machine has {total:.1f}",
            "Take a larger one, or give the VM more",
        )


def inotify(setting: Path = INSTANCES) -> Iterator[Missing]:
    """Look whether each machine's systemd will get its inotify instances; the local cloud raises the limit where it may."""
    allowed = int(setting.read_text())
    if allowed < INOTIFY_INSTANCES and not os.access(setting, os.W_OK):
        yield Missing(
            f"{allowed} inotify instances are allowed, {MACHINES} machines need {INOTIFY_INSTANCES}",
            f"Run as root: sysctl fs.inotify.max_user_instances={INOTIFY_WANTED}",
        )


def engine_kind(info: Mapping[str, Any]) -> Iterator[Missing]:
    """Look whether this is an engine whose bridges are this machine's: machines are reached at addresses there."""
    version = tuple(map(int, re.findall(r"\d+", str(info["ServerVersion"]))[:2]))
    if version < ENGINE_MINIMUM:
        yield Missing(
            f"the Docker engine is {info['ServerVersion']}, {'.'.join(map(str, ENGINE_MINIMUM))} or newer is needed",
            "See https://docs.docker.com/engine/install",
        )
    kind = ""
    if any("rootless" in option for option in info.get("SecurityOptions") or []):
        kind = "runs rootless"
    elif "Docker Desktop" in str(info.get("OperatingSystem")):
        kind = "is Docker Desktop's"
    elif info.get("KernelVersion") != platform.release():
        kind = f"runs on another kernel ({info.get('KernelVersion')}, in a VM or on another machine)"
    if kind:
        yield Missing(
            f"the Docker engine at {engine.address()} {kind}: its networks can't be reached from here",
            "Install Docker Engine on this machine (https://docs.docker.com/engine/install), and unset DOCKER_HOST or set it to "
            "its socket",
        )
    if info.get("Architecture") not in {"x86_64", "amd64"}:
        yield Missing(
            f"the Docker engine is for {info.get('Architecture')}", "Images are built for x86_64: take such a machine"
        )


def engine_proxy(info: Mapping[str, Any]) -> Iterator[Missing]:
    """Look whether the engine would ask a proxy for the local cloud's image registry."""
    domain = engine.registry_domain(os.environ.get("LOCALCLOUD_REGION", "eu-west-1"))
    direct = [name.strip().removeprefix("*") for name in str(info.get("NoProxy") or "").split(",") if name.strip()]
    # "*" alone is all of them; a name is that domain's, or above it: https://pkg.go.dev/golang.org/x/net/http/httpproxy#Config
    covered = any(not name or name.endswith(domain) or domain.endswith(f".{name.removeprefix('.')}") for name in direct)
    if info.get("HttpsProxy") and not covered:
        yield Missing(
            f"the Docker engine at {engine.address()} asks the proxy {info['HttpsProxy']} for the local cloud's registry, too",
            f"Add {domain} to its exceptions (proxies.no-proxy in /etc/docker/daemon.json, or NO_PROXY of its service), and restart it",
        )


def ranges(networks: Iterable[Mapping[str, Any]], source: Path = ROUTES) -> Iterator[Missing]:
    """Look whether a Docker network or a route of this machine (a VPN's, a Kubernetes') has addresses that we use."""
    taken = [
        (ipaddress.ip_network(pool["Subnet"]), f"the Docker network {network['Name']}")
        for network in networks
        if f"{network['Labels'].get(LABEL)}" != os.environ.get("LOCALCLOUD_NAME", "localcloud")
        for pool in network["IPAM"].get("Config") or []
    ]
    for line in source.read_text().splitlines()[1:]:
        device, destination, _, _, _, _, _, mask = line.split()[:8]
        if mask != "00000000" and not device.startswith(("br-", "docker")):
            taken.append(
                (
                    ipaddress.ip_network(f"{_address(destination)}/{_address(mask)}"),
                    f"this machine's route by {device}",
                )
            )
    for variable, (default, free) in RANGES.items():
        value = os.environ.get(variable) or default
        try:
            ours = ipaddress.IPv4Network(value if "/" in value else f"{value}.0.0/16")
        except ValueError:
            yield Missing(f"{variable}={value} is no range", f"An example: {default}")
            continue
        for there, owner in taken:
            if ours.version == there.version and ours.overlaps(there):
                yield Missing(
                    f"{variable}={value} overlaps {there}, {owner}",
                    f"Set {variable} to a range that is free, such as {free}",
                )


def _address(text: str) -> ipaddress.IPv4Address:
    """Read the kernel's way to write an address: hexadecimal, its bytes in reverse."""
    return ipaddress.IPv4Address(int.from_bytes(bytes.fromhex(text), "little"))


def _answering_engine() -> Iterator[Missing]:
    if engine.can_be_asked():
        info = engine.info()
        yield from engine_kind(info)
        yield from engine_proxy(info)


def _free_ranges() -> Iterator[Missing]:
    return ranges(engine.networks() if engine.can_be_asked() else [])


CHECKS = (
    Check("state directory", state_path),
    Check("programs may run", executable),
    Check("memory", memory),
    Check("inotify", inotify),
    Check("engine's kind", _answering_engine),
    Check("address ranges", _free_ranges),
)
