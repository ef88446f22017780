"""What a release needs of the changelog: `python -m tests.docs.changelog` names what lacks, before a tag becomes a release."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT = Path(__file__).parents[2]


def lacking(checkout: Path) -> Iterator[str]:
    """Say what lacks for a release of the version in galaxy.yml."""
    version = str(yaml.safe_load((checkout / "galaxy.yml").read_text())["version"])
    kept = checkout / "changelogs" / "changelog.yaml"
    release = (yaml.safe_load(kept.read_text())["releases"] if kept.is_file() else {}).get(version, {})
    if not release.get("changes", {}).get("release_summary"):
        yield f"changelogs/changelog.yaml has no summary of {version}: run antsibull-changelog release (CONTRIBUTING.md, To release)."
    if f"## v{version.replace('.', chr(92) + '.')}\n" not in (checkout / "CHANGELOG.md").read_text():
        yield f"CHANGELOG.md has nothing of {version}: run antsibull-changelog generate."
    if left := sorted(path.name for path in (checkout / "changelogs" / "fragments").glob("*.y*ml")):
        yield f"In no release yet: {', '.join(left)}. Run antsibull-changelog release --update-existing."


if __name__ == "__main__":
    sys.exit("\n".join(lacking(CHECKOUT)))
