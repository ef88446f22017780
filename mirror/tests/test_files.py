"""Files whose bytes and modes depend on nothing but their source."""

import os
import stat
from pathlib import Path

import pytest

from mirror.files import let_others_read


@pytest.mark.parametrize("umask", [0o077, 0o027, 0o002, 0o000])
def test_modes_do_not_depend_on_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin/program").touch(mode=0o777)
        (tmp_path / "bin/settings").touch(mode=0o666)
        (tmp_path / "bin/link").symlink_to("nowhere")
    finally:
        os.umask(before)
    let_others_read(tmp_path)
    modes = {
        path.name: stat.S_IMODE(path.lstat().st_mode) for path in [tmp_path / "bin", *(tmp_path / "bin").iterdir()]
    }
    assert modes == {"bin": 0o755, "program": 0o755, "settings": 0o644, "link": 0o777}
