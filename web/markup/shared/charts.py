"""Bar charts as SVG, made by the server: readable in the dark, from right to left, and as a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from math import ceil

import htpy as h

from web.view_models import Viewer

svg, g, rect, line, text, title = (
    h.Element(name) for name in ("svg", "g", "rect", "line", "text", "title")
)
WIDTH, HEIGHT = 640, 200
"Of the coordinates; the picture takes the width of the page."
LEFT, BELOW, ABOVE = 36, 26, 22
"Room for the numbers beside the bars, the columns' names below, and half a digit above."
FILLED = 0.7
"Share of a column that its bar takes."
STEPS = (1, 2, 5)
MOST_NAMES = 8
"Of columns, so that they do not run into each other; a narrow screen shows every other one."


@dataclass(frozen=True)
class Series:
    """What one color stands for: a value for each column."""

    label: str
    values: Sequence[int]


@dataclass(frozen=True)
class Column:
    short: str
    "Below the bar."
    long: str
    "In the table, and where the pointer rests."


def bar_chart(
    viewer: Viewer, heading: str, columns: Sequence[Column], series: Sequence[Series]
) -> h.Element:
    """A figure with stacked bars, a legend, and the same as a table that opens below."""
    _ = viewer.translate
    most = max((sum(each) for each in zip(*(s.values for s in series), strict=True)), default=0)
    return h.figure(".chart")[
        h.figcaption[h.h2[heading]],
        h.ul(".legend")[
            (
                h.li[svg(f".swatch.series-{number}", aria_hidden="true"), each.label]
                for number, each in enumerate(series)
            )
        ],
        svg(viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", aria_label=heading)[
            _scale(viewer, top := _top(most)),
            (_bar(viewer, index, columns, series, top) for index in range(len(columns))),
        ],
        h.details[
            h.summary[_("As a table")],
            h.div(".scroll", tabindex="0", role="region", aria_label=heading)[
                _table(columns, series)
            ],
        ],
    ]


def _top(most: int) -> int:
    """The end of the scale: a round number, at least 4 so that one event is no tower."""
    for power in count():
        for step in STEPS:
            if step * 10**power >= max(most, 4):
                return int(step * 10**power)
    raise AssertionError


def _x(viewer: Viewer, from_start: float, width: float = 0) -> float:
    """The left edge of what begins `from_start` where lines begin."""
    return round(WIDTH - from_start - width if viewer.direction == "rtl" else from_start, 1)


def _y(value: float, top: int) -> float:
    return round(HEIGHT - BELOW - (HEIGHT - BELOW - ABOVE) * value / top, 1)


def _scale(viewer: Viewer, top: int) -> h.Node:
    """Lines at half and whole, with their numbers."""
    return [
        g(".scale")[
            line(x1="0", x2=str(WIDTH), y1=str(_y(value, top)), y2=str(_y(value, top))),
            text(x=str(_x(viewer, LEFT / 2)), y=str(_y(value, top) - 2))[f"{value:g}"],
        ]
        for value in (top / 2, top)
    ]


def _bar(
    viewer: Viewer, index: int, columns: Sequence[Column], series: Sequence[Series], top: int
) -> h.Element:
    room = (WIDTH - LEFT) / len(columns)
    width = round(room * FILLED, 1)
    start = LEFT + index * room + (room - width) / 2
    parts, below = [], 0
    for number, each in enumerate(series):
        value = each.values[index]
        if value:
            upper = _y(below + value, top)
            parts.append(
                rect(
                    f".series-{number}",
                    x=str(_x(viewer, start, width)),
                    y=str(upper),
                    width=str(width),
                    height=str(round(_y(below, top) - upper, 1)),
                )[title[f"{columns[index].long} · {each.label}: {value}"]]
            )
        below += value
    # named from the newest column back
    number, rest = divmod(len(columns) - 1 - index, ceil(len(columns) / MOST_NAMES))
    middle, style = _x(viewer, start + width / 2), ".minor" if number % 2 else ""
    name = text(style, x=str(middle), y=str(HEIGHT - 6))[columns[index].short]
    return g[parts, None if rest else name]


def _table(columns: Sequence[Column], series: Sequence[Series]) -> h.Element:
    return h.table[
        h.thead[h.tr[h.td, (h.th(scope="col")[each.label] for each in series)]],
        h.tbody[
            (
                h.tr[
                    h.th(scope="row")[column.long],
                    (h.td[str(each.values[index])] for each in series),
                ]
                for index, column in enumerate(columns)
            )
        ],
    ]
