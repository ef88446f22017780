#!/usr/bin/env python3
"""Backups of a Prometheus' series by restic: `save`, `fetch SNAPSHOT` and `swap`; settings are in the JSON file of --settings.

The units set restic's environment, let old snapshots end, and remove what a run leaves behind that is killed.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import shutil
import ssl
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypedDict

# Whichever host it is: a new one goes on with the backups of the one before
OWN = ("--host=prometheus", "--tag=series")
SNAPSHOT_SECONDS = 900
MISSING = 10  # restic's exit code since 0.17; before it is 1, and its words tell
LISTED = 30


class BackupError(Exception):
    """Reported to the caller in one line, without a traceback."""


class Snapshot(TypedDict):
    """What restic tells of a snapshot, as far as it is used."""

    id: str
    time: str
    paths: list[str]


@dataclass(frozen=True)
class Settings:
    """Where the series are, and who makes a snapshot of them."""

    directory: Path  # holds the series in `data`, and beside them `saving`, `restored` and `replaced-TIME`
    url: str
    ca: str  # a file; empty where it serves plain HTTP
    user: str  # empty where it asks for none
    password: str  # a file
    metrics: str = ""  # a file that node_exporter serves

    @classmethod
    def read(cls, file: Path) -> Settings:
        """Read the JSON file that the role writes."""
        values = json.loads(file.read_text())
        return cls(**{**values, "directory": Path(values["directory"])})

    @property
    def data(self) -> Path:
        """Return the folder of the series."""
        return self.directory / "data"


def restic(*arguments: str) -> str:
    """Run restic, no longer than the unit's TimeoutStartSec; return what it says. Raises BackupError."""
    done = _run(*arguments)
    if done.returncode:
        raise BackupError(f"{_repository()}: restic {arguments[0]}: {_words(done)}")
    return done.stdout


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["restic", *arguments], capture_output=True, text=True, check=False)


def _words(done: subprocess.CompletedProcess[str]) -> str:
    return " ".join((done.stderr or done.stdout).split())[-500:]


def _repository() -> str:
    return os.environ["RESTIC_REPOSITORY"]


def ensure_repository() -> None:
    """Make the repository where there is none. Raises BackupError when what is there can't be opened."""
    looked = _run("cat", "config")
    if looked.returncode == MISSING or "key does not exist" in looked.stderr:
        restic("init")
    elif "wrong password" in looked.stderr:
        raise BackupError(
            f"{_repository()} was made with another password than prometheus_backup_password: set the one it was made with, "
            "or another prometheus_backup_prefix"
        )
    elif looked.returncode:
        raise BackupError(f"{_repository()} can't be opened: {_words(looked)}")


def take_snapshot(settings: Settings) -> Path:
    """Have Prometheus make a snapshot; return its folder. Raises BackupError."""
    credentials = f"{settings.user}:{Path(settings.password).read_text()}".encode()
    header = {"Authorization": f"Basic {base64.b64encode(credentials).decode()}"} if settings.user else {}
    address = f"{settings.url}/api/v1/admin/tsdb/snapshot"
    request = urllib.request.Request(address, method="POST", headers=header)  # noqa: S310 - the role's own address
    trusted = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=settings.ca or None))
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), trusted)
    try:
        with opener.open(request, timeout=SNAPSHOT_SECONDS) as answer:
            return settings.data / "snapshots" / str(json.load(answer)["data"]["name"])
    except (OSError, ValueError, KeyError) as error:
        raise BackupError(f"Prometheus makes no snapshot: {address}: {error}") from error


def save(settings: Settings) -> str:
    """Upload a snapshot; return its id and how much it was."""
    started = time.time()
    ensure_repository()
    restic("unlock")  # of processes that are gone
    saving = settings.directory / "saving"  # the same path each time, so that restic finds what it knows already
    take_snapshot(settings).rename(saving)
    # A block's files are the same ones each time: only the number of their links has changed, and with it their ctime
    told = json.loads(restic("backup", *OWN, "--ignore-ctime", "--json", str(saving)).splitlines()[-1])
    if settings.metrics:
        _publish(Path(settings.metrics), started)
    size, new = told["total_bytes_processed"], told["data_added"]
    return f"{told['snapshot_id'][:8]}: {size} bytes, {new} of them new, {time.time() - started:.1f} s"


