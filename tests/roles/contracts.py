"""What every role promises: questions of a tree, each answered with what is wrong, so none where all is well.

They take the tree's root, so that a test can ask them of a copy from which something was taken away.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from plugins.filter.host import SYSTEMS
from tests.roles.readmes import EXAMPLE, MARKER, ROLES, rendered, systems

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CHECKOUT = ROLES.parent
PARTS = ("Requirements", "Example", "Upgrade and remove", "Rationale", "Key files", "Essential commands", "Variables")
STEPS = ("molecule.yml", "converge.yml", "verify.yml", "alternative.yml", "absent.yml")
# what a scenario's verify may call: it asks, and changes nothing
READS = re.compile(r"_info$|_facts$|\.(uri|stat|slurp|find|getent|assert|debug|set_fact|add_host|wait_for|setup|fail)$")
# these change things, or not, as they are told: they must be told that they don't
TOLD = re.compile(r"\.(command|shell|k8s|k8s_exec|k8s_log|tempfile|file|copy|docker_container_exec)$")
MODULE = re.compile(r"\w+\.\w+\.\w+")
STRUCTURE = re.compile(r"\.(include|import)_(tasks|role)$|\.meta$")


def roles(root: Path) -> list[Path]:
    """Return the roles' folders."""
    return sorted(path.parents[1] for path in root.glob("roles/*/tasks/main.yml"))


def options(role: Path) -> dict[str, dict[str, Any]]:
    """Return the inputs of all entry points by their names."""
    entries = _yaml(role / "meta/argument_specs.yml").get("argument_specs", {})
    return {name: option for entry in entries.values() for name, option in entry.get("options", {}).items()}


def inputs_carry_their_role(root: Path) -> Iterator[str]:
    """Each input begins with its role's name."""
    for role in roles(root):
        for name in options(role):
            if not name.startswith(f"{role.name}_"):
                yield f"{role.name}: {name} must begin with {role.name}_"


def defaults_equal_the_contract(root: Path) -> Iterator[str]:
    """Each default stands in both, with the same value."""
    for role in roles(root):
        given = _yaml(role / "defaults/main.yml")
        promised = {name: option["default"] for name, option in options(role).items() if "default" in option}
        for name in sorted(given.keys() - promised.keys()):
            yield f"{role.name}: {name} has a default that meta/argument_specs.yml does not tell"
        for name in sorted(promised.keys() - given.keys()):
            yield f"{role.name}: {name} has a default in meta/argument_specs.yml but none in defaults/main.yml"
        for name in sorted(promised.keys() & given.keys()):
            if promised[name] != given[name]:
                yield f"{role.name}: {name} is {promised[name]!r} in the contract, {given[name]!r} in the defaults"


def inputs_without_a_default_are_named(root: Path) -> Iterator[str]:
    """What has no default stands in defaults/main.yml all the same, as a comment."""
    for role in roles(root):
        text = _text(role / "defaults/main.yml")
        for name, option in options(role).items():
            if "default" not in option and not re.search(rf"^# {name}:", text, re.MULTILINE):
                yield f"{role.name}: {name} has no default: name it in defaults/main.yml as a comment `# {name}:`"


def inputs_are_described(root: Path) -> Iterator[str]:
    """Each input, nested ones too, has a type and a description; each entry point says what it does."""

    def bare(name: str, option: dict[str, Any]) -> Iterator[str]:
        if not option.get("description") or not option.get("type"):
            yield name
        for key, value in option.get("options", {}).items():
            yield from bare(f"{name}.{key}", value)

    for role in roles(root):
        specs = _yaml(role / "meta/argument_specs.yml").get("argument_specs", {})
        if "main" not in specs:
            yield f"{role.name}: meta/argument_specs.yml has no entry point main"
        for entry, spec in specs.items():
            if not spec.get("short_description"):
                yield f"{role.name}: the entry point {entry} has no short_description"
        for key, option in options(role).items():
            for name in bare(key, option):
                yield f"{role.name}: {name} needs a description and a type"


def readmes_are_written_from_the_contract(root: Path) -> Iterator[str]:
    """Each README has its parts; its example is what the scenario plays, and the table of variables is current."""
    for role in roles(root):
        text = _text(role / "README.md")
        for part in PARTS:
            if not re.search(rf"^## {part}\b", text, re.MULTILINE):
                yield f"roles/{role.name}/README.md lacks the part {part}"
        if MARKER not in text:
            yield f"roles/{role.name}/README.md lacks the line {MARKER}"
        elif not EXAMPLE.search(text):
            yield f"roles/{role.name}/README.md has no example: a yaml block below `## Example`"
        elif text != rendered(role):
            yield f"roles/{role.name}/README.md is not current: run `python -m tests.roles.readmes`"


