"""The verbs of the command line: they look, start and stop; the server does the work."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

import localcloud
from localcloud.cli import inotify
from localcloud.cli.hosts_file import Names
from localcloud.core import control_socket, owner, saved
from localcloud.core.config import ACCOUNT
from localcloud.core.errors import LocalCloudError
from localcloud.core.owner import OwnedError
from localcloud.docker.client import Engine, failures, probe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localcloud.core.config import Config

START_SECONDS = 60.0
SETTLE_SECONDS = 120.0
STOP_SECONDS = 20.0
POLL_SECONDS = 0.1
LEAST_DISK = 2 << 30
LOG_TAIL = 15
REGISTRY_OFFSET = 2
SERVER = ("-m", "localcloud", "serve")


@dataclass(frozen=True, kw_only=True)
class Control:
    """Acts on one local cloud from outside of its server."""

    config: Config

    @property
    def log_path(self) -> Path:
        """Where the server logs."""
        return self.config.state / "server.log"

    @property
    def credentials_path(self) -> Path:
        """Where the administrator's access key is."""
        return self.config.state / "credentials.json"

    @property
    def names(self) -> Names:
        """The traces outside of the state folder."""
        return Names(config=self.config, address=str(self.config.public_range[REGISTRY_OFFSET]))

    # -- up
    def up(self) -> str:
        """Start the server unless it answers; a message for the person."""
        if (health := self.health()) is not None:
            self._check_is_ours(health)
            self._reconcile()
            return f"Already up: {self.config.endpoint} (server {health['pid']}).{self._advice()}"
        probe()
        self._check_disk()
        self._check_state()
        self._check_port(self.config.port, "LOCALCLOUD_PORT")
        advice = inotify.raise_limit(remember=self.config.state / "inotify.before")
        started = time.monotonic()
        restoring = (self.config.state / "model.pickle").exists()
        process = self._start()
        self._wait_until_up(process)
        done = "Restored" if restoring else "Up"
        return f"{done}: {self.config.endpoint} in {time.monotonic() - started:.1f} s (server {process.pid}).{self._advice(advice)}"

    def _start(self) -> subprocess.Popen[bytes]:
        source = str(Path(localcloud.__file__).parents[1])
        path = os.pathsep.join(filter(None, [source, os.environ.get("PYTHONPATH")]))
        with self.log_path.open("ab") as log:
            os.chmod(self.log_path, 0o600)  # noqa: PTH101 - requests that failed may be in it
            return subprocess.Popen(
                [sys.executable, *SERVER],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=source,
                env={**os.environ, "PYTHONPATH": path},
            )

    def _wait_until_up(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._is_up(process.pid):
            if process.poll() == OwnedError.exit_code:  # by one that was started at the same moment
                raise OwnedError(self.config.state)
            if process.poll() is not None:
                raise LocalCloudError(
                    f"The server ended at its start (exit code {process.returncode}):\n{self._tail()}"
                )
            if time.monotonic() > deadline:
                process.terminate()
                raise LocalCloudError(f"The server did not answer within {START_SECONDS:.0f} s:\n{self._tail()}")
            time.sleep(POLL_SECONDS)
        self._wait_until_settled()

    def _is_up(self, pid: int) -> bool:
        health = self.health() or {}
        return health.get("pid") == pid and health["status"] != "starting"

    def _reconcile(self) -> None:
        """Let the server bring back what was killed meanwhile."""
        try:
            control_socket.ask(self.config.state, "reconcile", seconds=START_SECONDS)
        except (OSError, ValueError) as error:
            raise LocalCloudError(
                f"The server is up, but refuses to reconcile: {error}. Try `stop`, then `up`."
            ) from error
        self._wait_until_settled()

    def _wait_until_settled(self) -> None:
        deadline = time.monotonic() + SETTLE_SECONDS
        while (health := self.health()) and health["waiting"]:
            if time.monotonic() > deadline:
                raise LocalCloudError(
                    f"Up, but not everything runs after {SETTLE_SECONDS:.0f} s; still at: {', '.join(health['waiting'])}. "
                    f"The reasons are in {self.log_path}."
                )
            time.sleep(POLL_SECONDS)
        if health and health["failures"]:
            problems = "; ".join(f"{key}: {text}" for key, text in health["failures"].items())
            raise LocalCloudError(
                f"Up, but not everything could be made to run: {problems}. Try `up` again, or `logs`."
            )

    def _check_disk(self) -> None:
        folder = next(parent for parent in (self.config.state, *self.config.state.parents) if parent.exists())
        free = shutil.disk_usage(folder).free
        if free < LEAST_DISK:
            raise LocalCloudError(
                f"{folder} has {free / 2**30:.1f} GiB free; the local cloud needs {LEAST_DISK / 2**30:.0f} GiB. Make room "
                "(`docker system df` shows what Docker holds), or set LOCALCLOUD_STATE to a folder with more."
            )

    def _check_directory(self) -> None:
        """Refuse a directory that holds something else: `down` removes it whole."""
        folder = self.config.state
        found = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
        if found and not set(found) & {self.log_path.name, "model.pickle", owner.LOCK}:
            raise LocalCloudError(
                f"The state directory {folder} holds something else than a local cloud's state ({', '.join(found[:3])}), and "
                "`down` removes it whole. Set LOCALCLOUD_STATE to a directory of its own. Nothing was changed."
            )

    def _check_state(self) -> None:
        self._check_directory()
        folder = self.config.state
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            # a file that stays, and is known as ours: another `up` may look at the same moment
            os.close(os.open(self.log_path, os.O_WRONLY | os.O_CREAT, 0o600))
        except OSError as error:
            raise LocalCloudError(
                f"The state folder {folder} can't be written ({error.strerror}): give this user the right to, or set "
                "LOCALCLOUD_STATE (or BEACON_STATE) to another folder."
            ) from error
        model = folder / "model.pickle"
        if model.exists():
            saved.check(model)

    def _check_port(self, port: int, setting: str) -> None:
        with socket.socket() as probe_socket:
            probe_socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe_socket.bind(("127.0.0.1", port))
            except OSError as error:
                who = _listener(port) or "another process"
                raise LocalCloudError(
                    f"Port {port} of 127.0.0.1 is taken by {who}: stop it, or set {setting} to a free port."
                ) from error

    def _check_is_ours(self, health: Mapping[str, Any]) -> None:
        port = int(health["port"])
        if health["status"] == "starting" or (health["name"], port) != (self.config.name, self.config.port):
            raise OwnedError(self.config.state)

    def _advice(self, *others: str | None) -> str:
        """Tell the Docker engine where the registry is; what this user may not do is said instead."""
        advice = (*others, self.names.add(self.config.state / "pki" / "ca.crt"))
        return "".join(f"\n{text}" for text in advice if text)

    # -- down
    def down(self) -> str:
        """Stop the server and remove everything that has this instance's label, the names and the state."""
        self._check_directory()
        self.stop()
        lock = owner.take(self.config.state, port=self.config.port)  # nobody starts meanwhile
        removed = self._remove_objects()
        advice = self.names.remove()
        inotify.restore_limit(remember=self.config.state / "inotify.before")
        if self.config.state.exists():
            shutil.rmtree(self.config.state)
        os.close(lock)
        return f"Down: {removed}.{f' {advice}' if advice else ''}"

    def stop(self) -> None:
        """Stop the server only; not running is fine."""
        try:
            process = control_socket.process(self.config.state)
        except OSError:  # none listens
            return
        try:
            with contextlib.suppress(OSError, ValueError):  # one that can't answer is killed
                control_socket.ask(self.config.state, "stop")
            if not _ended(process):
                signal.pidfd_send_signal(process, signal.SIGKILL)
                _ended(process)
        finally:
            os.close(process)

    def _remove_objects(self) -> str:
        engine = Engine()
        label = {"label": self.config.label}
        with failures("removing what has the label " + self.config.label):
            containers = engine.api.containers(all=True, filters=label)
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(lambda c: engine.api.remove_container(c["Id"], force=True, v=True), containers))
            networks = engine.api.networks(filters=label)
            for network in networks:
                engine.api.remove_network(network["Id"])
            volumes = engine.api.volumes(filters=label)["Volumes"] or []
            for volume in volumes:
                engine.api.remove_volume(volume["Name"], force=True)
        return f"{len(containers)} containers, {len(networks)} networks, {len(volumes)} volumes removed"

    # -- looks
    def health(self) -> dict[str, Any] | None:
        """Ask the server how it is; None when none answers."""
        try:
            return control_socket.ask(self.config.state, "health")
        except (OSError, ValueError):
            return None

    def env(self) -> dict[str, str]:
        """Return what AWS clients need in their environment."""
        if not self.credentials_path.exists():
            raise LocalCloudError(
                f"No local cloud is up in {self.config.state}: start it with `python -m localcloud up`."
            )
        key = json.loads(self.credentials_path.read_text())
        return {
            "AWS_ENDPOINT_URL": self.config.endpoint,
            "AWS_ACCESS_KEY_ID": key["access_key_id"],
            "AWS_SECRET_ACCESS_KEY": key["secret_access_key"],
            "AWS_REGION": self.config.region,
            "AWS_DEFAULT_REGION": self.config.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            # profiles, endpoints and output of the person's own files
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_PAGER": "",
        }

    def status(self, *, memory: bool = True) -> dict[str, Any]:
        """Everything that `status` prints; Docker takes a second or two to say how much memory containers have."""
        health = self.health()
        if health is None or health["status"] == "starting":
            raise LocalCloudError(
                f"No local cloud answers at {self.config.endpoint}: start it with `python -m localcloud up`."
            )
        containers = self._containers(memory=memory)
        server = _resident(health["pid"])
        return {
            "endpoint": self.config.endpoint,
            "account": ACCOUNT,
            "region": self.config.region,
            "registry": self.config.registry,
            "server": {"memory_mib": server, **health},
            "containers": containers,
            "memory_mib": round(server + sum(container["memory_mib"] for container in containers), 1),
        }

    def _containers(self, *, memory: bool) -> list[dict[str, Any]]:
        engine = Engine()
        with failures("listing containers"):
            found = engine.api.containers(all=True, filters={"label": self.config.label})

        def look(container: dict[str, Any]) -> dict[str, Any]:
            return {
                "name": container["Names"][0].lstrip("/"),
                "kind": container["Labels"].get("beacon.kind", ""),
                "image": container["Image"],
                "state": container["State"],
                "addresses": sorted(
                    n["IPAddress"] for n in container["NetworkSettings"]["Networks"].values() if n["IPAddress"]
                ),
                "memory_mib": _memory(engine, container) if memory and container["State"] == "running" else 0.0,
            }

        with ThreadPoolExecutor(4) as pool:
            return sorted(pool.map(look, found), key=lambda container: str(container["name"]))

    def _tail(self) -> str:
        return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-LOG_TAIL:])


def _ended(process: int) -> bool:
    """Wait until the process of the file descriptor has ended; False when it takes too long."""
    return bool(select.select([process], [], [], STOP_SECONDS)[0])


def _memory(engine: Engine, container: Mapping[str, Any]) -> float:
    with failures(f"statistics of {container['Names'][0]}"):
        used = engine.api.stats(container["Id"], stream=False, one_shot=True)["memory_stats"]
    details = used.get("stats", {})
    cache = details.get("total_inactive_file", details.get("inactive_file", 0))  # as `docker stats` counts
    return round((used.get("usage", 0) - cache) / 2**20, 1)


def _resident(pid: int) -> float:
    return round(float(psutil.Process(pid).memory_info().rss) / 2**20, 1)


def _listener(port: int) -> str | None:
    """Name and ID of the process that listens on this TCP port; None when this user may not know."""
    for found in psutil.net_connections("tcp"):
        if found.status == psutil.CONN_LISTEN and found.laddr and found.laddr.port == port and found.pid:
            with contextlib.suppress(psutil.NoSuchProcess):  # it has ended meanwhile
                return f"{psutil.Process(found.pid).name()} (process {found.pid})"
    return None
