"""frictionless made quicker, with the same results: what it does anew for each error and each cell is done once.

Importing this module is what does it. tests/validate/test_quicker.py holds both against each other.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from string import Formatter
from typing import Any

import frictionless
from frictionless.vendors import stringcase

TEXTS = 4096
"""Texts of a field whose reading is kept."""

Reader = Callable[[Any], tuple[Any, dict[str, str] | None]]


@lru_cache(1000)
def named(kind: type[Any], template: str) -> tuple[tuple[str, str], ...]:
    """The members of an error's descriptor that its message names, with the attributes that they are made of."""
    known = kind.metadata_ensure_profile()["properties"]
    names = dict.fromkeys(name for _, name, _, _ in Formatter().parse(template) if name is not None)
    return tuple((name, stringcase.snakecase(name) if name != "message" and name in known else "") for name in names)


def render(error: frictionless.Error) -> None:
    """What frictionless does when an error is made: it says what is defined, and renders the message.

    Of the descriptor, only those members are made that the message names.
    """
    assigned = error.metadata_assigned
    assigned.update(("title", "description", "message", "tags"))
    members = {}
    kind: Any = type(error)
    for name, attribute in named(kind, error.template):
        value = None
        if attribute and (name == "type" or attribute in assigned or error.has_defined(attribute)):
            value = getattr(error, attribute, None)
        members[name] = "" if value is None or value == {} else value
    error.message = error.template.format_map(members)
    frictionless.Metadata.__attrs_post_init__(error)


def set_attribute(metadata: frictionless.Metadata, name: str, value: Any) -> None:
    """Sets what frictionless keeps no account of, as it is made, without more ado."""
    if metadata.metadata_initiated or isinstance(value, list | dict | type):
        ORIGINAL_SET(metadata, name, value)
    else:
        object.__setattr__(metadata, name, value)


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
ORIGINAL_SET = frictionless.Metadata.__setattr__
frictionless.Metadata.__setattr__ = set_attribute  # type: ignore[assignment,method-assign]
ORIGINAL = frictionless.Error.__attrs_post_init__
frictionless.Error.__attrs_post_init__ = render  # type: ignore[method-assign]
