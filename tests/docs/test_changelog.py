"""Before a tag becomes a release its changes have to be written; plugins and roles say since when they are there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.docs.changelog import CHECKOUT, lacking

if TYPE_CHECKING:
    from pathlib import Path

SAID = [
    *(path for kind in ("filter", "lookup", "modules") for path in (CHECKOUT / "plugins" / kind).glob("*.py")),
    *(CHECKOUT / "plugins" / "filter").glob("*.yml"),
    *(CHECKOUT / "roles").glob("*/meta/argument_specs.yml"),
]
DOCUMENTED = [path for path in SAID if "short_description:" in path.read_text()]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "changelogs" / "fragments").mkdir(parents=True)
    (tmp_path / "galaxy.yml").write_text("version: 1.2.0\n")
    (tmp_path / "CHANGELOG.md").write_text("# Notes\n\n## v1\\.2\\.0\n")
    release(tmp_path, "1.2.0", {"release_summary": "Faster."})
    return tmp_path


def release(checkout: Path, version: str, changes: dict[str, str]) -> None:
    content = {"releases": {version: {"changes": changes}}}
    (checkout / "changelogs" / "changelog.yaml").write_text(yaml.safe_dump(content))


def test_a_written_release_lacks_nothing(checkout: Path) -> None:
    assert list(lacking(checkout)) == []


@pytest.mark.parametrize("changes", [{}, {"minor_changes": "- faster"}])
def test_a_version_without_a_summary_is_named(checkout: Path, changes: dict[str, str]) -> None:
    release(checkout, "1.2.0", changes)
    assert [line.partition(":")[0] for line in lacking(checkout)] == [
        "changelogs/changelog.yaml has no summary of 1.2.0"
    ]


def test_what_was_never_released_lacks_both(checkout: Path) -> None:
    (checkout / "changelogs" / "changelog.yaml").unlink()
    (checkout / "CHANGELOG.md").write_text("# Notes\n")
    assert [line.partition(":")[0] for line in lacking(checkout)] == [
        "changelogs/changelog.yaml has no summary of 1.2.0",
        "CHANGELOG.md has nothing of 1.2.0",
    ]


def test_fragments_that_came_later_are_named(checkout: Path) -> None:
    (checkout / "changelogs" / "fragments" / "late.yml").write_text("bugfixes: [mended]\n")
    assert [*lacking(checkout)] == ["In no release yet: late.yml. Run antsibull-changelog release --update-existing."]


@pytest.mark.parametrize("path", DOCUMENTED, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_plugins_and_roles_say_since_when_they_are_there(path: Path) -> None:
    """The changelog lists those that are new by it."""
    assert re.search(r"^ *version_added: \d+\.\d+\.\d+$", path.read_text(), re.MULTILINE)


def test_there_are_plugins_and_roles() -> None:
    assert len(DOCUMENTED) > 60
