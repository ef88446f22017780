"""A Prometheus' series go to S3 and come back, byte by byte; what is not whole is refused."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import boto3
import pytest
import yaml
from moto.server import ThreadedMotoServer

from roles.prometheus.files.backup import prometheus_backup as backup

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "made-up")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "made-up")
        client = boto3.client("s3", endpoint_url=address, region_name="eu-west-1")
        client.create_bucket(Bucket="backup", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    yield address
    server.stop()


@pytest.fixture
def settings(tmp_path: Path, endpoint: str, monkeypatch: pytest.MonkeyPatch) -> backup.Settings:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "made-up")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", 'made-"up"\\')
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(backup, "PART_BYTES", 20000)
    data = tmp_path / "data"
    for path, size in {
        "wal/00000003": 30000,
        "wal/checkpoint.00000002/00000000": 50,
        f"{BLOCK}/chunks/000001": 45000,
    }.items():
        (data / path).parent.mkdir(parents=True, exist_ok=True)
        (data / path).write_bytes(os.urandom(size))
    (data / BLOCK / "meta.json").write_text("{}")
    (data / "lock").write_text("")
    (data / f"{BLOCK}.tmp-for-creation").mkdir()
    metrics = tmp_path / "backup.prom"
    metrics.write_text("an older text, which is longer than the new one" * 20)
    prefix = tmp_path.name
    return backup.Settings(
        data=data, bucket="backup", prefix=prefix, region="eu-west-1", endpoint=endpoint, metrics=str(metrics)
    )


def files(folder: Path) -> dict[str, bytes]:
    kept = (path for path in folder.rglob("*") if path.is_file() and not {"snapshots", "lock"} & set(path.parts))
    return {str(path.relative_to(folder)): path.read_bytes() for path in kept}


def test_what_was_saved_comes_back_and_what_was_there_is_kept(settings: backup.Settings) -> None:
    before = files(settings.data)
    assert "bytes in 5 parts" in backup.save(settings)
    assert not (settings.data / "snapshots" / "saving").exists()
    (settings.data / "wal" / "00000003").write_bytes(b"another disk")
    backup.fetch(settings, "latest")
    backup.swap(settings)
    assert files(settings.data) == before
    assert (settings.data / "snapshots/replaced/wal/00000003").read_bytes() == b"another disk"
    assert not (settings.data / "restoring").exists()


class KilledError(BaseException):
    """As a SIGKILL: nothing of the program runs any more."""


@pytest.mark.parametrize("again", ["swap", "fetch and swap"])
@pytest.mark.parametrize("renames", range(8))
def test_a_swap_that_is_killed_loses_nothing_and_the_next_one_ends_it(
    settings: backup.Settings, monkeypatch: pytest.MonkeyPatch, renames: int, again: str
) -> None:
    before = files(settings.data)
    backup.save(settings)
    other = {"wal/00000009": b"old log", "01BRZ3NDEKTSV4RRFFQ69G5FAA/chunks/000001": b"old block", "wbl/1": b"old"}
    for path, content in other.items():
        (settings.data / path).parent.mkdir(parents=True, exist_ok=True)
        (settings.data / path).write_bytes(content)
    backup.fetch(settings, "latest")
    left = iter(range(renames))
    rename = Path.rename

    def until_killed(path: Path, target: Path) -> Path:
        if next(left, None) is None:
            raise KilledError
        return rename(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", until_killed)
        with pytest.raises(KilledError):
            backup.swap(settings)
    if again != "swap":
        backup.fetch(settings, "latest")
    backup.swap(settings)
    assert files(settings.data) == before
    replaced = settings.data / "snapshots" / "replaced"
    kept = [path.read_bytes() for path in replaced.rglob("*") if path.is_file()]
    assert set(other.values()) <= set(kept)
    assert not (replaced / "unfinished").exists()
    backup.fetch(settings, "latest")
    assert backup.swap(settings).endswith(f"in place; what was there is in {replaced}")
    assert files(settings.data) == before


def test_the_metrics_tell_when_it_was(settings: backup.Settings) -> None:
    backup.save(settings)
    lines = Path(settings.metrics).read_text().splitlines()
    assert lines[1].startswith("prometheus_backup_last_success_timestamp_seconds 1")
    assert len(lines) == 4


def test_a_part_that_was_changed_is_refused(settings: backup.Settings) -> None:
    name = backup.save(settings).partition(":")[0]
    client = boto3.client("s3", endpoint_url=settings.endpoint, region_name="eu-west-1")
    client.put_object(Bucket="backup", Key=f"{settings.prefix}/{name}/part-00002.tar", Body=b"else")
    with pytest.raises(backup.BackupError, match=r"part-00002.tar is not what was saved"):
        backup.fetch(settings, "latest")
    with pytest.raises(backup.BackupError, match="holds no whole snapshot: fetch one first"):
        backup.swap(settings)


def test_a_backup_that_was_cut_short_is_not_the_latest(
    settings: backup.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = backup.save(settings).partition(":")[0]

    def cut(self: backup.Parts) -> None:
        raise backup.BackupError("the network went away")

    monkeypatch.setattr(backup.Parts, "ship", cut)
    with pytest.raises(backup.BackupError, match="the network went away"):
        backup.save(settings)
    assert not (settings.data / "snapshots" / "saving").exists()
    assert backup.Bucket(settings).get_text("latest") == first


@pytest.mark.parametrize("name", ["../../etc", "yesterday", "", "20260102T030405Z\n", "20260102T030405Z/.."])
def test_a_name_that_is_none_is_refused(settings: backup.Settings, name: str) -> None:
    with pytest.raises(backup.BackupError, match="is no snapshot's name: it is `latest`, or a time such as"):
        backup.fetch(settings, name)


def manifest(**more: object) -> str:
    """A manifest of one part that can be one, changed."""
    return json.dumps({"parts": [{"key": "part-00000.tar", "bytes": 3, "sha256": "0" * 64, **more}]})


@pytest.mark.parametrize(
    "more",
    [
        {"key": "part-00000.tar\nnext\nurl = http://127.0.0.1/\nupload-file = /etc/prometheus/tls/server.key\n#"},
        {"key": "part-00000.tar\n"},
        {"key": "../../latest"},
        {"key": "part-00000.tar?versionId=1"},
        {"sha256": "0" * 63},
        {"bytes": -1},
        {"bytes": 2**40},
        {"bytes": "3"},
    ],
)
def test_a_manifest_that_was_not_saved_here_is_refused_before_any_part_is_asked_for(
    settings: backup.Settings, more: dict[str, object]
) -> None:
    name = backup.save(settings).partition(":")[0]
    client = boto3.client("s3", endpoint_url=settings.endpoint, region_name="eu-west-1")
    client.put_object(Bucket="backup", Key=f"{settings.prefix}/{name}/manifest.json", Body=manifest(**more))
    with pytest.raises(backup.BackupError, match=rf"{name}/manifest.json is not what was saved: it has a part"):
        backup.fetch(settings, name)
    assert not (settings.data / "restoring").exists()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"parts": 1}', '{"parts": [1]}', '{"parts": [{"key": 1}]}'])
def test_a_manifest_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(backup.BackupError, match=r"n/manifest.json can't be read"):
        backup.read_manifest(text, name="n")


def test_a_million_parts_are_refused() -> None:
    text = json.dumps({"parts": json.loads(manifest())["parts"] * 10**6})
    with pytest.raises(backup.BackupError, match=r"it has 1000000 parts, and 4096 are the most"):
        backup.read_manifest(text, name="n")


def test_a_text_of_any_size_is_not_read(settings: backup.Settings) -> None:
    client = boto3.client("s3", endpoint_url=settings.endpoint, region_name="eu-west-1")
    client.put_object(Bucket="backup", Key=f"{settings.prefix}/latest", Body=b" " * (backup.TEXT_BYTES + 1))
    with pytest.raises(backup.BackupError, match=r"latest: .*Maximum file size exceeded"):
        backup.fetch(settings, "latest")


def test_a_part_that_grew_is_not_downloaded(settings: backup.Settings) -> None:
    name = backup.save(settings).partition(":")[0]
    client = boto3.client("s3", endpoint_url=settings.endpoint, region_name="eu-west-1")
    client.put_object(Bucket="backup", Key=f"{settings.prefix}/{name}/part-00000.tar", Body=b" " * 20001)
    with pytest.raises(backup.BackupError, match=r"part-00000.tar: .*Maximum file size exceeded"):
        backup.fetch(settings, name)


def test_a_backup_that_does_not_fit_is_not_begun(settings: backup.Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    name = backup.save(settings).partition(":")[0]
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=7))
    with pytest.raises(backup.BackupError, match=rf"{name} has \d+ bytes, and .* has room for 7: make room"):
        backup.fetch(settings, name)
    assert not (settings.data / "restoring").exists()


@pytest.mark.parametrize("value", ["a\nurl = b", "a\rb", "a\0b", "\x7f"])
def test_a_control_character_never_reaches_curl(settings: backup.Settings, value: str) -> None:
    with pytest.raises(backup.BackupError, match=r"curl's option url would get a control character"):
        backup.Bucket(settings).get_text(value)


def test_a_missing_bucket_is_named(settings: backup.Settings) -> None:
    elsewhere = backup.Settings(**{**vars(settings), "bucket": "nobody-has-this-one"})
    with pytest.raises(backup.BackupError, match=r"s3://nobody-has-this-one/.*404.*NoSuchBucket"):
        backup.save(elsewhere)


def test_logs_that_change_all_the_time_are_no_backup(
    settings: backup.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "link", lambda source, target: False)
    with pytest.raises(backup.BackupError, match=r"wal changed 5 times while it was looked at"):
        backup.save(settings)


def test_keys_are_in_no_argument(settings: backup.Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake = tmp_path / "bin" / "curl"
    fake.parent.mkdir()
    fake.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/arguments\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
    backup.save(settings)
    assert "made-" not in (tmp_path / "arguments").read_text()


def test_the_role_installs_the_program_that_it_calls() -> None:
    tasks = yaml.safe_load(Path("roles/prometheus/tasks/backup.yml").read_text())
    assert [task["ansible.builtin.apt"]["name"] for task in tasks if "ansible.builtin.apt" in task] == ["curl"]
