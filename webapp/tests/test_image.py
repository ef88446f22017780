"""The image itself: the same layers from the same source, nothing but what runs, as little right as possible."""

import io
import json
import os
import re
import shutil
import stat
import sys
import tarfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import docker
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tests.layers import index_secrets, leaks

pytestmark = pytest.mark.docker
WEBAPP = Path(__file__).parents[1]
LABEL = "beacon.webapp-test"
ARGUMENTS = {
    "BUILDER_IMAGE": "mirror.beacon/python3-builder:1",
    "BASE_IMAGE": "mirror.beacon/python3-debian13:nonroot",
    "VERSION": "1.2.3",
    "COMMIT": "abc1234",
    "SOURCE_DATE_EPOCH": "1795000000",
}
LARGEST_BYTES = 90_000_000


@pytest.fixture(scope="module")
def engine() -> Iterator[Any]:
    client = docker.from_env(timeout=600)
    yield client
    for container in client.containers.list(all=True, filters={"label": LABEL}):
        container.remove(force=True)
    for label in (LABEL, "beacon.build=webapp"):
        for image in client.images.list(filters={"label": label, "dangling": True}):
            client.images.remove(str(image.id), force=True)
    client.close()


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    spec = spec_from_file_location("pip_files", WEBAPP.parent / "plugins/lookup/pip_files.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    folder = tmp_path_factory.mktemp("image") / "context"
    shutil.copytree(WEBAPP, folder, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
    for name, content in module.pip_files(os.environ).items():
        (folder / name).write_text(content)
    return folder


type Build = Callable[..., Any]


@pytest.fixture(scope="module")
def build(engine: Any, context: Path) -> Build:
    def once(*, target: str = "", again: bool = True) -> Any:
        image, _ = engine.images.build(
            path=str(context), buildargs=ARGUMENTS, nocache=again, rm=True, labels={LABEL: "1"}, target=target
        )
        return image

    return once


@pytest.fixture(scope="module")
def image(build: Build) -> Any:
    return build()


def archive(engine: Any, image: Any) -> tarfile.TarFile:
    """All files of an image."""
    container = engine.containers.create(image.id, command="none", labels={LABEL: "1"})
    return tarfile.open(fileobj=io.BytesIO(b"".join(container.export())))


@pytest.fixture(scope="module")
def files(engine: Any, image: Any) -> list[tarfile.TarInfo]:
    with archive(engine, image) as opened:
        return opened.getmembers()


@pytest.fixture(scope="module")
def parts(engine: Any, build: Build, image: Any) -> str:
    """The SBOM that was written when the image was built."""
    assert image
    with archive(engine, build(target="sbom", again=False)) as opened:
        file = opened.extractfile("sbom.cdx.json")
        assert file is not None
        return file.read().decode()


def test_two_builds_of_one_commit_give_the_same_layers_and_the_same_list(
    engine: Any, image: Any, parts: str, build: Build
) -> None:
    assert build().attrs["RootFS"]["Layers"] == image.attrs["RootFS"]["Layers"]
    with archive(engine, build(target="sbom")) as again:
        file = again.extractfile("sbom.cdx.json")
        assert file is not None
        assert file.read().decode() == parts


def test_no_layer_holds_how_pip_reached_its_index(image: Any) -> None:
    assert leaks(io.BytesIO(b"".join(image.save())), index_secrets(os.environ)) == []


def test_size(image: Any, capsys: pytest.CaptureFixture[str]) -> None:
    layers = [layer for layer in reversed(image.history()) if layer["Size"]]
    lines = [f"{image.attrs['Size'] / 1e6:6.1f} MB, at most {LARGEST_BYTES / 1e6:.0f}. Its layers:"]
    for layer in layers:
        step = layer["CreatedBy"].removeprefix("/bin/sh -c #(nop) ").strip()
        lines.append(f"{layer['Size'] / 1e6:6.1f} MB  {step[:80]}")
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(lines) + "\n")
    assert sum(layer["Size"] for layer in layers) == image.attrs["Size"] <= LARGEST_BYTES


def test_the_list_is_valid_and_names_what_is_in_the_image(parts: str, files: list[tarfile.TarInfo]) -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(parts) is None
    listed = {
        part["purl"].rpartition("?")[0] or part["purl"] for part in json.loads(parts)["components"] if "purl" in part
    }
    folders = {name.partition("/")[2] for file in files if (name := file.name).endswith(".dist-info")}
    installed = {folder.removesuffix(".dist-info").replace("_", "-") for folder in folders}
    assert installed
    assert {purl.removeprefix("pkg:pypi/").replace("@", "-") for purl in listed if "pypi" in purl} == installed
    locked = re.findall(r"^([\w-]+==[\w.]+)", (WEBAPP / "requirements.txt").read_text(), re.MULTILINE)
    assert {line.replace("==", "-") for line in locked} == installed


def test_nothing_but_what_runs(files: list[tarfile.TarInfo]) -> None:
    programs = {Path(file.name).name for file in files if not file.isdir() and file.mode & 0o111}
    assert not programs & {
        "sh",
        "bash",
        "dash",
        "busybox",
        "apt",
        "apt-get",
        "dpkg",
        "pip",
        "pip3",
        "curl",
        "su",
        "sudo",
    }
    assert not [
        file.name for file in files if file.name.endswith(("ca-certificates.crt",)) and file.name.startswith("build")
    ]
    assert not [file.name for file in files if file.isfile() and file.mode & (stat.S_ISUID | stat.S_ISGID)]
    ours = [file for file in files if file.name.startswith("app/")]
    assert ours
    assert not [file.name for file in ours if file.mode & stat.S_IWOTH and not file.issym()]


def test_says_what_it_is(image: Any) -> None:
    assert image.labels["org.opencontainers.image.version"] == "1.2.3"
    assert image.labels["org.opencontainers.image.revision"] == "abc1234"
    assert image.attrs["Config"]["User"] == "65532:65532"


def test_runs_with_no_right_and_a_read_only_root(engine: Any, image: Any) -> None:
    container = engine.containers.run(
        image.id,
        detach=True,
        read_only=True,
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        ports={"8080/tcp": ("127.0.0.1", None)},
        environment={"WEBAPP_DRAIN_SECONDS": "0"},
        labels={LABEL: "1"},
    )
    try:
        end = time.monotonic() + 30
        while True:
            container.reload()
            port = container.ports["8080/tcp"][0]["HostPort"]
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/version", timeout=5) as answer:
                    assert json.load(answer)["commit"] == "abc1234"
                break
            except OSError:
                assert time.monotonic() < end, container.logs().decode()
                time.sleep(0.1)
    finally:
        container.stop(timeout=30)
    assert container.wait(timeout=30)["StatusCode"] == 0
    last = json.loads(container.logs().decode().splitlines()[-1])
    assert last["event"] == "stopped"
