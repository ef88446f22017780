"""A bar chart as SVG."""

from collections.abc import Sequence
from html import escape

WIDTH, LEFT, BAR, GAP, TOP = 760, 240, 18, 16, 70
OURS, OTHERS = ("#a8480c", "#d98a4e"), ("#5b6f8c", "#9db0c8")


def draw(title: str, series: Sequence[str], rows: list[tuple[str, list[float]]]) -> str:
    """Draw horizontal bars, in the order given: one a series for each row."""
    longest = max(value for _, values in rows for value in values)
    height = TOP + len(rows) * (BAR * len(series) + GAP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" font-family="sans-serif">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#fffdf8"/>',
        f'<text x="16" y="28" font-size="17" font-weight="bold" fill="#23283a">{escape(title)}</text>',
    ]
    for place, name in enumerate(series):
        x = LEFT + place * 130
        parts += [
            f'<rect x="{x}" y="40" width="14" height="14" rx="2" fill="{OTHERS[place]}"/>',
            f'<text x="{x + 20}" y="52" font-size="14" fill="#23283a">{escape(name)}</text>',
        ]
    for row, (name, values) in enumerate(rows):
        top = TOP + row * (BAR * len(series) + GAP)
        middle = top + BAR * len(series) / 2 + 5
        parts.append(
            f'<text x="{LEFT - 10}" y="{middle:.0f}" text-anchor="end" font-size="14" fill="#23283a">{escape(name)}</text>'
        )
        for place, value in enumerate(values):
            y, width = top + place * BAR, max(2.0, value / longest * (WIDTH - LEFT - 80))
            colour = (OURS if name.startswith("Beacon") else OTHERS)[place]
            parts += [
                f'<rect x="{LEFT}" y="{y}" width="{width:.0f}" height="{BAR - 2}" rx="3" fill="{colour}"/>',
                f'<text x="{LEFT + width + 8:.0f}" y="{y + 13}" font-size="13" fill="#23283a">{value:,.0f}</text>',
            ]
    return "\n".join([*parts, "</svg>", ""])
