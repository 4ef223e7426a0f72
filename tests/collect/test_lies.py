"""A server for each protocol that answers as its documentation says, and then lies: no lie is accepted.

The protocols are CSV, HTML pages, SPARQL, WFS, Kolada's data and its groups, PxWeb's tables and its code lists, and
Overpass. The first answers have the shapes that the services document; each lie is told in the same shape, or in none.

Lies of the rows, told in every protocol that has the fields: no rows, half of them, the last three cut off; a row
twice, a row again with another value, the names of the columns as a row; other keys, keys without their zeros, keys
with something behind them, a row without a key, keys that are of others, codes and years exchanged; one name for all,
names of others, no names, names and values exchanged; values of others, one value for all, values a thousand times,
zero for all, decimal commas, n/a, not a number, negative values, no values; years in words, years of two digits.

Lies of the body, told in every protocol: nothing, half, an error page, an error as JSON, a list around it, null,
another encoding, more after the end, zeros, an empty object.

Lies of the pages: one that repeats under other addresses, ones without end by their number, by their bytes and by
their time, and a next page in a header that no reader follows. Lies of the wire are in `test_faults.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipeline.collect import Terms, collect
from pipeline.core.http import Patience
from pipeline.core.progress import Progress
from pipeline.source.project import find
from pipeline.source.readers import names
from tests.collect.site import Page, Site
from tests.projects import field, project, put, table

Row = dict[str, str | None]
Pages = dict[str, bytes]
HASTY = Patience(connect=5, silence=5, retries=0, backoff=0.01)
ROWS: list[Row] = [
    {"code": f"{114 + 7 * n:04}", "name": f"Ort {n}å", "value": f"{100 + n * n}.5", "year": str(1990 + n)}
    for n in range(20)
]
CODES = [str(row["code"]) for row in ROWS]


def _json(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode()


def _csv(rows: list[Row]) -> Pages:
    lines = [",".join(f'"{cell or ""}"' for cell in row.values()) for row in rows]
    return {"/rows.csv": "\n".join(["code,name,value,year", *lines, ""]).encode()}


def _html(rows: list[Row]) -> Pages:
    items = "".join(
        f"<li><i>{row['code'] or ''}</i><b>{row['name'] or ''}</b><u>{row['value'] or ''}</u><s>{row['year'] or ''}</s>"
        for row in rows
    )
    return {"/rows": f"<!doctype html><meta charset=utf-8><ul>{items}</ul>".encode(), "/robots.txt": b"User-agent: *\n"}


def _sparql(rows: list[Row]) -> Pages:
    bindings = [{name: {"type": "literal", "value": cell} for name, cell in row.items() if cell} for row in rows]
    content = {"head": {"vars": list(ROWS[0])}, "results": {"bindings": bindings}}
    return {"/sparql?query=SELECT": _json(content)}


def _wfs(rows: list[Row]) -> Pages:
    features = [{"type": "Feature", "geometry": None, "properties": row} for row in rows]
    content = {"type": "FeatureCollection", "numberMatched": len(rows), "features": features}
    query = (
        "service=WFS&version=2.0.0&request=GetFeature&typeNames=a&outputFormat=application%2Fjson&srsName=EPSG%3A4326"
    )
    return {f"/wfs?{query}": _json(content)}


def _kolada(rows: list[Row]) -> Pages:
    values = [
        {"kpi": "N1", "municipality": row["code"], "period": row["year"], "values": [
            {"gender": "T", "count": 1, "status": "", "value": row["value"], "isdeleted": False}]}
        for row in rows
    ]  # fmt: skip
    kpi = {"id": "N1", "title": "Ort", "publ_period": str(hash(str(rows)))}
    paging = {"next_url": None, "previous_url": None}
    return {
        "/v3/kpi/N1": _json({"values": [kpi], "count": 1, **paging}),
        f"/v3/data/kpi/N1/municipality/{','.join(CODES)}": _json({"values": values, "count": len(values), **paging}),
    }


def _groups(rows: list[Row]) -> Pages:
    members = [{"member_id": row["code"], "member_title": row["name"]} for row in rows]
    groups = [{"id": "G1", "title": "A", "members": members}]
    return {"/v3/municipality_groups": _json({"values": groups, "count": 1, "next_url": None, "previous_url": None})}


def _codes(rows: list[Row]) -> Pages:
    values = [{"code": row["code"], "label": row["name"]} for row in rows]
    return {"/codelists/vs?lang=sv": _json({"id": "vs", "values": values})}


def _overpass(rows: list[Row]) -> Pages:
    area = {"type": "area", "id": 3600000001}
    nodes = [
        {"type": "node", "id": n, "lat": 65.5, "lon": 19.1, "tags": {k: v for k, v in row.items() if v} | {"shop": "x"}}
        for n, row in enumerate(rows)
    ]
    return {"/interpreter": _json({"version": 0.6, "elements": [area, *nodes]})}


def _pxweb(rows: list[Row]) -> Pages:
    def cube(codes: list[str]) -> dict[str, Any]:
        index = {code: place for place, code in enumerate(codes)}
        region = {"label": "region", "category": {"index": index, "label": {code: code for code in codes}}}
        return {
            "class": "dataset",
            "role": {"metric": []},
            "id": ["Region"],
            "size": [len(codes)],
            "dimension": {"Region": region},
        }

    answered = [str(row["code"]) for row in rows]
    return {
        "/tables/T?lang=sv": _json({"id": "T", "updated": str(hash(str(rows)))}),
        "/config": _json({"maxDataCells": 150000, "maxCallsPerTimeWindow": 3000, "timeWindow": 1}),
        "/tables/T/metadata?lang=sv": _json(cube(CODES)),
        "/tables/T/data?lang=sv&outputFormat=json-stat2": _json(
            {**cube(answered), "value": [row["value"] for row in rows]}
        ),
    }


@dataclass(frozen=True)
class Protocol:
    """How rows are told, which page tells them, and how source.yml asks for them."""

    pages: Callable[[list[Row]], Pages]
    fetch: str
    columns: str = "{code: code, name: name, value: value, year: year}"


PROTOCOLS = {
    "csv": Protocol(_csv, "url: {}/rows.csv"),
    "html": Protocol(_html, "url: {}/rows\n    ask: {{rows: li, cells: {{code: i, name: b, value: 'u?', year: s}}}}"),
    "sparql": Protocol(_sparql, "url: {}/sparql\n    ask: {{query: SELECT}}"),
    "wfs": Protocol(_wfs, "url: {}/wfs\n    ask: {{layer: a}}"),
    "kolada": Protocol(
        _kolada,
        f"url: {{}}/v3\n    ask: {{{{kpis: [N1], municipalities: {json.dumps(CODES)}}}}}",
        "{code: municipality, value: value, year: period}",
    ),
    "kolada_groups": Protocol(
        _groups, "url: {}/v3\n    ask: {{groups: [G1]}}", "{code: municipality, name: municipality_title}"
    ),
    "pxweb_codes": Protocol(_codes, "url: {}\n    ask: {{list: vs, length: '4'}}", "{code: code, name: label}"),
    "pxweb": Protocol(
        _pxweb, "url: {}\n    ask: {{table: T, select: {{Region: ['*']}}}}", "{code: Region, value: value}"
    ),
    "overpass": Protocol(
        _overpass,
        "url: {}/interpreter\n    ask: {{areas: ['2505'], area: {{ref: '{{}}'}}, kinds: {{s: {{shop: [x]}}}}, "
        "tags: [code, name, value, year]}}",
    ),
}

SOURCE = """\
publisher: Register
licence: CC0-1.0
rank: 5
documents: [{id: register, url: "https://example.org/"}]
fetch:
  - id: register
    reader: %s
    %s
    document: register
    cadence: 30
    tables:
      towns: {from: %s, columns: %s}
    limits: {per_second: 1000, seconds: 5}
    expect: {towns: {change: {%s}}}
