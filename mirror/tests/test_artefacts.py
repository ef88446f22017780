"""Artefacts: current, downloaded or built; never half of one."""

import dataclasses
import subprocess
import tarfile
from pathlib import Path

import pytest

from mirror import gobuild
from mirror.artefacts import ArtefactBuilder
from mirror.errors import MirrorError
from mirror.settings import WRAPPERS
from mirror.table import Artefact, GoBuild, PythonSource
from mirror.tests.conftest import FakeUpstream


def left_over(builder: ArtefactBuilder) -> list[Path]:
    return list(builder.settings.work.glob("tmp-*"))


def test_release_is_taken_where_upstream_answers_and_only_once(
    builder: ArtefactBuilder, upstream: FakeUpstream
) -> None:
    assert builder.ensure("tool") == "upstream"
    assert builder.ensure("tool") == "present"
    assert len(upstream.fetched) == 1
    assert (builder.settings.artefacts / "tool-1.0.linux-amd64.tar.gz").read_bytes() == b"the release"


def test_wrong_checksum_keeps_nothing_and_names_both_sums(builder: ArtefactBuilder, upstream: FakeUpstream) -> None:
    upstream.files["https://example.org/tool-1.0.linux-amd64.tar.gz"] = b"something else"
    with pytest.raises(
        MirrorError, match=r"checksum mismatch: expected [0-9a-f]{64} .* got [0-9a-f]{64}; nothing was kept"
    ):
        builder.ensure("tool")
    assert not list(builder.settings.artefacts.glob("**/*"))
    assert builder.current("tool") is None
    assert not left_over(builder)


def test_unreachable_upstream_without_another_way_says_so(builder: ArtefactBuilder, upstream: FakeUpstream) -> None:
    upstream.down = "example.org can't be reached (no route)"
    with pytest.raises(
        MirrorError, match=r"tool: example.org can't be reached \(no route\), and the table knows no other"
    ):
        builder.ensure("tool")


def go_builder(builder: ArtefactBuilder, archive: Artefact) -> ArtefactBuilder:
    wrapper = builder.settings.source / WRAPPERS / "tool"
    wrapper.mkdir(parents=True)
    (wrapper / "go.mod").write_text("module example\n")
    built = dataclasses.replace(archive, go=GoBuild(wrapper="tool", packages={"tool": "example.org/tool"}))
    return dataclasses.replace(builder, artefacts={"tool": built})


def test_what_will_be_compiled_is_known_before(
    builder: ArtefactBuilder, archive: Artefact, upstream: FakeUpstream
) -> None:
    with_go = go_builder(builder, archive)
    assert not with_go.compiles("tool")  # upstream answers
    upstream.down = "no route"
    assert with_go.compiles("tool")
    assert not builder.compiles("tool")  # there is no way to compile it
    upstream.down = ""
    with_go.ensure("tool")
    upstream.down = "no route"
    assert not with_go.compiles("tool")  # it is there


def test_build_has_upstreams_layout_and_the_same_bytes_each_time(
    builder: ArtefactBuilder,
    archive: Artefact,
    upstream: FakeUpstream,
    monkeypatch: pytest.MonkeyPatch,
    said: list[str],
) -> None:
    def build(_module: Path, packages: dict[str, str], target: Path, **_: object) -> None:
        target.mkdir(parents=True)
        for name in packages:
            (target / name).write_text("program")
            (target / name).chmod(0o755)

    monkeypatch.setattr(gobuild, "build", build)
    upstream.down = "example.org can't be reached (no route)"
    builder = go_builder(builder, archive)
    assert builder.ensure("tool") == "built"
    assert said == ["tool: example.org can't be reached (no route): building 1.0 from its Go module"]
    file = builder.settings.artefacts / archive.path
    with tarfile.open(file) as opened:
        assert opened.getnames() == ["tool-1.0.linux-amd64", "tool-1.0.linux-amd64/tool"]
        assert opened.getmember("tool-1.0.linux-amd64/tool").mode == 0o755
    first = file.read_bytes()
    file.unlink()
    assert builder.ensure("tool") == "built", "a record without its file doesn't count"
    assert file.read_bytes() == first


