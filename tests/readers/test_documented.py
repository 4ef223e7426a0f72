"""The answers that the services document, as research/sources.md quotes them: each reader reads its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.source.fetched_rows import read
from pipeline.source.readers import Answer, Request, reader
from tests.readers.asking import fetch_of

PAGE = {"count": 1, "next_url": None, "previous_url": None}
KPI = {
    "id": "N07530", "title": "Nära butik", "description": "… Källa: …", "is_divided_by_gender": 0,
    "municipality_type": "A", "auspice": "X", "operating_area": "…", "perspective": "…",
    "prel_publication_date": None, "publication_date": "2026-05-05", "publ_period": "2025", "has_ou_data": 0,
}  # fmt: skip
FIGURE = {"gender": "T", "count": 1, "status": "", "value": 61.2, "isdeleted": False}
DATA = {"kpi": "N07530", "municipality": "2505", "period": 2025, "values": [FIGURE]}
GROUP = {"id": "G92791", "title": "Landsbygd", "members": [{"member_id": "2505", "member_title": "Arvidsjaur"}]}
METRIC = {
    "label": "tabellinnehåll",
    "category": {
        "index": {"BE0101U2": 0},
        "label": {"BE0101U2": "Folkmängd"},
        "unit": {"BE0101U2": {"base": "antal", "decimals": 0}},
    },
}
REGION = {
    "label": "region",
    "category": {"index": {"2505": 0, "2421": 1}, "label": {"2505": "Arvidsjaur", "2421": "Storuman"}},
    "extension": {"elimination": True, "show": "code_value"},
}
CUBE = {
    "version": "2.0", "class": "dataset", "label": "…", "source": "SCB", "updated": "2026-02-20T07:00:00Z",
    "note": ["…"], "role": {"metric": ["ContentsCode"]}, "id": ["Region", "ContentsCode"], "size": [2, 1],
    "dimension": {"Region": REGION, "ContentsCode": METRIC},
    "extension": {"px": {"tableid": "TAB628"}, "discontinued": None}, "value": [6000, 5500],
}  # fmt: skip
SELECTED = {
    "selection": [
        {"variableCode": "Region", "valueCodes": ["2505", "2421"]},
        {"variableCode": "ContentsCode", "valueCodes": ["BE0101U2"]},
    ]
}
LOCALITY = {
    "tatortskod": "T0001", "tatort": "Exempelby", "kommun": "2505", "kommunnamn": "Arvidsjaur", "lan": "25",
    "lannamn": "Norrbottens län", "area_ha": 120, "bef": 450, "ar": "2023",
}  # fmt: skip
SQUARE = [[[[19.0, 65.0], [19.2, 65.0], [19.2, 65.2], [19.0, 65.2], [19.0, 65.0]]]]
FEATURE = {
    "type": "Feature", "id": "Tatorter_2023.1", "properties": LOCALITY,
    "geometry": {"type": "MultiPolygon", "coordinates": SQUARE},
}  # fmt: skip
WKT = "http://www.opengis.net/ont/geosparql#wktLiteral"
BINDING = {
    "item": {"type": "uri", "value": "http://www.wikidata.org/entity/Q0"},
    "code": {"type": "literal", "value": "2505"},
    "coord": {"type": "literal", "datatype": WKT, "value": "Point(19.1 65.5)"},
}
SHOP = {"type": "node", "id": 1, "lat": 65.59, "lon": 19.18, "tags": {"shop": "convenience", "name": "Exempelbutiken"}}
PUMP = {"type": "way", "id": 2, "center": {"lat": 65.6, "lon": 19.2}, "tags": {"amenity": "fuel"}}

DOCUMENTED: list[tuple[str, str, Request, Any, str, dict[str, list[str | None]]]] = [
    ("kolada", "{kpis: [N07530]}", Request("", part="kpi"), {"values": [KPI], **PAGE}, "kpis",
     {"id": ["N07530"], "code": ["n07530"], "title": ["Nära butik"], "period_next": ["2025"]}),
    ("kolada", "{kpis: [N07530]}", Request("", part="data"), {"values": [DATA], **PAGE}, "data",
     {"municipality": ["2505"], "period": ["2025"], "gender": ["T"], "value": ["61.2"], "status": [None]}),
    ("kolada_groups", "{groups: [G92791]}", Request("", part="groups"), {"values": [GROUP], **PAGE}, "members",
     {"group": ["G92791"], "municipality": ["2505"], "municipality_title": ["Arvidsjaur"]}),
    ("pxweb", "{table: TAB628, select: {Region: [a], ContentsCode: [b]}}",
     Request("", part="data", method="POST", body=json.dumps(SELECTED).encode()), CUBE, "data",
     {"Region": ["2505", "2421"], "ContentsCode": ["BE0101U2", "BE0101U2"], "value": ["6000", "5500"]}),
    ("pxweb", "{table: TAB628, select: {Region: ['2505'], ContentsCode: [BE0101U2]}}",
     Request("", part="metadata 150000"), CUBE, "contents",
     {"code": ["BE0101U2"], "label": ["Folkmängd"], "unit": ["antal"], "updated": ["2026-02-20T07:00:00Z"]}),
    ("wfs", "{layer: 'stat:Tatorter_2023'}", Request("", part="features"),
     {"type": "FeatureCollection", "features": [FEATURE]}, "features",
     {"tatortskod": ["T0001"], "bef": ["450"], "latitude": ["65.10000"], "longitude": ["19.10000"]}),
    ("sparql", "{query: SELECT}", Request("", part="rows"),
     {"head": {"vars": ["item", "code", "coord"]}, "results": {"bindings": [BINDING]}}, "rows",
     {"item_id": ["Q0"], "code": ["2505"], "coord_latitude": ["65.5"], "coord_longitude": ["19.1"]}),
    ("overpass", "{areas: ['2505'], area: {'ref:scb': '{}'}, kinds: {shop: {shop: [convenience]}, "
     "fuel: {amenity: [fuel]}}, tags: [name]}", Request("", part="2505"),
     {"version": 0.6, "elements": [{"type": "area", "id": 3600000001}, SHOP, PUMP]}, "points",
     {"kind": ["shop", "fuel"], "latitude": ["65.59", "65.6"], "name": ["Exempelbutiken", None]}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "ask", "request_", "answer", "relation", "rows"), DOCUMENTED)
def test_a_documented_answer_is_read(
    name: str,
    ask: str,
    request_: Request,
    answer: Any,
    relation: str,
    rows: dict[str, list[str | None]],
    tmp_path: Path,
) -> None:
    columns = ", ".join(f"{column}: {column}" for column in rows)
    text = (
        f"- id: a\n  reader: {name}\n  url: https://example.org/\n  ask: {ask}\n  tables:\n    a: {{from: {relation}, "
    )
    fetch = fetch_of(f"{text}columns: {{{columns}}}}}\n", tmp_path)
    found = read(fetch, [Answer(request_, json.dumps(answer).encode())])["a"]
    assert found.columns == rows
    assert (
        reader(name).following(fetch, Answer(request_, json.dumps(answer).encode())) == []
        or "metadata" in request_.part
    )
