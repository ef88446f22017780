"""What the documentation promises of a tree: questions, each answered with what is missing, so none where all is well.

They take the tree's root, so that a test can ask them of a copy from which something was taken away.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

PARTS = ("Rationale", "Key files", "Essential commands")
LINK = re.compile(r"\[[^\]]+\]\(([^)#\s]+)[^)]*\)")
ROUTE = re.compile(r'@\w+\.(?:get|post|put|delete|route)\("(/[^"]*)"')
SETTING = re.compile(r"\b(?:BEACON|LOCALCLOUD|WEBAPP|MIRROR|MOLECULE)_[A-Z][A-Z_]*[A-Z]\b")
TARGET = re.compile(r"^([a-z0-9-]+):.*##", re.MULTILINE)
TESTS_ONLY = re.compile(r"^[A-Z]+_(\w+_)?TEST_")


def folders(root: Path) -> list[str]:
    """Return the names of our folders at the top: those with something in them that isn't hidden."""
    found = (path for path in root.iterdir() if path.is_dir() and not path.name.startswith((".", "__")))
    return sorted(path.name for path in found if any(path.iterdir()))


def readmes(root: Path) -> list[Path]:
    """Return every README of ours, and what stands beside the first one."""
    found = [*root.glob("*.md"), *(path for name in folders(root) for path in (root / name).rglob("*.md"))]
    return sorted(
        path for path in found if "ansible_collections" not in path.parts and "node_modules" not in path.parts
    )


def parts(root: Path) -> list[str]:
    """Each folder's README has its three parts, and says something in each."""
    missing = []
    for name in folders(root):
        readme = root / name / "README.md"
        text = readme.read_text() if readme.exists() else ""
        missing += [
            f"{name}/README.md lacks the part {part}"
            for part in PARTS
            if not re.search(rf"^## {part}\b[^\n]*\n+(?!## ) *\S", text, re.MULTILINE)
        ]
    return missing


def links(root: Path) -> list[str]:
    """Each link within the tree leads to something."""
    return [
        f"{readme.relative_to(root)} links to {target}, which is not there"
        for readme in readmes(root)
        for target in LINK.findall(readme.read_text())
        if "://" not in target and not target.startswith("mailto:") and not (readme.parent / target).exists()
    ]


def named(what: str, names: Iterable[str], page: Path, form: str) -> list[str]:
    """Return which names the page doesn't have in the given form."""
    text = page.read_text()
    return [
        f"{page.parent.name}/{page.name} lacks the {what} {name}" for name in names if form.format(name) not in text
    ]


def listed_folders(root: Path) -> list[str]:
    """The first README leads to each folder."""
    return named("folder", folders(root), root / "README.md", "({}/README.md)")


def listed_playbooks(root: Path) -> list[str]:
    """Each playbook has its line among the verbs."""
    names = sorted(path.stem for path in root.glob("playbooks/*.yml"))
    return named("playbook", names, root / "playbooks/README.md", "| `{}` |")


def listed_roles(root: Path) -> list[str]:
    """Each role has its line, which leads to its README."""
    names = sorted(path.parent.parent.name for path in root.glob("roles/*/tasks/main.yml"))
    return named("role", names, root / "roles/README.md", "[{0}]({0}/README.md)")


def listed_plugins(root: Path) -> list[str]:
    """Each plugin has its line."""
    found = (path for path in root.glob("plugins/*/*.py") if not path.stem.startswith("_"))
    names = sorted(str(path.relative_to(root / "plugins")) for path in found)
    return named("plugin", names, root / "plugins/README.md", "`{}`")


def listed_tests(root: Path) -> list[str]:
    """Each folder of tests has its line."""
    found = (path for path in (root / "tests").iterdir() if path.is_dir() and any(path.glob("test_*.py")))
    return named("folder", sorted(path.name for path in found), root / "tests/README.md", "| `{}/`")


def listed_targets(root: Path) -> list[str]:
    """Each verb of `make` is told somewhere, and each that is told exists."""
    targets = TARGET.findall((root / "Makefile").read_text())
    told = {target: page for page in readmes(root) for target in _make_words(page.read_text())}
    untold = [f"no page tells `make {target}`" for target in targets if target not in told]
    return untold + [
        f"{page.relative_to(root)} tells `make {name}`, which the Makefile lacks"
        for name, page in told.items()
        if name not in targets
    ]


