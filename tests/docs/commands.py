"""The commands that the READMEs tell people to type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

from setup import paths
from setup.files import listed

if TYPE_CHECKING:
    from pathlib import Path

CHECKOUT = paths.CHECKOUT
SHELLS = {"", "sh", "bash", "shell"}


def tracked(*patterns: str) -> list[Path]:
    """Return our files that match, committed or about to be."""
    return sorted(CHECKOUT / name for name in listed(*patterns, untracked=True))


def commands(readme: Path) -> list[str]:
    """Return the command lines below 'Essential commands': the indented ones, and those of shell blocks."""
    text = readme.read_text().partition("## Essential commands")[2].partition("\n## ")[0]
    blocks = [
        token.content.replace("\\\n", " ")
        for token in MarkdownIt().parse(text)
        if token.type == "code_block" or (token.type == "fence" and token.info in SHELLS)
    ]
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]
