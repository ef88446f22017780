#!/usr/bin/env python3
"""Backups of a Prometheus' series in S3: `save`, `fetch NAME` and `swap`; settings are in the JSON file of --settings.

A snapshot is a picture by hard links: it costs no room and disturbs nobody. First the write-ahead logs, then the blocks,
so that what moves from one to the other meanwhile is in it twice, and never missing; Prometheus sorts that out when it
starts. The snapshot goes to S3 as parts of one tar stream; its manifest comes last, and makes it whole.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

LOGS = ("wal", "wbl")
BLOCK = re.compile(r"[0-9A-Z]{26}")  # a ULID
OWN = ("snapshots", "restoring", "lost+found")  # beside the series in the data folder, and not of them
LOG_TRIES = 5
NAME = re.compile(r"[0-9]{8}T[0-9]{6}Z")
PART = re.compile(r"part-[0-9]{5}\.tar")
SHA256 = re.compile(r"[0-9a-f]{64}")
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
PART_BYTES = 256 * 2**20
PARTS_MAXIMUM = 4096  # 1 TiB; more is no backup of ours
TEXT_BYTES = 2**20  # room for the manifest of so many parts
TRANSFER_SECONDS = 900
METADATA = "http://169.254.169.254"
METADATA_SECONDS = 5


class BackupError(Exception):
    """Said to whoever called, without a traceback."""


@dataclass(frozen=True)
class Settings:
    """Where the series are, and where their backups."""

    data: Path
    bucket: str
    prefix: str
    region: str
    endpoint: str
    metrics: str = ""  # a file that node_exporter serves

    @classmethod
    def read(cls, file: Path) -> Settings:
        """Read the JSON file that the role writes."""
        values = json.loads(file.read_text())
        return cls(**{**values, "data": Path(values["data"])})


def credentials() -> dict[str, str]:
    """Return keys: of the process' environment, else of the instance's role. Raises BackupError without either."""
    if os.environ.get("AWS_ACCESS_KEY_ID"):
        return {
            "key": os.environ["AWS_ACCESS_KEY_ID"],
            "secret": os.environ["AWS_SECRET_ACCESS_KEY"],
            "token": os.environ.get("AWS_SESSION_TOKEN", ""),
        }
    try:
        token = _metadata("PUT", "/latest/api/token", {"X-aws-ec2-metadata-token-ttl-seconds": "300"})
        header = {"X-aws-ec2-metadata-token": token}
        role = _metadata("GET", "/latest/meta-data/iam/security-credentials/", header).split()[0]
        found = json.loads(_metadata("GET", f"/latest/meta-data/iam/security-credentials/{role}", header))
    except (OSError, IndexError) as error:
        raise BackupError(
            f"this host has no role: {METADATA} says {error}. Does it have an instance profile?"
        ) from error
    return {"key": found["AccessKeyId"], "secret": found["SecretAccessKey"], "token": found["Token"]}


def _metadata(method: str, path: str, headers: dict[str, str]) -> str:
    request = urllib.request.Request(METADATA + path, method=method, headers=headers)  # noqa: S310 - a fixed address
    with urllib.request.urlopen(request, timeout=METADATA_SECONDS) as answer:  # noqa: S310
        return str(answer.read().decode())


@dataclass(frozen=True)
class Bucket:
    """Objects below the prefix, by curl, which signs requests; keys go in by its standard input, seen by nobody."""

    settings: Settings

    def put(self, key: str, file: Path) -> None:
        """Upload a file."""
        self._curl(key, {"upload-file": str(file)})

    def put_text(self, key: str, text: str, scratch: Path) -> None:
        """Upload a text."""
        scratch.write_text(text)
        self.put(key, scratch)
        scratch.unlink()

    def get(self, key: str, file: Path, *, maximum: int) -> None:
        """Download to a file; one of more bytes than the maximum is refused."""
        self._curl(key, {"output": str(file), "max-filesize": str(maximum)})

    def get_text(self, key: str) -> str:
        """Download a text."""
        return self._curl(key, {"max-filesize": str(TEXT_BYTES)})

    def _curl(self, key: str, more: dict[str, str]) -> str:
        keys = credentials()
        endpoint = self.settings.endpoint or f"https://s3.{self.settings.region}.amazonaws.com"
        options = {
            "url": f"{endpoint}/{self.settings.bucket}/{self.settings.prefix}/{key}",
            "aws-sigv4": f"aws:amz:{self.settings.region}:s3",
            "user": f"{keys['key']}:{keys['secret']}",
            "max-time": str(TRANSFER_SECONDS),
            "connect-timeout": "10",
            "retry": "3",
            **more,
        }
        if keys["token"]:
            options["header"] = f"x-amz-security-token: {keys['token']}"
        lines = [f'{name} = "{_quoted(name, value)}"' for name, value in options.items()]
        done = subprocess.run(
            ["curl", "--fail-with-body", "--silent", "--show-error", "--config", "-"],
            input="\n".join(lines),
            capture_output=True,
            text=True,
            check=False,
            timeout=4 * TRANSFER_SECONDS,
        )
        if done.returncode:
            said = " ".join((done.stderr + done.stdout).split())[:500]
            raise BackupError(f"s3://{self.settings.bucket}/{self.settings.prefix}/{key}: {said}")
        return done.stdout


def _quoted(option: str, value: str) -> str:
    """Write a value for curl's configuration, where the end of a line begins another option. Raises BackupError."""
    if CONTROL.search(value):
        raise BackupError(f"curl's option {option} would get a control character: correct backup.json, or the backup")
    return value.replace("\\", "\\\\").replace('"', '\\"')


