"""What is missing is said at once, by its name, with the way to get it."""

from __future__ import annotations

import os
import socket
import sys
from typing import TYPE_CHECKING

import pytest

from setup import __main__ as command
from setup import engine, environment, machine, ports, prerequisites
from setup.missing import missing

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def nothing_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without anything, on which nothing may be installed."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("BEACON_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("BEACON_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    monkeypatch.setattr(machine, "is_debian", lambda: False)
    monkeypatch.setattr(machine, "free_gib", lambda _: 1.5)
    monkeypatch.setattr(sys, "version_info", (3, 11, 7, "final", 0))
    monkeypatch.setattr(ports, "PORTS", {})


@pytest.mark.usefixtures("nothing_there")
def test_everything_missing_is_listed_at_once(tmp_path: Path) -> None:
    texts = [str(item) for item in missing(prerequisites.STACK)]
    assert texts[0] == (
        "Python 3.12 or newer is needed, this one is 3.11. Install python3.13 by your distribution, or `pyenv install 3.13`"
    )
    assert "ssh is not on PATH. Install the package openssh-client" in texts
    assert (
        f"24 GiB of disk are needed at {tmp_path}/cache, 1.5 GiB are free. "
        "Free some, or set BEACON_CACHE to a folder on a larger disk"
    ) in texts
    assert (
        f"no Docker engine answers at unix://{tmp_path}/docker.sock. Start Docker (`systemctl start docker`), "
        "install it (https://docs.docker.com/engine/install), add yourself to the group docker, or set DOCKER_HOST"
    ) in texts
    assert any(text.startswith("go 1.26 or newer is needed, none is on PATH. See ") for text in texts)


@pytest.mark.usefixtures("nothing_there")
def test_playbooks_alone_need_neither_docker_nor_go_nor_the_disk_of_a_local_cloud() -> None:
    whats = {item.what for item in missing(prerequisites.PLAYBOOKS)}
    assert whats == {
        "Python 3.12 or newer is needed, this one is 3.11",
        *(f"{program} is not on PATH" for program in ("git", "ssh", "ssh-keygen")),
        "terraform 1.11 or newer is needed, none is on PATH",
    }


@pytest.mark.usefixtures("nothing_there")
def test_setup_prepares_for_playbooks_only(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    changed: list[str] = []
    monkeypatch.setattr(engine, "ensure", lambda: changed.append("engine"))
    monkeypatch.setattr(environment, "ensure", lambda _: changed.append("environment"))
    monkeypatch.setattr(prerequisites, "python", lambda: "python3")
    assert command.main(["setup"]) == 2
    assert "Docker" not in capsys.readouterr().err
    monkeypatch.setitem(command.NEEDS, "setup", ())
    assert command.main(["setup"]) == 0
    assert changed == ["environment"]
    assert "No Docker engine answers: building the image (beacon.platform.build) needs one." in capsys.readouterr().out


def test_a_python_without_ensurepip_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bare = tmp_path / "python3"
    bare.write_text("#!/bin/sh\nexit 1\n")
    bare.chmod(0o755)
    monkeypatch.setattr(prerequisites, "find_python", lambda: bare)
    monkeypatch.setattr(machine, "is_debian", lambda: False)
    (absent,) = prerequisites.check_python()
    assert str(absent) == (
        f"{bare} can't make virtual environments (it has no module ensurepip). "
        "Install the package python3-venv, or a Python that has it: `pyenv install 3.13`"
    )


@pytest.mark.usefixtures("nothing_there")
def test_nothing_is_changed_while_something_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    changed: list[str] = []
    monkeypatch.setattr(engine, "ensure", lambda: changed.append("engine"))
    monkeypatch.setattr(environment, "ensure", lambda _: changed.append("environment"))
    assert command.main(["up"]) == 2
    assert changed == []
    assert capsys.readouterr().err.startswith("This machine lacks:\n  - Python 3.12 or newer")


def test_a_port_taken_names_who_holds_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        monkeypatch.setattr(ports, "PORTS", {"MIRROR_PORT": (port, "the mirror", "mirror/pid")})
        monkeypatch.setenv("BEACON_STATE", str(tmp_path))
        (taken,) = ports.check()
        pid = tmp_path / "mirror" / "pid"
        pid.parent.mkdir()
        pid.write_text(f"{os.getpid()}\n")  # as an earlier `make up` would have left it
        assert list(ports.check()) == []
    assert taken.what.startswith(f"port {port} on 127.0.0.1, where the mirror listens, is taken by ")
    assert "(process " in taken.what
    assert taken.how.endswith("or set MIRROR_PORT to a free port")


def test_an_unknown_verb_lists_those_that_exist(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["upp"]) == 2
    assert "not ['upp']; verbs: setup, up, verify, down, test" in capsys.readouterr().err


def test_a_machine_where_docker_may_be_installed_lacks_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    monkeypatch.setattr(engine, "can_start", lambda: True)
    assert list(engine.check()) == []


def test_looking_installs_nothing_and_what_is_missing_is_installed_at_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    installed: list[str] = []
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(machine, "installs", lambda: True)
    monkeypatch.setattr(machine, "install", lambda *packages: installed.extend(packages))
    assert list(prerequisites.check_programs(prerequisites.PROGRAMS)) == []
    assert installed == []
    prerequisites.install(prerequisites.PROGRAMS)
    assert installed == ["git", "openssh-client"]


@pytest.mark.parametrize(("verb", "asks"), [("lint", False), ("unit", False), ("up", True), ("test", True)])
def test_only_what_starts_a_stack_asks_for_its_ports(verb: str, asks: bool) -> None:  # noqa: FBT001 # a column
    names = [check.name for check in command.NEEDS.get(verb, prerequisites.ENGINE)]
    assert ("ports" in names) is asks


def test_an_engine_without_its_command_line_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(engine, "can_start", lambda: False)
    monkeypatch.setattr(engine, "answers", lambda: True)
    assert [str(item) for item in engine.check()] == [
        "an engine answers, but docker is not on PATH. Install the package docker-cli, docker-ce-cli or docker.io"
    ]
