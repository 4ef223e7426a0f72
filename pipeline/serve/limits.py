"""What a request may ask for at most: enough for any page, not enough to keep a server busy."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote_plus

from pipeline.serve.answer import Answer, refusal

LONGEST_PATH = 2_000
LONGEST_QUERY = 4_000
"""Bytes of a query string, as it comes. Free SQL may be longer: see `pipeline.serve.sql`."""

LONGEST_SQL = 12_000
"""Bytes of a query string that brings SQL."""

SIZE = re.compile(r"max|[1-9][0-9]{0,2}|1000|")

MOST_PARAMETERS = 60
MOST_FACETS = 8

NEVER = {
    "_where": "Conditions in SQL are not taken here. The page for SQL is /-/sql.",
    "_trace": "Queries are not shown here.",
    "_searchmode": "Words are searched for as they are written; there is no other mode.",
}
"""Parameters of Datasette that are refused, with what is said."""


def refused(path: str, query: str, brings_sql: bool) -> Answer | None:
    """The refusal of a request that asks for too much, or None."""
    if len(path) > LONGEST_PATH or len(query) > (LONGEST_SQL if brings_sql else LONGEST_QUERY):
        return refusal(414, "The address is too long.")
    if "%00" in path or "%00" in query:
        return refusal(400, "The address holds a character that is none.")
    pairs = [[unquote_plus(text) for text in part.split("=", 1)] for part in query.split("&") if part]
    names = [pair[0] for pair in pairs]
    if len(names) > MOST_PARAMETERS:
        return refusal(400, f"The address has more than {MOST_PARAMETERS} parameters.")
    if sum(name.startswith("_facet") and name != "_facet_size" for name in names) > MOST_FACETS:
        return refusal(400, f"More than {MOST_FACETS} facets are not counted at once.")
    if any(name == "_size" and not SIZE.fullmatch(value) for name, *values in pairs for value in values):
        return refusal(400, "_size is a number of rows from 1 to 1000, or max.")
    for name, *values in pairs:
        if any(_is_none(name, value) for value in values):
            return refusal(400, "The value of an argument is none that it can have.")
    return next((refusal(400, NEVER[name]) for name in names if name in NEVER), None)


def _is_none(name: str, value: str) -> bool:
    """Whether Datasette would stumble over the value."""
    if name == "_timelimit":
        return not re.fullmatch("[0-9]{1,6}", value)
    if name == "_through":
        told = _json(value)
        return not isinstance(told, dict) or not {"table", "column", "value"} <= told.keys()
    is_list = name.endswith(("__in", "__notin")) and value.startswith("[")
    return is_list and not isinstance(_json(value), list)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
