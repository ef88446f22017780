from __future__ import annotations

import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import requests
from botocore.config import Config as ClientConfig
from botocore.exceptions import BotoCoreError

from localcloud.cli.control import Control
from localcloud.core import owner
from localcloud.core.owner import OwnedError
from localcloud.core.state import UNSAVED
from localcloud.http import principals
from localcloud.tests.harness import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from localcloud.core.config import Config

PATIENCE = 120.0  # seconds: moto is imported, perhaps on a busy machine


def environment(config: Config) -> dict[str, str]:
    return {
        **os.environ,
        "LOCALCLOUD_NAME": config.name,
        "LOCALCLOUD_STATE": str(config.state),
        "LOCALCLOUD_PORT": str(config.port),
        "LOCALCLOUD_PUBLIC_RANGE": "127.77.0.0/24",  # this machine answers there without Docker
    }


@contextmanager
def server(config: Config) -> Iterator[subprocess.Popen[str]]:
    """Run the server's process until the end of the block; it answers."""
    command = [sys.executable, "-m", "localcloud.tests.without_docker"]
    with subprocess.Popen(command, cwd=ROOT, env=environment(config), stderr=subprocess.PIPE, text=True) as process:
        try:
            deadline = time.monotonic() + PATIENCE
            while not answers(config):
                assert process.poll() is None, process.communicate()[1]
                assert time.monotonic() < deadline, "no answer"
                time.sleep(0.1)
            yield process
        finally:
            process.kill()


def answers(config: Config) -> bool:
    try:
        return requests.get(f"{config.endpoint}/health", timeout=5).ok
    except (requests.ConnectionError, requests.Timeout):  # it listens before it loads, and answers afterwards
        return False


def iam(config: Config) -> Any:
    access_key, secret = principals.read_administrator(config.state / "credentials.json")
    return boto3.client(
        "iam",
        endpoint_url=config.endpoint,
        region_name=config.region,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret,
        config=ClientConfig(retries={"total_max_attempts": 1}),
    )


def users(config: Config) -> list[str]:
    return [user["UserName"] for user in iam(config).list_users()["Users"]]


def test_a_change_that_cannot_be_saved_is_no_success(config: Config) -> None:
    """Neither answered as done nor seen by anybody: the process ends, and the next one has what was saved last."""
    with server(config) as process:
        iam(config).create_user(UserName="kept")
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (1000, 1000))  # a disk that is full
        with pytest.raises(BotoCoreError):
            iam(config).create_user(UserName="lost")
        _, log = process.communicate(timeout=PATIENCE)
        assert process.returncode == UNSAVED
        assert "model.pickle can't be saved: the server ends; `up` restores what was saved last" in log
        assert "File too large" in log
    with server(config):
        assert "kept" in users(config)
        assert "lost" not in users(config)
        iam(config).create_user(UserName="lost")
        assert "lost" in users(config)


@pytest.fixture
def control(config: Config, monkeypatch: pytest.MonkeyPatch) -> Iterator[Control]:
    """Give a command line whose `up` starts the server without Docker; what it started ends with the test."""
    monkeypatch.setattr("localcloud.cli.control.SERVER", ("-m", "localcloud.tests.without_docker"))
    monkeypatch.setattr("localcloud.cli.control.probe", lambda: None)
    monkeypatch.setattr("localcloud.cli.control.inotify.raise_limit", lambda **_: None)
    monkeypatch.setattr(Control, "_advice", lambda *_: "")
    for name, value in environment(config).items():
        monkeypatch.setenv(name, value)
    start = Control._start
    with ExitStack() as started:  # the command line leaves the server to itself; here it is a child of the tests

        def child(control: Control) -> subprocess.Popen[bytes]:
            process = start(control)
            started.callback(process.wait, PATIENCE)
            return process

        monkeypatch.setattr(Control, "_start", child)
        made = Control(config=config)
        yield made
        made.stop()


def outcome(up: Callable[[], str]) -> str:
    try:
        return up()
    except OwnedError as error:
        return str(error)


def test_of_two_at_the_same_moment_one_is_up_and_the_other_is_told(control: Control) -> None:
    with ThreadPoolExecutor(2) as pool:
        told = sorted(pool.map(outcome, [control.up] * 2))
    pid = (control.health() or {})["pid"]
    assert re.match(rf"The state .*/state is owned by process {pid} since .*, port {control.config.port}\.", told[0]), (
        told
    )
    assert re.match(rf"Up: .* \(server {pid}\)", told[1]), told
    assert users(control.config)


def test_a_second_up_leaves_the_first_undisturbed(control: Control) -> None:
    control.up()
    first = control.health() or {}
    iam(control.config).create_user(UserName="kept")
    assert control.up() == f"Already up: {control.config.endpoint} (server {first['pid']})."
    elsewhere = Control(config=replace(control.config, port=control.config.port + 1))
    with pytest.raises(OwnedError, match=rf"process {first['pid']} since .*, port {control.config.port}\."):
        elsewhere.up()
    assert (control.health() or {})["pid"] == first["pid"]
    assert "kept" in users(control.config)


def test_after_a_kill_up_restores_whatever_the_killed_one_left(control: Control) -> None:
    control.up()
    killed = (control.health() or {})["pid"]
    os.kill(killed, signal.SIGKILL)
    assert (control.config.state / "control.sock").exists()
    assert control.up().startswith("Restored: ")
    assert (control.health() or {})["pid"] != killed


def test_a_server_that_does_not_answer_is_stopped_all_the_same(
    control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("localcloud.cli.control.STOP_SECONDS", 0.5)
    monkeypatch.setattr("localcloud.core.control_socket.SECONDS", 0.5)
    control.up()
    os.kill((control.health() or {})["pid"], signal.SIGSTOP)
    control.stop()
    os.close(owner.take(control.config.state, port=0))


def test_down_removes_nothing_while_another_owns_the_state(control: Control) -> None:
    file = owner.take(control.config.state, port=control.config.port)
    with pytest.raises(OwnedError, match=f"process {os.getpid()} since"):
        control.down()
    assert (control.config.state / "lock").exists()
    os.close(file)


@pytest.mark.parametrize(("limits", "allowed"), [("256, 4096", 4096), ("500, 500", 500)])
def test_as_many_files_are_allowed_as_the_user_may_have(limits: str, allowed: int) -> None:
    """Each connection is one, and many shells allow 1024."""
    code = f"""
import resource
from localcloud.serve import allow_files
resource.setrlimit(resource.RLIMIT_NOFILE, ({limits}))
allow_files()
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.split() == [str(allowed)] * 2, done.stderr


def test_an_address_that_is_taken_ends_the_start_with_its_name(config: Config) -> None:
    command = [sys.executable, "-m", "localcloud.tests.without_docker"]
    with socket.create_server(("127.77.0.1", config.port)):
        done = subprocess.run(
            command, cwd=ROOT, env=environment(config), capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    assert done.returncode == 1
    assert f"error: Can't listen on 127.77.0.1:{config.port} on lo: Address already in use." in done.stderr
