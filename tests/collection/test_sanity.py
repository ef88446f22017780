"""All of `ansible-test sanity` on the installed collection, by the oldest and the newest ansible-core that it is for.

It fetches what its tests are made of from the machine's package index, so it has a verb of its own: `make sanity`.
"""

from __future__ import annotations

import ast
import os
import subprocess
from typing import TYPE_CHECKING

import pytest
import yaml

from plugins.lookup.pip_files import pip_files
from setup import paths
from tests.collection.built import install

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHECKOUT = paths.CHECKOUT
ENVIRONMENTS = {"2.20": CHECKOUT / ".venv-oldest", "2.21": CHECKOUT / ".venv"}
# ansible-test would download pip from a server of its own; Python brings one
BOOTSTRAP = "import ensurepip\n\nensurepip.bootstrap()\n"
PIP = "25_2"  # as ansible-test names the version that it would download


def test_these_are_the_versions_that_the_collection_is_for() -> None:
    told = yaml.safe_load((CHECKOUT / "meta/runtime.yml").read_text())["requires_ansible"]
    assert told == ">=2.20.0,<2.22.0"
    assert list(ENVIRONMENTS) == ["2.20", "2.21"]


def unused(file: Path) -> bool:
    """Return whether a file calls a value that it does not use by the name that ansible-core keeps for gettext."""
    return any(
        (isinstance(node, ast.arg) and node.arg == "_")
        or (isinstance(node, ast.Name) and node.id == "_" and isinstance(node.ctx, ast.Store))
        for node in ast.walk(ast.parse(file.read_text()))
    )


@pytest.mark.parametrize("core", ENVIRONMENTS)
def test_what_it_would_find_in_plugins_is_excused(core: str) -> None:
    """In seconds, and before a night's run: a new module needs its line, a new `_` another name."""
    excused = (CHECKOUT / f"tests/sanity/ignore-{core}.txt").read_text()
    plugins = sorted((CHECKOUT / "plugins").glob("*/*.py"))
    licensed = [path for path in plugins if path.parent.name in ("modules", "lookup") and path.stem != "__init__"]
    wanted = [f"{path.relative_to(CHECKOUT)} validate-modules:missing-gplv3-license" for path in licensed]
    wanted += [f"{path.relative_to(CHECKOUT)} pylint:disallowed-name" for path in plugins if unused(path)]
    assert [line for line in wanted if line not in excused] == []


@pytest.fixture
def home() -> Iterator[Path]:
    """Give ansible-test a home in the cache: the only place where it looks for pip's settings and keeps its environments."""
    home = paths.cache() / "sanity"
    bootstrap = home / f".ansible/test/cache/get_pip_{PIP}.py"
    bootstrap.parent.mkdir(parents=True, exist_ok=True)
    bootstrap.write_text(BOOTSTRAP)
    settings = home / ".config/pip/pip.conf"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.touch(mode=0o600)  # an index's address may have a password in it
    found = pip_files(os.environ)
    certificates = settings.with_name("ca-certificates.crt")
    certificates.write_text(found.get("ca-certificates.crt", ""))
    trusted = f"cert = {certificates}\n" if "ca-certificates.crt" in found else ""
    settings.write_text(found.get("pip.conf", "[global]\n") + trusted)
    yield home
    settings.unlink()


@pytest.mark.sanity
@pytest.mark.parametrize("core", ENVIRONMENTS)
def test_the_installed_collection_is_sane(core: str, home: Path, tmp_path: Path) -> None:
    installed = install(tmp_path) / "installed/ansible_collections"
    (bundled,) = (CHECKOUT / ".venv/lib").glob("python3*/site-packages/ansible_collections")
    for namespace in ("amazon", "ansible", "community", "kubernetes"):  # ansible-test looks for others beside ours only
        (installed / namespace).symlink_to(bundled / namespace)
    ours = installed / "beacon/platform"
    ignored = ours / f"tests/sanity/ignore-{core}.txt"
    ignored.parent.mkdir(parents=True)
    ignored.write_bytes((CHECKOUT / "tests/sanity" / ignored.name).read_bytes())
    programs = ENVIRONMENTS[core] / "bin"
    version = f"{(programs / 'python').resolve().name.removeprefix('python')}"
    path = os.pathsep.join([str(programs), str(CHECKOUT / ".venv/bin"), os.environ["PATH"]])
    done = subprocess.run(
        [str(programs / "ansible-test"), "sanity", "--local", "--python", version, "--color", "no"],
        check=False,
        cwd=ours,
        env={"HOME": str(home), "PATH": path, "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=1800,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert 'Running sanity test "validate-modules"' in said
