"""Images: in the engine already, loaded from the cache, or built from their recipe."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mirror import debian, engine, gobuild
from mirror.errors import MirrorError
from mirror.files import let_others_read, lock, publish, unpack_member, workspace
from mirror.recipes import Recipe, go_package
from mirror.settings import Settings
from mirror.table import Artefact


@dataclass(frozen=True, kw_only=True)
class ImageBuilder:
    """Builds recipes; artefacts that a recipe needs are there already."""

    settings: Settings
    recipes: Mapping[str, Recipe]
    artefacts: Mapping[str, Artefact]
    upstream: bool
    say: Callable[[str], None]

    def ensure(self, name: str) -> str:
        """Have the image in the engine; how that came about."""
        recipe = self.recipes[name]
        digest = recipe.digest(self.recipes, self.artefacts, self.settings.source)
        with lock(self.settings.work / "locks" / f"image-{name}", say=self.say):
            if self.is_current(recipe, digest):
                return "present"
            saved = self.settings.images / f"{name}-{digest[:16]}{engine.suffix()}"
            if saved.exists():
                engine.load(saved)
                if self.is_current(recipe, digest):
                    return "loaded"
            how = self._make(recipe, digest)
            self._save([recipe.tag], saved)
            for old in self.settings.images.glob(f"{name}-{'?' * 16}.tar*"):
                if old != saved:
                    old.unlink()
            return how

    def is_current(self, recipe: Recipe, digest: str) -> bool:
        """Whether the engine's image was made from this very recipe."""
        return (engine.labels(recipe.tag) or {}).get(engine.LABEL) == digest

    def needs_work(self, name: str) -> bool:
        """Whether the image must be built: it is neither in the engine nor saved."""
        recipe = self.recipes[name]
        digest = recipe.digest(self.recipes, self.artefacts, self.settings.source)
        saved = self.settings.images / f"{name}-{digest[:16]}{engine.suffix()}"
        return not (saved.exists() or self.is_current(recipe, digest))

    def _make(self, recipe: Recipe, digest: str) -> str:
        reason = {}
        if recipe.upstream and self.upstream:
            failure = engine.pull(recipe.upstream, say=self.say)
            if not failure:
                with workspace(self.settings.work) as context:
                    (context / "Dockerfile").write_text("ARG BASE\nFROM ${BASE}\n")
                    given = {engine.LABEL: digest, engine.ORIGIN: "upstream"}
                    given[engine.CONTENT] = engine.content(recipe.upstream)
                    engine.build(context, recipe.tag, base=recipe.upstream, given=given)
                return "upstream"
            reason = {engine.REASON: f"{recipe.upstream} can't be pulled ({failure})"}
            self.say(f"image {recipe.name}: {reason[engine.REASON]}: {recipe.made}")
        with workspace(self.settings.work) as context:
            self._fill(recipe, context)
            base = self.recipes[recipe.base].tag if recipe.base else "scratch"
            given = {engine.LABEL: digest, engine.ORIGIN: recipe.made, **reason}
            engine.build(context, recipe.tag, base=base, given=given)
        return recipe.made

    def _fill(self, recipe: Recipe, context: Path) -> None:
        shutil.copytree(recipe.folder, context, dirs_exist_ok=True)
        for file in recipe.files:
            copy = shutil.copytree if (recipe.folder / file).is_dir() else shutil.copy2
            copy(recipe.folder / file, context / Path(file).name)
        if recipe.packages:
            layer = self.settings.images / f"root-{recipe.root_digest(self.recipes)[:16]}.layer.tar"
            if not layer.exists():
                self.root(recipe.name)
            _link(layer, context / "rootfs.tar")
        (context / "bin").mkdir(exist_ok=True)
        for program in recipe.binaries:
            self._program(recipe.owner(self.artefacts, program), program, context / "bin" / program)
        for path in recipe.go:
            module, package = go_package(self.settings.source, path)
            gobuild.build(module, {Path(path).name: package}, context / "bin", cache=self.settings.cache)
        if recipe.images:
            engine.export([self.recipes[name].tag for name in recipe.images], context / "images.tar")
        let_others_read(context)

    def root(self, name: str) -> Path:
        """Have the recipe's whole root file system as tar (kept for bases), and what its base has not as another."""
        recipe = self.recipes[name]
        stem = self.settings.images / f"root-{recipe.root_digest(self.recipes)[:16]}"
        full, layer = Path(f"{stem}.tar"), Path(f"{stem}.layer.tar")
        if not recipe.packages:
            return self.root(recipe.base)
        with lock(self.settings.work / "locks" / f"root-{name}", say=self.say):
            is_base = any(other.base == name for other in self.recipes.values())
            if layer.exists() and (full.exists() or not is_base):
                return full
            base = self.root(recipe.base) if recipe.base else None
            with workspace(self.settings.work) as folder:
                suite = recipe.release(self.recipes)
                debian.root_file_system(
                    folder / "full.tar",
                    suite=suite,
                    packages=recipe.packages,
                    base=base,
                    variant=recipe.variant,
                    apt_lines=debian.machine_sources(self.settings.debian_uri, suite),
                    hooks=recipe.hooks,
                )
                if base or recipe.drop:
                    debian.layer(folder / "full.tar", base, folder / "layer.tar", drop=recipe.drop, keep=recipe.keep)
                else:
                    _link(folder / "full.tar", folder / "layer.tar")
                if is_base:
                    publish(folder / "full.tar", full)
                publish(folder / "layer.tar", layer)
        return full

    def _program(self, artefact: Artefact, program: str, target: Path) -> None:
        served = self.settings.artefacts
        if artefact.is_archive:
            unpack_member(served / artefact.path, f"{artefact.root}/{program}", target)
        else:
            _link(served / artefact.path / program, target)

    def _save(self, tags: list[str], target: Path) -> None:
        with workspace(self.settings.work) as folder:
            engine.export(tags, folder / target.name)
            publish(folder / target.name, target)


def _link(source: Path, target: Path) -> None:
    """Hard link where both are on one file system (they are, in the cache), else a copy."""
    if not source.exists():
        raise MirrorError(f"{source} is missing: run `python -m mirror build`")
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copy2(source, target)
