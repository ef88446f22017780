"""python -m awx.workflow: draws docs/awx-workflow.svg from data/workflow.yml."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import yaml

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "awx-workflow.svg"
WIDTH, HEIGHT, GAP_X, GAP_Y, EDGE = 116, 44, 52, 26, 24  # pixels
COLOURS = {"success": "#2e7d32", "failure": "#c62828", "always": "#1565c0"}


@dataclass(frozen=True)
class Node:
    """A step, and what follows it."""

    name: str
    label: str
    approval: bool
    links: tuple[tuple[str, str], ...]  # kind, name


def read(workflow: str = "Beacon", file: Path = ROOT / "awx" / "data" / "workflow.yml") -> list[Node]:
    """Return a workflow's steps; entries of the same step are one."""
    merged: dict[str, dict[str, Any]] = {}
    nodes = yaml.safe_load(file.read_text())["controller_workflow_nodes"]
    for entry in (node for node in nodes if node["workflow_job_template"] == workflow):
        merged[entry["identifier"]] = merged.get(entry["identifier"], {}) | entry
    return [_node(name, entry) for name, entry in merged.items()]


def _node(name: str, entry: dict[str, Any]) -> Node:
    links = tuple((kind, other) for kind in COLOURS for other in entry.get(f"{kind}_nodes", []))
    approval = entry.get("approval_node")
    label = approval["name"] if approval else entry["unified_job_template"]
    return Node(name=name, label=label, approval=bool(approval), links=links)


def places(nodes: list[Node]) -> dict[str, tuple[int, int]]:
    """Return each step's column and row: right of all that leads to it, below the ones beside it."""
    column = dict.fromkeys((node.name for node in nodes), 0)
    for node in nodes:  # in the order of their run
        for _, other in node.links:
            column[other] = max(column[other], column[node.name] + 1)
    rows: dict[int, int] = {}
    found = {}
    for name, number in column.items():
        found[name] = (number, rows.get(number, 0))
        rows[number] = rows.get(number, 0) + 1
    return found


def draw(nodes: list[Node]) -> str:
    """Return the picture."""
    placed = places(nodes)
    counts: dict[int, int] = {}
    for column, _ in placed.values():
        counts[column] = counts.get(column, 0) + 1
    tallest = max(counts.values())

    def corner(name: str) -> tuple[int, int]:
        column, row = placed[name]
        shift = (tallest - counts[column]) * (HEIGHT + GAP_Y) // 2
        return EDGE + column * (WIDTH + GAP_X), EDGE + row * (HEIGHT + GAP_Y) + shift

    width = 2 * EDGE + len(counts) * (WIDTH + GAP_X) - GAP_X
    height = 2 * EDGE + tallest * (HEIGHT + GAP_Y) - GAP_Y + 28
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
        "<title>The workflow Beacon, drawn from awx/data/workflow.yml by `python -m awx.workflow`</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    for node in nodes:
        x, y = corner(node.name)
        for kind, other in node.links:
            lines.append(_arrow((x + WIDTH, y + HEIGHT // 2), corner(other), COLOURS[kind]))
    lines += [_box(node, *corner(node.name)) for node in nodes]
    used = {kind for node in nodes for kind, _ in node.links}
    lines += _legend([kind for kind in COLOURS if kind in used], height - 16)
    return "\n".join([*lines, "</svg>", ""])


def _arrow(start: tuple[int, int], corner: tuple[int, int], colour: str) -> str:
    x, y = corner[0], corner[1] + HEIGHT // 2
    middle = (start[0] + x) // 2
    path = f"M{start[0]} {start[1]} C{middle} {start[1]} {middle} {y} {x - 7} {y}"
    head = f"M{x} {y} l-8 -4 v8 z"
    return f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2"/><path d="{head}" fill="{colour}"/>'


def _box(node: Node, x: int, y: int) -> str:
    fill, stroke = "#f1f5f9", "#475569"
    shape = f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="6" fill="{fill}" stroke="{stroke}"/>'
    centre = x + WIDTH // 2
    name = f'<text x="{centre}" y="{y + 19}" text-anchor="middle" font-weight="bold">{escape(node.name)}</text>'
    label = _short(node.label)
    what = f'<text x="{centre}" y="{y + 34}" text-anchor="middle" font-size="10" fill="#475569">{escape(label)}</text>'
    return shape + name + what


def _short(label: str, most: int = 20) -> str:
    return label if len(label) <= most else f"{label[: most - 1].rstrip()}…"


def _legend(kinds: list[str], y: int) -> list[str]:
    lines = []
    for number, kind in enumerate(kinds):
        x = EDGE + number * 110
        lines.append(f'<path d="M{x} {y - 4} h26" stroke="{COLOURS[kind]}" stroke-width="2"/>')
        lines.append(f'<text x="{x + 32}" y="{y}">on {kind}</text>')
    return lines


if __name__ == "__main__":
    PICTURE.write_text(draw(read()))
