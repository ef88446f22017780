"""Image recipes: their hash changes with each input, and with nothing else."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from mirror.errors import MirrorError
from mirror.recipes import Recipe, go_package, read_recipes, with_needs
from mirror.settings import SOURCE, TABLE, Settings
from mirror.table import Artefact, read_table


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


@pytest.fixture
def source(settings: Settings) -> Path:
    images = settings.source / "localcloud/images"
    write(settings.source / "mirror/images/base" / "recipe.toml", 'tag = "t/base:1"\npackages = ["systemd"]\n')
    write(settings.source / "mirror/images/base" / "Dockerfile", "ARG BASE\nFROM ${BASE}\n")
    write(
        images / "leaf" / "recipe.toml",
        'tag = "t/leaf:1"\nbase = "base"\nbinaries = ["tool"]\ngo = ["localcloud/images/daemons/d"]\n',
    )
    write(images / "leaf" / "Dockerfile", "ARG BASE\nFROM ${BASE}\n")
    write(settings.source / "go.mod", "module d\n")
    write(images / "daemons/d/main.go", "package main\n")
    return settings.source


def digests(source: Path, archive: Artefact) -> tuple[str, str]:
    recipes = read_recipes(source)
    leaf = recipes["leaf"]
    return leaf.digest(recipes, {"tool": archive}, source), leaf.root_digest(recipes)


CHANGES = {
    "a file": ("localcloud/images/leaf/Dockerfile", "ARG BASE\nFROM ${BASE}\nUSER 1\n"),
    "a new file": ("localcloud/images/leaf/extra", "x"),
    "its base's files": ("mirror/images/base/entrypoint", "x"),
    "a Go source": ("localcloud/images/daemons/d/main.go", "package main\n\nfunc main() {}\n"),
    "Go's requirements": ("go.mod", "module d\n\ngo 1.26\n"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_hash_changes_with_each_input_but_the_packages_layer_stays(
    source: Path, archive: Artefact, change: str
) -> None:
    before = digests(source, archive)
    path, text = CHANGES[change]
    write(source / path, text)
    after = digests(source, archive)
    assert before[0] != after[0]
    assert before[1] == after[1], "only packages make the root file system"


def test_base_packages_change_both_hashes(source: Path, archive: Artefact) -> None:
    before = digests(source, archive)
    write(source / "mirror/images/base/recipe.toml", 'tag = "t/base:1"\npackages = ["systemd", "curl"]\n')
    after = digests(source, archive)
    assert before[0] != after[0]
    assert before[1] != after[1]


@pytest.mark.parametrize(
    "path",
    [
        "localcloud/images/leaf/__pycache__/x.pyc",
        "localcloud/images/daemons/d/main_test.go",
        "localcloud/images/daemons/other/main.go",
    ],
)
def test_what_no_build_reads_changes_nothing(source: Path, archive: Artefact, path: str) -> None:
    before = digests(source, archive)
    write(source / path, "x")
    assert digests(source, archive) == before


def test_executable_bit_counts(source: Path, archive: Artefact) -> None:
    before = digests(source, archive)
    (source / "localcloud/images/leaf/Dockerfile").chmod(0o755)
    assert digests(source, archive)[0] != before[0]


def test_needs_come_along(source: Path) -> None:
    assert with_needs(["leaf"], read_recipes(source)) == {"leaf": ("base",), "base": ()}


def test_unknown_base_names_both_ends(source: Path) -> None:
    write(source / "localcloud/images/leaf/recipe.toml", 'tag = "t/leaf:1"\nbase = "bass"\n')
    with pytest.raises(
        MirrorError, match=r"localcloud/images/leaf/recipe.toml: no recipe 'bass'; there are base, leaf"
    ):
        with_needs(["leaf"], read_recipes(source))


def test_a_name_that_two_folders_give_is_refused(source: Path) -> None:
    write(source / "doubles/images/leaf/recipe.toml", 'tag = "t/leaf:2"\n')
    with pytest.raises(
        MirrorError, match=r"localcloud/images/leaf: .*doubles/images/leaf has the same name; rename one"
    ):
        read_recipes(source)


def test_unknown_key_lists_the_allowed_ones(source: Path) -> None:
    write(source / "localcloud/images/leaf/recipe.toml", 'tag = "t/leaf:1"\npackage = ["x"]\n')
    with pytest.raises(MirrorError, match=r"unknown package; allowed are .*packages"):
        read_recipes(source)


def test_recipe_without_a_tag_shows_one(source: Path) -> None:
    write(source / "localcloud/images/leaf/recipe.toml", "")
    with pytest.raises(MirrorError, match=r'has no tag \(example: tag = "mirror.beacon/leaf:1"\)'):
        read_recipes(source)


def test_a_recipe_like_another_takes_the_previous_version_and_is_made_when_it_is_named(
    source: Path, archive: Artefact
) -> None:
    write(source / "localcloud/images/old/recipe.toml", 'tag = "t/old:1"\nlike = "leaf"\nprevious = "tool"\n')
    recipes = read_recipes(source)
    leaf, old = recipes["leaf"], recipes["old"]
    assert (old.tag, old.folder, old.binaries, old.base) == ("t/old:1", leaf.folder, leaf.binaries, leaf.base)
    assert (leaf.on_demand, old.on_demand) == (False, True)
    now = replace(archive, name="tool", version="2.0.0")
    artefacts = {"tool": now, "tool-previous": replace(now, name="tool-previous", version="1.9.0", on_demand=True)}
    assert leaf.owner(artefacts, "tool") is now
    assert old.owner(artefacts, "tool") is artefacts["tool-previous"]
    assert old.digest(recipes, artefacts, source) != leaf.digest(recipes, artefacts, source)
    write(source / "localcloud/images/old/recipe.toml", 'tag = "t/old:1"\nlike = "leave"\n')
    with pytest.raises(MirrorError, match=r"old: like = 'leave' is no recipe; there are base, leaf, old"):
        read_recipes(source)


def test_a_recipe_like_another_takes_another_suite_of_debian(source: Path) -> None:
    images = source / "localcloud/images"
    write(images / "base-old/recipe.toml", 'tag = "t/base-old:1"\nlike = "base"\nsuite = "bookworm"\n')
    write(images / "leaf-old/recipe.toml", 'tag = "t/leaf-old:1"\nlike = "leaf"\nbase = "base-old"\n')
    recipes = read_recipes(source)
    assert {name: recipe.release(recipes) for name, recipe in recipes.items()} == {
        "base": "trixie",
        "base-old": "bookworm",
        "leaf": "trixie",
        "leaf-old": "bookworm",
    }
    assert recipes["leaf-old"].packages == recipes["leaf"].packages
    assert recipes["leaf-old"].root_digest(recipes) != recipes["leaf"].root_digest(recipes)
    assert with_needs(["leaf-old"], recipes)["leaf-old"][0] == "base-old"


@pytest.mark.parametrize("base", ["", 'base = "base"\n'])
def test_an_unknown_suite_and_one_beside_a_base_are_refused(source: Path, base: str) -> None:
    suite = "bookworm" if base else "sid"
    write(source / "localcloud/images/odd/recipe.toml", f'tag = "t/odd:1"\nsuite = "{suite}"\n{base}')
    with pytest.raises(
        MirrorError, match=rf"suite = '{suite}' is invalid: one of trixie, bookworm, in a recipe without"
    ):
        read_recipes(source)


def test_go_package_is_split_at_its_module(source: Path) -> None:
    daemons = "localcloud/images/daemons"
    assert go_package(source, f"{daemons}/d") == (source, f"./{daemons}/d")
    write(source / daemons / "go.mod", "module d\n")
    assert go_package(source, f"{daemons}/d") == (source / daemons, "./d")
    assert go_package(source, daemons) == (source / daemons, ".")
    (source / "go.mod").unlink()
    with pytest.raises(MirrorError, match=r"neither it nor a folder above has a go\.mod"):
        go_package(source, "nowhere/x")


def test_go_programs_import_no_other_package_of_the_repository() -> None:
    module = re.search(r"^module (\S+)$", (SOURCE / "go.mod").read_text(), re.MULTILINE)
    assert module
    paths = [path for recipe in RECIPES.values() for path in recipe.go]
    assert paths
    for file in (file for path in paths for file in (SOURCE / path).glob("*.go")):
        assert f'"{module[1]}/' not in file.read_text(), f"{file}: the image's hash doesn't cover what it imports"


RECIPES = read_recipes(SOURCE)


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_recipes_of_the_repository_are_whole(recipe: Recipe) -> None:
    needs = with_needs([recipe.name], RECIPES)
    assert recipe.name in needs
    assert recipe.digest(RECIPES, read_table(SOURCE / TABLE), SOURCE)
    dockerfile = (recipe.folder / "Dockerfile").read_text()
    assert "FROM ${BASE}" in dockerfile
    assert ("ADD rootfs.tar /" in dockerfile) == bool(recipe.packages)
    assert "bin/" in dockerfile or not (recipe.binaries or recipe.go)
