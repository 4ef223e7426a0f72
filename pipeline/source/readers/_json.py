"""JSON answers, read so that nothing of a number is lost: 61.20 stays 61.20, and null stays null."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from pipeline.source.readers import Answer, BadAnswer

SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
"""Half of a character beyond the first 65,536; two make one, and one alone is no text."""

WHOLE = re.compile("[0-9]{1,18}")


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
    if SURROGATE.search(answer.body) and not _is_text(value):
        raise BadAnswer("holds half a character")
    return value


def members(content: Any, name: str, kind: type[list[Any]] | type[dict[str, Any]], of: str = "") -> Any:
    """The list or object that `content` holds under a name. Raises BadAnswer where it holds none."""
    value = content.get(name) if isinstance(content, dict) else None
    if not isinstance(value, kind):
        what = "list" if kind is list else "object"
        raise BadAnswer(f"has no {what} `{name}`{of}")
    return value


def objects(content: Any, name: str, of: str = "") -> list[dict[str, Any]]:
    """The list of objects that `content` holds under a name. Raises BadAnswer where it holds none."""
    listed: list[dict[str, Any]] = members(content, name, list, of)
    if not all(isinstance(value, dict) for value in listed):
        raise BadAnswer(f"has `{name}` that are not objects{of}")
    return listed


def whole(value: Any) -> int | None:
    """The whole number that a parsed number or a name is; None for anything else."""
    return int(value) if isinstance(value, str) and WHOLE.fullmatch(value) else None


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


def _is_text(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _refuse(name: str) -> None:
    raise ValueError(name)
