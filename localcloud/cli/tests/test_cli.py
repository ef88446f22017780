from __future__ import annotations

import errno
import os
import shutil
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from localcloud.cli import control, main
from localcloud.cli.control import Control
from localcloud.cli.hosts_file import Names
from localcloud.cli.inotify import raise_limit, restore_limit
from localcloud.core import saved
from localcloud.core.errors import DockerUnavailableError, LocalCloudError
from localcloud.core.hosts_file import edit
from localcloud.docker import client

if TYPE_CHECKING:
    from pathlib import Path

    from localcloud.core.config import Config


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record starts of the server instead of starting one; an engine answers."""
    calls: list[str] = []
    monkeypatch.setattr(control, "probe", lambda: None)
    monkeypatch.setattr(Control, "_start", lambda _: calls.append("start"))
    monkeypatch.setattr("localcloud.cli.control.inotify.raise_limit", lambda **_: None)
    return calls


def refused(config: Config, message: str) -> None:
    with pytest.raises(LocalCloudError, match=message):
        Control(config=config).up()


def test_no_docker_engine(monkeypatch: pytest.MonkeyPatch, config: Config) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    with pytest.raises(DockerUnavailableError) as error:
        Control(config=config).up()
    text = str(error.value)
    assert text.startswith("No Docker engine answers (")
    assert "systemctl start docker" in text
    assert "DOCKER_HOST" in text
    assert not config.state.exists()


def test_a_taken_port_names_who_has_it(started: list[str], config: Config) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        changed = type(config)(**{**vars(config), "port": port})
        me = f"(process {os.getpid()})"
        with pytest.raises(LocalCloudError, match=rf"Port {port} of 127.0.0.1 is taken by .*") as error:
            Control(config=changed).up()
    assert me in str(error.value)
    assert "set LOCALCLOUD_PORT to a free port" in str(error.value)
    assert started == []


def test_too_little_disk(monkeypatch: pytest.MonkeyPatch, started: list[str], config: Config) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: type("Usage", (), {"free": 1 << 30}))
    refused(config, r"has 1\.0 GiB free; the local cloud needs 2 GiB\. Make room .* LOCALCLOUD_STATE")
    assert started == []


def test_an_unwritable_state_folder(started: list[str], config: Config, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file is in the way")
    refused(
        config,
        r"The state folder .*state can't be written \(.*\): give this user the right to, or set LOCALCLOUD_STATE",
    )
    assert started == []


def test_a_directory_of_something_else_is_refused_and_kept(started: list[str], config: Config) -> None:
    key = config.state / "production" / "id_ed25519"
    key.parent.mkdir(parents=True)
    key.write_text("the only one")
    message = (
        r"state holds something else than a local cloud's state \(production\).* Set LOCALCLOUD_STATE to a directory"
    )
    refused(config, message)
    with pytest.raises(LocalCloudError, match=message):
        Control(config=config).down()
    assert started == []
    assert key.read_text() == "the only one"


@pytest.mark.parametrize(
    "header", ["beacon localcloud state 999", f"beacon localcloud state {saved.VERSION}, moto 1.0"]
)
def test_a_state_of_another_version(started: list[str], config: Config, header: str) -> None:
    config.state.mkdir()
    (config.state / "model.pickle").write_bytes(f"{header}\nrest".encode())
    refused(config, rf"was written by another version \('{header}'; this one reads '{saved.HEADER}'\). Remove the old")
    assert started == []


def test_a_server_that_ends_at_its_start_shows_its_log(monkeypatch: pytest.MonkeyPatch, config: Config) -> None:
    monkeypatch.setattr(control, "probe", lambda: None)
    monkeypatch.setattr("localcloud.cli.control.inotify.raise_limit", lambda **_: None)
    monkeypatch.setattr("localcloud.cli.control.sys.executable", "/bin/false")
    refused(config, r"The server ended at its start \(exit code 1\)")


def test_the_server_is_found_from_any_directory(
    monkeypatch: pytest.MonkeyPatch, config: Config, tmp_path: Path
) -> None:
    monkeypatch.setattr(control, "probe", lambda: None)
    monkeypatch.setattr("localcloud.cli.control.inotify.raise_limit", lambda **_: None)
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    monkeypatch.setenv("LOCALCLOUD_STATE", str(config.state))  # not that of a local cloud that runs here
    monkeypatch.chdir(tmp_path)
    refused(config, r"The server ended at its start \(exit code 1\):[^$]*No Docker engine answers")


def test_without_a_local_cloud_env_and_status_say_how_to_get_one(config: Config) -> None:
    with pytest.raises(LocalCloudError, match="start it with `python -m localcloud up`"):
        Control(config=config).env()
    closed = type(config)(**{**vars(config), "port": 1024})
    with pytest.raises(LocalCloudError, match=r"No local cloud answers at http://127.0.0.1:1024"):
        Control(config=closed).status()


def test_errors_are_one_message_and_exit_code_1(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCALCLOUD_PORT", "eighty")
    assert main.main(["env"]) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith("error: LOCALCLOUD_PORT='eighty' is no port")
    assert "Traceback" not in captured.err


def test_logs_without_a_log(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LOCALCLOUD_STATE", str(tmp_path))
    assert main.main(["logs"]) == 1
    assert "There is no log" in capsys.readouterr().err


def test_names_are_added_once_and_removed(config: Config, tmp_path: Path) -> None:
    hosts, ca = tmp_path / "hosts", tmp_path / "ca.crt"
    hosts.write_text("127.0.0.1 localhost\n")
    ca.write_text("certificate")
    names = Names(config=config, address="198.51.100.2", certificates=tmp_path / "certs.d")
    assert names.add(ca) is None
    assert names.add(ca) is None
    elsewhere = config.registry_of("ap-southeast-2")
    for host in (config.registry, elsewhere):
        assert hosts.read_text().count(f"198.51.100.2 {host} # {config.label}\n") == 1
        assert (tmp_path / "certs.d" / host / "ca.crt").read_text() == "certificate"
    names.certificate(elsewhere).unlink()
    assert names.add(ca) is None
    assert names.certificate(elsewhere).exists()
    with hosts.open("a") as file:
        file.write(f"198.51.100.64 api.example.org # {config.label} server\n")
    assert names.add(ca) is None
    assert "api.example.org" in hosts.read_text(), "the server's"
    assert names.remove() is None
    assert hosts.read_text() == "127.0.0.1 localhost\n"
    assert list((tmp_path / "certs.d").iterdir()) == []


def test_without_root_the_exact_lines_are_said(config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hosts, ca = tmp_path / "hosts", tmp_path / "ca.crt"
    hosts.write_text("")
    ca.write_text("certificate")
    monkeypatch.setattr(os, "access", lambda *_: False)
    names = Names(config=config, address="198.51.100.2", certificates=tmp_path / "certs.d")
    advice = names.add(ca)
    assert advice is not None
    assert hosts.read_text() == ""
    subprocess.run(["sh", "-euc", advice.partition("\n")[2]], check=True)
    assert hosts.read_text().splitlines() == names.lines
    assert names.add(ca) is None
    advice = names.remove()
    assert advice is not None
    subprocess.run(["sh", "-euc", advice.partition("\n")[2]], check=True)
    assert hosts.read_text() == ""
    assert list((tmp_path / "certs.d").iterdir()) == []


LINES = b"127.0.0.1 localhost\r\n# caf\xe9\n10.0.0.1 kept # beacon.localcloud=another\n"


@pytest.mark.parametrize("busy", [False, True], ids=["a file", "a mount"])
def test_a_hosts_file_keeps_all_that_is_of_others(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, busy: bool
) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_bytes(b"10.0.0.9 moved # beacon.localcloud=test\n" + LINES)
    hosts.chmod(0o664)
    if os.geteuid() == 0:
        os.chown(hosts, 1, 2)

    def mounted(*_: Any) -> None:
        raise OSError(errno.EBUSY, "Device or resource busy")

    if busy:
        monkeypatch.setattr(type(hosts), "replace", mounted)
    names = Names(config=config, address="198.51.100.2", certificates=tmp_path / "certs.d")
    before, owner = hosts.stat(), hosts.stat().st_ino
    (tmp_path / "ca").write_text("certificate")
    names.add(tmp_path / "ca")
    assert hosts.read_bytes() == LINES + "".join(f"{line}\n" for line in names.lines).encode()
    assert (hosts.stat().st_ino == owner) is busy
    names.remove()
    assert hosts.read_bytes() == LINES
    after = hosts.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ca", "certs.d", "hosts"]


def test_a_line_that_somebody_adds_meanwhile_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("1 ours\n2 another's\n")
    real = os.fsync

    def fsync(number: int) -> None:
        real(number)
        if "3" not in hosts.read_text():
            hosts.write_text(hosts.read_text() + "3 an editor's\n")

    monkeypatch.setattr(os, "fsync", fsync)
    edit(hosts, lambda text: text.replace("1 ours\n", ""))
    assert hosts.read_text() == "2 another's\n3 an editor's\n"


def test_clouds_that_edit_at_the_same_moment_lose_no_line(config: Config, tmp_path: Path) -> None:
    hosts, ca = tmp_path / "hosts", tmp_path / "ca"
    hosts.write_text("127.0.0.1 localhost\n")
    ca.write_text("certificate")
    clouds = [
        Names(
            config=replace(config, name=f"cloud-{n}", registry_account=f"{n:012}"),
            address="10.0.0.1",
            certificates=tmp_path,
        )
        for n in range(8)
    ]

    def edited(names: Names) -> None:
        for _ in range(5):
            names.add(ca)
            names.remove()
        names.add(ca)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(edited, clouds))
    assert sorted(hosts.read_text().splitlines()) == sorted(
        ["127.0.0.1 localhost", *(line for cloud in clouds for line in cloud.lines)]
    )


def test_the_limit_of_inotify_is_raised_and_put_back(tmp_path: Path) -> None:
    setting, remember = tmp_path / "max_user_instances", tmp_path / "before"
    setting.write_text("128\n")
    assert raise_limit(remember=remember, setting=setting) is None
    assert (setting.read_text(), remember.read_text()) == ("1024", "128")
    restore_limit(remember=remember, setting=setting)
    assert setting.read_text() == "128"


def test_a_probe_that_fails_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(**_: Any) -> None:
        raise OSError("connection refused\nand more")

    monkeypatch.setattr("localcloud.docker.client.docker.from_env", none)
    with pytest.raises(DockerUnavailableError, match=r"\(connection refused\)"):
        client.probe()


def test_a_limit_that_may_not_be_raised_is_said_and_not_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting, remember = tmp_path / "max_user_instances", tmp_path / "before"
    setting.write_text("128\n")
    real = type(setting).write_text

    def write_text(path: Path, text: str) -> int:
        if path == setting:
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path, text)

    monkeypatch.setattr(type(setting), "write_text", write_text)
    assert "sysctl fs.inotify.max_user_instances=1024" in (raise_limit(remember=remember, setting=setting) or "")
    assert not remember.exists()
