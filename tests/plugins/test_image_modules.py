"""What role image asks of the engine."""

import io
import tarfile
from typing import Any

import pytest
from docker.errors import NotFound

from tests.plugins.test_image_plugins import load

engine_image_info = load("modules/engine_image_info.py")


class Engine:
    """One image with one file, and the containers that were made to read it."""

    def __init__(self, **files: str) -> None:
        self.files, self.open = files, 0
        self.id, self.attrs = "sha256:1", {"Size": 3, "Os": "linux", "Architecture": "arm64"}
        self.containers = self

    def history(self) -> list[dict[str, Any]]:
        return [
            {"Size": 0, "CreatedBy": "/bin/sh -c #(nop)  USER 65532"},
            {"Size": 2, "CreatedBy": "/bin/sh -c #(nop)  COPY dir:1 in /"},
            {"Size": 1, "CreatedBy": "x" * 200},
        ]

    def create(self, name: str, *, command: str) -> "Engine":
        assert (name, command) == ("sha256:1", "none")
        self.open += 1
        return self

    def get_archive(self, path: str) -> tuple[list[bytes], None]:
        if path not in self.files:
            raise NotFound("no such file")
        raw = io.BytesIO()
        with tarfile.open(fileobj=raw, mode="w") as archive:
            data = self.files[path].encode()
            member = tarfile.TarInfo(path)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        return [raw.getvalue()[:100], raw.getvalue()[100:]], None

    def remove(self, *, v: bool) -> None:
        assert v
        self.open -= 1


def test_layers_come_lowest_first_without_empty_ones() -> None:
    assert engine_image_info.layers(Engine()) == [
        {"bytes": 1, "step": "x" * 80},
        {"bytes": 2, "step": "COPY dir:1 in /"},
    ]


def test_the_platform_is_named_as_in_options_of_docker() -> None:
    assert engine_image_info.platform(Engine()) == "linux/arm64"


def test_a_file_is_read_and_the_container_goes() -> None:
    engine = Engine(parts="some text")
    assert engine_image_info.read_file(engine, engine, "parts") == "some text"
    assert engine.open == 0


def test_a_file_that_is_not_there_leaves_no_container() -> None:
    engine = Engine()
    with pytest.raises(NotFound):
        engine_image_info.read_file(engine, engine, "parts")
    assert engine.open == 0
