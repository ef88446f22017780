"""What the web application's own verbs need is installed where it may be, and named where not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from setup import machine, webapp
from setup.phases import PhaseError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """A Debian machine that has none of it; what was installed."""
    packages: list[str] = []
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(machine, "is_debian", lambda: True)
    monkeypatch.setattr(machine, "is_root", lambda: True)
    monkeypatch.setattr(machine, "install", lambda *names: packages.extend(names))
    monkeypatch.setattr(webapp, "FONTS", tmp_path / "fonts")
    return packages


def test_browser_fonts_and_load_are_installed(installed: list[str]) -> None:
    webapp.need(webapp.BROWSER)
    webapp.need_fonts()
    webapp.need(webapp.LOAD)
    assert installed == ["chromium", "chromium-driver", "fonts-dejavu-core", "wrk"]


def test_what_may_not_be_installed_is_named(installed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "is_root", lambda: False)
    with pytest.raises(PhaseError, match=r"chromedriver is not on PATH\. Install the package chromium-driver"):
        webapp.need(webapp.BROWSER)
    with pytest.raises(PhaseError, match="Install the package fonts-dejavu-core"):
        webapp.need_fonts()
    assert installed == []


def test_fonts_that_are_there_are_enough(installed: list[str], tmp_path: Path) -> None:
    (tmp_path / "fonts").mkdir()
    webapp.need_fonts()
    assert installed == []
