"""Charts as SVG, which `charts.html` draws: bars below each other, and columns side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jinja2.environment import TemplateModule
from markupsafe import Markup

from pipeline.web import templates


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


def bars(name: str, title: str, description: str, drawn: Sequence[Bar]) -> Markup:
    """Bars below each other. `name` begins the ids in it; `title` and `description` are the text alternative."""
    return Markup(_templates().bars(name, title, description, drawn, _greatest(drawn)))  # type: ignore[attr-defined]


def columns(name: str, title: str, description: str, drawn: Sequence[Bar], highest: str) -> Markup:
    """Columns in the order that they are given in; `highest` is the greatest figure as it is written."""
    return Markup(_templates().columns(name, title, description, drawn, _greatest(drawn), highest))  # type: ignore[attr-defined]


def _greatest(drawn: Sequence[Bar]) -> float:
    return max((sum(bar.values) for bar in drawn), default=0) or 1


def _templates() -> TemplateModule:
    return templates.environment(templates.HERE).get_template("charts.html").module
