"""OpenStreetMap through an Overpass API; `url` is `https://overpass-api.de/api/interpreter`.

    ask:
      areas: ["2505", "0482"]            one request each
      area: {"ref:scb": "{}", admin_level: "7"}      the tags of an area; {} is one of `areas`
      kinds:                             each kind with the tags that it has
        fuel_station: {amenity: [fuel]}
        grocery_shop: {shop: [supermarket, convenience]}
      tags: [name, brand]                tags that become columns
      timeout: "180"                     seconds that the server may take

The relation `points` has a row for each element and each kind that it is of: `element` (node, way or relation),
`number`, `kind`, `area`, `latitude`, `longitude` (the centre of what is no point), and a column for each tag.

An answer that ran out of time comes with status 200, a `remark` and some of the elements, or none: it is refused. So
is one where the area is not there exactly once.
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

NEEDS = frozenset({"areas", "area", "kinds"})
TAKES = frozenset({"tags", "timeout"})
RELATIONS: Mapping[str, tuple[str, ...]] = {"points": ()}

COLUMNS = ("element", "number", "kind", "area", "latitude", "longitude")
WORD = re.compile(r"[\w:.-]+")
"""What a name or value of a tag, or an area, may be made of: it becomes part of the query."""


def wrong(ask: Mapping[str, Any]) -> str | None:
    if rule := no_list(ask, "areas", "tags"):
        return rule
    area, kinds = ask["area"], ask["kinds"]
    if not isinstance(area, dict) or not all(isinstance(value, str) for value in area.values()):
        return "has an `area` under `ask` that is not a mapping of tags"
    if not isinstance(kinds, dict) or not all(
        isinstance(tags, dict) and tags and no_list(tags, *tags) is None for tags in kinds.values()
    ):
        return "has `kinds` under `ask` that are not mappings of tags to lists of values"
    values = [value for tags in kinds.values() for tag, listed in tags.items() for value in (tag, *listed)]
    words = [*ask["areas"], *area, *(value.replace("{}", "x") for value in area.values()), *values]
    if bad := next((word for word in words if not WORD.fullmatch(word)), None):
        return f"has {bad!r} under `ask`, which cannot stand in a query"
    return None if str(ask.get("timeout", "180")).isdigit() else "has a `timeout` under `ask` that is not a number"


def requests(fetch: Fetch) -> list[Request]:
    return [
        Request(
            fetch.url,
            part=area,
            method="POST",
            body=urlencode({"data": _query(fetch, area)}).encode(),
            content_type="application/x-www-form-urlencoded",
        )
        for area in fetch.ask["areas"]
    ]


def following(fetch: Fetch, answer: Answer) -> list[Request]:
    read(fetch, answer)
    return []


def read(fetch: Fetch, answer: Answer) -> dict[str, Columns]:
    elements = _elements(answer)
    tags = fetch.ask.get("tags", [])
    columns: Columns = {name: [] for name in (*COLUMNS, *tags)}
    for element in elements:
        stated = members(element, "tags", dict, " of an element")
        place = element if element.get("type") == "node" else members(element, "center", dict, " of a way or relation")
        if place.get("lat") is None or place.get("lon") is None:
            raise BadAnswer(f"has no point for {element.get('type')} {element.get('id')}")
        for kind in _kinds(fetch, stated):
            cells = (
                element.get("type"),
                element.get("id"),
                kind,
                answer.request.part,
                place.get("lat"),
                place.get("lon"),
            )
            for name, value in zip(columns, (*cells, *(stated.get(tag) for tag in tags)), strict=True):
                columns[name].append(cell(value))
    return {"points": columns}


def missing(fetch: Fetch, answers: list[Answer]) -> list[str]:
    if any(any(read(fetch, answer)["points"]["element"]) for answer in answers):
        return []
    return ["any element in any of the areas"]


def sample(fetch: Fetch) -> Fetch:
    """The first area, and the first kind."""
    kind = next(iter(fetch.ask["kinds"]))
    few = {"areas": fetch.ask["areas"][:1], "kinds": {kind: fetch.ask["kinds"][kind]}}
    return replace(fetch, ask={**fetch.ask, **few})


def _query(fetch: Fetch, area: str) -> str:
    """In Overpass QL: the area itself, so that it can be counted, and what is in it."""
    wanted = "".join(f'["{tag}"="{value.replace("{}", area)}"]' for tag, value in fetch.ask["area"].items())
    tags: dict[str, list[str]] = {}
    for kind in fetch.ask["kinds"].values():
        for tag, values in kind.items():
            tags.setdefault(tag, []).extend(value for value in values if value not in tags.get(tag, []))
    inside = " ".join(f'nwr["{tag}"~"^({"|".join(map(re.escape, values))})$"](area.a);' for tag, values in tags.items())
    timeout = fetch.ask.get("timeout", "180")
    return f"[out:json][timeout:{timeout}];area{wanted}->.a;.a out ids;({inside});out tags center;"


def _elements(answer: Answer) -> list[dict[str, Any]]:
    """The elements of an answer that is whole, without the area that they are in."""
    content = parse(answer)
    if remark := content.get("remark"):
        raise BadAnswer(f"is not whole: {str(remark)[:200]}", passing=True)
    elements = objects(content, "elements")
    areas = sum(element.get("type") == "area" for element in elements)
    if areas != 1:
        raise BadAnswer(f"finds {areas} areas for {answer.request.part}, not one")
    return [element for element in elements if element.get("type") != "area"]


def _kinds(fetch: Fetch, stated: Mapping[str, Any]) -> list[str]:
    """The kinds of which an element with these tags is."""
    return [
        kind
        for kind, tags in fetch.ask["kinds"].items()
        if any(stated.get(tag) in values for tag, values in tags.items())
    ]
