"""Images of publishers: pulled by tag or digest, asked for again where a registry is busy, else made here with the reason."""

import json
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from mirror import engine, provenance
from mirror.artefacts import ArtefactBuilder
from mirror.images import ImageBuilder
from mirror.recipes import Recipe
from mirror.settings import Settings

DIGEST = f"sha256:{'a' * 64}"
REFERENCE = f"maker/tool:1@{DIGEST}"
BUSY = "Error response from daemon: toomanyrequests: You have reached your pull rate limit."


class Docker:
    """Answers as the engine's command line; `failures` are what it says to each pull."""

    def __init__(self, failures: Sequence[str]) -> None:
        self.failures = [*failures]
        self.pulled: list[str] = []
        self.labels: dict[str, str] | None = None

    def __call__(self, arguments: Sequence[str], **_: object) -> subprocess.CompletedProcess[str]:
        verbs: dict[str, Callable[[Sequence[str]], tuple[int, str, str]]] = {
            "pull": self.pull,
            "build": self.build,
            "image": self.inspect,
            "save": self.save,
        }
        code, output, error = verbs[arguments[0]](arguments)
        return subprocess.CompletedProcess(arguments, code, output, error)

    def pull(self, arguments: Sequence[str]) -> tuple[int, str, str]:
        self.pulled.append(arguments[-1])
        failure = self.failures.pop(0) if self.failures else ""
        return bool(failure), "", failure

    def build(self, arguments: Sequence[str]) -> tuple[int, str, str]:
        given = [arguments[at + 1] for at, word in enumerate(arguments) if word == "--label"]
        self.labels = dict(label.split("=", 1) for label in given)
        self.base = next(word for word in arguments if word.startswith("BASE="))
        return 0, "", ""

    def save(self, arguments: Sequence[str]) -> tuple[int, str, str]:
        Path(arguments[2]).touch()
        return 0, "", ""

    def inspect(self, arguments: Sequence[str]) -> tuple[int, str, str]:
        if "{{json .RepoDigests}}" in arguments:
            return 0, json.dumps([f"maker/tool@{DIGEST}"]), ""
        return (0, json.dumps(self.labels), "") if self.labels else (1, "", "No such image")


@pytest.fixture
def docker(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Docker]:
    def answering(*failures: str) -> Docker:
        fake = Docker(failures)
        monkeypatch.setattr(engine, "_docker", fake)
        monkeypatch.setattr(engine, "suffix", lambda: ".tar")
        monkeypatch.setattr(engine, "PULL_PAUSE", 0.0)
        return fake

    return answering


@pytest.fixture
def images(settings: Settings, said: list[str], tmp_path: Path) -> ImageBuilder:
    folder = tmp_path / "tool"
    folder.mkdir()
    (folder / "Dockerfile").write_text("ARG BASE=scratch\nFROM ${BASE}\n")
    recipe = Recipe(name="tool", folder=folder, tag="t/tool:1", upstream=REFERENCE, origin="double")
    return ImageBuilder(settings=settings, recipes={"tool": recipe}, artefacts={}, upstream=True, say=said.append)


def shown(images: ImageBuilder, builder: ArtefactBuilder) -> provenance.Source:
    found = provenance.collect(builder, images.recipes, "stub")
    return next(source for source in found if source.kind == "image")


def test_an_image_is_pulled_by_its_digest_which_provenance_shows(
    images: ImageBuilder, builder: ArtefactBuilder, docker: Callable[..., Docker], said: list[str]
) -> None:
    fake = docker()
    assert images.ensure("tool") == "upstream"
    assert fake.pulled == [REFERENCE]
    assert fake.base == f"BASE={REFERENCE}"
    source = shown(images, builder)
    assert (source.origin, source.note, source.reason) == ("upstream", f"maker/tool@{DIGEST}", "")
    assert said == []
    assert images.ensure("tool") == "present"


def test_a_busy_registry_is_asked_again(images: ImageBuilder, docker: Callable[..., Docker], said: list[str]) -> None:
    fake = docker(BUSY, "received unexpected HTTP status: 503 Service Unavailable")
    assert images.ensure("tool") == "upstream"
    assert len(fake.pulled) == 3
    assert said[0] == f"{REFERENCE}: {BUSY}; try 2 of 3 in 0 s"


@pytest.mark.parametrize(
    ("failure", "asked"),
    [
        (BUSY, 3),
        ("Error response from daemon: manifest for maker/tool:1 not found: manifest unknown", 1),
        (
            "Error response from daemon: Get https://registry.example.org/v2/: dial tcp: lookup registry.example.org: no such host",
            1,
        ),
        (f"filesystem layer verification failed for digest {DIGEST}", 1),
    ],
)
def test_an_image_that_cannot_be_pulled_is_made_here_with_the_reason(
    failure: str,
    asked: int,
    images: ImageBuilder,
    builder: ArtefactBuilder,
    docker: Callable[..., Docker],
    said: list[str],
) -> None:
    fake = docker(*[f"a line before\n{failure}"] * 3)
    assert images.ensure("tool") == "double"
    assert len(fake.pulled) == asked
    reason = f"{REFERENCE} can't be pulled ({failure})"
    assert said[-1] == f"image tool: {reason}: double"
    assert fake.base == "BASE=scratch"
    source = shown(images, builder)
    assert (source.origin, source.note, source.reason) == ("double", "", reason)
    assert f"Not their publishers' own, because {reason}: image tool" in provenance.text([source])
