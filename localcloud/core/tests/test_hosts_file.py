"""The server's lines in the hosts file."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

import pytest

from localcloud.core.hosts_file import HostNames

if TYPE_CHECKING:
    from pathlib import Path

OTHERS = "127.0.0.1 localhost\n10.0.0.1 a.example.org # beacon.localcloud=test\n10.0.0.2 b.example.org # of mine"


@pytest.fixture
def names(tmp_path: Path) -> HostNames:
    (tmp_path / "hosts").write_text(OTHERS)
    return HostNames(path=tmp_path / "hosts", label="beacon.localcloud=test")


def test_names_of_a_suffix_are_kept_and_all_others_left(names: HostNames) -> None:
    names.keep(".example.org", {"b.example.org": "198.51.100.65", "a.example.org": "198.51.100.64"})
    names.keep(".example.net", {"c.example.net": "198.51.100.66"})
    mark = "# beacon.localcloud=test server"
    assert names.path.read_text() == (
        f"{OTHERS}\n198.51.100.64 a.example.org {mark}\n198.51.100.65 b.example.org {mark}\n"
        f"198.51.100.66 c.example.net {mark}\n"
    )
    names.keep(".example.org", {"a.example.org": "198.51.100.67"})
    assert names.path.read_text() == (
        f"{OTHERS}\n198.51.100.66 c.example.net {mark}\n198.51.100.67 a.example.org {mark}\n"
    )
    names.keep(".example.org", {})
    names.keep(".example.net", {})
    assert names.path.read_text() == f"{OTHERS}\n"


def test_what_is_right_is_not_written_again(names: HostNames, monkeypatch: pytest.MonkeyPatch) -> None:
    names.keep(".example.org", {"a.example.org": "198.51.100.64"})
    monkeypatch.setattr(os, "access", lambda *_: pytest.fail("it is to be written"))
    names.keep(".example.org", {"a.example.org": "198.51.100.64"})


def test_without_the_right_to_the_lines_are_said(
    names: HostNames, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    with caplog.at_level(logging.WARNING):
        names.keep(".example.org", {"a.example.org": "198.51.100.64"})
    assert names.path.read_text() == OTHERS
    assert (
        "where these lines should be, and no other ones of .example.org: "
        "198.51.100.64 a.example.org # beacon.localcloud=test server"
    ) in caplog.text
