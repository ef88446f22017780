"""The Docker engine: found, or on a Debian machine without a service manager installed and started."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import clean, machine, paths
from .missing import Missing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SOCKET = Path("/var/run/docker.sock")
START_SECONDS = 60
STOP_SECONDS = 60
LIST_REGIONS = "from localcloud.core import regions; print(*regions.commercial())"


def folder() -> Path:
    """Return where the engine that we start keeps its process id and log."""
    return paths.state() / "engine"


def address() -> str:
    """Return where the engine is: at DOCKER_HOST, else at the usual socket."""
    return os.environ.get("DOCKER_HOST", f"unix://{SOCKET}")


def info() -> dict[str, Any]:
    """Return what the engine says of itself and its machine."""
    answer: dict[str, Any] = json.loads(_docker("info", "--format", "{{json .}}"))
    return answer


def networks() -> list[dict[str, Any]]:
    """Return the engine's networks."""
    known: list[dict[str, Any]] = json.loads(_docker("network", "inspect", *_docker("network", "ls", "-q").split()))
    return known


def _docker(*arguments: str) -> str:
    """Ask the engine. Raises subprocess.SubprocessError when it does not answer."""
    command = ["docker", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=60).stdout


def answers() -> bool:
    """Tell whether an engine answers."""
    if not address().startswith("unix://"):
        command = ["docker", "version", "--format", "{{.Server.Version}}"]
        return (
            bool(shutil.which("docker")) and subprocess.run(command, check=False, capture_output=True).returncode == 0
        )
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(address()[len("unix://") :])
            connection.sendall(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
            return connection.recv(64).startswith(b"HTTP/1.")
    except OSError:
        return False


def can_be_asked() -> bool:
    """Tell whether an engine answers, and its command line is there to ask it."""
    return answers() and bool(shutil.which("docker"))


def can_start() -> bool:
    """Tell whether this machine lets us install and start an engine."""
    return machine.is_debian() and machine.is_root() and not machine.has_service_manager()


def check() -> Iterator[Missing]:
    """Look for an engine and its command line, or for the right to start one."""
    if can_start():
        return
    if not answers():
        yield Missing(
            f"no Docker engine answers at {address()}",
            "Start Docker (`systemctl start docker`), install it (https://docs.docker.com/engine/install), "
            "add yourself to the group docker, or set DOCKER_HOST",
        )
    elif not shutil.which("docker"):
        yield Missing(
            "an engine answers, but docker is not on PATH", "Install the package docker-cli, docker-ce-cli or docker.io"
        )


def ensure() -> None:
    """Start an engine unless one answers. Raises RuntimeError with the log's end if it doesn't come up."""
    if can_be_asked():
        return
    if not (shutil.which("dockerd") and shutil.which("docker")):
        machine.install("docker.io", "iptables")
    if answers():
        return
    folder().mkdir(parents=True, exist_ok=True)
    log = folder() / "dockerd.log"
    print(f"no Docker engine answers: starting dockerd (data in {paths.cache() / 'docker'}, log {log})", flush=True)
    Path("/var/run/docker.pid").unlink(missing_ok=True)  # of an engine that died: dockerd would refuse to start
    with log.open("ab") as output:
        process = subprocess.Popen(
            ["dockerd", "--data-root", str(paths.cache() / "docker"), "--live-restore=false"],
            env=environment(os.environ),
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    (folder() / "pid").write_text(str(process.pid))
    deadline = time.monotonic() + START_SECONDS
    while not answers():
        if process.poll() is not None or time.monotonic() > deadline:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-5:])
            raise RuntimeError(f"dockerd did not come up within {START_SECONDS} s; its last words:\n{tail}")
        time.sleep(0.2)


def environment(own: Mapping[str, str]) -> dict[str, str]:
    """Return an engine's environment: where it goes by a proxy, the local cloud's registries are asked directly."""
    if not clean.PROXIES & set(own):
        return dict(own)
    command = [str(paths.VENV / "bin/python"), "-c", LIST_REGIONS]
    regions = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=60, cwd=paths.CHECKOUT)
    direct = ",".join([own["NO_PROXY"], *map(registry_domain, regions.stdout.split())])
    return {**own, "NO_PROXY": direct, "no_proxy": direct}


def registry_domain(region: str) -> str:
    """Return what the names of a region's image registries end with, as exceptions from a proxy have it."""
    return f".dkr.ecr.{region}.amazonaws.com"


def started() -> int | None:
    """Return the process of the engine that `ensure` started, while it lives."""
    try:
        pid = int((folder() / "pid").read_text())
    except (OSError, ValueError):
        return None
    return pid if _is_dockerd(pid) else None


def stop() -> None:
    """Stop the engine if it is the one that `ensure` started."""
    if pid := started():
        print("stopping the Docker engine that set-up started", flush=True)
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while _is_dockerd(pid) and time.monotonic() < deadline:
            time.sleep(0.2)
    (folder() / "pid").unlink(missing_ok=True)


def _is_dockerd(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
        return "(dockerd) Z" not in status and Path(f"/proc/{pid}/comm").read_text().strip() == "dockerd"
    except OSError:
        return False
