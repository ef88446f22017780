"""`make down` removes the local environment, and nothing of another one."""

from __future__ import annotations

import os
import socket
import subprocess
from typing import TYPE_CHECKING

import pytest

from setup import down, engine, paths
from setup.phases import Phases

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a state directory with the local environment's parts, while nothing outside of it is touched."""
    monkeypatch.setenv("BEACON_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("BEACON_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(engine, "answers", lambda: False)
    monkeypatch.setattr(Phases, "run", lambda *_, **__: None)
    for directory in paths.local_state():
        directory.mkdir(parents=True)
        (directory / "file").write_text("of the local environment")
    return tmp_path / "state"


@pytest.fixture
def tunnels(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record which tunnels are closed instead of closing them."""
    closed: list[str] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        closed.append(command[command.index("-S") + 1])
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(subprocess, "run", run)
    return closed


@pytest.fixture
def production(state: Path) -> Iterator[Path]:
    """Make a second environment: key, known hosts, kubeconfig and an open tunnel."""
    directory = state / "production"
    (directory / "terraform").mkdir(parents=True)
    for name in ("id_ed25519", "known_hosts", "kubeconfig", "terraform/environment.auto.tfvars.json"):
        (directory / name).write_bytes(os.urandom(64))
        (directory / name).chmod(0o600)
    with bound(directory / "tunnel-0a1b2c3d"):
        yield directory


def bound(path: Path) -> socket.socket:
    """Return a socket at a path that may be longer than a socket's name: bound by its directory."""
    listener = socket.socket(socket.AF_UNIX)
    descriptor = os.open(path.parent, os.O_DIRECTORY)
    try:
        listener.bind(f"/proc/self/fd/{descriptor}/{path.name}")
    finally:
        os.close(descriptor)
    return listener


def content(directory: Path) -> dict[str, tuple[int, bytes]]:
    """Return mode and bytes of everything in a directory."""
    return {
        str(path.relative_to(directory)): (path.lstat().st_mode, path.read_bytes() if path.is_file() else b"")
        for path in sorted(directory.rglob("*"))
    }


def test_another_environment_stays_byte_for_byte(
    state: Path, production: Path, tunnels: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with bound(state / "local" / "tunnel-01234567"):
        before = content(production)
        down.down(Phases())
    assert content(production) == before
    assert [path.name for path in state.iterdir()] == ["production"]
    assert tunnels == [str(state / "local" / "tunnel-01234567")]
    assert capsys.readouterr().out.strip().endswith(f"and, in {state}, production")


def test_nothing_is_left_where_there_is_no_other(
    state: Path, tunnels: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    down.down(Phases())
    down.down(Phases())
    assert not state.exists()
    assert tunnels == []
    assert "nothing is left but the cache" in capsys.readouterr().out


def test_a_scenario_of_another_checkout_is_named_and_stays(
    tmp_path: Path, state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran: list[str] = []
    monkeypatch.setattr(Phases, "run", lambda _, name, *__, **___: ran.append(name))
    for scenario in ("release", "of-another-checkout", "cloud"):
        (tmp_path / "cache" / "work" / "molecule" / scenario).mkdir(parents=True)
    down.destroy_scenarios(Phases())
    assert ran == ["molecule release", "molecule cloud"]
    assert capsys.readouterr().out == (
        "scenario of-another-checkout is of another checkout: there `molecule destroy -s of-another-checkout` removes it\n"
    )


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"BEACON_STATE": "/kept"}, "/kept"),
        ({"XDG_STATE_HOME": "/home/xdg"}, "/home/xdg/beacon"),
        ({"HOME": "/home/me", "XDG_CACHE_HOME": "/cache", "BEACON_CACHE": "/cache"}, "/home/me/.local/state/beacon"),
    ],
)
def test_the_state_is_not_in_the_cache(
    variables: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("BEACON_STATE", "XDG_STATE_HOME", "BEACON_CACHE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert str(paths.state()) == expected
