"""The verbs as a person sees them: what they print, what they do to the engine, and what they say when it does not work."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from localcloud.cli import control, inotify, main
from localcloud.cli.control import Control
from localcloud.cli.hosts_file import Names
from localcloud.cli.inotify import raise_limit, restore_limit
from localcloud.core import owner
from localcloud.core.control_socket import ControlServer
from localcloud.core.errors import DockerFailedError, LocalCloudError
from localcloud.core.owner import OwnedError
from localcloud.docker.tests.fake_api import Api, engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from localcloud.core.config import Config

MIB = 1 << 20
CONTAINERS = [
    {
        "Id": "2",
        "Names": ["/test-i-2"],
        "Labels": {},
        "Image": "mirror.beacon/host:1",
        "State": "exited",
        "NetworkSettings": {"Networks": {"vpc": {"IPAddress": ""}}},
    },
    {
        "Id": "1",
        "Names": ["/test-i-1"],
        "Labels": {"beacon.kind": "instance"},
        "Image": "mirror.beacon/host:1",
        "State": "running",
        "NetworkSettings": {"Networks": {"vpc": {"IPAddress": "10.42.1.4"}, "a": {"IPAddress": "10.0.0.9"}}},
    },
]
STATISTICS = {"memory_stats": {"usage": 70 * MIB, "stats": {"inactive_file": 6 * MIB}}}


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    """An engine with two containers, one network and one volume of this local cloud."""
    made, api = engine(
        containers=CONTAINERS, stats=STATISTICS, networks=[{"Id": "n"}], volumes={"Volumes": [{"Name": "v"}]}
    )
    monkeypatch.setattr(control, "Engine", lambda: made)
    return api


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch, config: Config, tmp_path: Path) -> Names:
    """The traces outside of the state, in files of this test."""
    (tmp_path / "hosts").write_text("127.0.0.1 localhost")
    made = Names(config=config, address="198.51.100.2", certificates=tmp_path / "certs.d")
    monkeypatch.setattr(Control, "names", made)
    (tmp_path / "instances").write_text("1024\n")
    for function in (raise_limit, restore_limit):
        monkeypatch.setattr(inotify, function.__name__, partial(function, setting=tmp_path / "instances"))
    return made


def health(config: Config, **more: Any) -> dict[str, Any]:
    return {
        "name": config.name,
        "port": config.port,
        "pid": os.getpid(),
        "status": "up",
        "stopped": [],
        "waiting": [],
        "failures": {},
        "read_median_ms": 2.5,
        "save_ms": 7.0,
        "uptime_seconds": 61.4,
        "seconds": {"until it answered": 3.1},
        "services": ["ec2", "eks"],
        **more,
    }


@contextmanager
def server(config: Config, **actions: Callable[[], dict[str, Any]]) -> Iterator[None]:
    """Answer on the state's socket as the server does."""
    config.state.mkdir(exist_ok=True)
    (config.state / "lock").touch()
    with ControlServer(config.state, {"health": lambda: health(config), **actions}) as made:
        thread = threading.Thread(target=made.serve_forever, args=[0.01])
        thread.start()
        try:
            yield
        finally:
            made.shutdown()
            thread.join()


# -- up


def test_up_again_reconciles_and_says_who_is_up(config: Config, names: Names) -> None:
    asked: list[str] = []
    (config.state / "pki").mkdir(parents=True)
    (config.state / "pki" / "ca.crt").write_text("certificate")

    def reconcile() -> dict[str, Any]:
        asked.append("reconcile")
        return {}

    with server(config, reconcile=reconcile):
        said = Control(config=config).up()
    assert said == f"Already up: {config.endpoint} (server {os.getpid()})."
    assert asked == ["reconcile"]
    assert names.config.hosts_file.read_text() == "\n".join(["127.0.0.1 localhost", *names.lines, ""])


@pytest.mark.parametrize("more", [{"status": "starting"}, {"name": "other"}, {"port": 1}])
def test_up_leaves_another_server_alone(config: Config, more: dict[str, Any]) -> None:
    with (
        server(config, health=lambda: health(config, **more)),
        pytest.raises(OwnedError, match="is owned by another process"),
    ):
        Control(config=config).up()