class Parts(io.RawIOBase):
    """A stream that is uploaded in parts of one size, each with its sum."""

    def __init__(self, bucket: Bucket, name: str, scratch: Path) -> None:
        self.sums: list[dict[str, Any]] = []
        self._bucket, self._name, self._scratch = bucket, name, scratch
        self._file = scratch.open("wb")

    def writable(self) -> bool:
        """Say that it is."""
        return True

    def write(self, data: Any) -> int:
        """Take some more; a part that is full goes."""
        # once an upload has failed, tarfile still empties its buffer while the error is on its way
        rest = memoryview(b"" if self._file.closed else data)
        while rest:
            room = PART_BYTES - self._file.tell()
            self._file.write(rest[:room])
            rest = rest[room:]
            if self._file.tell() == PART_BYTES:
                self.ship()
                self._file = self._scratch.open("wb")
        return len(data)

    def close(self) -> None:
        """Close the part that was not shipped, too: an upload failed."""
        self._file.close()
        super().close()

    def ship(self) -> None:
        """Upload what there is as a part."""
        self._file.close()
        key = f"part-{len(self.sums):05}.tar"
        part = {"key": key, "bytes": self._scratch.stat().st_size, "sha256": _sha256(self._scratch)}
        self._bucket.put(f"{self._name}/{key}", self._scratch)
        self._scratch.unlink()
        self.sums.append(part)


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def link(source: Path, target: Path) -> bool:
    """Link every file of a tree to a new one; return whether all were still there when their turn came."""
    whole = True
    for folder, _, names in os.walk(source):
        here = target / Path(folder).relative_to(source)
        here.mkdir(parents=True, exist_ok=True)
        for name in names:
            try:
                os.link(Path(folder) / name, here / name)
            except FileNotFoundError:
                whole = False
    return whole


def take(data: Path, target: Path) -> None:
    """Take a picture of the series: logs first, then blocks. Raises BackupError when they don't hold still."""
    for name in LOGS:
        # a segment that went was replaced by a checkpoint that we may have missed: once more
        for _ in range(LOG_TRIES):
            shutil.rmtree(target / name, ignore_errors=True)
            if link(data / name, target / name):
                break
        else:
            raise BackupError(f"{data / name} changed {LOG_TRIES} times while it was looked at: try again later")
    for folder in sorted(data.iterdir()):
        # a block that went is in another one, which was there before
        if BLOCK.fullmatch(folder.name) and not link(folder, target / folder.name):
            shutil.rmtree(target / folder.name)


def save(settings: Settings) -> str:
    """Upload a snapshot; return its name. What a run that was cut short left behind goes first."""
    started = time.time()
    name = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(started))
    bucket = Bucket(settings)
    folder = settings.data / "snapshots" / "saving"
    shutil.rmtree(folder, ignore_errors=True)
    picture = folder / "picture"
    picture.mkdir(parents=True)
    try:
        take(settings.data, picture)
        with Parts(bucket, name, folder / "part") as parts:
            with tarfile.open(fileobj=parts, mode="w|", format=tarfile.PAX_FORMAT) as archive:
                for path in sorted(picture.rglob("*")):
                    archive.add(path, arcname=str(path.relative_to(picture)), recursive=False)
            parts.ship()
        bucket.put_text(f"{name}/manifest.json", json.dumps({"name": name, "parts": parts.sums}), folder / "text")
        bucket.put_text("latest", name, folder / "text")
    finally:
        shutil.rmtree(folder)
    size = sum(part["bytes"] for part in parts.sums)
    if settings.metrics:
        _tell(Path(settings.metrics), {"last_success_timestamp_seconds": started, "bytes": size})
    return f"{name}: {size} bytes in {len(parts.sums)} parts, {time.time() - started:.1f} s"


def _tell(file: Path, values: dict[str, float]) -> None:
    """Overwrite in one go: the file is ours, its folder isn't."""
    text = "".join(
        f"# TYPE prometheus_backup_{name} gauge\nprometheus_backup_{name} {value:.0f}\n"
        for name, value in values.items()
    )
    with file.open("r+") as stream:
        stream.write(text)
        stream.truncate()


