from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from localcloud.core import saved

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def test_a_file_and_its_name_are_on_the_disk_before_it_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, synced = tmp_path / "folder" / "file", []
    real = os.fsync

    def fsync(number: int) -> None:
        synced.append((stat.S_ISDIR(os.fstat(number).st_mode), path.exists()))
        real(number)

    monkeypatch.setattr(os, "fsync", fsync)
    saved.write(path, [b"one", b"two"])
    assert path.read_bytes() == b"onetwo"
    assert synced == [(False, False), (True, True)], "first the content, then, once renamed, the directory"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("step", ["writelines", "fsync", "rename"])
def test_a_write_that_ends_half_way_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "file"
    saved.write(path, [b"before"])

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    if step == "fsync":
        monkeypatch.setattr(os, "fsync", full)
    if step == "rename":
        monkeypatch.setattr(type(path), "replace", full)

    def parts() -> Iterator[bytes]:
        yield b"after"
        if step == "writelines":
            full()

    with pytest.raises(OSError, match="No space left"):
        saved.write(path, parts())
    monkeypatch.undo()
    assert path.read_bytes() == b"before"
    saved.write(path, [b"again"])
    assert path.read_bytes() == b"again"