def test_a_server_that_does_not_reconcile_is_said_with_the_next_step(config: Config) -> None:
    message = (
        r"The server is up, but refuses to reconcile: 'reconcile' is invalid now: health\..* Try `stop`, then `up`"
    )
    with server(config), pytest.raises(LocalCloudError, match=message):
        Control(config=config).up()


def test_what_does_not_run_in_time_is_listed(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "SETTLE_SECONDS", 0.0)
    with (
        server(config, reconcile=dict, health=lambda: health(config, waiting=["vpc-1", "i-2"])),
        pytest.raises(
            LocalCloudError, match=r"not everything runs after 0 s; still at: vpc-1, i-2\. The reasons are in"
        ),
    ):
        Control(config=config).up()


def test_what_could_not_be_made_to_run_is_listed(config: Config) -> None:
    failures = {"i-1": "no space left (attempt 3)"}
    with (
        server(config, reconcile=dict, health=lambda: health(config, failures=failures)),
        pytest.raises(
            LocalCloudError, match=r"not everything could be made to run: i-1: no space left \(attempt 3\)\. Try `up`"
        ),
    ):
        Control(config=config).up()


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch, names: Names) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Start a process that never answers instead of the server."""
    started: list[subprocess.Popen[bytes]] = []

    def start(this: Control) -> subprocess.Popen[bytes]:
        this.log_path.write_text("importing\n")
        started.append(subprocess.Popen(["sleep", "60"]))
        return started[-1]

    monkeypatch.setattr(control, "probe", lambda: None)
    monkeypatch.setattr(Control, "_start", start)
    yield started
    for process in started:
        process.kill()
        process.wait()


def test_a_server_that_never_answers_is_ended_and_its_log_shown(
    config: Config, slow: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "START_SECONDS", 0.0)
    with pytest.raises(LocalCloudError, match=r"The server did not answer within 0 s:\nimporting"):
        Control(config=config).up()
    assert slow[0].wait(10) == -15


def test_the_first_up_says_how_long_it_took_and_a_later_one_that_it_restored(
    config: Config, slow: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(Control, "_is_up", lambda *_: True)
    config.state.mkdir()
    (config.state / "pki").mkdir()
    (config.state / "pki" / "ca.crt").write_text("certificate")
    (config.state / owner.LOCK).touch()
    monkeypatch.setattr("localcloud.core.saved.check", lambda _: None)
    assert Control(config=config).up().startswith(f"Up: {config.endpoint} in ")
    (config.state / "model.pickle").touch()
    assert Control(config=config).up().startswith(f"Restored: {config.endpoint} in ")
    assert len(slow) == 2


# -- down


def test_down_removes_all_that_has_the_label_the_names_and_the_state(
    config: Config, api: Api, names: Names, tmp_path: Path
) -> None:
    config.state.mkdir()
    (config.state / "model.pickle").write_text("state")
    (config.state / "inotify.before").write_text("128")
    (tmp_path / "ca").write_text("certificate")
    names.add(tmp_path / "ca")
    assert Control(config=config).down() == "Down: 2 containers, 1 networks, 1 volumes removed."
    label = {"label": config.label}
    assert [(method, kwargs) for method, _, kwargs in api.asked if method in ("containers", "networks", "volumes")] == [
        ("containers", {"all": True, "filters": label}),
        ("networks", {"filters": label}),
        ("volumes", {"filters": label}),
    ]
    removed = {(method, args[0]) for method, args, _ in api.asked if method.startswith("remove_")}
    assert removed == {
        ("remove_container", "1"),
        ("remove_container", "2"),
        ("remove_network", "n"),
        ("remove_volume", "v"),
    }
    assert not config.state.exists()
    assert (tmp_path / "instances").read_text() == "128"
    assert names.config.hosts_file.read_text() == "127.0.0.1 localhost\n"


def test_down_that_the_engine_refuses_keeps_the_state_for_another_try(config: Config, api: Api, names: Names) -> None:
    api.answers["remove_network"] = OSError("network n has active endpoints")
    config.state.mkdir()
    (config.state / "model.pickle").write_text("state")
    with pytest.raises(DockerFailedError, match=f"removing what has the label {config.label}: network n has active"):
        Control(config=config).down()
    assert (config.state / "model.pickle").exists()


def test_down_without_the_right_to_hosts_says_what_is_left(
    config: Config, api: Api, names: Names, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ca").write_text("certificate")
    names.add(tmp_path / "ca")
    monkeypatch.setattr(os, "access", lambda *_: False)
    said = Control(config=config).down()
    assert said.startswith(
        "Down: 2 containers, 1 networks, 1 volumes removed. Run as root, to remove the last traces:\n"
    )
    assert f"sed -i -E '/# {config.label}( server)?$/d' {names.config.hosts_file}" in said
    assert f"rm -rf {names.certificates}/{config.registry_account}.dkr.ecr.*.amazonaws.com" in said
    assert set(names.lines) <= set(names.config.hosts_file.read_text().splitlines())


# -- looks


def test_status_is_a_table_for_a_person(
    config: Config, api: Api, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(control, "_resident", lambda _: 100.0)
    failures = {"i-2": "no space left"}
    with server(config, health=lambda: health(config, failures=failures)):
        assert verb(monkeypatch, config, "status") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"endpoint    {config.endpoint} (account 123456789012, eu-west-1)"
    assert f"server      process {os.getpid()}, up 61 s, 100 MiB" in lines
    assert "speed       reads 2.5 ms (median), saves 7.0 ms" in lines
    assert "seconds     3.1   until it answered" in lines
    assert "real        ec2, eks (all other services are moto's models)" in lines
    assert "memory      164 MiB with all containers" in lines
    assert lines[-4:] == [
        "CONTAINER  KIND      STATE    MIB  ADDRESSES",
        "test-i-1   instance  running  64   10.0.0.9 10.42.1.4",
        "test-i-2             exited   0",
        "failing     i-2: no space left",
    ]


def test_a_quick_status_asks_no_container_for_its_memory(
    config: Config, api: Api, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with server(config, health=lambda: health(config, read_median_ms=None)):
        assert verb(monkeypatch, config, "status", "--quick", "--json") == 0
        found = json.loads(capsys.readouterr().out)
        assert verb(monkeypatch, config, "status", "--quick") == 0
    assert "speed       reads not measured, saves 7.0 ms" in capsys.readouterr().out
    assert [container["memory_mib"] for container in found["containers"]] == [0.0, 0.0]
    assert found["server"]["memory_mib"] > 10
    assert "stats" not in [method for method, _, _ in api.asked]


@pytest.mark.parametrize("state", ["none", "starting"])
def test_status_of_what_is_not_up_says_how_to_get_it(
    config: Config, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], state: str
) -> None:
    if state == "none":
        assert verb(monkeypatch, config, "status") == 1
    else:
        with server(config, health=lambda: health(config, status=state)):
            assert verb(monkeypatch, config, "status") == 1
    message = f"error: No local cloud answers at {config.endpoint}: start it with `python -m localcloud up`.\n"
    assert capsys.readouterr().err == message


def test_env_is_what_a_shell_takes(
    config: Config, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config.state.mkdir()
    (config.state / "credentials.json").write_text('{"access_key_id": "AKIA1", "secret_access_key": "a b"}')
    monkeypatch.setenv("AWS_PROFILE", "production")
    assert verb(monkeypatch, config, "env") == 0
    lines = capsys.readouterr().out.splitlines()
    assert "unset AWS_PROFILE" in lines
    assert "export AWS_SECRET_ACCESS_KEY='a b'" in lines
    assert f"export AWS_ENDPOINT_URL={config.endpoint}" in lines
    assert "export AWS_CONFIG_FILE=/dev/null" in lines


def test_who_asked_for_what_is_printed_for_a_person_and_for_programs(
    config: Config, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config.state.mkdir()
    entry = {"time": "12:00", "allowed": False, "action": "s3:GetObject", "resource": "", "principal": "alice"}
    (config.state / "access.log").write_text(json.dumps({**entry, "reason": "no policy allows it"}) + "\n")
    (config.state / "access.log.1").write_text(json.dumps({**entry, "allowed": True, "resource": "b"}) + "\n")
    assert verb(monkeypatch, config, "access-log") == 0
    assert capsys.readouterr().out.splitlines() == [
        "12:00  allowed  s3:GetObject  b  alice",
        "12:00  DENIED   s3:GetObject  (not named)  alice  no policy allows it",
    ]
    assert verb(monkeypatch, config, "access-log", "--json") == 0
    assert [json.loads(line)["allowed"] for line in capsys.readouterr().out.splitlines()] == [True, False]


def test_an_access_log_that_is_not_there_says_how_to_get_one(
    config: Config, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verb(monkeypatch, config, "access-log") == 1
    assert f"There is no access log: {config.state / 'access.log'} does not exist" in capsys.readouterr().err


@pytest.mark.parametrize(("options", "more"), [((), []), (("-f",), ["-F"])])
def test_the_log_is_shown_by_tail(
    config: Config, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], more: list[str]
) -> None:
    config.state.mkdir()
    (config.state / "server.log").touch()
    became: list[list[str]] = []
    monkeypatch.setattr(os, "execvp", lambda _, command: became.append(command))
    assert verb(monkeypatch, config, "logs", *options) == 0
    assert became == [["tail", "-n", "200", *more, str(config.state / "server.log")]]


@pytest.mark.parametrize(("word", "said"), [("up", "Up: here.\n"), ("down", "Down: nothing.\n"), ("stop", "")])
def test_verbs_print_what_was_done(
    config: Config, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], word: str, said: str
) -> None:
    monkeypatch.setattr(Control, word, lambda _: said.rstrip())
    assert verb(monkeypatch, config, word) == 0
    assert capsys.readouterr().out == said


def test_a_state_of_another_has_an_exit_code_of_its_own(
    config: Config, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def owned(_: Control) -> str:
        raise OwnedError(config.state)

    monkeypatch.setattr(Control, "up", owned)
    assert verb(monkeypatch, config, "up") == 75
    assert "needs a LOCALCLOUD_STATE of its own" in capsys.readouterr().err


def test_what_docker_refuses_is_one_line(
    config: Config, api: Api, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    api.answers["containers"] = OSError("the engine restarts\nand more")
    with server(config):
        assert verb(monkeypatch, config, "status") == 1
    assert capsys.readouterr().err == "error: listing containers: the engine restarts\n"


def test_who_has_a_port_is_not_known_when_it_has_ended_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    def ended(pid: int) -> Any:
        raise psutil.NoSuchProcess(pid)

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert control._listener(port) is not None
        monkeypatch.setattr(psutil, "Process", ended)
        assert control._listener(port) is None
    assert control._listener(port) is None


# -- the kernel's setting


@pytest.mark.parametrize("present", [1024, 4096])
def test_enough_inotify_instances_are_left_as_they_are(tmp_path: Path, present: int) -> None:
    setting, remember = tmp_path / "max_user_instances", tmp_path / "before"
    setting.write_text(f"{present}\n")
    assert raise_limit(remember=remember, setting=setting) is None
    restore_limit(remember=remember, setting=setting)
    assert (setting.read_text(), remember.exists()) == (f"{present}\n", False)


def test_a_limit_that_somebody_else_has_set_meanwhile_stays(tmp_path: Path) -> None:
    setting, remember = tmp_path / "max_user_instances", tmp_path / "before"
    setting.write_text("128\n")
    raise_limit(remember=remember, setting=setting)
    setting.write_text("8192\n")
    restore_limit(remember=remember, setting=setting)
    assert (setting.read_text(), remember.exists()) == ("8192\n", False)


def verb(monkeypatch: pytest.MonkeyPatch, config: Config, *arguments: str) -> int:
    """Run the command line for this local cloud."""
    for name, value in (("NAME", config.name), ("STATE", str(config.state)), ("PORT", str(config.port))):
        monkeypatch.setenv(f"LOCALCLOUD_{name}", value)
    return main.main(arguments)
