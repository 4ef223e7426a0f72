"""A layer of a WFS: what is asked of it, and the rows that come of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.errors import InvalidData
from pipeline.source.fetch import Fetch
from pipeline.source.readers import Answer, BadAnswer, Request, reader
from tests.collect.servers import json_reply
from tests.collect.servers.wfs import Wfs
from tests.readers.asking import answers_to, fetch_of, rows_of

FETCH = """\
- id: localities
  reader: wfs
  url: {url}/geoserver/stat/wfs
  ask:
    layer: stat:Tatorter_2023
    filter: kommun IN ('2505','0482')
    order: tatortskod
    page: "2"
  tables:
    places:
      columns:
        name: tatort
        municipality: kommun
        population: bef
        latitude: latitude
        longitude: longitude
"""
SQUARE = [[19.0, 65.0], [19.2, 65.0], [19.2, 65.1], [19.0, 65.1], [19.0, 65.0]]
SMALL = [[10.0, 60.0], [10.01, 60.0], [10.01, 60.01], [10.0, 60.0]]


def locality(code: str, name: str, municipality: str, geometry: Any = None) -> dict[str, Any]:
    properties = {"tatortskod": code, "tatort": name, "kommun": municipality, "bef": 450, "ar": "2023"}
    return {"type": "Feature", "id": f"Tatorter_2023.{code}", "geometry": geometry, "properties": properties}


LOCALITIES = [
    locality("T3", "Flen", "0482", {"type": "Point", "coordinates": [16.5, 59.05]}),
    locality("T1", "Exempelby", "2505", {"type": "MultiPolygon", "coordinates": [[SMALL], [SQUARE, SMALL]]}),
    locality("T4", "Annanstans", "0180"),
    locality("T2", "Utan", "2505"),
]


@pytest.fixture
def server() -> Iterator[Wfs]:
    with Wfs({"stat:Tatorter_2023": LOCALITIES}) as server:
        yield server


@pytest.fixture
def fetch(server: Wfs, tmp_path: Path) -> Fetch:
    return fetch_of(FETCH.format(url=server.url), tmp_path)


def test_features_become_places_page_by_page(fetch: Fetch, server: Wfs) -> None:
    assert rows_of(fetch)["places"].columns == {
        "name": ["Exempelby", "Utan", "Flen"],
        "municipality": ["2505", "2505", "0482"],
        "population": ["450", "450", "450"],
        "latitude": ["65.05000", None, "59.05000"],
        "longitude": ["19.10000", None, "16.50000"],
    }
    assert [asked.query["startIndex"] for asked in server.asked] == ["0", "2"]


def test_without_pages_there_is_one_request(fetch: Fetch) -> None:
    fetch = replace(fetch, ask={"layer": "stat:Tatorter_2023"})
    (answer,) = answers_to(fetch)
    assert len(reader("wfs").read(fetch, answer)["features"]["tatort"]) == 4
    assert reader("wfs").missing(fetch, [answer]) == []


def test_features_that_do_not_come_are_missed(fetch: Fetch, server: Wfs) -> None:
    cut = {"type": "FeatureCollection", "features": LOCALITIES[:1], "numberMatched": 3}
    server.instead = [json_reply(cut), json_reply({**cut, "features": []})]
    assert reader("wfs").missing(fetch, answers_to(fetch)) == ["2 of the 3 features of stat:Tatorter_2023"]


def test_a_layer_without_features_is_missed(fetch: Fetch) -> None:
    fetch = replace(fetch, ask={**fetch.ask, "filter": "kommun='9999'"})
    assert reader("wfs").missing(fetch, answers_to(fetch)) == ["any feature of stat:Tatorter_2023"]


def test_an_exception_of_the_server_is_no_answer(fetch: Fetch) -> None:
    with pytest.raises(BadAnswer, match="is HTML or XML, not JSON"):
        answers_to(replace(fetch, ask={**fetch.ask, "layer": "stat:Tatorter_2020"}))


def test_a_sample_is_one_feature(fetch: Fetch, server: Wfs) -> None:
    sample = reader("wfs").sample(fetch)
    answers = answers_to(sample)
    assert server.asked[0].query["count"] == "1"
    assert reader("wfs").missing(sample, answers) == []


def collection(geometry: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": [locality("T1", "x", "2505", geometry)]}


WRONG = [
    ({"type": "Feature"}, "is not a FeatureCollection"),
    ({"type": "FeatureCollection", "features": [1]}, "has `features` that are not objects"),
    ({"type": "FeatureCollection", "features": [{"properties": None}]}, "has no object `properties`"),
    (
        collection({"type": "Point", "coordinates": [674032, 6580822]}),
        r"outside the range of degrees: 674032 6\.58082e\+06",
    ),
    (
        collection({"type": "LineString", "coordinates": [[1, 2]]}),
        "has a geometry that is neither a point nor a polygon",
    ),
    (
        collection({"type": "Polygon", "coordinates": [[["a", 2]]]}),
        "has a geometry that is neither a point nor a polygon",
    ),
]


@pytest.mark.parametrize(("content", "rule"), WRONG, ids=range(len(WRONG)))
def test_what_is_no_layer_is_refused(content: dict[str, Any], rule: str, fetch: Fetch) -> None:
    with pytest.raises(BadAnswer, match=rule):
        reader("wfs").read(fetch, Answer(Request(fetch.url), json_reply(content).body))


POINTS = [
    ({"type": "Polygon", "coordinates": [SQUARE[::-1]]}, ("65.05000", "19.10000")),
    ({"type": "Polygon", "coordinates": [[[19.0, 65.0], [19.0, 65.0], [19.0, 65.0]]]}, ("65.00000", "19.00000")),
    ({"type": "MultiPolygon", "coordinates": []}, (None, None)),
]


@pytest.mark.parametrize(("geometry", "point"), POINTS, ids=range(len(POINTS)))
def test_a_polygon_is_where_its_centre_of_gravity_is(
    geometry: Any, point: tuple[str | None, str | None], fetch: Fetch
) -> None:
    rows = reader("wfs").read(fetch, Answer(Request(fetch.url), json_reply(collection(geometry)).body))["features"]
    assert (rows["latitude"], rows["longitude"]) == ([point[0]], [point[1]])


@pytest.mark.parametrize(
    ("ask", "rule"),
    [
        ("{layer: [a]}", "has a `layer` under `ask` that is not text"),
        ("{layer: a, page: many}", "has a `page` under `ask` that is not a number"),
        ('{layer: a, page: "5"}', "has a `page` under `ask` without an `order`"),
    ],
)
def test_what_cannot_be_asked_is_refused(ask: str, rule: str, tmp_path: Path) -> None:
    head, _, tail = FETCH.format(url="https://example.org").partition("  ask:\n")
    with pytest.raises(InvalidData, match=rule):
        fetch_of(f"{head}  ask: {ask}\n  tables:{tail.partition('  tables:')[2]}", tmp_path)
