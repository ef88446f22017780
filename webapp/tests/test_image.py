"""The image itself: the same layers from the same source, nothing but what runs, as little right as possible."""

import io
import json
import shutil
import stat
import tarfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import docker
import pytest

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
    import os  # noqa: PLC0415

    for name, content in module.pip_files(os.environ).items():
        (folder / name).write_text(content)
    return folder


@pytest.fixture(scope="module")
def build(engine: Any, context: Path) -> Callable[[], Any]:
    def once() -> Any:
        image, _ = engine.images.build(
            path=str(context), buildargs=ARGUMENTS, nocache=True, rm=True, labels={LABEL: "1"}
        )
        return image

    return once


@pytest.fixture(scope="module")
def image(build: Callable[[], Any]) -> Any:
    return build()


@pytest.fixture(scope="module")
def files(engine: Any, image: Any) -> list[tarfile.TarInfo]:
    container = engine.containers.create(image.id, labels={LABEL: "1"})
    raw = io.BytesIO(b"".join(container.export()))
    with tarfile.open(fileobj=raw) as archive:
        return archive.getmembers()


def test_two_builds_of_one_commit_give_the_same_layers(image: Any, build: Callable[[], Any]) -> None:
    assert build().attrs["RootFS"]["Layers"] == image.attrs["RootFS"]["Layers"]


def test_size(image: Any) -> None:
    assert image.attrs["Size"] <= LARGEST_BYTES, [(layer["Size"], layer["CreatedBy"]) for layer in image.history()]


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
