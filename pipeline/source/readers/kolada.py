"""Kolada's API v3 (RKA): key figures (KPIs) and their values for municipalities; `url` is `https://api.kolada.se/v3`.

    ask:
      kpis: [N07530, U01558]            needed
      municipalities: ["2505", "0482"]  or `all`, which is what is asked for where it is left out
      years: ["2023", "2024"]           all years where it is left out

The relation `kpis` has a row per key figure, `data` one per key figure, municipality, period and gender; `code` is the
id in lower case. Rows that are marked as deleted are left out. A figure that was never published is empty, not 0.

Kolada takes at most 25 ids in a part of an address, and answers in pages of at most 5,000 members. An id that it does
not know is no error there: the answer is just without it, which `missing` tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import product
from typing import Any

from pipeline.source.fetch import Fetch
from pipeline.source.readers import Answer, Columns, Request, no_list
from pipeline.source.readers._json import cells, objects
from pipeline.source.readers._kolada import lacking, next_page, values

NEEDS = frozenset({"kpis"})
TAKES = frozenset({"municipalities", "years"})
RELATIONS = {
    "kpis": ("id", "code", "title", "description", "published_next", "period_next", "divided_by_gender"),
    "data": ("kpi", "code", "municipality", "period", "gender", "value", "count", "status"),
}

WORD = re.compile(r"\w+")
"""An id: it becomes part of an address."""

SEGMENT = 25
"""Ids in a part of an address."""
ALL, FIRST = "all", "first"
KPI, MUNICIPALITY, DATA = "kpi", "municipality", "data"


def wrong(ask: Mapping[str, Any]) -> str | None:
    if ask.get("municipalities", ALL) in (ALL, FIRST):
        return no_list(ask, "kpis", "years")
    return no_list(ask, "kpis", "years", "municipalities")


def requests(fetch: Fetch) -> list[Request]:
    """The key figures; then the data, or the list of municipalities that leads to it.

    What Kolada says of a key figure changes with each publication (`publ_period`): where that stands as it did, the
    values need not be fetched again.
    """
    chunks = list(_chunks(fetch.ask["kpis"]))
    kpis = [Request(f"{fetch.url}/kpi/{','.join(ids)}", part=KPI, sentinel=len(chunks) == 1) for ids in chunks]
    asked = _municipalities(fetch)
    if isinstance(asked, str):
        return [*kpis, Request(f"{fetch.url}/municipality?region_type=K", part=MUNICIPALITY)]
    return [*kpis, *_data(fetch, asked)]


def following(fetch: Fetch, answer: Answer) -> list[Request]:
    pages = next_page(fetch, answer)
    if answer.request.part != MUNICIPALITY:
        values(answer)
        return pages
    listed = _listed(answer)
    return [*pages, *_data(fetch, listed[:1] if _municipalities(fetch) == FIRST else listed)]


def read(fetch: Fetch, answer: Answer) -> dict[str, Columns]:  # noqa: ARG001
    if answer.request.part == KPI:
        return {"kpis": _columns("kpis", map(_kpi, values(answer)))}
    if answer.request.part == DATA:
        return {"data": _columns("data", [row for value in values(answer) for row in _rows(value)])}
    return {}


def missing(fetch: Fetch, answers: list[Answer]) -> list[str]:
    """Key figures that are not known or have no value at all, and municipalities without any."""
    known = {str(value.get("id")) for answer in answers if answer.request.part == KPI for value in values(answer)}
    data = [value for answer in answers if answer.request.part == DATA for value in values(answer)]
    with_data = {str(value.get("kpi")) for value in data}
    answered = {str(value.get("municipality")) for value in data}
    asked = _municipalities(fetch)
    if isinstance(asked, str):
        listed = [id for answer in answers if answer.request.part == MUNICIPALITY for id in _listed(answer)]
        asked = listed[:1] if asked == FIRST else listed
    return [
        *lacking(answers),
        *(f"the key figure {id}" for id in fetch.ask["kpis"] if id not in known),
        *(f"any value of the key figure {id}" for id in fetch.ask["kpis"] if id in known - with_data),
        *(f"any value for the municipality {id}" for id in asked if id not in answered),
    ]


def sample(fetch: Fetch) -> Fetch:
    """One key figure for one municipality; the list of municipalities is asked for where the fetch asks for it."""
    asked = _municipalities(fetch)
    one = FIRST if isinstance(asked, str) else asked[:1]
    return replace(fetch, ask={**fetch.ask, "kpis": list(fetch.ask["kpis"])[:1], "municipalities": one})


# -- requests ----------------------------------------------------------------------------------------------------


def _municipalities(fetch: Fetch) -> str | list[str]:
    """The ids that are asked for, or `all` or `first`."""
    asked: str | list[str] = fetch.ask.get("municipalities", ALL)
    return asked


def _data(fetch: Fetch, municipalities: list[str]) -> list[Request]:
    years = [f"/year/{','.join(chunk)}" for chunk in _chunks(fetch.ask.get("years", []))] or [""]
    return [
        Request(f"{fetch.url}/data/kpi/{','.join(kpis)}/municipality/{','.join(ids)}{year}", part=DATA)
        for kpis, ids, year in product(_chunks(fetch.ask["kpis"]), list(_chunks(municipalities)), years)
    ]


def _chunks(ids: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(ids), SEGMENT):
        yield ids[start : start + SEGMENT]


# -- rows --------------------------------------------------------------------------------------------------------


def _columns(relation: str, rows: Iterable[tuple[Any, ...]]) -> Columns:
    names = RELATIONS[relation]
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    return {name: cells(column) for name, column in zip(names, columns, strict=True)}


def _listed(answer: Answer) -> list[str]:
    """The ids of municipalities in a page; regions, which the same list has, are of another type."""
    listed = cells(value.get("id") for value in values(answer) if value.get("type") == "K")
    return [id for id in listed if id and WORD.fullmatch(id)]


def _kpi(value: dict[str, Any]) -> tuple[Any, ...]:
    names = ("title", "description", "publication_date", "publ_period", "is_divided_by_gender")
    return (value.get("id"), _lower(value.get("id")), *map(value.get, names))


def _rows(value: dict[str, Any]) -> list[tuple[Any, ...]]:
    kpi = value.get("kpi")
    place = (kpi, _lower(kpi), value.get("municipality"), value.get("period"))
    return [
        (*place, figure.get("gender"), figure.get("value"), figure.get("count"), figure.get("status"))
        for figure in objects(value, "values", f" of {kpi}")
        # Version 2 spelled it is_deleted.
        if not (figure.get("isdeleted") or figure.get("is_deleted"))
    ]


def _lower(id: Any) -> Any:
    return id.lower() if isinstance(id, str) else id