def fetch(settings: Settings, name: str) -> str:
    """Download a snapshot into the folder `restoring`, and verify it. Raises BackupError for one that isn't whole."""
    bucket = Bucket(settings)
    name = bucket.get_text("latest") if name == "latest" else name
    if not NAME.fullmatch(name):
        raise BackupError(f"{name!r} is no snapshot's name: it is `latest`, or a time such as 20260102T030405Z")
    target = settings.data / "restoring"
    shutil.rmtree(target, ignore_errors=True)
    parts = read_manifest(bucket.get_text(f"{name}/manifest.json"), name=name)
    size, free = sum(part["bytes"] for part in parts), shutil.disk_usage(settings.data).free
    if size > free:
        raise BackupError(
            f"{name} has {size} bytes, and {settings.data} has room for {free}: make room, or restore another"
        )
    target.mkdir()
    stream = io.BufferedReader(Stream(bucket, name, parts, target / "part"))
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        archive.extractall(target, filter="data")
    (target / "name").write_text(name)
    return f"{name}: fetched and verified"


def read_manifest(text: str, *, name: str) -> list[dict[str, Any]]:
    """Return a manifest's parts (`key`, `bytes`, `sha256`). Raises BackupError for what `save` would not have written."""
    try:
        parts = json.loads(text)["parts"]
        problem = next((f"a part {part}" for part in parts if not _is_part(part)), "")
    except (ValueError, KeyError, TypeError) as error:
        raise BackupError(f"{name}/manifest.json can't be read ({error!r}). Restore another one.") from error
    if len(parts) > PARTS_MAXIMUM:
        problem = f"{len(parts)} parts, and {PARTS_MAXIMUM} are the most"
    if problem:
        raise BackupError(f"{name}/manifest.json is not what was saved: it has {problem[:200]}. Restore another one.")
    return list(parts)


def _is_part(part: dict[str, Any]) -> bool:
    return (
        PART.fullmatch(part["key"]) is not None
        and SHA256.fullmatch(part["sha256"]) is not None
        and type(part["bytes"]) is int
        and 0 <= part["bytes"] <= PART_BYTES
    )


class Stream(io.RawIOBase):
    """A snapshot's parts as one stream; each is verified before any of it is read."""

    def __init__(self, bucket: Bucket, name: str, parts: list[dict[str, Any]], scratch: Path) -> None:
        self._chunks = self._read(bucket, name, parts, scratch)
        self._rest = b""

    @staticmethod
    def _read(bucket: Bucket, name: str, parts: list[dict[str, Any]], scratch: Path) -> Iterator[bytes]:
        for part in parts:
            bucket.get(f"{name}/{part['key']}", scratch, maximum=part["bytes"])
            if _sha256(scratch) != part["sha256"]:
                raise BackupError(
                    f"{name}/{part['key']} is not what was saved: its sha256 differs. Restore another one."
                )
            with scratch.open("rb") as file:
                while chunk := file.read(2**20):
                    yield chunk
            scratch.unlink()

    def readable(self) -> bool:
        """Say that it is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Hand out the next bytes; 0 at the end."""
        self._rest = self._rest or next(self._chunks, b"")
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


def swap(settings: Settings) -> str:
    """Put what was fetched in the series' place (Prometheus doesn't run); what was there is kept in snapshots/replaced.

    May be killed at any moment: another one goes on, and nothing of what was there is lost. Raises BackupError when nothing
    was fetched.
    """
    restoring, replaced = settings.data / "restoring", settings.data / "snapshots" / "replaced"
    if not (restoring / "name").exists():
        raise BackupError(f"{restoring} holds no whole snapshot: fetch one first")
    unfinished = replaced / "unfinished"
    if not unfinished.exists():  # else a run was killed: what it put there is all that is left of the old series
        shutil.rmtree(replaced, ignore_errors=True)  # not there at the first restore; what stays is refused by mkdir
        replaced.mkdir(parents=True)
        unfinished.touch()
    entries = _entries(restoring)
    for path in list(settings.data.iterdir()):
        is_restored = path.name in entries and not (restoring / path.name).exists()  # by the run that was killed
        if path.name not in OWN and not is_restored:
            path.rename(_free(replaced / path.name))
    for entry in entries:
        if (restoring / entry).exists():
            (restoring / entry).rename(settings.data / entry)
    name = (restoring / "name").read_text()
    (restoring / "name").unlink()  # first: without it nobody takes what is left of the folder for a snapshot
    shutil.rmtree(restoring)
    unfinished.unlink()
    return f"{name}: in place; what was there is in {replaced}"


def _entries(restoring: Path) -> list[str]:
    """Return the names of what a snapshot consists of, as they were before the first was moved."""
    listed = restoring / "entries"
    if not listed.exists():
        new = restoring / "entries.new"
        new.write_text("\n".join(sorted(path.name for path in restoring.iterdir() if path.is_dir())))
        new.rename(listed)
    return listed.read_text().split("\n")


def _free(path: Path) -> Path:
    """Return the path, or with a number after it one where nothing is yet."""
    numbered = (path.with_name(f"{path.name}.{number}") for number in itertools.count(1))
    return next(one for one in itertools.chain([path], numbered) if not one.exists())


def main() -> int:
    """Do what the command line says; an error is one line."""
    parser = argparse.ArgumentParser(description="Backups of a Prometheus' series in S3.")
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
    except (BackupError, OSError, tarfile.TarError, subprocess.TimeoutExpired) as error:
        sys.stderr.write(f"{arguments.verb}: {error}\n")
        return 1
    sys.stdout.write(f"{said}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