"""


def each(**change: Callable[[str], str | None]) -> Callable[[list[Row]], list[Row]]:
    """A lie about a field of each row."""
    return lambda rows: [row | {name: to(str(row[name])) for name, to in change.items()} for row in rows]


def turned(name: str) -> Callable[[list[Row]], list[Row]]:
    """A lie that gives each row what the next one says."""
    return lambda rows: [row | {name: rows[place - 1][name]} for place, row in enumerate(rows)]


LIES: dict[str, Callable[[list[Row]], list[Row]]] = {
    "no rows": lambda _: [],
    "half of the rows": lambda rows: rows[:10],
    "the last three rows cut off": lambda rows: rows[:-3],
    "a row twice": lambda rows: [*rows, rows[0]],
    "a row again with another value": lambda rows: [*rows, rows[0] | {"value": "101.5"}],
    "the names of the columns as a row": lambda rows: [*rows, {name: name for name in rows[0]}],
    "other keys": each(code=lambda code: f"9{code[1:]}"),
    "keys without their zeros": each(code=lambda code: code.lstrip("0")),
    "keys with something behind them": each(code=lambda code: f"{code} X"),
    "a row without a key": lambda rows: [*rows[1:], rows[0] | {"code": None}],
    "keys that are of others": turned("code"),
    "one name for all": each(name=lambda _: "Menu"),
    "names of others": turned("name"),
    "no names": each(name=lambda _: None),
    "values of others": turned("value"),
    "one value for all": each(value=lambda _: "120.5"),
    "values a thousand times": each(value=lambda value: f"{float(value) * 1000}"),
    "zero for all": each(value=lambda _: "0"),
    "decimal commas": each(value=lambda value: value.replace(".", ",")),
    "n/a": each(value=lambda _: "n/a"),
    "not a number": each(value=lambda _: "NaN"),
    "negative values": each(value=lambda value: f"-{value}"),
    "no values": each(value=lambda _: None),
    "years in words": each(year=lambda year: f"år {year}"),
    "years of two digits": each(year=lambda year: f"'{year[2:]}"),
    "names and values exchanged": lambda rows: [row | {"name": row["value"], "value": row["name"]} for row in rows],
    "codes and years exchanged": lambda rows: [row | {"code": row["year"], "year": row["code"]} for row in rows],
}
BODIES: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda _: b"",
    "half": lambda body: body[: len(body) // 2],
    "an error page": lambda _: b"<!doctype html><title>Sorry</title><p>Try again later.",
    "an error as JSON": lambda _: b'{"error": {"code": 500, "message": "internal"}}',
    "a list": lambda body: b"[" + body + b"]",
    "null": lambda _: b"null",
    "ISO 8859-1": lambda body: body.decode().encode("latin-1", "replace") + b"\xe5",
    "more after the end": lambda body: body + body,
    "zeros": lambda body: bytes(len(body)),
    "an empty object": lambda _: b"{}",
}
TOLD = {
    "kolada": ("value", "code", "year"),
    "kolada_groups": ("code", "name"),
    "pxweb_codes": ("code", "name"),
    "pxweb": ("code", "value"),
}


def test_every_reader_has_its_server() -> None:
    assert {*PROTOCOLS} == {*names()}


@pytest.mark.parametrize("name", PROTOCOLS)
def test_no_lie_is_accepted(name: str, tmp_path: Path, site: Site) -> None:
    protocol = PROTOCOLS[name]
    code = field("code", constraints={"pattern": "[0-9]{4}"})
    value = field("value", "number", constraints={"minimum": 0})
    project(tmp_path, [table("towns", [code, field("name"), value, field("year", "year")], ["code"])], {})
    relation = {"csv": "rows", "html": "rows", "sparql": "rows", "wfs": "features", "overpass": "points"}.get(name)
    relation = relation or {"pxweb_codes": "codes", "kolada_groups": "members"}.get(name, "data")
    change = "value: 0.5" if "value" in protocol.columns else ""
    fetch = protocol.fetch.format(site.address)
    put(tmp_path, {"sources/register/source.yml": SOURCE % (name, fetch, relation, protocol.columns, change)})

    def told(pages: Pages) -> str:
        site.pages = {path: Page(body, etag=False) for path, body in pages.items()}
        (outcome,) = collect(find(tmp_path), Progress(), Terms(only=("register",), patience=HASTY))
        return outcome.outcome + "".join(problem.rule for problem in outcome.problems if not outcome.rows)

    assert told(protocol.pages(ROWS)) == "accepted"
    before = (tmp_path / "sources/register/snapshots/register/accepted.json").read_bytes()
    fields = TOLD.get(name, tuple(ROWS[0]))

    def seen(rows: list[Row]) -> list[list[str | None]]:
        return [[row[each] for each in fields] for row in rows]

    accepted = []
    # What a list of names tells in place of names can only be seen by `same`; and a page in brackets is a page.
    exchanged = "names and values exchanged"
    passed = {"pxweb_codes": exchanged, "kolada_groups": exchanged, "html": "a list"}.get(name)
    for lie, lies in LIES.items():
        said = lies(ROWS)
        if lie == passed or [[row[each] for each in fields] for row in said] == [
            [row[each] for each in fields] for row in ROWS
        ]:
            continue
        if told(protocol.pages(said)).startswith(("accepted", "unchanged")):
            accepted.append(lie)
    truth = protocol.pages([*ROWS[:-1], ROWS[-1] | {"value": "470.5", "name": "Ort 20"}])
    last = list(truth)[0 if name == "html" else -1]
    for lie, spoils in BODIES.items():
        if lie != passed and told({**truth, last: spoils(truth[last])}).startswith(("accepted", "unchanged")):
            accepted.append(lie)
    assert accepted == []
    assert (tmp_path / "sources/register/snapshots/register/accepted.json").read_bytes() == before
    assert told(truth) == "accepted", "and the truth still is"


# -- pages without end -----------------------------------------------------------------------------------------------

ENDLESS = """\
publisher: Kolada
licence: CC0-1.0
rank: 5
documents: [{id: groups, url: "https://example.org/"}]
fetch:
  - id: groups
    reader: kolada_groups
    url: %s
    document: groups
    cadence: 30
    ask: {groups: [G1]}
    tables: {towns: {columns: {code: municipality}}}
    limits: {per_second: 1000, %s}
