"""Debian's sources and layers, without apt."""

import io
import tarfile
from pathlib import Path

import pytest

from mirror import debian
from mirror.errors import MirrorError

DEB822 = """Types: deb
# a comment
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
"""


@pytest.mark.parametrize("suite", debian.SUITES)
def test_sources_are_the_machines_own_for_each_release(suite: str) -> None:
    other = "deb https://packages.example/tool bookworm main\n"
    assert debian.sources([DEB822, other], codename="bookworm", suite=suite) == (
        f"deb http://mirror.example/debian {suite} main\n"
        f"deb http://mirror.example/debian {suite}-updates main\n"
        f"deb http://mirror.example/debian-security {suite}-security main\n"
    )


def test_one_line_sources_are_read_too() -> None:
    line = "deb [signed-by=/x.gpg] http://mirror.example/debian/ trixie main contrib\n# deb http://no.example/debian trixie main\n"
    assert (
        debian.sources([line], codename="trixie", suite="trixie") == "deb http://mirror.example/debian/ trixie main\n"
    )


def test_machine_without_debian_sources_is_told_the_setting() -> None:
    with pytest.raises(MirrorError, match="set BEACON_DEBIAN_URI"):
        debian.sources(["deb http://archive.example/ubuntu noble main\n"], codename="noble", suite="trixie")
    assert (
        debian.sources([], codename="noble", suite="bookworm", uri="http://m.example/debian")
        == "deb http://m.example/debian bookworm main\n"
    )


def make(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def test_layer_holds_only_what_the_base_has_not(tmp_path: Path) -> None:
    base = make(tmp_path / "base.tar", {"./etc/a": b"1", "./etc/b": b"1"})
    full = make(tmp_path / "full.tar", {"./etc/a": b"1", "./etc/b": b"2", "./usr/bin/new": b"3"})
    debian.layer(full, base, tmp_path / "layer.tar")
    with tarfile.open(tmp_path / "layer.tar") as opened:
        assert opened.getnames() == ["./etc/b", "./usr/bin/new"]


def test_dropped_paths_are_left_out_unless_kept(tmp_path: Path) -> None:
    full = make(tmp_path / "full.tar", {"./usr/bin/sh": b"1", "./usr/bin/python3.13": b"2", "./etc/x": b"3"})
    debian.layer(full, None, tmp_path / "layer.tar", drop=["usr/bin/*"], keep=["usr/bin/python3*"])
    with tarfile.open(tmp_path / "layer.tar") as opened:
        assert opened.getnames() == ["./usr/bin/python3.13", "./etc/x"]


def test_a_base_ends_at_tars_end_marker(tmp_path: Path) -> None:
    archive, content = tmp_path / "full.tar", b"\0" * 3000  # whose own zeros stay
    with tarfile.open(archive, "w") as written:
        member = tarfile.TarInfo("etc/empty")
        member.size = len(content)
        written.addfile(member, io.BytesIO(content))
    assert archive.stat().st_size == tarfile.RECORDSIZE

    debian.end_at_marker(archive)

    header_and_content, marker = 512 + 3072, 1024
    assert archive.stat().st_size == header_and_content + marker
    with tarfile.open(archive) as opened:
        stream = opened.extractfile("etc/empty")
        assert stream
        assert stream.read() == content


def test_missing_mmdebstrap_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(MirrorError, match="apt-get install mmdebstrap"):
        debian.require_mmdebstrap()
