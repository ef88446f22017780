"""python -m docs.site.build TARGET: stage all pages of the project, describe the collection, and build the site.

Pages stand where they belong: each folder's README is one. `docs/site` adds what no folder has, and what is written from
data is written here. Sphinx and antsibull-docs are run from `.venv-docs` (requirements-docs.txt); `make docs` makes it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from setup import paths
from setup.files import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT = paths.CHECKOUT
HERE = Path("docs/site")
PROGRAMS = CHECKOUT / ".venv-docs" / "bin"
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
OUTPUT = re.compile(r'^output "(\w+)" \{\n.*?^\s+description\s+= "(.*?)"\n', re.MULTILINE | re.DOTALL)
MARKUP = re.compile(r"\b[CVOIB]\(([^)]*)\)")  # Ansible's own: C(code), V(value), O(option)
CHILDREN = {"roles/README.md": "/roles/*/README", "docs/decisions/README.md": "/docs/decisions/0*"}
"""Pages that are shown above others."""
CONTENTS = re.compile(r"^\.\. contents::\n(?:   .*\n)*", re.MULTILINE)
LIMIT = 600


def stage(target: Path) -> None:
    """Copy every page to its place, the site's own to the top, and the files that pages show or link to."""
    for name in listed("*.md", "docs/*.svg", "docs/*.png", f"{HERE}/*", untracked=True):
        source = CHECKOUT / name
        if source.is_symlink() or not source.is_file():
            continue
        page = Path(name)
        if page.parent == HERE and page.suffix == ".md":
            # the same page, two folders further up
            text = source.read_text().replace("](../../", "](/").replace("](../", "](/docs/")
            write(target / page.name, text.replace("} ../../", "} /").replace("} ../", "} /docs/"))
            continue
        if page.suffix == ".md":  # the site's own pages are at the top there
            write(target / name, source.read_text().replace(f"]({os.path.relpath(HERE, page.parent)}/", "](/"))
        else:
            write(target / name, source.read_bytes())
        if name in CHILDREN:
            with (target / name).open("a") as opened:
                opened.write(f"\n```{{toctree}}\n:hidden:\n:glob:\n\n{CHILDREN[name]}\n```\n")
        for link in LINK.findall(source.read_text()) if page.suffix == ".md" else ():
            linked = source.parent / link
            if "://" not in link and linked.is_file() and linked.suffix != ".md":
                write(target / linked.resolve().relative_to(CHECKOUT), linked.read_bytes())


def write(path: Path, content: str | bytes) -> None:
    """Write a file and its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def outputs(terraform: str) -> str:
    """Return the page of Terraform's outputs, from outputs.tf."""
    rows = [f"| `{name}` | {meaning} |" for name, meaning in OUTPUT.findall(terraform)]
    about = "What Terraform hands over to Ansible, as the dictionary `infrastructure_outputs`."
    return "\n".join(["# Terraform outputs", "", about, "", "| output | what |", "|---|---|", *rows, ""])


def variables(roles: Path) -> str:
    """Return the page of all roles' inputs in one table, from their argument specifications."""
    rows = sorted(row for role in sorted(roles.iterdir()) if role.is_dir() for row in _inputs(role))
    about = "Every input of every role. Their types and defaults are on the role's page."
    return "\n".join(["# Variables", "", about, "", "| variable | role | meaning |", "|---|---|---|", *rows, ""])


def collections(galaxy: str) -> str:
    """Return the table of the collections that this one depends on, from galaxy.yml."""
    needed: dict[str, str] = yaml.safe_load(galaxy)["dependencies"]
    rows = [f"| {name} | `{versions}` |" for name, versions in needed.items()]
    return "\n".join(["| collection | versions |", "|---|---|", *rows])


def _inputs(role: Path) -> Iterator[str]:
    specs = yaml.safe_load((role / "meta/argument_specs.yml").read_text())["argument_specs"]
    options: dict[str, dict[str, Any]] = {}
    for entry in specs.values():
        options = {**entry.get("options", {}), **options}
    for name, option in options.items():
        words = option["description"]
        text = " ".join(words) if isinstance(words, list) else words
        meaning = MARKUP.sub(r"`\1`", " ".join(text.split())).replace("|", "\\|")
        yield f"| `{name}` | [{role.name}](/roles/{role.name}/README.md) | {meaning} |"


def describe(target: Path) -> None:
    """Write the reference of plugins and roles, by antsibull-docs."""
    (bundled,) = (CHECKOUT / ".venv/lib").glob("python3*/site-packages/ansible_collections")
    collections = os.pathsep.join([str(CHECKOUT / "collections"), str(bundled.parent)])
    target.mkdir(parents=True)
    options = ["--use-current", "--squash-hierarchy", "--no-add-antsibull-docs-version", "--fail-on-error"]
    command = [str(PROGRAMS / "antsibull-docs"), "collection", *options, "--dest-dir", str(target), "beacon.platform"]
    run(command, ANSIBLE_COLLECTIONS_PATH=collections)
    for page in target.glob("*.rst"):  # the theme shows each page's contents beside it
        page.write_text(CONTENTS.sub("", page.read_text()))


def unbuilt(target: Path) -> list[str]:
    """Return the pages that roles and modules should have in a site, and have not."""
    roles = sorted(path.parents[1].name for path in CHECKOUT.glob("roles/*/tasks/main.yml"))
    pages = [page for role in roles for page in (f"roles/{role}/README.html", f"reference/{role}_role.html")]
    pages += [f"reference/{path.stem}_module.html" for path in sorted(CHECKOUT.glob("plugins/modules/*.py"))]
    return [page for page in pages if not (target / page).exists()]


def run(command: list[str], **more: str) -> None:
    """Run a program of `.venv-docs`. Raises subprocess.CalledProcessError; its words are shown."""
    path = f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(command, check=True, cwd=CHECKOUT, env={**os.environ, "PATH": path, **more}, timeout=LIMIT)


def build(target: Path) -> None:
    """Build the site into a folder that is made anew. Any warning is an error."""
    with tempfile.TemporaryDirectory() as made:
        source = Path(made)
        stage(source)
        write(source / "outputs.md", outputs((CHECKOUT / "terraform/outputs.tf").read_text()))
        write(source / "variables.md", variables(CHECKOUT / "roles"))
        support = source / "support.md"
        table = collections((CHECKOUT / "galaxy.yml").read_text())
        support.write_text(support.read_text().replace("COLLECTIONS\n", f"{table}\n"))
        describe(source / "reference")
        shutil.rmtree(target, ignore_errors=True)
        options = ["--fail-on-warning", "--keep-going", "--quiet", "--jobs", "auto", "--conf-dir", str(source / HERE)]
        run([str(PROGRAMS / "sphinx-build"), *options, "--builder", "html", str(source), str(target)])


if __name__ == "__main__":
    build(Path(sys.argv[1]))
    if lacking := unbuilt(Path(sys.argv[1])):
        sys.exit(f"the site lacks {', '.join(lacking)}: is each in docs/site's table of contents and documented?")
