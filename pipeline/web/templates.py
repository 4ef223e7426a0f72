"""Templates of pages: whatever is put into them is text, and what they name must be there."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipeline.web import dates
from pipeline.web.visible import cut, visible

HERE = Path(__file__).parent
STATIC = HERE / "static"
"""Style sheets, the script and the icon: style.css is that of every page, pages.css what served pages add to it."""


@cache
def environment(folder: Path, finalize: Callable[[Any], Any] | None = None) -> Environment:
    """The templates in a folder, beside those that all pages share. All values are escaped, after `finalize` has seen
    them.

    A template is rendered with its words as `t`, which also write its numbers and sizes; `date(t, code)` says a date.
    """
    made = Environment(
        loader=FileSystemLoader([folder, HERE / "templates", STATIC]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=finalize,
        auto_reload=False,
    )
    made.filters["cut"] = cut
    made.filters["visible"] = visible
    made.globals["date"] = dates.element
    return made
