"""What the READMEs tell people to type exists; the picture of the flow is the one of its source."""

from __future__ import annotations

import re
import shlex

import pytest

from tests.docs.commands import CHECKOUT, commands
from tests.docs.promises import folders

DOCUMENTED = folders(CHECKOUT)


@pytest.mark.parametrize("folder", DOCUMENTED)
def test_documented_commands_name_what_exists(folder: str) -> None:
    """Each word that looks like a path of ours is one; each make target, module and playbook exists."""
    targets = set(re.findall(r"^([a-z0-9-]+):.*##", (CHECKOUT / "Makefile").read_text(), re.MULTILINE))
    for line in commands(CHECKOUT / folder / "README.md"):
        words = shlex.split(line, comments=True)
        for program, before, word in zip(["", "", *words], ["", *words], words, strict=False):
            if before == "make":
                assert word in targets, f"{folder}: `{line}`: no target {word}"
            if before == "-m" and "python" in program:  # pytest has an -m of its own
                places = [CHECKOUT, CHECKOUT / "webapp/src"]
                paths = [place / word.replace(".", "/") for place in places]
                found = any(path.exists() or path.with_suffix(".py").exists() for path in paths)
                assert found or word in {"pytest", "mypy"}, f"{folder}: `{line}`: no module {word}"
            if re.fullmatch(r"(playbooks|roles|tests|terraform|inventories)/[\w/.-]+", word):
                assert (CHECKOUT / word).exists(), f"{folder}: `{line}`: no {word}"


def test_the_mermaid_source_and_the_picture_name_the_same_parts() -> None:
    source = (CHECKOUT / "docs/flow.mmd").read_text()
    picture = re.sub(r"<[^>]+>", " ", (CHECKOUT / "docs/flow.svg").read_text())
    for label in re.findall(r'"([^"]+)"', source):
        for word in re.findall(r"\w+", label.replace("<br>", " ")):
            assert word in picture, f"docs/flow.svg lacks {word!r}: draw it anew from docs/flow.mmd"
