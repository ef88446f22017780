"""A mirror in a temporary folder, with fakes for upstream and the engine."""

import hashlib
from pathlib import Path

import pytest

from mirror.artefacts import ArtefactBuilder
from mirror.settings import Settings
from mirror.table import Artefact, Upstream
from mirror.upstream import find_checksum, verify


class FakeUpstream:
    """Serves files from a dictionary; `down` is why nothing can be reached."""

    def __init__(self, files: dict[str, bytes], down: str = "") -> None:
        self.files = files
        self.down = down
        self.fetched: list[str] = []

    def unreachable(self, url: str) -> str:
        return self.down

    def download(self, url: str, target: Path, *, checksum: str) -> None:
        self.fetched.append(url)
        target.write_bytes(self.files[url])
        expected = find_checksum(self.files[checksum].decode(), name=url.rpartition("/")[2], where=checksum)
        verify(target, expected, url=url, checksum=checksum)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    source = tmp_path / "source"
    source.mkdir()
    return Settings(cache=tmp_path / "cache", state=tmp_path / "state", source=source, port=0)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def archive() -> Artefact:
    release = Upstream(url="https://example.org/tool-1.0.linux-amd64.tar.gz", checksum="https://example.org/sums")
    return Artefact(
        name="tool", version="1.0", path="tool-1.0.linux-amd64.tar.gz", programs=("tool",), upstream=release
    )


@pytest.fixture
def upstream(archive: Artefact) -> FakeUpstream:
    assert archive.upstream is not None
    content = b"the release"
    line = f"{hashlib.sha256(content).hexdigest()}  {archive.path}\n"
    return FakeUpstream({archive.upstream.url: content, archive.upstream.checksum: line.encode()})


@pytest.fixture
def builder(settings: Settings, archive: Artefact, upstream: FakeUpstream, said: list[str]) -> ArtefactBuilder:
    return ArtefactBuilder(settings=settings, artefacts={"tool": archive}, upstream=upstream, say=said.append)