def test_failed_build_leaves_what_was_there(
    builder: ArtefactBuilder, archive: Artefact, upstream: FakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    builder.ensure("tool")
    before = (builder.settings.artefacts / archive.path).read_bytes()

    def fail(_module: Path, _packages: dict[str, str], target: Path, **_: object) -> None:
        target.mkdir(parents=True)
        (target / "half").write_text("half")
        raise MirrorError("go build failed")

    monkeypatch.setattr(gobuild, "build", fail)
    upstream.down = "down"
    with pytest.raises(MirrorError, match="go build failed"):
        go_builder(builder, archive).ensure("tool")
    assert (builder.settings.artefacts / archive.path).read_bytes() == before
    assert not left_over(builder)


def test_folder_of_a_killed_build_is_swept_away(builder: ArtefactBuilder) -> None:
    dead = builder.settings.work / "tmp-999999999-x"
    dead.mkdir(parents=True)
    builder.ensure("tool")
    assert not dead.exists()


def test_checksum_file_is_what_sha256sum_reads(builder: ArtefactBuilder) -> None:
    builder.ensure("tool")
    sums = builder.write_checksums()
    done = subprocess.run(
        ["sha256sum", "--check", sums.name], cwd=sums.parent, capture_output=True, text=True, check=False
    )
    assert done.stdout == "tool-1.0.linux-amd64.tar.gz: OK\n"


def test_programs_that_differ_from_their_package_are_built_alone() -> None:
    packages = {"etcd": "go.etcd.io/etcd/server/v3", "a": "x/cmd/a", "b": "x/cmd/b"}
    assert gobuild.groups(packages) == [{"a": "x/cmd/a", "b": "x/cmd/b"}, {"etcd": "go.etcd.io/etcd/server/v3"}]


def test_missing_go_names_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(MirrorError, match=r"install Go 1\.21 or newer"):
        gobuild.require_go()


def test_a_build_on_a_machine_that_is_too_busy_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = tmp_path / "go"
    go.write_text("#!/bin/sh\nexec sleep 60\n")
    go.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(gobuild, "BUILD_SECONDS", 0.2)
    with pytest.raises(
        MirrorError, match=r"go build was not done .* the machine is busy\. Try again when it is less so"
    ):
        gobuild.build(tmp_path, {"a": "x/cmd/a"}, tmp_path / "out", cache=tmp_path / "cache")


def test_go_keeps_the_machines_proxy_and_has_caches_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOPROXY", "https://proxy.example.org")
    environment = gobuild.environment(Path("/cache"))
    assert environment["GOPROXY"] == "https://proxy.example.org"
    assert environment["GOMODCACHE"] == "/cache/go-mod"
    assert environment["CGO_ENABLED"] == "0"


def test_build_adds_our_files_to_a_module_that_lacks_them(
    builder: ArtefactBuilder, archive: Artefact, upstream: FakeUpstream, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    upstream.down = "no route"
    builder = go_builder(builder, archive)
    module = tmp_path / "module"
    module.mkdir()
    (module / "main.go").write_text("package main\n")
    (builder.settings.source / WRAPPERS / "tool" / "page.html").write_text("<p>ours")
    go = dataclasses.replace(
        builder.artefacts["tool"].go or GoBuild(wrapper="tool", packages={}),
        module="example.org/tool",
        additions={"dist/page.html": "page.html"},
    )
    builder = dataclasses.replace(builder, artefacts={"tool": dataclasses.replace(archive, go=go)})
    replaced: list[tuple[str, str, str]] = []

    def build(wrapper: Path, packages: dict[str, str], target: Path, **_: object) -> None:
        assert wrapper != builder.settings.source / WRAPPERS / "tool", "the wrapper in the checkout must stay as it is"
        target.mkdir(parents=True)
        (target / "tool").write_text("built")

    def replace(wrapper: Path, name: str, source: Path, *, cache: Path) -> None:
        replaced.append((name, (source / "main.go").read_text(), (source / "dist/page.html").read_text()))

    monkeypatch.setattr(gobuild, "build", build)
    monkeypatch.setattr(gobuild, "replace", replace)
    monkeypatch.setattr(gobuild, "module_directory", lambda *_, **__: module)
    assert builder.ensure("tool") == "built"
    assert replaced == [("example.org/tool", "package main\n", "<p>ours")]
    assert not (module / "dist").exists()
    assert not left_over(builder)


def test_a_source_release_is_downloaded_by_its_hash_and_a_failure_is_told(
    builder: ArtefactBuilder, archive: Artefact, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = dataclasses.replace(archive, python=PythonSource(project="tool", sha256="0" * 64))
    builder = dataclasses.replace(builder, artefacts={"tool": source})
    wanted: list[str] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        if "download" not in command:
            return subprocess.CompletedProcess(command, 0)
        folder, file = Path(command[command.index("--dest") + 1]), Path(command[-1])
        wanted.append(file.read_text())
        (folder / source.path).write_bytes(b"the source")
        return subprocess.CompletedProcess(command, len(wanted) - 1, stderr="no such version")

    monkeypatch.setattr(subprocess, "run", run)
    assert builder.ensure("tool") == "upstream"
    assert wanted == [f"tool==1.0 --hash=sha256:{'0' * 64}\n"]
    assert (builder.settings.artefacts / source.path).read_bytes() == b"the source"
    (builder.settings.artefacts / source.path).unlink()
    with pytest.raises(MirrorError, match=r"tool: pip can't download tool==1.0 .*\nno such version"):
        builder.ensure("tool")
