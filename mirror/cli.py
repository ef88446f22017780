"""Command line: python -m mirror build|images|serve|stop|status|list|provenance|terraform."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from mirror import engine, plan, provenance, service, settings
from mirror.artefacts import ArtefactBuilder
from mirror.errors import MirrorError
from mirror.images import ImageBuilder
from mirror.recipes import Recipe, read_recipes, with_needs
from mirror.settings import TABLE, Settings
from mirror.table import Artefact, read_table
from mirror.terraform import TerraformBuilder
from mirror.upstream import HttpUpstream, NoUpstream, Upstream
from setup.progress import Progress, show


@dataclass
class Mirror:
    """Everything the verbs need, made when it is asked for."""

    settings: Settings
    upstream: bool = True
    progress: Progress = field(default_factory=lambda: show(sys.stderr))  # results, on the other stream, stay clean

    @cached_property
    def artefacts(self) -> dict[str, Artefact]:
        """The table."""
        return read_table(self.settings.source / TABLE)

    @cached_property
    def recipes(self) -> dict[str, Recipe]:
        """The images' recipes."""
        return read_recipes(self.settings.source)

    @cached_property
    def artefact_builder(self) -> ArtefactBuilder:
        """Makes artefacts."""
        return ArtefactBuilder(
            settings=self.settings, artefacts=self.artefacts, upstream=self.outside, say=self.progress.say
        )

    @cached_property
    def terraform_builder(self) -> TerraformBuilder:
        """Writes Terraform's inputs."""
        return TerraformBuilder(settings=self.settings, upstream=self.outside, say=self.progress.say)

    @cached_property
    def outside(self) -> Upstream:
        """The way out, or none."""
        return HttpUpstream(say=self.progress.say) if self.upstream else NoUpstream()

    @cached_property
    def image_builder(self) -> ImageBuilder:
        """Makes images."""
        return ImageBuilder(
            settings=self.settings,
            recipes=self.recipes,
            artefacts=self.artefacts,
            upstream=self.upstream,
            say=self.progress.say,
        )

    def build(self, names: Sequence[str]) -> None:
        """Artefacts and their checksum file."""
        if unknown := set(names) - set(self.artefacts):
            raise MirrorError(f"no artefact {', '.join(sorted(unknown))}; there are {', '.join(self.artefacts)}")
        usual = [name for name, artefact in self.artefacts.items() if not artefact.on_demand]
        builder = self.artefact_builder
        plan.run(
            dict.fromkeys(names or usual, ()),
            builder.ensure,
            progress=self.progress,
            alone=builder.compiles,
            fetched=builder.fetches,
        )
        self.progress.say(f"checksums: {self.artefact_builder.write_checksums()}")

    def images(self, names: Sequence[str]) -> None:
        """Images that aren't in the engine, with the artefacts and images that their build needs."""
        needs: dict[str, list[str]] = {}
        wanted = names or [name for name, recipe in self.recipes.items() if not recipe.on_demand]
        closure = with_needs(wanted, self.recipes)
        todo = list(wanted)
        while todo:
            name = todo.pop()
            needs[f"image {name}"] = []
            if self.image_builder.needs_work(name):
                recipe = self.recipes[name]
                owners = {recipe.owner(self.artefacts, one).name for one in recipe.binaries}
                needs[f"image {name}"] = [f"image {one}" for one in closure[name]] + [
                    f"artefact {one}" for one in owners
                ]
                todo += [one for one in closure[name] if f"image {one}" not in needs]
        results = plan.run(
            needs,
            self._step,
            progress=self.progress,
            alone=self._compiles,
            fetched=self._fetches,
        )
        if set(results.values()) != {"present"}:
            engine.prune()
        self.write_provenance()

    def terraform(self) -> None:
        """Have Terraform, its provider and modules."""
        with self.progress:
            self.progress.begin("terraform", "preparing Terraform, its provider and modules")
            found = self.terraform_builder.prepare()
            self.progress.end("terraform")
        print(found)
        self.write_provenance()

    def _step(self, step: str) -> str:
        kind, name = step.split()
        return self.image_builder.ensure(name) if kind == "image" else self.artefact_builder.ensure(name)

    def _compiles(self, step: str) -> bool:
        """Tell whether a step builds Go programs. One at a time does: another would wait in the place of what need not."""
        kind, name = step.split()
        return bool(self.recipes[name].go) if kind == "image" else self.artefact_builder.compiles(name)

    def _fetches(self, step: str) -> bool:
        """Tell whether a step downloads."""
        kind, name = step.split()
        return kind == "artefact" and self.artefact_builder.fetches(name)

    def show_list(self) -> None:
        """Print the table."""
        for artefact in self.artefacts.values():
            ways = {"upstream": artefact.upstream, "Go": artefact.go, "double": artefact.double}
            print(f"{artefact.name:24} {artefact.version:9} {', '.join(way for way, given in ways.items() if given)}")
        for recipe in self.recipes.values():
            print(f"{recipe.tag:42} {recipe.made}")

    def show_status(self) -> None:
        """Print what is served and what is there."""
        pid = service.running(self.settings)
        print(f"server: {f'pid {pid}, port {self.settings.port}' if pid else 'not running'}")
        for source in self.sources():
            print(f"{source.kind:9} {source.name:30} {source.version:9} {source.origin}")

    def show_provenance(self) -> None:
        """Print where everything came from, and write it as JSON."""
        print(provenance.text(self.write_provenance()))

    def write_provenance(self) -> list[provenance.Source]:
        """Write where everything came from, for `make up`."""
        sources = self.sources()
        provenance.write(sources, self.settings.service / "provenance.json")
        return sources

    def sources(self) -> list[provenance.Source]:
        """Everything with its origin."""
        return provenance.collect(self.artefact_builder, self.recipes, self.terraform_builder.modules_origin())


def main(arguments: Sequence[str]) -> int:
    """Run one verb; an error of ours is one line, not a traceback."""
    parser = argparse.ArgumentParser(prog="python -m mirror", description=__doc__)
    parser.add_argument(
        "verb", choices=["build", "images", "serve", "stop", "status", "list", "provenance", "terraform"]
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="artefacts (build) or images; all without a name")
    parser.add_argument(
        "--no-upstream", action="store_true", help="build everything, even where upstream can be reached"
    )
    parser.add_argument("--foreground", action="store_true", help="serve in this process")
    given = parser.parse_args(arguments)
    try:
        _run(given, Mirror(settings=settings.from_environment(), upstream=not given.no_upstream))
    except (MirrorError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return plan.INTERRUPTED
    return 0


def _run(given: argparse.Namespace, mirror: Mirror) -> None:
    if given.verb in {"build", "images"}:
        getattr(mirror, given.verb)(given.names)
    elif given.names:
        raise MirrorError(f"{given.verb} takes no name; got {', '.join(given.names)}")
    elif given.verb == "serve" and given.foreground:
        service.foreground(mirror.settings)
    elif given.verb == "serve":
        print(service.start(mirror.settings))
    elif given.verb == "stop":
        print(service.stop(mirror.settings))
    elif given.verb == "terraform":
        mirror.terraform()
    else:
        getattr(mirror, f"show_{given.verb}")()
