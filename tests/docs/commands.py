"""The commands that the READMEs tell people to type."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from setup import paths
from setup.files import listed

if TYPE_CHECKING:
    from pathlib import Path

CHECKOUT = paths.CHECKOUT


def tracked(*patterns: str) -> list[Path]:
    """Return our files that match, committed or about to be."""
    return sorted(CHECKOUT / name for name in listed(*patterns, untracked=True))


def commands(readme: Path) -> list[str]:
    """Return the command lines below 'Essential commands': the indented ones, and those of shell blocks."""
    text = readme.read_text().partition("## Essential commands")[2].partition("\n## ")[0]
    blocks = re.findall(r"```(?:sh|bash|shell|)\n(.*?)```", text, re.DOTALL)
    fenced = "\n".join(blocks).replace("\\\n", " ")
    outside = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    indented = re.findall(r"^ {4}(\S.*)$", outside, re.MULTILINE)
    lines = [line.strip() for line in fenced.splitlines()] + indented
    return [line for line in lines if line and not line.startswith("#")]
