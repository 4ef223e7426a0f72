"""JSON answers, read so that nothing of a number is lost: 61.20 stays 61.20, and null stays null."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from pipeline.readers import Answer, BadAnswer


def parse(answer: Answer) -> dict[str, Any]:
    """The object in an answer; its numbers are text as the source writes them. Raises BadAnswer for anything else."""
    try:
        value = json.loads(answer.body, parse_float=str, parse_int=str, parse_constant=_refuse)
    except (ValueError, RecursionError):
        # A page that says sorry with status 200 comes again as data once the source is well.
        markup = answer.body.lstrip()[:1] == b"<"
        raise BadAnswer("is HTML or XML, not JSON" if markup else "is not JSON", passing=markup) from None
    if not isinstance(value, dict):
        raise BadAnswer("is JSON, but no object")
    return value


def members(content: Any, name: str, kind: type[list[Any]] | type[dict[str, Any]], of: str = "") -> Any:
    """The list or object that `content` holds under a name. Raises BadAnswer where it holds none."""
    value = content.get(name) if isinstance(content, dict) else None
    if not isinstance(value, kind):
        what = "list" if kind is list else "object"
        raise BadAnswer(f"has no {what} `{name}`{of}")
    return value


def cell(value: Any) -> str | None:
    """A JSON value as the text of a cell: null and the empty text are None, true is `true`."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    raise BadAnswer(f"holds {str(value)[:40]!r} where a single value belongs")


def cells(values: Iterable[Any]) -> list[str | None]:
    """JSON values as the cells of a column."""
    # Nearly all are text already, numbers too: a call for each would be a third of reading a large answer.
    return [value if type(value) is str and value else cell(value) for value in values]


def _refuse(name: str) -> None:
    raise ValueError(name)
