"""Image recipes: read once into dataclasses, hashed over everything that goes into the image."""

import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mirror.debian import SUITES
from mirror.errors import MirrorError
from mirror.files import tree_digest
from mirror.settings import RECIPES
from mirror.table import Artefact, program_owner

# Raised when the way of building changes the result.
GENERATION = "1"
# What a recipe that is like another may have of its own.
DIFFERENCES = ("base", "previous", "suite")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One image: what goes into its build context."""

    name: str
    folder: Path
    tag: str
    base: str = ""
    variant: str = "minbase"
    upstream: str = ""
    origin: str = ""
    packages: tuple[str, ...] = ()
    hooks: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    binaries: tuple[str, ...] = ()
    go: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    like: str = ""  # another recipe: this one is the same but for its tag and what it gives of DIFFERENCES
    previous: str = ""  # the artefact that it takes the previous version of
    suite: str = ""  # Debian's, of a recipe without a base; its derivatives have the same
    # Made only when somebody names it.
    on_demand: bool = False

    def owner(self, artefacts: Mapping[str, Artefact], program: str) -> Artefact:
        """Find the artefact that has one of its programs."""
        found = program_owner(artefacts, program)
        return artefacts[f"{found.name}-previous"] if found.name == self.previous else found

    @property
    def made(self) -> str:
        """What its content is: given, or told by its parts."""
        return self.origin or ("built" if self.binaries or self.go else "debian")

    def release(self, recipes: Mapping[str, "Recipe"]) -> str:
        """Return the suite of Debian that its packages are from."""
        return recipes[self.base].release(recipes) if self.base else self.suite or SUITES[0]

    def root_digest(self, recipes: Mapping[str, "Recipe"]) -> str:
        """Hash of what the Debian root file system is made of; files of the recipe don't count."""
        parts = [GENERATION, self.variant, *self.packages, "|", *self.hooks]
        parts += ["|", *self.drop, "|", *self.keep] if self.drop else []
        parts += ["|", self.suite] if self.suite else []
        if self.base:
            parts.append(recipes[self.base].root_digest(recipes))
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def digest(self, recipes: Mapping[str, "Recipe"], artefacts: Mapping[str, Artefact], source: Path) -> str:
        """Hash of every input: files, base, artefacts, Go sources, other images."""
        owners = {artefact.name: artefact for artefact in (self.owner(artefacts, one) for one in self.binaries)}
        parts = {
            "tag": self.tag,
            "root": self.root_digest(recipes),
            "folder": tree_digest([self.folder], root=self.folder),
            "files": tree_digest([self.folder / file for file in self.files], root=self.folder),
            "base": recipes[self.base].digest(recipes, artefacts, source) if self.base else "",
            "binaries": {name: artefact.digest(source) for name, artefact in sorted(owners.items())},
            "go": {path: tree_digest(go_inputs(source, path), root=source) for path in sorted(self.go)},
            "images": {name: recipes[name].digest(recipes, artefacts, source) for name in self.images},
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def go_package(source: Path, path: str) -> tuple[Path, str]:
    """Split a path like localcloud/images/daemons/netpol into the folder of the Go module it is in, and the package."""
    for module in [source / path, *(source / path).parents]:
        if (module / "go.mod").is_file():
            inner = (source / path).relative_to(module)
            return module, f"./{inner}" if inner.parts else "."
        if module == source:
            break
    raise MirrorError(f"{source / path}: neither it nor a folder above has a go.mod")


def go_inputs(source: Path, path: str) -> list[Path]:
    """Find what a Go program is made of: its package, which imports no other of the repository, and its requirements."""
    module, _ = go_package(source, path)
    return [source / path, *(file for file in (module / "go.mod", module / "go.sum") if file.is_file())]


def read_recipes(source: Path) -> dict[str, Recipe]:
    """Every recipe by name, from all folders of recipes; a name may be given once."""
    recipes: dict[str, Recipe] = {}
    for file in sorted(file for root in RECIPES for file in (source / root).glob("*/recipe.toml")):
        recipe = _read(file)
        if recipe.name in recipes:
            raise MirrorError(f"{file.parent}: {recipes[recipe.name].folder} has the same name; rename one of them")
        recipes[recipe.name] = recipe
    for name, recipe in recipes.items():
        if recipe.like:
            if recipe.like not in recipes:
                raise MirrorError(
                    f"{recipe.folder}: like = {recipe.like!r} is no recipe; there are {', '.join(sorted(recipes))}"
                )
            given = {key: getattr(recipe, key) for key in DIFFERENCES if getattr(recipe, key)}
            same = replace(recipes[recipe.like], name=name, tag=recipe.tag, like=recipe.like, on_demand=True)
            recipes[name] = replace(same, **given)
    return dict(sorted(recipes.items()))


def with_needs(names: Iterable[str], recipes: Mapping[str, Recipe]) -> dict[str, tuple[str, ...]]:
    """Find these recipes and all that they need: name -> what must be there before it."""
    needs: dict[str, tuple[str, ...]] = {}
    todo = [(name, "the command line") for name in names]
    while todo:
        name, asker = todo.pop()
        if name not in recipes:
            raise MirrorError(f"{asker}: no recipe {name!r}; there are {', '.join(recipes)}")
        recipe = recipes[name]
        if not (recipe.folder / "Dockerfile").is_file():
            raise MirrorError(f"{recipe.folder}: has no Dockerfile")
        needs[name] = tuple(filter(None, [recipe.base, *recipe.images]))
        todo += [(other, f"{recipe.folder}/recipe.toml") for other in needs[name] if other not in needs]
    return needs


def _read(file: Path) -> Recipe:
    values = tomllib.loads(file.read_text())
    allowed = set(Recipe.__dataclass_fields__) - {"name", "folder", "on_demand"}
    if unknown := set(values) - allowed:
        raise MirrorError(f"{file}: unknown {', '.join(sorted(unknown))}; allowed are {', '.join(sorted(allowed))}")
    if "tag" not in values:
        raise MirrorError(f'{file}: has no tag (example: tag = "mirror.beacon/{file.parent.name}:1")')
    if values.get("suite", SUITES[0]) not in SUITES or (values.get("suite") and values.get("base")):
        raise MirrorError(
            f"{file}: suite = {values['suite']!r} is invalid: one of {', '.join(SUITES)}, in a recipe without a base"
        )
    lists: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
    return Recipe(name=file.parent.name, folder=file.parent, **lists)
