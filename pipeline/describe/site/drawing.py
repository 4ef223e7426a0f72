"""Bars and columns as SVG, by pygal.

pygal computes the geometry; what it writes beside it is left out: a script, styles, the day (which would make each
day's bytes other ones), texts for its tooltips. Colours and letters are the page's, by class. Labels stand above their
bars, where there is room for them on a narrow screen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape
from pygal.graph.horizontalstackedbar import HorizontalStackedBar
from pygal.graph.stackedbar import StackedBar

from pipeline.describe.site.words import Words
from pipeline.web.visible import cut

if TYPE_CHECKING:
    from pipeline.describe.site.charts import Drawn

WIDTH = 340
"""Units of a chart's width; as pixels, about what a phone has."""

LINE = 42
"""Units of height that a bar takes with its label."""

TALL = 210
"""Units of the height of columns."""

LABEL = 40
"""Characters of a label that are shown."""

PLAIN = {
    "js": [],
    "css": [],
    "no_prefix": True,
    "show_legend": False,
    "print_values": False,
    "margin": 0,
    "width": WIDTH,
}


class _Bars(HorizontalStackedBar):  # type: ignore[misc]
    """Bars that leave two thirds of their line to the label."""

    _series_margin = 0.37
    _serie_margin = 0.0

    def _set_view(self) -> None:
        self._box.margin = 0
        super()._set_view()


class _Columns(StackedBar):  # type: ignore[misc]
    _series_margin = 0.1
    _serie_margin = 0.0


def bars(drawn: Drawn, name: str, title: str, description: str, words: Words) -> Markup:
    """Bars one below the other, from the first label down; each as long as its figure."""
    height = LINE * len(drawn.labels)
    top = max(drawn.totals) or 1
    chart = _Bars(**PLAIN, height=height, range=(0, top), show_x_labels=False, show_y_labels=False, show_x_guides=False)
    chart.x_labels = [str(number) for number in range(len(drawn.labels))][::-1]
    for series, values in drawn.series:
        chart.add(series, list(values[::-1]))
    parts = list(_shapes(chart.render_tree()))
    for number, (label, total) in enumerate(zip(drawn.labels, drawn.totals, strict=True)):
        place = LINE * number + 11
        parts.append(Markup('<text x="0" y="{}">{}</text>').format(place, cut(label, LABEL)))
        parts.append(Markup('<text x="{}" y="{}" class="value">{}</text>').format(WIDTH, place, words.number(total)))
    return _svg(parts, height, name, title, description)


def columns(drawn: Drawn, name: str, title: str, description: str, words: Words) -> Markup:
    """Columns side by side, from the first label on, over an axis with figures."""
    chart = _Columns(**PLAIN, height=TALL, x_labels_major_count=5, show_minor_x_labels=len(drawn.labels) < 9)
    chart.value_formatter = lambda value: words.number(value)
    chart.x_labels = [cut(label, 12) for label in drawn.labels]
    for series, values in drawn.series:
        chart.add(series, list(values))
    return _svg(list(_shapes(chart.render_tree())), TALL, name, title, description)


def _svg(parts: list[Markup], height: int, name: str, title: str, description: str) -> Markup:
    head = Markup(
        '<svg class="chart" role="img" aria-labelledby="{0}-t {0}-d" viewBox="0 0 {1} {2}">'
        '<title id="{0}-t">{3}</title><desc id="{0}-d">{4}</desc>'
    ).format(name, WIDTH, height, title, description)
    return head + Markup("").join(parts) + Markup("</svg>")


# -- what is kept of pygal's tree --------------------------------------------------------------------------------------

KEPT = {
    "g": ("transform", "class"),
    "rect": ("x", "y", "width", "height"),
    "path": ("d", "class"),
    "text": ("x", "y", "class"),
}
"""Elements that draw, and their attributes that place them."""


def _shapes(root: Any) -> Iterator[Markup]:
    """The elements that draw something, in order, with figures of two decimals."""
    for child in root:
        if (
            child.tag not in KEPT
            or _is_empty(child)
            or "background" in _classes(child)
            or "tooltip-overlay" in _classes(child)
        ):
            continue
        inner = Markup("").join(_shapes(child)) if child.tag == "g" else escape((child.text or "").strip())
        if child.tag == "g" and not inner:
            continue
        attributes = Markup("").join(
            Markup(' {}="{}"').format(name, _rounded(child.attrib[name]) if name != "class" else _class(child))
            for name in KEPT[child.tag]
            if child.attrib.get(name) and (name != "class" or _class(child))
        )
        yield Markup("<{0}{1}>{2}</{0}>").format(Markup(child.tag), attributes, inner)


def _is_empty(element: Any) -> bool:
    """Whether it is a bar of no length."""
    return element.tag == "rect" and any(float(element.attrib.get(side, 0)) < 0.01 for side in ("width", "height"))


def _classes(element: Any) -> list[str]:
    return str(element.attrib.get("class", "")).split()


def _class(element: Any) -> str:
    kept = [
        name for name in _classes(element) if name.startswith("color-") or name in ("axis", "x", "y", "guide", "line")
    ]
    return " ".join(kept)


def _rounded(text: str) -> str:
    """The numbers in an attribute with at most two decimals."""
    return re.sub(r"-?[0-9]+\.[0-9]+(e-?[0-9]+)?", lambda found: f"{float(found[0]):.2f}".rstrip("0").rstrip("."), text)
