"""Messages of roles, playbooks and plugins name what every user has: the installed collection, not a checkout of it."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.docs.commands import CHECKOUT, tracked

if TYPE_CHECKING:
    from collections.abc import Iterator

PLAYBOOKS = "|".join(sorted(path.stem for path in CHECKOUT.glob("playbooks/*.yml")))
VERBS = "|".join(re.findall(r"^([a-z0-9-]+):.*##", (CHECKOUT / "Makefile").read_text(), re.MULTILINE))
# What only a checkout has, and what to say instead
ABSENT = {
    rf"(?<![./\w])(playbooks/)?({PLAYBOOKS})\.yml": "say beacon.platform.NAME, which a checkout knows, too",
    rf"`make ({VERBS})\b": "make has no target in an installed collection",
    r"python -m (?!pip)": "say that it needs a checkout of Beacon",
    r"(?<!/)inventories/(local|sample)": "say {{ playbook_dir | dirname }}/inventories/sample",
    r"(?<!main/)docs/site": "the archive leaves the how-to out: say its address",
    r"\.venv": "an installed collection has no environment of its own",
}
SAID = {"msg", "fail_msg", "success_msg"}


def of_tasks(tasks: object) -> Iterator[str]:
    """Yield what tasks say."""
    if isinstance(tasks, list):
        for each in tasks:
            yield from of_tasks(each)
    elif isinstance(tasks, dict):
        for key, value in tasks.items():
            if key in SAID:
                yield from [value] if isinstance(value, str) else map(str, value)
            else:
                yield from of_tasks(value)


def of_code(source: str) -> Iterator[str]:
    """Yield the texts of Python code that are no documentation."""
    tree = ast.parse(source)
    statements = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    documents = {
        id(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id.isupper()
        if node.targets[0].id in {"DOCUMENTATION", "EXAMPLES", "RETURN"}
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in statements | documents:
            yield node.value


def messages() -> dict[str, list[str]]:
    """Return what each file says."""
    found: dict[str, list[str]] = {}
    for path in tracked("roles/*/tasks/*.yml", "roles/*/handlers/*.yml", "playbooks/*.yml", "playbooks/tasks/**.yml"):
        found[str(path.relative_to(CHECKOUT))] = [*of_tasks(yaml.safe_load(path.read_text()))]
    for path in tracked("plugins/**.py"):
        found[str(path.relative_to(CHECKOUT))] = [*of_code(path.read_text())]
    return found


@pytest.mark.parametrize("pattern", ABSENT)
def test_messages_name_nothing_that_only_a_checkout_has(pattern: str) -> None:
    assert [
        f"{name}: {message[:200]}: {ABSENT[pattern]}"
        for name, said in messages().items()
        for message in said
        if re.search(pattern, message) and not re.search(r"checkout of\s+Beacon", message)
    ] == []


def test_messages_are_found() -> None:
    said = messages()
    assert any(
        "is not provisioned: run beacon.platform.provision" in text for text in said["playbooks/tasks/begin.yml"]
    )
    assert any("Run beacon.platform.provision" in text for text in said["plugins/modules/ssh_key.py"])
