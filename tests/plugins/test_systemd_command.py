"""The filter systemd_command writes what systemd reads back as it was meant."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from tests.plugins.test_image_plugins import load

systemd_command = load("filter/systemd_command.py").FilterModule().filters()["systemd_command"]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("127.0.0.1:9100", "--flag=127.0.0.1:9100"),
        (20_000_000, "--flag=20000000"),
        (True, "--flag"),
        (["one", "two"], "--flag=one \\\n  --flag=two"),
        ("^/(dev|proc)($|/)", "--flag=^/(dev|proc)($$|/)"),
        ("%i", "--flag=%%i"),
        ("two words", '"--flag=two words"'),
        ('a "quoted" \\d', r'"--flag=a \"quoted\" \\d"'),
        ("", "--flag="),
    ],
)
def test_a_flag(value: Any, written: str) -> None:
    assert systemd_command("/opt/example", {"flag": value}) == f"/opt/example \\\n  {written}"


@pytest.mark.parametrize("value", [None, False])
def test_a_flag_that_is_left_out(value: Any) -> None:
    assert systemd_command("/opt/example", {"flag": value}) == "/opt/example"


@pytest.mark.parametrize("name", ["--log.level", "log level", ""])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(AnsibleFilterError, match=r"is no flag's name: give it without dashes, such as log\.level"):
        systemd_command("/opt/example", {name: "debug"})
