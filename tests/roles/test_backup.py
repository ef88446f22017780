"""A Prometheus' series go to a restic repository and come back; what can't be is refused in words, and a kill loses nothing.

restic itself is asked in Molecule's scenario `prometheus`; here a fake keeps what it is given in a folder.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import sys
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import TCPServer
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
import yaml

from roles.prometheus.files.backup import prometheus_backup as backup

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
NAME = "20260102T030405Z-0123456789abcdef"
TIMES = ("2026-01-02T03:04:05.123456789Z", "2026-01-02T05:04:06.5+01:00", "2026-01-02T05:04:05Z")
FAKE = (
    f"#!{sys.executable} -IS"
    """
import json, os, pathlib, shutil, sys
verb, *options = sys.argv[1:]
repository = pathlib.Path(os.environ["RESTIC_REPOSITORY"])
with (repository.parent / "calls").open("a") as calls:
    calls.write(" ".join(sys.argv[1:]) + "\\n")
failure = repository.parent / f"fail-{verb}"
if failure.exists():
    code, words = failure.read_text().split(" ", 1)
    sys.exit(sys.stderr.write(words) and int(code))
kept = sorted(repository.glob("*.json"))
if verb == "init":
    repository.mkdir()
elif verb == "backup":
    name = f"{len(kept):08x}" + "0" * 56
    shutil.copytree(options[-1], repository / name)
    time = os.environ["TIMES"].split()[len(kept)]
    (repository / f"{name}.json").write_text(json.dumps({"id": name, "time": time, "paths": [options[-1]]}))
    print(json.dumps({"message_type": "status"}))
    print(json.dumps({"snapshot_id": name, "total_bytes_processed": 5, "data_added": 4}))
elif verb == "snapshots":
    print(json.dumps([json.loads(file.read_text()) for file in kept] or None))
elif verb == "stats":
    print(json.dumps({"total_size": 1000}))
elif verb == "restore":
    source = json.loads((repository / f"{options[0]}.json").read_text())["paths"][0]
    shutil.copytree(repository / options[0], options[-1].removeprefix("--target=") + source)
"""
)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fake restic in the path; its repository is made, and empty."""
    program = tmp_path / "bin" / "restic"
    program.parent.mkdir()
    program.write_text(FAKE)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("RESTIC_REPOSITORY", str(tmp_path / "repository"))
    monkeypatch.setenv("TIMES", " ".join(TIMES))
    (tmp_path / "repository").mkdir()
    return tmp_path / "repository"


class Prometheus(BaseHTTPRequestHandler):
    """Makes snapshots as Prometheus does: links to what there is, in a folder of its own."""

    data: Path
    status = 200

    def do_POST(self) -> None:
        credentials = base64.b64encode(b"reader:made-up").decode()
        assert (self.path, self.headers["Authorization"]) == ("/api/v1/admin/tsdb/snapshot", f"Basic {credentials}")
        folder = self.data / "snapshots" / NAME / BLOCK
        folder.mkdir(parents=True)
        os.link(self.data / BLOCK / "index", folder / "index")
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(json.dumps({"status": "success", "data": {"name": NAME}}).encode())

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base class' name
        """Stay silent."""


