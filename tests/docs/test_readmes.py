"""Every folder says why it is so, where to look and what to type; and what it says to type exists."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import pytest

from tests.docs.commands import CHECKOUT, commands, tracked

if TYPE_CHECKING:
    from pathlib import Path

PARTS = ("Rationale", "Key files", "Essential commands")
LINK = re.compile(r"\[[^\]]+\]\(([^)#\s]+)[^)]*\)")


FOLDERS = sorted(
    {path.relative_to(CHECKOUT).parts[0] for path in tracked() if len(path.relative_to(CHECKOUT).parts) > 1}
)
DOCUMENTED = [name for name in FOLDERS if not name.startswith(".") and name not in ("changelogs", "meta")]
READMES = tracked("*README.md")


@pytest.mark.parametrize("folder", DOCUMENTED)
def test_each_folder_has_a_readme_with_its_three_parts(folder: str) -> None:
    readme = CHECKOUT / folder / "README.md"
    assert readme.exists(), f"{folder}/README.md is missing"
    text = readme.read_text()
    missing = [part for part in PARTS if not re.search(rf"^## {part}\b", text, re.MULTILINE)]
    assert not missing, f"{folder}/README.md lacks: {', '.join(missing)}"


@pytest.mark.parametrize("readme", READMES, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_links_lead_somewhere(readme: Path) -> None:
    targets = [target for target in LINK.findall(readme.read_text()) if "://" not in target]
    broken = [target for target in targets if not (readme.parent / target).exists()]
    assert not broken, f"{readme.relative_to(CHECKOUT)} links to {', '.join(broken)}"


@pytest.mark.parametrize("folder", DOCUMENTED)
def test_documented_commands_name_what_exists(folder: str) -> None:
    """Each word that looks like a path of ours is one; each make target, module and playbook exists."""
    targets = set(re.findall(r"^([a-z0-9]+):.*##", (CHECKOUT / "Makefile").read_text(), re.MULTILINE))
    for line in commands(CHECKOUT / folder / "README.md"):
        words = shlex.split(line, comments=True)
        for before, word in zip(["", *words], words, strict=False):
            if before == "make":
                assert word in targets, f"{folder}: `{line}`: no target {word}"
            if before == "-m" and "python" in line:
                places = [CHECKOUT, CHECKOUT / "webapp/src"]
                paths = [place / word.replace(".", "/") for place in places]
                found = any(path.exists() or path.with_suffix(".py").exists() for path in paths)
                assert found or word in {"pytest", "mypy"}, f"{folder}: `{line}`: no module {word}"
            if re.fullmatch(r"(playbooks|roles|tests|terraform|inventories)/[\w/.-]+", word):
                assert (CHECKOUT / word).exists(), f"{folder}: `{line}`: no {word}"


def test_the_readme_lists_each_folder_and_each_verb() -> None:
    text = (CHECKOUT / "README.md").read_text()
    assert [name for name in DOCUMENTED if f"({name}/README.md)" not in text] == []
    for playbook in (CHECKOUT / "playbooks").glob("*.yml"):
        assert playbook.stem in (CHECKOUT / "playbooks" / "README.md").read_text()


def test_the_mermaid_source_and_the_picture_name_the_same_parts() -> None:
    source = (CHECKOUT / "docs/flow.mmd").read_text()
    picture = re.sub(r"<[^>]+>", " ", (CHECKOUT / "docs/flow.svg").read_text())
    for label in re.findall(r'"([^"]+)"', source):
        for word in re.findall(r"\w+", label.replace("<br>", " ")):
            assert word in picture, f"docs/flow.svg lacks {word!r}: draw it anew from docs/flow.mmd"
