"""Start and stop in the background; downloads' checksums; locks."""

import http.client
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mirror import files, service
from mirror.errors import MirrorError
from mirror.settings import SOURCE, from_environment


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")  # it is meant to outlive us
def test_server_starts_answers_and_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    values = {"BEACON_CACHE": str(tmp_path / "c"), "BEACON_STATE": str(tmp_path / "s")}
    values |= {"MIRROR_PORT": str(port), "MIRROR_ADDRESSES": "127.0.0.1"}
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    settings = from_environment()
    try:
        assert "serving" in service.start(settings)
        assert "already serving" in service.start(settings)
        (settings.artefacts / "x").write_text("y")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/x")
        assert connection.getresponse().read() == b"y"
        connection.close()
    finally:
        assert "stopped" in service.stop(settings)
    assert service.stop(settings) == "not running"


def test_pid_file_of_another_program_does_not_count(tmp_path: Path) -> None:
    settings = from_environment({"BEACON_CACHE": str(tmp_path), "BEACON_STATE": str(tmp_path)})
    settings.service.mkdir(parents=True)
    (settings.service / "pid").write_text("1")
    assert service.running(settings) is None


def test_wrong_port_is_named() -> None:
    with pytest.raises(ValueError, match="MIRROR_PORT='many': expected a port number"):
        from_environment({"MIRROR_PORT": "many"})


def test_two_builds_at_once_wait_and_name_the_holder(tmp_path: Path, said: list[str]) -> None:
    path = tmp_path / "artefact-tool"
    code = f"""
import sys, time
from pathlib import Path
from mirror.files import lock
with lock(Path({str(path)!r}), say=print):
    print("held", flush=True)
    sys.stdin.read()
"""
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, cwd=SOURCE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with (
            pytest.raises(MirrorError, match=rf"still locked by process {other.pid} after 1 s"),
            files.lock(path, say=said.append, seconds=0.6),
        ):
            pass
        other.communicate("", timeout=10)
    assert said == [f"artefact-tool: waiting for process {other.pid}"]
    started = time.monotonic()
    with files.lock(path, say=said.append):
        assert time.monotonic() - started < 1
