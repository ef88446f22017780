"""Write each role's README: variables from its contract, example from its scenario: `python -m tests.roles.readmes`."""

import re
from pathlib import Path
from typing import Any

import yaml

from plugins.filter.host import ARCHITECTURES, SYSTEMS

ROLES = Path(__file__).parents[2] / "roles"
MARKUP = re.compile(r"\b[CVOIB]\(([^)]*)\)")  # Ansible's own: C(code), V(value), O(option)
MARKER = "<!-- variables: generated from meta/argument_specs.yml -->"
EXAMPLE = re.compile(r"^## Example\n```yaml\n(.*?)```\n", re.DOTALL | re.MULTILINE)
HOSTS = re.compile(r"\bhosts: (\S+)")
SYSTEM = re.compile(r"^(?:Debian|Ubuntu) [^;]* with systemd", re.MULTILINE)


def systems() -> str:
    """Return the systems and architectures of the one map, as a README says them."""
    *most, last = [f"{name} {version}" for name, versions in SYSTEMS.items() for version in versions]
    return f"{', '.join(most)} or {last} on {' or '.join(ARCHITECTURES.values())}"


def table(options: dict[str, dict[str, Any]]) -> str:
    """Return the options as a Markdown table; nested ones follow their parent as `parent.child`."""
    lines = ["| variable | type | default | meaning |", "|---|---|---|---|"]
    lines += [_line(name, option) for name, option in _flat(options)]
    return "\n".join(lines)


def _flat(options: dict[str, dict[str, Any]], parent: str = "") -> list[tuple[str, dict[str, Any]]]:
    flat = []
    for name, option in options.items():
        flat.append((parent + name, option))
        flat += _flat(option.get("options", {}), f"{parent}{name}.")
    return flat


def _line(name: str, option: dict[str, Any]) -> str:
    meaning = option["description"]
    meaning = " ".join(meaning) if isinstance(meaning, list) else meaning
    if option.get("choices"):
        meaning += f" One of {', '.join(f'`{choice}`' for choice in option['choices'])}."
    kind = option["type"] + (f" of {option['elements']}" if "elements" in option else "")
    default = f"`{option['default']}`" if option.get("default", "") != "" else ""
    if option.get("required"):
        default = "**required**"
    meaning = MARKUP.sub(r"`\1`", " ".join(meaning.split()))
    cells = (f"`{name}`", kind, default, meaning)
    return f"| {' | '.join(cell.replace('|', '\\|') for cell in cells)} |"


def example(role: Path, before: str) -> str:
    """Return the play that the role's scenario converges with, for the hosts that the example in the README names."""
    play = (role.parents[1] / "molecule" / role.name / "converge.yml").read_text().removeprefix("---\n")
    named = HOSTS.search(before)
    return HOSTS.sub(named[0], play) if named else play


def rendered(role: Path) -> str:
    """Return the README as it should be."""
    text = (role / "README.md").read_text()
    text = EXAMPLE.sub(lambda found: f"## Example\n```yaml\n{example(role, found[1])}```\n", text)
    text = SYSTEM.sub(f"{systems()} with systemd", text)
    if MARKER not in text:
        return text
    entries = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text())["argument_specs"].values()
    options: dict[str, dict[str, Any]] = {}
    for entry in entries:  # main stands first: its words count where another entry point takes the same
        for name, option in entry["options"].items():
            options.setdefault(name, option)
    return text[: text.index(MARKER)] + MARKER + "\n" + table(options) + "\n"


def documented() -> list[Path]:
    """Return the roles that have a README."""
    return sorted(path.parent for path in ROLES.glob("*/README.md"))


if __name__ == "__main__":
    for folder in documented():
        (folder / "README.md").write_text(rendered(folder))
