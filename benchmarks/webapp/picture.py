"""A bar chart as SVG."""

from html import escape

WIDTH, LEFT, BAR, GAP, TOP = 760, 240, 26, 14, 46


def draw(title: str, bars: list[tuple[str, float]]) -> str:
    """Draw horizontal bars, in the order given."""
    longest = max(value for _, value in bars)
    height = TOP + len(bars) * (BAR + GAP) + 6
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" font-family="sans-serif" font-size="14">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fffdf8"/>',
        f'<text x="16" y="28" font-size="17" font-weight="bold" fill="#23283a">{escape(title)}</text>',
    ]
    for row, (name, value) in enumerate(bars):
        y = TOP + row * (BAR + GAP)
        width = max(2.0, value / longest * (WIDTH - LEFT - 90))
        colour = "#a8480c" if name.startswith("Beacon") else "#7f93ad"
        parts += [
            f'<text x="{LEFT - 10}" y="{y + 18}" text-anchor="end" fill="#23283a">{escape(name)}</text>',
            f'<rect x="{LEFT}" y="{y}" width="{width:.0f}" height="{BAR}" rx="3" fill="{colour}"/>',
            f'<text x="{LEFT + width + 8:.0f}" y="{y + 18}" fill="#23283a">{value:,.0f}</text>',
        ]
    return "\n".join([*parts, "</svg>", ""])
