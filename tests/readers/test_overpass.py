"""Overpass: service points by kind, and answers that are not whole."""

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
from tests.collect.servers.overpass import Overpass
from tests.readers.asking import answers_to, fetch_of, rows_of

FETCH = """\
- id: osm
  reader: overpass
  url: {url}/api/interpreter
  ask:
    areas: ["2505", "0482"]
    area: {{"ref:scb": "{{}}", admin_level: "7"}}
    kinds:
      grocery_shop: {{shop: [supermarket, convenience]}}
      fuel_station: {{amenity: [fuel]}}
    tags: [name]
  tables:
    service_points:
      columns:
        id: {{template: "{{element}}-{{number}}"}}
        kind: kind
        municipality: area
        name: name
        latitude: latitude
        longitude: longitude
"""
SHOP = {"type": "node", "id": 7, "lat": 65.59, "lon": 19.180, "tags": {"shop": "convenience", "name": "Butiken"}}
PUMPS = {"type": "way", "id": 7, "center": {"lat": 65.6, "lon": 19.2}, "tags": {"amenity": "fuel"}}
BOTH = {"type": "node", "id": 9, "lat": 59.05, "lon": 16.5, "tags": {"amenity": "fuel", "shop": "convenience"}}
BENCH = {"type": "node", "id": 10, "lat": 59.05, "lon": 16.5, "tags": {"amenity": "bench"}}
AREA = {"type": "area", "id": 3600002505}


@pytest.fixture
def server() -> Iterator[Overpass]:
    with Overpass({"2505": [SHOP, PUMPS], "0482": [BOTH, BENCH], "0180": []}) as server:
        yield server


@pytest.fixture
def fetch(server: Overpass, tmp_path: Path) -> Fetch:
    return fetch_of(FETCH.format(url=server.url), tmp_path)


def test_elements_become_points_of_a_kind(fetch: Fetch) -> None:
    assert list(zip(*rows_of(fetch)["service_points"].columns.values(), strict=True)) == [
        ("node-7", "grocery_shop", "2505", "Butiken", "65.59", "19.18"),
        ("way-7", "fuel_station", "2505", None, "65.6", "19.2"),
        ("node-9", "grocery_shop", "0482", None, "59.05", "16.5"),
        ("node-9", "fuel_station", "0482", None, "59.05", "16.5"),
    ]


def test_an_answer_that_ran_out_of_time_is_refused_and_may_be_asked_again(fetch: Fetch, server: Overpass) -> None:
    server.remark = 'runtime error: Query timed out in "query" at line 1 after 181 seconds.'
    with pytest.raises(BadAnswer, match="is not whole: runtime error: Query timed out") as caught:
        answers_to(fetch)
    assert caught.value.passing


def test_an_area_that_is_not_there_is_refused(fetch: Fetch) -> None:
    with pytest.raises(BadAnswer, match="finds 0 areas for 9999, not one"):
        answers_to(replace(fetch, ask={**fetch.ask, "areas": ["9999"]}))


def test_areas_without_anything_are_missed(fetch: Fetch) -> None:
    fetch = replace(fetch, ask={**fetch.ask, "areas": ["0180"]})
    assert reader("overpass").missing(fetch, answers_to(fetch)) == ["any element in any of the areas"]


def test_a_sample_is_one_kind_in_one_area(fetch: Fetch, server: Overpass) -> None:
    sample = reader("overpass").sample(fetch)
    answers = answers_to(sample)
    assert [asked.body for asked in server.asked] == [answers[0].request.body]
    assert b"fuel" not in server.asked[0].body
    assert reader("overpass").missing(sample, answers) == []


WRONG = [
    ({"elements": [AREA, AREA]}, "finds 2 areas for 2505, not one"),
    ({"elements": [AREA, 1]}, "has `elements` that are not objects"),
    ({"version": 0.6}, "has no list `elements`"),
    ({"elements": [AREA, {**PUMPS, "center": None}]}, "has no object `center` of a way or relation"),
    ({"elements": [AREA, {**SHOP, "lat": None}]}, "has no point for node 7"),
]


@pytest.mark.parametrize(("content", "rule"), WRONG, ids=range(len(WRONG)))
def test_what_is_no_answer_is_refused(content: dict[str, Any], rule: str, fetch: Fetch) -> None:
    with pytest.raises(BadAnswer, match=rule):
        reader("overpass").read(fetch, Answer(Request(fetch.url, part="2505"), json_reply(content).body))


ASKED = [
    ("areas: 2505", "has `areas` under `ask` that is not a list of texts"),
    ("area: 2505", "has an `area` under `ask` that is not a mapping of tags"),
    ("kinds: {shop: [a]}", "has `kinds` under `ask` that are not mappings of tags"),
    ("areas: ['2505\"](area.a);(._;>;);out;']", "which cannot stand in a query"),
    ("timeout: long", "has a `timeout` under `ask` that is not a number"),
]


@pytest.mark.parametrize(("member", "rule"), ASKED, ids=range(len(ASKED)))
def test_what_cannot_be_asked_is_refused(member: str, rule: str, tmp_path: Path) -> None:
    asked = {"areas": 'areas: ["2505"]', "area": "area: {admin_level: '7'}", "kinds": "kinds: {a: {shop: [a]}}"}
    asked[member.partition(":")[0]] = member
    head, _, tail = FETCH.format(url="https://example.org").partition("  ask:\n")
    ask = "".join(f"    {line}\n" for line in asked.values())
    with pytest.raises(InvalidData, match=rule):
        fetch_of(
            f"{head}  ask:\n{ask}  tables:{tail.partition('  tables:')[2]}".replace("name: name", "name: kind"),
            tmp_path,
        )
