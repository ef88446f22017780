"""Module release_info: what a host has of a program."""

import json
import os
import pwd
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args

from tests.plugins.test_image_plugins import load

release_info = load("modules/release_info.py")
ME = pwd.getpwuid(os.getuid())


@pytest.fixture
def look(capsys: pytest.CaptureFixture[str]) -> Any:
    """Return a function that runs the module, and gives what it answers."""

    def play(**parameters: Any) -> dict[str, Any]:
        with patch_module_args(parameters), pytest.raises(SystemExit):
            release_info.main()
        answer: dict[str, Any] = json.loads(capsys.readouterr().out)
        return {name: answer[name] for name in ("changed", "identity", "current", "others", "user")}

    return play


def test_an_empty_host_has_nothing(tmp_path: Path, look: Any) -> None:
    assert look(directory=str(tmp_path / "app"), version="1.0", user="nobody-has-this-name") == {
        "changed": False,
        "identity": "",
        "current": "",
        "others": [],
        "user": {},
    }


def test_it_tells_what_runs_and_what_else_is_kept(tmp_path: Path, look: Any) -> None:
    for age, version in enumerate(("1.2", "1.1", "1.0", ".cache")):
        (tmp_path / version).mkdir()
        os.utime(tmp_path / version, (1000 - age, 1000 - age))
    (tmp_path / "1.1" / ".release").write_text("https://example.invalid/app-1.1.tar.gz sha256:1\n", encoding="utf-8")
    (tmp_path / "current").symlink_to("1.2")
    (tmp_path / "notes").write_text("", encoding="utf-8")
    answer = look(directory=str(tmp_path), version="1.1", user=ME.pw_name)
    assert answer["identity"] == "https://example.invalid/app-1.1.tar.gz sha256:1"
    assert answer["current"] == "1.2"
    assert answer["others"] == [str(tmp_path / "1.2"), str(tmp_path / "1.0")]
    assert answer["user"] == {"home": ME.pw_dir, "shell": ME.pw_shell}


def test_a_version_that_was_cut_short_has_no_identity(tmp_path: Path, look: Any) -> None:
    (tmp_path / "1.0").mkdir()
    assert look(directory=str(tmp_path), version="1.0")["identity"] == ""