def _publish(file: Path, started: float) -> None:
    """Overwrite in one go: the file is ours, its folder isn't."""
    name = "prometheus_backup_last_success_timestamp_seconds"
    with file.open("r+") as stream:
        stream.write(f"# TYPE {name} gauge\n{name} {started:.0f}\n")
        stream.truncate()


def choose(name: str) -> Snapshot:
    """Return the snapshot that `latest`, an id's beginning or a time such as 20260102T030405Z means. Raises BackupError."""
    found: list[Snapshot] = json.loads(restic("snapshots", *OWN, "--no-lock", "--json")) or []
    found.sort(key=_time)
    named = [one for one in found if one["id"].startswith(name) or _time(one) == name]
    chosen = found[-1:] if name == "latest" else named
    if len(chosen) != 1:
        newest = ", ".join(_label(one) for one in reversed(found[-LISTED:])) or "none"
        raise BackupError(f"{_repository()} has {len(chosen) or 'no'} snapshots {name!r}; there are: {newest}")
    return chosen[0]


def _time(snapshot: Snapshot) -> str:
    return datetime.fromisoformat(snapshot["time"]).astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _label(snapshot: Snapshot) -> str:
    return f"{snapshot['id'][:8]} ({_time(snapshot)})"


def fetch(settings: Settings, name: str) -> str:
    """Download a snapshot as the folder `restored`, verified. Raises BackupError for one that is not there or does not fit."""
    snapshot = choose(name)
    told = json.loads(restic("stats", "--no-lock", "--json", "--mode=restore-size", snapshot["id"]))
    free = shutil.disk_usage(settings.directory).free
    if told["total_size"] > free:
        raise BackupError(
            f"{_label(snapshot)} has {told['total_size']} bytes, and {settings.directory} has room for {free}: make room "
            f"(replaced earlier: {_replaced(settings)}), or restore another one"
        )
    target = settings.directory / "restoring"
    restic("restore", snapshot["id"], "--no-lock", "--verify", f"--target={target}")
    (target / Path(snapshot["paths"][0]).relative_to("/")).rename(settings.directory / "restored")
    return f"{_label(snapshot)}: fetched and verified"


def swap(settings: Settings) -> str:
    """Put what was fetched in the series' place (Prometheus doesn't run); what was there is kept as `replaced-TIME`.

    May be killed at any moment: nothing is deleted, and between the two renames there is no folder for Prometheus to start on.
    Raises BackupError when nothing was fetched.
    """
    restored = settings.directory / "restored"
    if not restored.is_dir():
        raise BackupError(f"{restored} is not there: fetch a snapshot first")
    if settings.data.exists():  # else a run was killed that had moved it already
        wanted = settings.data.stat()  # not as it was fetched, by the group that may ask for the host's credentials
        restored.chmod(wanted.st_mode)
        for path in (restored, *restored.rglob("*")):
            os.chown(path, wanted.st_uid, wanted.st_gid)
        settings.data.rename(settings.directory / time.strftime("replaced-%Y%m%dT%H%M%SZ", time.gmtime()))
    restored.rename(settings.data)
    return f"in place; what was there before is kept until somebody deletes it: {_replaced(settings)}"


def _replaced(settings: Settings) -> str:
    return ", ".join(sorted(str(path) for path in settings.directory.glob("replaced-*"))) or "nothing"


def main() -> int:
    """Do what the command line says; an error is one line."""
    parser = argparse.ArgumentParser(description="Backups of a Prometheus' series by restic.")
    parser.add_argument("--settings", type=Path, default=Path("/etc/prometheus/backup.json"))
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("save", help="upload a snapshot")
    verbs.add_parser("fetch", help="download one beside the series").add_argument("name")
    verbs.add_parser("swap", help="put it in their place; Prometheus must not run")
    arguments = parser.parse_args()
    try:
        settings = Settings.read(arguments.settings)
        if arguments.verb == "fetch":
            said = fetch(settings, arguments.name)
        else:
            said = {"save": save, "swap": swap}[arguments.verb](settings)
    except (BackupError, OSError) as error:
        sys.stderr.write(f"{arguments.verb}: {error}\n")
        return 1
    sys.stdout.write(f"{said}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
