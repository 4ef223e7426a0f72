"""Charts as SVG: bars below each other, and columns side by side. No script; colours are those of style.css.

Widths are percentages and heights are pixels, so that a chart fits any column while its text stays as large as the text
around it. Texts that come from data are escaped here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from pipeline.web.visible import cut

LINE = 34
"""Pixels of height that a bar takes, with its label above it."""

LABEL = 40
"""Characters of a label that are shown."""

TALL, FOOT = 150, 20
"""Pixels of height of columns, and of the labels below them."""

LABELS = 8
"""Labels below columns; where there are more, some are left out."""

LEAST = 0.6
"""Per cent of the width that a bar has at least, so that few is not taken for none."""


@dataclass(frozen=True)
class Bar:
    """A bar or column: its label, the figure of each series, and what is written beside it.

    `is_rest`: it stands for what has no value or is not shown by itself, and is grey. A `href` makes it a link.
    """

    label: str
    values: tuple[float, ...]
    said: str
    is_rest: bool = False
    href: str | None = None


def bars(name: str, title: str, description: str, drawn: Sequence[Bar], whole: float | None = None) -> Markup:
    """Bars below each other. `whole` is what a bar of full width stands for: the greatest of them if None.

    `name` begins the ids in it; `title` and `description` are the text alternative.
    """
    most = whole or max((sum(bar.values) for bar in drawn), default=0) or 1
    parts = [_line(bar, number * LINE, most) for number, bar in enumerate(drawn)]
    return _svg(name, title, description, len(drawn) * LINE, parts)


def _line(bar: Bar, top: int, most: float) -> Markup:
    written = Markup('<text x="0" y="{0}">{1}</text><text x="100%" y="{0}" text-anchor="end" class="aside">{2}</text>')
    parts = [
        written.format(top + 13, cut(bar.label, LABEL), bar.said),
        Markup('<rect class="track" x="0" y="{}" width="100%" height="8" rx="2"/>').format(top + 19),
    ]
    left = 0.0
    for series, value in enumerate(bar.values):
        if value:
            width = max(100 * value / most, LEAST)
            parts.append(
                Markup('<rect class="{}" x="{:g}%" y="{}" width="{:g}%" height="8" rx="2"/>').format(
                    Markup("none") if bar.is_rest else Markup(f"c{series}"), round(left, 2), top + 19, round(width, 2)
                )
            )
            left += width
    return _linked(bar, Markup("").join(parts))


def columns(name: str, title: str, description: str, drawn: Sequence[Bar], highest: str) -> Markup:
    """Columns side by side from zero up, in the order that they are given in.

    `highest` is the greatest figure as it is written; of many labels only some are written below.
    """
    most = max((sum(bar.values) for bar in drawn), default=0) or 1
    width = 100 / max(len(drawn), 1)
    every = -(-len(drawn) // LABELS)
    parts = [
        Markup('<line x1="0" x2="100%" y1="18.5" y2="18.5"/><text x="0" y="13" class="aside">{}</text>').format(highest)
    ]
    for number, bar in enumerate(drawn):
        parts.append(_column(bar, number * width, width, most))
        if number % every == 0:
            parts.append(
                Markup('<text x="{:g}%" y="{}" text-anchor="middle" class="aside">{}</text>').format(
                    round((number + 0.5) * width, 2), TALL + 15, cut(bar.label, 12)
                )
            )
    parts.append(Markup('<line x1="0" x2="100%" y1="{0}.5" y2="{0}.5"/>').format(TALL))
    return _svg(name, title, description, TALL + FOOT, parts)


def _column(bar: Bar, left: float, width: float, most: float) -> Markup:
    parts = [Markup("<title>{}: {}</title>").format(cut(bar.label, LABEL), bar.said)]
    bottom = float(TALL)
    for series, value in enumerate(bar.values):
        if value:
            height = max((TALL - 18) * value / most, 1.5)
            bottom -= height
            parts.append(
                Markup('<rect class="{}" x="{:g}%" y="{:g}" width="{:g}%" height="{:g}"/>').format(
                    Markup("none") if bar.is_rest else Markup(f"c{series}"),
                    round(left + width * 0.1, 2),
                    round(bottom, 1),
                    round(width * 0.8, 2),
                    round(height, 1),
                )
            )
    return _linked(bar, Markup("<g>{}</g>").format(Markup("").join(parts)))


def _linked(bar: Bar, drawn: Markup) -> Markup:
    return Markup('<a href="{}">{}</a>').format(bar.href, drawn) if bar.href else drawn


def _svg(name: str, title: str, description: str, height: int, parts: Sequence[Markup]) -> Markup:
    head = Markup(
        '<svg class="chart" role="img" aria-labelledby="{0}-t {0}-d" height="{1}">'
        '<title id="{0}-t">{2}</title><desc id="{0}-d">{3}</desc>'
    ).format(name, height, title, description)
    return head + Markup("").join(parts) + Markup("</svg>")
