"""The table of artefacts: read once from artefacts.toml into dataclasses."""

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mirror.errors import MirrorError
from mirror.files import tree_digest
from mirror.settings import DOUBLES, WRAPPERS

# What lies in a double's folder and doesn't end in its archive.
NOT_BUILT = {"tests", "README.md", "__pycache__"}


@dataclass(frozen=True, kw_only=True)
class Upstream:
    """A release: address of the file (with {program} where there is one each) and of its checksums."""

    url: str
    checksum: str
    # Programs taken out of the release's archive: program -> path in it. Empty: the file is served as it is.
    members: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class GoBuild:
    """How to build it: packages (program -> package) with the wrapper module go/<wrapper>."""

    wrapper: str
    packages: dict[str, str]
    ldflags: tuple[str, ...] = ()
    # Build tags that the module's makers offer.
    tags: tuple[str, ...] = ()
    # Files of the module that belong in the archive: path in the archive -> path in the module.
    module: str = ""
    files: dict[str, str] = field(default_factory=dict)
    # Files of the wrapper that the module is published without: path in the module (.gz, .br: compressed) -> path in the wrapper.
    additions: dict[str, str] = field(default_factory=dict)
    # What differs from the publisher's own release, for `provenance`.
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class PythonSource:
    """The source release of a Python project, as pip downloads it."""

    project: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Artefact:
    """One thing that is served: an archive (`path` ends in .tar.gz) or a folder of programs."""

    name: str
    version: str
    path: str
    programs: tuple[str, ...]
    upstream: Upstream | None = None
    go: GoBuild | None = None
    python: PythonSource | None = None
    # A folder of doubles/ that stands in where the upstream can't be reached.
    double: str = ""
    # Made only when somebody names it.
    on_demand: bool = False

    @property
    def is_archive(self) -> bool:
        """One .tar.gz, as upstream publishes it."""
        return self.path.endswith(".tar.gz")

    @property
    def root(self) -> str:
        """Name of the only folder in the archive."""
        return Path(self.path).name.removesuffix(".tar.gz")

    @property
    def outputs(self) -> tuple[str, ...]:
        """Files that exist when it is there, relative to the served folder."""
        return (self.path,) if self.is_archive else tuple(f"{self.path}/{program}" for program in self.programs)

    def digest(self, source: Path) -> str:
        """Hash of the table's row and of the sources it names."""
        parts: dict[str, Any] = {"row": asdict(self)}
        parts["row"].pop("on_demand")  # says when, not what
        if not self.python:
            parts["row"].pop("python")  # a recipe without it keeps its hash
        if self.go:
            parts["row"]["go"].pop("note")  # words, nothing that changes the result
            for optional in ("additions", "tags"):  # a recipe without them keeps its hash
                if not parts["row"]["go"][optional]:
                    parts["row"]["go"].pop(optional)
            wrappers = source / WRAPPERS
            parts["go"] = tree_digest([wrappers / self.go.wrapper], root=wrappers.parent)
        if self.double:
            inputs = [file for file in (source / DOUBLES / self.double).iterdir() if file.name not in NOT_BUILT]
            parts["double"] = tree_digest(inputs, root=source)
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def read_table(file: Path) -> dict[str, Artefact]:
    """Every artefact by name; one with a `previous` version has that, too, as `<name>-previous`."""
    artefacts: dict[str, Artefact] = {}
    try:
        for name, row in tomllib.loads(file.read_text()).items():
            previous = row.pop("previous", None)
            artefacts[name] = _artefact(name, row)
            if previous:
                artefacts[f"{name}-previous"] = _artefact(f"{name}-previous", _previous(row, previous))
    except TypeError as error:
        raise MirrorError(f"{file}: {error}") from error
    return artefacts


def _previous(row: dict[str, Any], version: str) -> dict[str, Any]:
    """Return the row of an older version: what an upgrade begins with, pinned by a wrapper of its own."""
    go = {"go": row["go"] | {"wrapper": f"{row['go']['wrapper']}-previous"}} if "go" in row else {}
    return row | go | {"version": version, "on_demand": True}


def _artefact(name: str, row: dict[str, Any]) -> Artefact:
    version = row["version"]
    minor = ".".join(version.split(".")[1:2])

    def fill(value: Any) -> Any:
        if isinstance(value, str):
            return value.replace("{version}", version).replace("{minor}", minor)
        if isinstance(value, dict):
            return {key.replace("{version}", version): fill(inner) for key, inner in value.items()}
        return tuple(fill(inner) for inner in value) if isinstance(value, list) else value

    values = fill(row)
    if "upstream" in values:
        values["upstream"] = Upstream(**values["upstream"])
    if "go" in values:
        values["go"] = GoBuild(**values["go"])
    if "python" in values:
        values["python"] = PythonSource(**values["python"])
    return Artefact(name=name, **values)


def program_owner(artefacts: Mapping[str, Artefact], program: str) -> Artefact:
    """Find the artefact that has a program."""
    for artefact in artefacts.values():
        if program in artefact.programs and not artefact.on_demand:
            return artefact
    known = ", ".join(sorted(one for artefact in artefacts.values() for one in artefact.programs))
    raise MirrorError(f"no artefact has the program {program!r}; there are {known}")
