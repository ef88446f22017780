"""Where everything came from."""

import json
from pathlib import Path

import pytest

from mirror import engine, provenance
from mirror.artefacts import ArtefactBuilder
from mirror.recipes import Recipe


def double(name: str) -> Recipe:
    return Recipe(name=name, folder=Path(), tag=f"t/{name}:1", origin="double")


def test_origins_of_artefacts_images_and_modules(
    builder: ArtefactBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    builder.ensure("tool")
    labels = {"t/pulled:1": {engine.ORIGIN: "upstream"}, "t/stands-in:1": {engine.ORIGIN: "double"}, "t/none:1": None}
    monkeypatch.setattr(engine, "labels", labels.__getitem__)
    recipes = {name: double(name) for name in ("pulled", "stands-in", "none")}
    sources = provenance.collect(builder, recipes, "stub")
    origins = [source.origin for source in sources]
    assert origins == ["upstream", "upstream", "double", "missing", "stub", "stub"]
    provenance.write(sources, tmp_path / "provenance.json")
    first = json.loads((tmp_path / "provenance.json").read_text())[0]
    assert first == {
        "kind": "artefact",
        "name": "tool",
        "version": "1.0",
        "origin": "upstream",
        "note": "",
        "reason": "",
    }
    assert "double    image stands-in 1\n" in provenance.text(sources)
    assert "stub      module eks 20.37.2, module vpc 5.21.0\n" in provenance.text(sources)