def _make_words(text: str) -> list[str]:
    code = re.findall(r"`make ([a-z0-9-]+)[^`]*`", text)
    return code + re.findall(r"^(?: {4})?make ([a-z0-9-]+)", text, re.MULTILINE)


def listed_endpoints(root: Path) -> list[str]:
    """Each endpoint of the web application is told in its README; so is the one of its metrics."""
    sources = sorted(root.glob("webapp/src/beacon_webapp/endpoints/*.py"))
    routes = {route for source in sources for route in ROUTE.findall(source.read_text())} | {"/metrics"}
    text = (root / "webapp/README.md").read_text()
    # an example of a route with a variable part is as good as the route
    examples = {route: re.escape(route.split("<")[0]) for route in routes}
    return [
        f"webapp/README.md lacks the endpoint {route}"
        for route, example in sorted(examples.items())
        if not re.search(rf"`{example}[^`]*`", text)
    ]


def listed_settings(root: Path) -> list[str]:
    """Each variable of the process that the code reads is told somewhere."""
    text = "\n".join(page.read_text() for page in readmes(root))
    sources = [
        path
        for name in folders(root)
        for pattern in ("*.py", "*.yml", "*.j2", "*.sh")
        for path in (root / name).rglob(pattern)
        if "tests" not in path.parts and "molecule" not in path.parts and "ansible_collections" not in path.parts
    ]
    read = {
        setting
        for path in sources
        for line in path.read_text().splitlines()
        if "env" in line.lower()
        for setting in SETTING.findall(line)
    }
    return [f"no page tells {name}" for name in sorted(read) if name not in text and not TESTS_ONLY.match(name)]


def listed_inventory(root: Path) -> list[str]:
    """Each variable of an inventory is a role's input, which its README tells, or is told by the inventories' README."""
    inputs = {name for path in root.glob("roles/*/defaults/main.yml") for name in _options(path.parents[1])}
    text = (root / "inventories/README.md").read_text()
    variables = {
        name: path
        for path in sorted(root.glob("inventories/*/group_vars/**/*.yml"))
        for name in yaml.safe_load(path.read_text()) or {}
    }
    return [
        f"inventories/README.md lacks {name} of {path.relative_to(root)}"
        for name, path in variables.items()
        if name not in inputs and not name.startswith("ansible_") and f"`{name}`" not in text
    ]


def listed_terraform(root: Path) -> list[str]:
    """Each file of the root module is told in its README; each variable and output describes itself."""
    names = sorted(path.name for path in root.glob("terraform/*.tf"))
    silent = [
        f"terraform/{file}: {kind} {name} has no description"
        for file, kind in (("variables.tf", "variable"), ("outputs.tf", "output"))
        for name, body in re.findall(
            rf'^{kind} "(\w+)" \{{\n(.*?)^\}}', (root / "terraform" / file).read_text(), re.MULTILINE | re.DOTALL
        )
        if not re.search(r"^\s+description\s+=", body, re.MULTILINE)
    ]
    return named("file", names, root / "terraform/README.md", "`{}`") + silent


def role_variables(root: Path) -> list[str]:
    """Each input of a role is in its README's table."""
    return [
        f"roles/{role.name}/README.md lacks {name}"
        for role in sorted(path.parents[1] for path in root.glob("roles/*/tasks/main.yml"))
        for name in _options(role)
        if f"`{name}`" not in _text(role / "README.md")
    ]


def _options(role: Path) -> list[str]:
    specs = yaml.safe_load(_text(role / "meta/argument_specs.yml")) or {"argument_specs": {}}
    return [name for entry in specs["argument_specs"].values() for name in entry.get("options", {})]


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""


PROMISES: tuple[Callable[[Path], list[str]], ...] = (
    parts,
    links,
    listed_folders,
    listed_playbooks,
    listed_roles,
    listed_plugins,
    listed_tests,
    listed_targets,
    listed_endpoints,
    listed_settings,
    listed_inventory,
    listed_terraform,
    role_variables,
)
