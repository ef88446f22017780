"""What docs/decisions/0018-local-cloud-layout.md says of the package's shape is so."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import grimp

PACKAGE = Path(__file__).parents[1]
DECISION = PACKAGE.parent / "docs" / "decisions" / "0018-local-cloud-layout.md"


def limit(words: str) -> int:
    """Return the number that the decision gives before these words."""
    found = re.findall(rf"\((\d+) {words}\)", " ".join(DECISION.read_text().split()))
    assert len(found) == 1, words
    return int(found[0])


def program(path: Path) -> bool:
    return "tests" not in path.parts and path.name != "conftest.py"


def test_no_circle_and_no_long_chain_of_imports() -> None:
    graph = grimp.build_graph("localcloud", exclude_type_checking_imports=True, cache_dir=None)
    modules = {name for name in graph.modules if not {"tests", "conftest", "images"} & set(name.split("."))}
    on_the_way: list[str] = []

    @functools.cache
    def chain(module: str) -> tuple[str, ...]:
        assert module not in on_the_way, f"a circle: {' -> '.join([*on_the_way, module])}"
        on_the_way.append(module)
        below = [chain(name) for name in sorted(graph.find_modules_directly_imported_by(module) & modules)]
        on_the_way.pop()
        return (module, *max(below, key=len, default=()))

    longest = max((chain(module) for module in sorted(modules)), key=len)
    assert len(longest) <= limit("at most"), " -> ".join(longest)


def test_any_is_rare() -> None:
    lines = found = 0
    for path in filter(program, PACKAGE.rglob("*.py")):
        text = path.read_text()
        lines += text.count("\n")
        found += sum(isinstance(node, ast.Name) and node.id == "Any" for node in ast.walk(ast.parse(text)))
    assert 1000 * found / lines <= limit("in a thousand lines at most"), f"{found} in {lines} lines"
