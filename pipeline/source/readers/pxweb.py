"""PxWebApi 2, as Statistics Sweden runs it; `url` is `https://statistikdatabasen.scb.se/api/v2`.

    ask:
      table: TAB628
      select:                          each variable of the table
        Region: ["????"]               codes, or patterns with ? and *
        Kon: ["1+2"]
        ContentsCode: [BE0101U2]
        Tid: [top(17)]                 the newest 17
      language: sv                     `sv` where it is left out

The relation `data` has a row per cell: a column for each variable, `value` and `status`. `contents` has a row for each
thing that the table measures: `code`, `label`, `unit`, `decimals`, `table`, `updated`.

What the server allows it says in `/config`: the selection is split where it has more cells than one answer may hold
(403 otherwise), and a fetch that asks faster than allowed is refused. The table's own entry, with the time of its last
update, is asked for first: where it stands as it did, nothing else is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from math import prod
from typing import Any

from pipeline.source.fetch import Fetch
from pipeline.source.readers import Answer, BadAnswer, Columns, Request
from pipeline.source.readers._json import cell, members, parse
from pipeline.source.readers._json_stat import Dimension, dimensions, rows

NEEDS = frozenset({"table", "select"})
TAKES = frozenset({"language"})
RELATIONS: Mapping[str, tuple[str, ...]] = {
    "data": (),
    "contents": ("code", "label", "unit", "decimals", "table", "updated"),
}

TABLE, CONFIG, METADATA, DATA = "table", "config", "metadata", "data"
TOP = re.compile(r"top\(([1-9][0-9]*)\)")

Selection = dict[str, list[str]]
"""The codes of each variable."""


def wrong(ask: Mapping[str, Any]) -> str | None:
    for name in ("table", "language"):
        if not re.fullmatch("[A-Za-z0-9_-]+", str(ask.get(name, "sv"))):
            return f"has a `{name}` under `ask` that is not a name of letters, digits, - and _"
    select = ask["select"]
    if not isinstance(select, dict) or not all(
        isinstance(codes, list) and codes and all(isinstance(code, str) for code in codes) for codes in select.values()
    ):
        return "has a `select` under `ask` that is not a mapping of variables to lists of codes"
    return None


def requests(fetch: Fetch) -> list[Request]:
    return [
        Request(_address(fetch, f"/tables/{fetch.ask['table']}"), part=TABLE, sentinel=True),
        Request(f"{fetch.url}/config", part=CONFIG),
    ]


def following(fetch: Fetch, answer: Answer) -> list[Request]:
    """After the limits the table's variables; after those the data, in as many answers as the limits ask for."""
    content = parse(answer)
    part, _, limit = answer.request.part.partition(" ")
    if part == TABLE and not content.get("updated"):
        raise BadAnswer("is not the entry of a table: it lacks `updated`")
    if part == CONFIG:
        most = _limit(content, fetch)
        return [Request(_address(fetch, f"/tables/{fetch.ask['table']}/metadata"), part=f"{METADATA} {most}")]
    if part == METADATA:
        selection = _selection(fetch.ask["select"], dimensions(content))
        return [_data(fetch, chunk) for chunk in _split(selection, int(limit))]
    if part == DATA:
        read(fetch, answer)
    return []


def read(fetch: Fetch, answer: Answer) -> dict[str, Columns]:
    part = answer.request.part.partition(" ")[0]
    if part == METADATA:
        return {"contents": _contents(fetch, parse(answer))}
    if part == DATA:
        cube = parse(answer)
        _refuse_others(dimensions(cube), answer.request)
        return {"data": rows(cube)}
    return {}


def missing(fetch: Fetch, answers: list[Answer]) -> list[str]:  # noqa: ARG001
    """Nothing: an answer that lacks a code is refused, and so is a selection that names one that is gone."""
    return []


def sample(fetch: Fetch) -> Fetch:
    """One code of each variable, the newest period."""
    select = {name: ["top(1)" if TOP.fullmatch(codes[0]) else codes[0]] for name, codes in fetch.ask["select"].items()}
    first = {name: [f"first({code})"] if set("?*") & set(code) else [code] for name, (code,) in select.items()}
    return replace(fetch, ask={**fetch.ask, "select": first})


# -- what is asked -----------------------------------------------------------------------------------------------


def _address(fetch: Fetch, path: str) -> str:
    return f"{fetch.url}{path}?lang={fetch.ask.get('language', 'sv')}"


