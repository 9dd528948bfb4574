"""Figures over time as a small SVG of a few panels, readable on light and dark ground."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, PANEL, LEFT, TOP, GAP = 720, 110, 64, 26, 34
COLORS = ("a", "b")

STYLE = """
text { font: 12px system-ui, sans-serif; fill: #333 }
.grid { stroke: #ddd } .a, .b { fill: none; stroke-width: 1.5 } .a { stroke: #06c }
.b { stroke: #c60 } .name-a { fill: #06c } .name-b { fill: #c60 }
@media (prefers-color-scheme: dark) {
text { fill: #ddd } .grid { stroke: #444 } .a { stroke: #6bf } .b { stroke: #fa4 }
.name-a { fill: #6bf } .name-b { fill: #fa4 }
}"""


@dataclass(frozen=True)
class Panel:
    """One or two lines over the same seconds, from ``least`` to ``most`` of one unit."""

    title: str
    lines: Mapping[str, Sequence[float]]
    least: float
    most: float


def chart(title: str, seconds: Sequence[float], panels: Sequence[Panel]) -> str:
    """The SVG. Each line has a value for each of ``seconds``."""
    height = TOP + len(panels) * (PANEL + GAP)
    end = max(seconds[-1], 1)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
        f"<title>{escape(title)}</title><style>{STYLE}</style>",
    ]
    for number, panel in enumerate(panels):
        top = TOP + number * (PANEL + GAP)

        parts.append(f'<text x="{LEFT}" y="{top - 8}">{escape(panel.title)}</text>')
        for value in (panel.least, (panel.least + panel.most) / 2, panel.most):
            parts.append(
                f'<path class="grid" d="M{LEFT} {_down(panel, top, value):.1f}H{WIDTH - 8}"/>'
                f'<text x="{LEFT - 6}" y="{_down(panel, top, value) + 4:.1f}" text-anchor="end">{value:g}</text>'
            )
        for index, (name, values) in enumerate(panel.lines.items()):
            points = " ".join(
                f"{LEFT + at / end * (WIDTH - 8 - LEFT):.1f},{_down(panel, top, value):.1f}"
                for at, value in zip(seconds, values, strict=True)
            )
            color = COLORS[index]
            parts.append(f'<polyline class="{color}" points="{points}"/>')
            parts.append(
                f'<text class="name-{color}" x="{WIDTH - 8 - 130 * index}" y="{top - 8}"'
                f' text-anchor="end">{escape(name)}</text>'
            )
    parts.append(f'<text x="{LEFT}" y="{height - 10}">0</text>')
    parts.append(
        f'<text x="{WIDTH - 8}" y="{height - 10}" text-anchor="end">{end / 60:.0f} min</text>'
    )
    return "\n".join([*parts, "</svg>"]) + "\n"


def _down(panel: Panel, top: float, value: float) -> float:
    """The y coordinate of a value; values out of bounds are drawn on the edge."""
    kept = min(max(value, panel.least), panel.most)
    return top + PANEL * (1 - (kept - panel.least) / (panel.most - panel.least))
