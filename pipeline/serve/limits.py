"""What a request may ask for: enough for any page, not enough to keep a server busy; and names that exist."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any
from urllib.parse import unquote_plus

from datasette.filters import Filters

from pipeline.serve.answer import Header
from pipeline.serve.release import Release

LONGEST_PATH = 2_000
LONGEST_QUERY = 4_000
"""Bytes of a query string, as it comes."""

LONGEST_SQL = 12_000
"""Bytes of a query string that brings SQL."""

SIZE = re.compile(r"max|[1-9][0-9]{0,2}|1000|")

MOST_PARAMETERS = 60
MOST_FACETS = 8

NEVER = ("_where", "_trace", "_searchmode")
"""Parameters of Datasette that are refused: SQL in an address, a look at the queries, the language of FTS5."""

NAMES = """
_col _nocol _shape _nl _size _sort _sort_desc _search _next _facet _facet_size _facet_array _facet_date _nofacet
_nosuggest _nocount _json _json_infinity _labels _label _stream _header _extra _extras _timelimit _ttl _through _dl
_blob_column _filter_column _filter_op _filter_value _hide_sql _show_sql _columns
"""
PARAMETERS = frozenset(NAMES.split())
"""Parameters that Datasette or a page understands; a plugin may have more."""

OPERATIONS = frozenset(key for key, _, _ in Filters([]).lookups())
"""What stands after `__` in a filter."""


@dataclass(frozen=True)
class Refusal:
    """Why a request gets no answer: the key of a sentence in the catalogue of words, and what to fill into it."""

    status: int
    sentence: str
    values: dict[str, Any] = field(default_factory=dict)
    headers: Sequence[Header] = ()


def too_much(path: str, query: str, brings_sql: bool) -> Refusal | None:
    """The refusal of a request that asks for too much or cannot be understood."""
    longest = LONGEST_SQL if brings_sql else LONGEST_QUERY
    if len(path) > LONGEST_PATH or len(query) > longest:
        return Refusal(414, "refused.long", {"most": longest, "path": LONGEST_PATH})
    if "%00" in path or "%00" in query:
        return Refusal(400, "refused.character")
    pairs = [[unquote_plus(text) for text in part.split("=", 1)] for part in query.split("&") if part]
    names = [pair[0] for pair in pairs]
    if len(names) > MOST_PARAMETERS:
        return Refusal(400, "refused.parameters", {"most": MOST_PARAMETERS, "count": len(names)})
    if (facets := sum(name.startswith("_facet") and name != "_facet_size" for name in names)) > MOST_FACETS:
        return Refusal(400, "refused.facets", {"most": MOST_FACETS, "count": facets})
    if (never := next((name for name in names if name in NEVER), None)) is not None:
        return Refusal(400, f"refused.{never[1:]}")
    for name, *values in pairs:
        for value in values:
            if name == "_size" and not SIZE.fullmatch(value):
                return Refusal(400, "refused.size", {"value": _short(value)})
            if _is_malformed(name, value):
                return Refusal(400, "refused.value", {"name": name, "value": _short(value)})
    return None


def unknown_name(release: Release, table: str, pairs: Sequence[tuple[str, str]]) -> Refusal | None:
    """The refusal of a filter, an order, a facet, a search or a parameter that a table does not have.

    SQLite takes the name of an unknown column for a text, and finds nothing; Datasette takes no notice of an operation
    that it does not know, or of a search where there is no index, and finds everything.
    """
    columns = release.columns.get(table)
    if columns is None:
        return None
    for name, value in pairs:
        column, mark, operation = name.rpartition("__")
        if name in ("_sort", "_sort_desc", "_facet", "_facet_array", "_facet_date", "_col", "_nocol"):
            if value and value not in columns and not (value == "rowid" and name.startswith("_sort")):
                return _no_column(value, table, columns)
        elif name.startswith("_search") and mark and column in columns:
            return Refusal(400, "refused.unfilterable", {"name": column})
        elif name.startswith("_search"):
            if value.strip() and table not in release.searchable:
                return Refusal(400, "refused.search", {"what": table})
        elif mark and column in columns:
            if operation not in OPERATIONS and name not in columns:
                nearest = _nearest(operation, OPERATIONS)
                return Refusal(400, "refused.operation", {"name": operation, "nearest": nearest})
        elif name in columns:
            if mark or (name.startswith("_") and name not in PARAMETERS):
                return Refusal(400, "refused.underscore", {"name": name})
        elif not name.startswith("_") or (column and operation in OPERATIONS):
            return _no_column(name if not mark else column, table, columns)
        elif len(name) > 4 and name not in PARAMETERS and (close := get_close_matches(name, PARAMETERS, 1, 0.8)):
            return Refusal(400, "refused.parameter", {"name": _short(name), "nearest": close[0]})
    return None


def _no_column(name: str, table: str, columns: Iterable[str]) -> Refusal:
    nearest = _nearest(name, columns)
    return Refusal(400, "refused.column", {"name": _short(name), "table": table, "nearest": nearest})


def _nearest(name: str, known: Iterable[str]) -> str:
    """The known name that is most like a name; of several, and where none is, the first in order."""
    names = sorted(known)
    return next(iter(get_close_matches(name, names, 1, 0.0)), names[0] if names else "")


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}…"


def _is_malformed(name: str, value: str) -> bool:
    """Whether Datasette would stumble over the value."""
    if name == "_timelimit":
        return not re.fullmatch("[0-9]{1,6}", value)
    if name == "_through":
        told = _json(value)
        return not isinstance(told, dict) or not {"table", "column", "value"} <= told.keys()
    is_list = name.endswith(("__in", "__notin")) and value.startswith("[")
    told = _json(value) if is_list else []
    return not isinstance(told, list) or not all(isinstance(each, str | int | float) for each in told)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
