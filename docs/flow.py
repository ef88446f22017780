"""python -m docs.flow: draws docs/flow.svg from docs/flow.toml.

Words are SVG's own text (no HTML in it, which many viewers leave out). Colours for light surroundings stand at each element, those for
dark ones in a style sheet that a viewer may ignore.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

FOLDER = Path(__file__).resolve().parent
SOURCE, PICTURE = FOLDER / "flow.toml", FOLDER / "flow.svg"
HEIGHT = 46  # of a box
FONT = 'font-family="Helvetica, Arial, DejaVu Sans, sans-serif"'
# class -> property -> colour in light and in dark surroundings
COLOURS: dict[str, dict[str, tuple[str, str]]] = {
    "page": {"fill": ("#ffffff", "#0d1117")},
    "frame": {"fill": ("#f6f8fa", "#161b22"), "stroke": ("#8c959f", "#6e7681")},
    "box": {"fill": ("#ffffff", "#21262d"), "stroke": ("#0969da", "#58a6ff")},
    "person": {"fill": ("#fff8c5", "#332a09"), "stroke": ("#9a6700", "#d29922")},
    "line": {"stroke": ("#57606a", "#9ea7b3")},
    "head": {"fill": ("#57606a", "#9ea7b3")},
    "title": {"fill": ("#1f2328", "#f0f6fc")},
    "text": {"fill": ("#424a53", "#b1bac4")},
    "label": {"fill": ("#424a53", "#b1bac4"), "stroke": ("#f6f8fa", "#161b22")},
    "outside": {"fill": ("#424a53", "#b1bac4"), "stroke": ("#ffffff", "#0d1117")},
}


def draw(flow: dict[str, Any]) -> str:
    """Return the picture."""
    width, height = flow["size"]
    left = flow["frames"][0]["box"][0]
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {FONT} role="img">',
        f"<title>{escape(flow['title'])}</title>",
        f"<style>@media (prefers-color-scheme: dark) {{ {_dark()} }}</style>",
        f'<rect width="{width}" height="{height}" {_class("page")}/>',
    ]
    for frame in flow["frames"]:
        x, y, wide, high = frame["box"]
        lines.append(f'<rect x="{x}" y="{y}" width="{wide}" height="{high}" rx="8" {_class("frame")}/>')
        lines.append(_words(x + 14, y + 20, frame["title"], "text", 'font-size="13" font-style="italic"'))
    lines += [line for arrow in flow["arrows"] for line in _arrow(arrow)]
    lines += [line for box in flow["boxes"] for line in _box(box)]
    lines += [_label(arrow, outside=arrow["label"][0] < left) for arrow in flow["arrows"]]
    return "\n".join([*lines, "</svg>", ""])


def _class(name: str) -> str:
    light = " ".join(f'{what}="{colours[0]}"' for what, colours in COLOURS[name].items())
    return f'class="{name}" {light}'


def _dark() -> str:
    return " ".join(
        f".{name} {{ {'; '.join(f'{what}: {colours[1]}' for what, colours in properties.items())} }}"
        for name, properties in COLOURS.items()
    )


def _words(x: int, y: int, text: str, kind: str, style: str) -> str:
    return f'<text x="{x}" y="{y}" {_class(kind)} {style}>{escape(text)}</text>'


def _box(box: dict[str, Any]) -> list[str]:
    x, y, width = box["at"]
    kind, round_ = ("person", HEIGHT // 2) if box.get("person") else ("box", 6)
    middle, centred = x + width // 2, 'text-anchor="middle"'
    shape = f'<rect x="{x}" y="{y}" width="{width}" height="{HEIGHT}" rx="{round_}" {_class(kind)} stroke-width="1.5"/>'
    text = box.get("text", "")
    title = _words(
        middle, y + (20 if text else 28), box["title"], "title", f'{centred} font-size="14" font-weight="bold"'
    )
    return [shape, title, *([_words(middle, y + 37, text, "text", f'{centred} font-size="12"')] if text else [])]


def _arrow(arrow: dict[str, Any]) -> list[str]:
    *_, (from_x, from_y), (x, y) = arrow["points"]
    along_x, along_y = (x > from_x) - (x < from_x), (y > from_y) - (y < from_y)
    corners = [*arrow["points"][:-1], [x - 7 * along_x, y - 7 * along_y]]
    path = "M" + " L".join(f"{one} {other}" for one, other in corners)
    dashes = ' stroke-dasharray="5 4"' if arrow.get("dashed") else ""
    back_x, back_y = x - 9 * along_x, y - 9 * along_y
    sides = [(back_x + 5 * along_y * side, back_y + 5 * along_x * side) for side in (1, -1)]
    head = " ".join(f"{one},{other}" for one, other in [(x, y), *sides])
    return [
        f'<path d="{path}" fill="none" {_class("line")} stroke-width="1.5"{dashes}/>',
        f'<polygon points="{head}" {_class("head")}/>',
    ]


def _label(arrow: dict[str, Any], *, outside: bool) -> str:
    """Return the words of an arrow, in front of a band of the ground's colour."""
    x, y = arrow["label"]
    style = 'text-anchor="middle" font-size="12" stroke-width="6" stroke-linejoin="round" paint-order="stroke"'
    return _words(x, y + 4, arrow["text"], "outside" if outside else "label", style)


if __name__ == "__main__":
    PICTURE.write_text(draw(tomllib.loads(SOURCE.read_text())))
