"""Where everything came from: for people at the end of `make up`, and as JSON for programs."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from mirror import engine, stub_modules
from mirror.artefacts import ArtefactBuilder
from mirror.files import write_atomically
from mirror.recipes import Recipe
from mirror.settings import MODULES, SOURCE

EXPLAINED = {
    "upstream": "the publisher's own release",
    "built": "built here from the publisher's sources",
    "debian": "made of Debian's packages",
    "own": "the local cloud's own programs",
    "stub": "our own modules with the official ones' interface",
    "double": "answers as a program that can't be had here, and says that it is a double",
    "missing": "not there yet",
}


@dataclass(frozen=True, kw_only=True)
class Source:
    """One thing and its origin."""

    kind: str
    name: str
    version: str
    origin: str
    note: str = ""
    reason: str = ""  # why it is not its publisher's own

    @property
    def label(self) -> str:
        """Name, version and what a reader must know besides."""
        name = f"{self.name} {self.version}"
        return f"{name} ({self.note})" if self.note else name


def collect(builder: ArtefactBuilder, recipes: Mapping[str, Recipe], modules: str) -> list[Source]:
    """Ask the records and the engine; `modules` is the origin of the Terraform modules."""
    found = []
    for name, artefact in builder.artefacts.items():
        if artefact.on_demand:
            continue
        record = builder.current(name)
        origin = record.origin if record else "missing"
        note = artefact.go.note if artefact.go and origin == "built" else ""
        reason = record.reason if record else ""
        found.append(
            Source(kind="artefact", name=name, version=artefact.version, origin=origin, note=note, reason=reason)
        )
    for name, recipe in recipes.items():
        if recipe.on_demand:
            continue
        known = engine.labels(recipe.tag)
        labels = known or {}
        origin = "missing" if known is None else recipe.made
        if labels.get(engine.ORIGIN) == "upstream":
            origin = "upstream"
        version = recipe.tag.rpartition(":")[2]
        note, reason = labels.get(engine.CONTENT, ""), labels.get(engine.REASON, "")
        found.append(
            Source(kind="image", name=f"image {name}", version=version, origin=origin, note=note, reason=reason)
        )
    found += [
        Source(kind="terraform", name=f"module {name}", version=contract.version, origin=modules)
        for name, contract in stub_modules.contracts(SOURCE / MODULES).items()
    ]
    return found


def write(sources: list[Source], target: Path) -> None:
    """Write them for `make up` and for programs."""
    write_atomically(target, json.dumps([asdict(source) for source in sources], indent=2) + "\n")


def text(sources: list[Source]) -> str:
    """One line for each origin, what stands in for something else last: a reader must know it."""
    lines = []
    for origin, meaning in EXPLAINED.items():
        names = [source.label for source in sources if source.origin == origin]
        if names:
            lines.append(f"{origin:9} {', '.join(names)}\n          ({meaning})")
    for reason in dict.fromkeys(source.reason for source in sources if source.reason):
        names = [source.name for source in sources if source.reason == reason]
        lines.append(f"Not their publishers' own, because {reason}: {', '.join(names)}")
    return "\n".join(lines)
