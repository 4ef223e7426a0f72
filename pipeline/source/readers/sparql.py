"""An endpoint for SPARQL 1.1, such as Wikidata's; `url` is `https://query.wikidata.org/sparql`.

    ask:
      query: SELECT ?item ?code ?point WHERE { … }
      key: [code]                 one row for each of these; all rows where it is left out

The relation `rows` has, for a variable such as `item`, the columns `item`, as it is; `item_id`, the last part of an
address such as `http://www.wikidata.org/entity/Q1`; `item_latitude` and `item_longitude` of a `Point(lon lat)` (WKT).

A thing can have several values of one kind, such as two points that count the same: then there are several rows. With
`key` the first of them is kept, in the order of their text, so that the same answer in another order gives the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from pipeline.source.fetch import Fetch
from pipeline.source.readers import Answer, BadAnswer, Columns, Request, no_list
from pipeline.source.readers._json import cell, members, objects, parse

NEEDS = frozenset({"query"})
TAKES = frozenset({"key"})
RELATIONS: Mapping[str, tuple[str, ...]] = {"rows": ()}

ACCEPT = "application/sparql-results+json"
POINT = re.compile(r"Point\(\s*(-?[0-9.]+(?:[eE]-?[0-9]+)?)\s+(-?[0-9.]+(?:[eE]-?[0-9]+)?)\s*\)", re.IGNORECASE)
LIMIT = re.compile(r"\s+LIMIT\s+[0-9]+\s*$", re.IGNORECASE)

Row = list[str | None]


def wrong(ask: Mapping[str, Any]) -> str | None:
    if not isinstance(ask["query"], str):
        return "has a `query` under `ask` that is not text"
    return no_list(ask, "key")


def requests(fetch: Fetch) -> list[Request]:
    return [Request(f"{fetch.url}?{urlencode({'query': fetch.ask['query']})}", part="rows", accept=ACCEPT)]


def following(fetch: Fetch, answer: Answer) -> list[Request]:
    read(fetch, answer)
    return []


def read(fetch: Fetch, answer: Answer) -> dict[str, Columns]:
    """The rows, in the order of their text."""
    content = parse(answer)
    names = [str(name) for name in members(members(content, "head", dict), "vars", list)]
    bindings = objects(members(content, "results", dict), "bindings")
    rows = sorted(([_value(binding, name) for name in names] for binding in bindings), key=_order)
    keyed = [names.index(name) if name in names else _no_variable(name, names) for name in fetch.ask.get("key", [])]
    if keyed:
        rows = list({tuple(row[place] for place in keyed): row for row in reversed(rows)}.values())[::-1]
    columns: Columns = {}
    for place, name in enumerate(names):
        values = [row[place] for row in rows]
        points = [POINT.fullmatch(value or "") for value in values]
        columns[name] = values
        columns[f"{name}_id"] = [
            value.rpartition("/")[2] or None if value and "://" in value else None for value in values
        ]
        columns[f"{name}_longitude"] = [point[1] if point else None for point in points]
        columns[f"{name}_latitude"] = [point[2] if point else None for point in points]
    return {"rows": columns}


def missing(fetch: Fetch, answers: list[Answer]) -> list[str]:
    if any(any(read(fetch, answer)["rows"].values()) for answer in answers):
        return []
    return ["any row that the query finds"]


def sample(fetch: Fetch) -> Fetch:
    """The query, for its first rows: one alone may be among those that `where` leaves out."""
    return replace(fetch, ask={**fetch.ask, "query": f"{LIMIT.sub('', fetch.ask['query'])}\nLIMIT 5"})


def _value(binding: dict[str, Any], name: str) -> str | None:
    """The value of a variable; a variable that a row does not bind is left out of it."""
    return cell(members(binding, name, dict).get("value")) if name in binding else None


def _order(row: Row) -> list[tuple[bool, str]]:
    """By text, and a value before none."""
    return [(value is None, value or "") for value in row]


def _no_variable(name: str, names: list[str]) -> int:
    raise BadAnswer(f"has no variable {name}; its variables are {', '.join(names)}")