def roles_say_the_same_of_ansible(root: Path) -> Iterator[str]:
    """The oldest ansible-core stands in meta/runtime.yml; no role knows better."""
    wanted = _yaml(root / "meta/runtime.yml")["requires_ansible"].partition(",")[0].removeprefix(">=")
    for role in roles(root):
        said = _yaml(role / "meta/main.yml").get("galaxy_info", {}).get("min_ansible_version")
        if said is None or not wanted.startswith(said):
            yield f"{role.name}: min_ansible_version is {said}, meta/runtime.yml says {wanted}"


# Role release itself, or its entry point for that; not those for services
REFUSES_SYSTEMS = re.compile(r"name: beacon\.platform\.release\n\s+(tasks_from: host|rolespec_validate)\b")


def roles_of_hosts_say_the_same_of_systems(root: Path) -> Iterator[str]:
    """Roles that work on a host refuse those of others, and their metadata and README name the systems of the one map."""
    platforms = [{"name": name, "versions": [*versions.values()]} for name, versions in SYSTEMS.items()]
    for role in roles(root):
        on_hosts = systems() in _text(role / "README.md")
        refuses = any(REFUSES_SYSTEMS.search(path.read_text()) for path in role.glob("tasks/*.yml"))
        if not on_hosts and not refuses and role.name != "release":
            continue
        said = _yaml(role / "meta/main.yml").get("galaxy_info", {}).get("platforms")
        if said != platforms:
            yield f"{role.name}: meta/main.yml has platforms {said}, plugins/filter/host.py {platforms}"
        if not on_hosts:
            yield f"roles/{role.name}/README.md does not begin its requirements with the systems: {systems()} with systemd"
        if not refuses and role.name != "release":
            yield f"{role.name}: no file of tasks/ applies role release, or its entry point `host`, which refuses other systems"


def roles_have_a_scenario(root: Path) -> Iterator[str]:
    """Each role has a scenario with its steps; no scenario is there without a role, but the shared ones."""
    for role in roles(root):
        for step in STEPS:
            if not (root / "molecule" / role.name / step).exists():
                yield f"molecule/{role.name}/{step} is missing"
    known = {role.name for role in roles(root)} | {"default", "cloud"}
    for path in sorted(root.glob("molecule/*/molecule.yml")):
        if path.parent.name not in known:
            yield f"molecule/{path.parent.name} is no role's"


def asserts_say_what_is_wrong(root: Path) -> Iterator[str]:
    """Each assert of a scenario has a fail_msg."""
    for path, task in _tasks(root):
        asserted = task.get("ansible.builtin.assert")
        if asserted is not None and not asserted.get("fail_msg"):
            yield f"{path.relative_to(root)}: `{task.get('name')}` has no fail_msg"


def verify_only_reads(root: Path) -> Iterator[str]:
    """A scenario's verify changes nothing: modules that only ask, or that are told not to change."""
    for path, task in _tasks(root):
        if path.name != "verify.yml" and "verify_tasks" not in path.parts:
            continue
        for module in filter(MODULE.fullmatch, task):
            told = task.get("changed_when") is False or task.get("check_mode") is True
            if not READS.search(module) and not STRUCTURE.search(module) and not (TOLD.search(module) and told):
                yield f"{path.relative_to(root)}: `{task.get('name')}` calls {module}, which may change something"


def _tasks(root: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    for path in sorted(root.glob("molecule/*/**/*.yml")):
        if path.name != "molecule.yml" and "files" not in path.parts:
            loaded = yaml.safe_load(path.read_text())
            for item in loaded if isinstance(loaded, list) else []:
                for task in _flat(item):
                    yield path, task


def _flat(item: Any) -> Iterator[dict[str, Any]]:
    if not isinstance(item, dict):
        return
    inner = [key for key in ("tasks", "pre_tasks", "post_tasks", "block", "rescue", "always") if key in item]
    if not inner and "hosts" not in item:
        yield item
    for key in inner:
        for task in item[key]:
            yield from _flat(task)


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def _yaml(path: Path) -> dict[str, Any]:
    return yaml.safe_load(_text(path)) or {}


CONTRACTS: tuple[Callable[[Path], Iterator[str]], ...] = (
    inputs_carry_their_role,
    defaults_equal_the_contract,
    inputs_without_a_default_are_named,
    inputs_are_described,
    readmes_are_written_from_the_contract,
    roles_say_the_same_of_ansible,
    roles_of_hosts_say_the_same_of_systems,
    roles_have_a_scenario,
    asserts_say_what_is_wrong,
    verify_only_reads,
)