@pytest.fixture
def settings(tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[backup.Settings]:
    directory = tmp_path / "prometheus"
    (directory / "data" / BLOCK).mkdir(parents=True)
    (directory / "data" / BLOCK / "index").write_text("first")
    (tmp_path / "password").write_text("made-up")
    (tmp_path / "backup.prom").write_text("an older text, which is longer than the new one" * 20)
    monkeypatch.setattr(Prometheus, "data", directory / "data", raising=False)
    monkeypatch.setattr("ssl.create_default_context", lambda cafile: None)
    with TCPServer(("127.0.0.1", 0), Prometheus) as server:
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        yield backup.Settings(
            directory=directory,
            url=f"http://127.0.0.1:{server.server_address[1]}",
            ca=str(tmp_path / "ca.crt"),
            user="reader",
            password=str(tmp_path / "password"),
            metrics=str(tmp_path / "backup.prom"),
        )
        server.shutdown()


def saved(settings: backup.Settings) -> str:
    """Save, and clean up as the unit does."""
    said = backup.save(settings)
    (settings.directory / "saving").rename(settings.directory.parent / said.partition(":")[0])
    return said


def fetched(settings: backup.Settings) -> str:
    """Fetch, in a place that the unit cleans up before."""
    for leftover in ("restoring", "restored"):
        shutil.rmtree(settings.directory / leftover, ignore_errors=True)
    return backup.fetch(settings, "latest")


def calls(repository: Path) -> list[str]:
    return (repository.parent / "calls").read_text().splitlines()


def test_what_was_saved_comes_back_and_what_was_there_is_kept(settings: backup.Settings, repository: Path) -> None:
    assert saved(settings).startswith("00000000: 5 bytes, 4 of them new, ")
    (settings.data / BLOCK / "index").unlink()
    (settings.data / "wal").mkdir()
    settings.data.chmod(0o750)
    assert backup.fetch(settings, "latest") == "00000000 (20260102T030405Z): fetched and verified"
    assert "in place" in backup.swap(settings)
    assert [path.name for path in settings.data.iterdir()] == [BLOCK]
    assert (settings.data / BLOCK / "index").read_text() == "first"
    assert settings.data.stat().st_mode & 0o777 == 0o750
    (kept,) = settings.directory.glob("replaced-*")
    assert (kept / "wal").is_dir()
    asked = [call.split(" ")[0] for call in calls(repository)]
    assert asked == ["cat", "unlock", "backup", "snapshots", "stats", "restore"]
    assert "--host=prometheus --tag=series --ignore-ctime --json" in calls(repository)[2]
    assert "--verify" in calls(repository)[-1]
    assert [call for call in calls(repository)[3:] if "--no-lock" not in call] == []


def test_the_metric_reports_when_it_was(settings: backup.Settings) -> None:
    backup.save(settings)
    name, value = Path(settings.metrics).read_text().splitlines()[1].split(" ")
    assert name == "prometheus_backup_last_success_timestamp_seconds"
    assert len(value) == 10


@pytest.mark.parametrize(
    "words",
    [
        "1 Fatal: unable to open config file: Stat: The specified key does not exist.\nIs there a repository at the following",
        "10 Fatal: repository does not exist: unable to open config file",
    ],
    ids=["restic 0.14 to 0.16", "restic 0.17 and later"],
)
def test_a_repository_that_is_not_there_is_made(settings: backup.Settings, repository: Path, words: str) -> None:
    repository.rmdir()
    (repository.parent / "fail-cat").write_text(words)
    backup.save(settings)
    assert calls(repository)[1] == "init"


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (
            "12 Fatal: wrong password or no key found",
            r"repository was made with another password than prometheus_backup_password: set the one it was made with, or",
        ),
        (
            "1 Fatal: unable to open config file: Stat: Access Denied.\nIs there a repository at the following location?",
            r"repository can't be opened: Fatal: unable to open config file: Stat: Access Denied",
        ),
    ],
)
def test_a_repository_that_can_t_be_opened_is_refused(
    settings: backup.Settings, repository: Path, words: str, refusal: str
) -> None:
    (repository.parent / "fail-cat").write_text(words)
    with pytest.raises(backup.BackupError, match=refusal):
        backup.save(settings)
    assert calls(repository) == ["cat config"]


def test_a_save_that_fails_reports_no_success(settings: backup.Settings, repository: Path) -> None:
    (repository.parent / "fail-backup").write_text("3 Warning: at least one source file could not be read")
    with pytest.raises(backup.BackupError, match=r"repository: restic backup: Warning: at least one source file"):
        backup.save(settings)
    assert "last_success" not in Path(settings.metrics).read_text()


def test_a_prometheus_that_refuses_or_is_away_is_named(
    settings: backup.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Prometheus, "status", 403)
    with pytest.raises(
        backup.BackupError, match=r"Prometheus makes no snapshot: http://.*/snapshot: HTTP Error 403: Forbidden"
    ):
        backup.save(settings)
    nobody = backup.Settings(**{**vars(settings), "url": "http://127.0.0.1:1"})
    with pytest.raises(backup.BackupError, match=r"Prometheus makes no snapshot: http://127.0.0.1:1/.*refused"):
        backup.save(nobody)


