"""No image of ours holds how this machine's pip reaches its index, which may take a password.

Images are built by the engine's own builder, which knows no build secrets: pip's configuration is a file of a stage that no image
inherits. A file that a later step deletes stays in the layer before, so it must not be in an inherited stage at all.
"""

from __future__ import annotations

import io
import re
import tarfile
from typing import TYPE_CHECKING

import pytest

from awx.image import write_recipe
from tests.docs.commands import CHECKOUT, tracked
from tests.layers import index_secrets, leaks

if TYPE_CHECKING:
    from pathlib import Path

PIP = re.compile(r"pip\.con|PIP_(EXTRA_)?INDEX|INDEX_URL", re.IGNORECASE)
# as an argument or a variable it would stand in the image's history
SECRET = re.compile(r"^(ARG|ENV)\b.*(PIP_\w*INDEX|INDEX_URL|PASSWORD|TOKEN|SECRET|NETRC)", re.IGNORECASE)
RECIPES = [str(path.relative_to(CHECKOUT)) for path in tracked("*Dockerfile") if path.name == "Dockerfile"]


def instructions(recipe: str) -> list[str]:
    """Return a recipe's instructions, each in one line."""
    text = re.sub(r"^\s*#.*\n", "", recipe, flags=re.MULTILINE).replace("\\\n", " ")
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def inherited(recipe: str) -> list[str]:
    """Return the instructions whose layers the image has: those of its last stage, and of the stages that it is from."""
    stages: dict[str, list[str]] = {}
    parents: dict[str, str] = {}
    last = ""
    for line in instructions(recipe):
        if line.startswith("FROM "):
            _, parent, *name = line.replace("--platform=linux/amd64 ", "").split()
            last = name[-1] if name else f"stage {len(stages)}"
            stages[last], parents[last] = [], parent
        elif last:
            stages[last].append(line)
    found: list[str] = []
    while last in stages:
        found = stages[last] + found
        last = parents[last]
    return found


def faults(recipe: str) -> list[str]:
    """Return the instructions by which an image would hold an index's address."""
    kept = [line for line in inherited(recipe) if PIP.search(line)]
    return kept + [line for line in instructions(recipe) if SECRET.search(line) and line not in kept]


@pytest.mark.parametrize("name", RECIPES)
def test_an_image_holds_nothing_of_pips_configuration(name: str) -> None:
    assert faults((CHECKOUT / name).read_text()) == []


def test_neither_does_the_execution_environment(tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path / "context").read_text()
    assert any(PIP.search(line) for line in instructions(recipe)), (
        "the recipe has no stage that gets pip's configuration"
    )
    assert faults(recipe) == []


@pytest.mark.parametrize(
    ("recipe", "expected"),
    [
        ("FROM a AS build\nCOPY pip.conf ./\nFROM b\nCOPY --from=build /x /x\n", []),
        ("FROM a AS base\nCOPY x pip.con[f] \\\n  /tmp/\nFROM base AS final\nRUN rm /tmp/pip.conf\n", 2),
        ("FROM a\nARG PIP_INDEX_URL\n", 1),
        ("FROM a AS build\nARG INDEX_PASSWORD\nFROM b\n", 1),
    ],
)
def test_a_recipe_with_a_leak_is_found(recipe: str, expected: int | list[str]) -> None:
    assert len(faults(recipe)) == (expected or 0)


def saved(*layers: dict[str, bytes], configuration: bytes = b"{}") -> io.BytesIO:
    """Return an image as `docker image save` writes it."""

    def archive(files: dict[str, bytes]) -> bytes:
        written = io.BytesIO()
        with tarfile.open(fileobj=written, mode="w") as opened:
            for name, content in files.items():
                about = tarfile.TarInfo(name)
                about.size = len(content)
                opened.addfile(about, io.BytesIO(content))
        return written.getvalue()

    blobs = {f"blobs/sha256/{number}": archive(files) for number, files in enumerate(layers)}
    return io.BytesIO(archive({**blobs, "blobs/sha256/configuration": configuration}))


def test_a_secret_is_found_in_every_layer_and_in_the_history() -> None:
    secrets = index_secrets({"PIP_INDEX_URL": "https://user:made-up@index.test/simple", "HOME": "/nowhere"})
    assert b"https://user:made-up@index.test/simple" in secrets
    clean = {"app/main.py": b"print()", "etc/ssl/certs/ca-certificates.crt": b"CERTIFICATE"}
    assert leaks(saved(clean, {"tmp/.wh.beacon": b""}), secrets) == []
    for image, place in (
        (saved(clean, {"root/log": b"from https://user:made-up@index.test/simple/x"}), "/blobs/sha256/1/root/log"),
        (saved({"tmp/beacon/pip.conf": b""}, {"tmp/.wh.beacon": b""}), "/blobs/sha256/0/tmp/beacon/pip.conf"),
        (saved(clean, configuration=b'{"history": "' + secrets[0] + b'"}'), "/blobs/sha256/configuration"),
    ):
        assert leaks(image, secrets) == [place]
