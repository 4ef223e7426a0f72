"""frictionless made quicker, with the same results: what it does anew for each error and each cell is done once.

Importing this module is what does it. tests/validate/test_quicker.py holds both against each other.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import frictionless
from frictionless.vendors import stringcase

TEXTS = 4096
"""Texts of a field whose reading is kept."""

Reader = Callable[[Any], tuple[Any, dict[str, str] | None]]


class Members(dict[str, Any]):
    """An error's descriptor, of which only those members are made that its message names."""

    def __init__(self, error: frictionless.Error) -> None:
        self.error = error

    def __missing__(self, name: str) -> Any:
        error = self.error
        attribute = stringcase.snakecase(name)
        if name == "message" or name not in error.metadata_ensure_profile()["properties"]:
            return ""
        if name != "type" and attribute not in error.metadata_assigned and not error.has_defined(attribute):
            return ""
        value = getattr(error, attribute, None)
        return "" if value is None or value == {} else value


def render(error: frictionless.Error) -> None:
    """What frictionless does when an error is made: it says what is defined, and renders the message."""
    error.metadata_assigned.update(("title", "description", "message", "tags"))
    error.message = error.template.format_map(Members(error))
    frictionless.Metadata.__attrs_post_init__(error)


def cached(read: Reader) -> Reader:
    """A reader of cells that remembers what it has read of texts."""

    @lru_cache(TEXTS)
    def remembered(cell: Any) -> tuple[Any, tuple[tuple[str, str], ...]]:
        value, notes = read(cell)
        return value, tuple(notes.items()) if notes else ()

    def reader(cell: Any) -> tuple[Any, dict[str, str] | None]:
        value, notes = remembered(cell)
        return value, dict(notes) if notes else None  # frictionless takes notes out of it

    return reader


stringcase.snakecase = lru_cache(1000)(getattr(stringcase.snakecase, "__wrapped__", stringcase.snakecase))
ORIGINAL = frictionless.Error.__attrs_post_init__
frictionless.Error.__attrs_post_init__ = render  # type: ignore[method-assign]