def test_a_snapshot_is_found_by_its_id_and_by_its_time(settings: backup.Settings) -> None:
    for _ in TIMES:
        saved(settings)
    for name in ("latest", "00000002", "20260102T050405Z", f"{'2':0>8}{'0' * 56}"):
        assert backup.choose(name)["time"] == TIMES[2]
    assert backup.choose("20260102T040406Z")["time"] == TIMES[1]
    there = r"there are: 00000002 \(20260102T050405Z\), 00000001 \(20260102T040406Z\), 00000000 \(20260102T030405Z\)"
    with pytest.raises(backup.BackupError, match=rf"repository has no snapshots '20010203T040506Z'; {there}"):
        backup.choose("20010203T040506Z")
    with pytest.raises(backup.BackupError, match=rf"repository has 3 snapshots '0000000'; {there}"):
        backup.choose("0000000")


@pytest.mark.usefixtures("repository")
def test_without_any_snapshot_there_is_no_latest() -> None:
    with pytest.raises(backup.BackupError, match=r"repository has no snapshots 'latest'; there are: none"):
        backup.choose("latest")


def test_a_snapshot_that_does_not_fit_is_not_begun(
    settings: backup.Settings, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(settings)
    (settings.directory / "replaced-before").mkdir()
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=7))
    with pytest.raises(
        backup.BackupError, match=r"00000000 .* has 1000 bytes, and .* has room for 7: make room .*replaced-before\)"
    ):
        backup.fetch(settings, "latest")
    assert "restore" not in {call.split(" ")[0] for call in calls(repository)}


def test_the_series_belong_to_whom_they_belonged_before(
    settings: backup.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(settings)
    backup.fetch(settings, "latest")
    given: dict[str, tuple[int, int]] = {}
    monkeypatch.setattr(os, "chown", lambda path, owner, group: given.update({Path(path).name: (owner, group)}))
    before = settings.data.stat()
    backup.swap(settings)
    assert given == dict.fromkeys(("restored", BLOCK, "index"), (before.st_uid, before.st_gid))


def test_without_a_fetched_snapshot_nothing_is_swapped(settings: backup.Settings) -> None:
    with pytest.raises(backup.BackupError, match=r"restored is not there: fetch a snapshot first"):
        backup.swap(settings)
    assert (settings.data / BLOCK).is_dir()


class KilledError(BaseException):
    """As a SIGKILL: nothing of the program runs any more."""


@pytest.mark.parametrize("again", ["swap", "fetch and swap"])
@pytest.mark.parametrize("renames", [0, 1])
def test_a_swap_that_is_killed_loses_nothing_and_the_next_one_ends_it(
    settings: backup.Settings, monkeypatch: pytest.MonkeyPatch, renames: int, again: str
) -> None:
    saved(settings)
    (settings.data / BLOCK / "index").write_text("of before")
    fetched(settings)
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
    # between the renames there is nothing that Prometheus could start on: AssertPathIsDirectory of its unit
    assert settings.data.exists() is (renames == 0)
    if again != "swap":
        fetched(settings)
    backup.swap(settings)
    assert (settings.data / BLOCK / "index").read_text() == "first"
    assert [path.read_text() for path in settings.directory.glob("replaced-*/*/index")] == ["of before"]


def test_a_restore_that_is_killed_before_prometheus_starts_is_played_again_and_loses_nothing(
    settings: backup.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(settings)
    (settings.data / BLOCK / "index").write_text("of before")
    for time in ("replaced-1", "replaced-2"):
        monkeypatch.setattr("time.strftime", lambda *_, time=time: time)
        fetched(settings)
        assert backup.swap(settings).endswith(time)
    assert (settings.data / BLOCK / "index").read_text() == "first"
    assert (settings.directory / "replaced-1" / BLOCK / "index").read_text() == "of before"


def test_the_password_and_keys_are_in_no_argument(settings: backup.Settings, repository: Path) -> None:
    backup.save(settings)
    assert "made-up" not in "\n".join(calls(repository))


def test_the_role_installs_the_program_that_it_calls() -> None:
    tasks = yaml.safe_load(Path("roles/prometheus/tasks/backup.yml").read_text())
    assert [task["ansible.builtin.apt"]["name"] for task in tasks if "ansible.builtin.apt" in task] == ["restic"]