def _limit(config: dict[str, Any], fetch: Fetch) -> int:
    """The cells that one answer may hold. Refuses a fetch that asks faster than the server allows."""
    try:
        cells, calls, seconds = (
            float(config[name]) for name in ("maxDataCells", "maxCallsPerTimeWindow", "timeWindow")
        )
        most = int(cells)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise BadAnswer("is not a configuration: it lacks maxDataCells, maxCallsPerTimeWindow or timeWindow") from None
    # A window of 0 is how a server says that it sets none.
    if seconds > 0 and fetch.limits.per_second > calls / seconds:
        rule = f"allows {calls:g} calls in {seconds:g} seconds, and `per_second` is {fetch.limits.per_second:g}"
        raise BadAnswer(rule)
    if most < 1:
        raise BadAnswer(f"allows {most} cells in an answer")
    return most


def _selection(select: Mapping[str, list[str]], found: list[Dimension]) -> Selection:
    """The codes that each variable's patterns stand for. Raises BadAnswer for a variable or a code that is gone."""
    names = [dimension.id for dimension in found]
    for name in [*select, *names]:
        if name not in names:
            raise BadAnswer(f"has no variable {name}; its variables are {', '.join(names)}")
        if name not in select:
            raise BadAnswer(f"has a variable {name}, and `select` does not say which of its codes are wanted")
    return {dimension.id: _codes(select[dimension.id], dimension) for dimension in found}


def _codes(patterns: list[str], dimension: Dimension) -> list[str]:
    kept: dict[str, None] = {}
    for pattern in patterns:
        found = _matching(pattern, dimension.codes)
        if not found:
            raise BadAnswer(f"has no code {pattern} of {dimension.id}")
        kept |= dict.fromkeys(found)
    return list(kept)


def _matching(pattern: str, codes: list[str]) -> list[str]:
    if top := TOP.fullmatch(pattern):
        return codes[-int(top[1]) :]
    if first := re.fullmatch(r"first\((.*)\)", pattern):
        return [code for code in codes if fnmatchcase(code, first[1])][:1]
    if set("?*") & set(pattern):
        return [code for code in codes if fnmatchcase(code, pattern)]
    return [pattern] if pattern in codes else []


def _split(selection: Selection, most: int) -> Iterator[Selection]:
    """Selections of at most `most` cells that make up the whole: the variable with the most codes is halved."""
    if prod(map(len, selection.values())) <= most:
        yield selection
        return
    longest = max(selection, key=lambda name: len(selection[name]))
    codes = selection[longest]
    middle = len(codes) // 2
    for half in (codes[:middle], codes[middle:]):
        yield from _split({**selection, longest: half}, most)


def _data(fetch: Fetch, selection: Selection) -> Request:
    """POST: an address with many codes is cut off."""
    body = {"selection": [{"variableCode": name, "valueCodes": codes} for name, codes in selection.items()]}
    table = fetch.ask["table"]
    return Request(
        f"{_address(fetch, f'/tables/{table}/data')}&outputFormat=json-stat2",
        part=DATA,
        method="POST",
        body=json.dumps(body, ensure_ascii=False).encode(),
        content_type="application/json",
    )


# -- what is answered --------------------------------------------------------------------------------------------


def _refuse_others(found: list[Dimension], request: Request) -> None:
    """Refuses an answer with other codes than were asked for: a server may leave out what it does not know."""
    asked = {part["variableCode"]: part["valueCodes"] for part in json.loads(request.body or b"")["selection"]}
    answered = {dimension.id: dimension.codes for dimension in found}
    for name, codes in asked.items():
        if sorted(codes) != sorted(answered.get(name, [])):
            lacking = [code for code in codes if code not in answered.get(name, [])]
            rule = f"lacks the code {lacking[0]}" if lacking else "has codes that were not asked for"
            raise BadAnswer(f"{rule} of {name}")
    if set(answered) != set(asked):
        raise BadAnswer("has variables that were not asked for")


def _contents(fetch: Fetch, metadata: dict[str, Any]) -> Columns:
    """What the table measures: the dimension with the role `metric`, cut to what is selected."""
    named = members(members(metadata, "role", dict), "metric", list)
    metric = [dimension for dimension in dimensions(metadata) if dimension.id in named]
    columns: Columns = {name: [] for name in RELATIONS["contents"]}
    for dimension in metric:
        for code in _codes(fetch.ask["select"].get(dimension.id, ["*"]), dimension):
            unit = members({"unit": dimension.units.get(code, {})}, "unit", dict)
            cells = (code, dimension.labels.get(code), unit.get("base"), unit.get("decimals"))
            for name, value in zip(columns, (*cells, fetch.ask["table"], metadata.get("updated")), strict=True):
                columns[name].append(cell(value))
    return columns
