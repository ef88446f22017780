"""Start and stop in the background; downloads' checksums; locks."""

import hashlib
import http.client
import io
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from mirror import files, service
from mirror.errors import MirrorError
from mirror.settings import SOURCE, from_environment
from mirror.upstream import HttpUpstream, NoUpstream, find_checksum


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


def test_checksum_is_found_in_a_list_or_alone() -> None:
    one, two = "a" * 64, "b" * 64
    text = f"{one}  prometheus-3.linux-amd64.tar.gz\n{two} *other.tar.gz\n"
    assert find_checksum(text, name="other.tar.gz", where="x") == two
    assert find_checksum(f"{one}\n", name="kubectl", where="x") == one
    with pytest.raises(MirrorError, match=r"https://x: has no SHA-256 for tool"):
        find_checksum(text, name="tool", where="https://x")


class Answer(io.BytesIO):
    """What urlopen gives."""


def test_download_is_verified_against_upstreams_own_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"release"
    lines = f"{hashlib.sha256(content).hexdigest()}  tool.tar.gz\n".encode()
    pages = {"https://example.org/tool.tar.gz": content, "https://example.org/sums": lines}
    monkeypatch.setattr("urllib.request.urlopen", lambda request, **_: Answer(pages[request.full_url]))
    upstream = HttpUpstream()
    upstream.download("https://example.org/tool.tar.gz", tmp_path / "x", checksum="https://example.org/sums")
    assert (tmp_path / "x").read_bytes() == content


def test_each_host_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def fail(request: urllib.request.Request, **_: object) -> None:
        asked.append(request.full_url)
        raise urllib.error.URLError("no route")

    monkeypatch.setattr("urllib.request.urlopen", fail)
    upstream = HttpUpstream()
    assert upstream.unreachable("https://example.org/a") == "example.org can't be reached (no route)"
    assert upstream.unreachable("https://example.org/b") == "example.org can't be reached (no route)"
    assert asked == ["https://example.org/a"]


def test_plain_http_is_refused() -> None:
    with pytest.raises(MirrorError, match="must be https"):
        HttpUpstream().unreachable("http://example.org/x")


def test_no_upstream_says_that_nobody_asked() -> None:
    assert NoUpstream().unreachable("https://example.org/x") == "not asked: example.org (--no-upstream)"