"""


def page(number: int, same: bool) -> bytes:
    members = [{"member_id": f"{0 if same else number:04}", "member_title": "A"}]
    groups = [{"id": "G1", "title": "A", "members": members}]
    return _json({"values": groups, "count": 1, "next_url": f"/municipality_groups?page={number + 1}"})


@pytest.mark.parametrize(
    ("limit", "same", "requests", "rule"),
    [
        ("seconds: 5", True, 2, "repeats a page that came under another address, and names yet another"),
        ("requests: 7", False, 8, "has further pages after 7 requests, the limit of a fetch"),
        ("all_bytes: 1000", False, 7, "has sent more than 1,000 bytes in all, the limit of a fetch"),
        ("all_seconds: 0.001", False, 1, "has taken longer than 0.001 seconds in all, the limit of a fetch"),
    ],
)
def test_pages_without_end_are_ended(
    limit: str, same: bool, requests: int, rule: str, tmp_path: Path, site: Site
) -> None:
    project(tmp_path, [table("towns", [field("code")], ["code"])], {})
    put(tmp_path, {"sources/kolada/source.yml": ENDLESS % (site.address, limit)})
    addresses = ["/municipality_groups", *(f"/municipality_groups?page={number}" for number in range(1, 50))]
    site.pages = {
        path: Page(page(number, same).replace(b'"/muni', f'"{site.address}/muni'.encode()))
        for number, path in enumerate(addresses)
    }
    (outcome,) = collect(find(tmp_path), Progress(), Terms(patience=HASTY))
    assert outcome.outcome in ("rejected", "failed")
    assert outcome.problems[0].rule.endswith(rule)
    assert len(site.requests) <= requests


def test_a_next_page_that_no_reader_follows_is_not_passed_over(tmp_path: Path, site: Site) -> None:
    protocol = PROTOCOLS["csv"]
    project(tmp_path, [table("towns", [field("code"), field("name"), field("value"), field("year")], ["code"])], {})
    fetch = protocol.fetch.format(site.address)
    put(tmp_path, {"sources/register/source.yml": SOURCE % ("csv", fetch, "rows", protocol.columns, "")})
    site.pages["/rows.csv"] = Page(_csv(ROWS)["/rows.csv"], headers={"Link": '</rows.csv?page=2>; rel="next"'})
    (outcome,) = collect(find(tmp_path), Progress(), Terms(patience=HASTY))
    assert outcome.problems[0].rule == "names a next page in its header Link, which no reader follows"
