"""Kolada v3: what is asked of a server that keeps to its rules, and the rows that come of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from pipeline.core.errors import InvalidData
from pipeline.source.fetch import Fetch
from pipeline.source.readers import Answer, BadAnswer, Request, reader
from tests.collect.servers import json_reply
from tests.collect.servers.kolada import Kolada
from tests.readers.asking import answers_to, fetch_of, rows_of

FETCH = """\
- id: kolada
  reader: kolada
  url: {url}/v3
  ask:
    kpis: [N07530, U01558]
    municipalities: ["2505", "0482"]
  tables:
    indicators:
      from: kpis
      columns: {{id: code, title_sv: title, unit: {{column: id, codes: {{N07530: percent, U01558: point}}}}}}
    observations:
      from: data
      where: {{gender: T}}
      columns: {{indicator: code, municipality: municipality, period: period, value: value}}
"""
GROUPS = """\
- id: groups
  reader: kolada_groups
  url: {url}/v3
  ask: {{groups: [G92791, G92794]}}
  tables:
    municipalities: {{columns: {{code: municipality, group: group_title}}}}
"""
TITLES = {"N07530": "Andel med under 2 km till butik", "U01558": "Felmarginal"}
PLACES = {"2505": "Arvidsjaur", "0482": "Flen"}
BY_GENDER = [
    {"gender": "K", "count": 1, "status": "", "value": 1.5, "isdeleted": False},
    {"gender": "T", "count": 1, "status": "Preliminär", "value": 2.50, "isdeleted": False},
]
FIGURES = {
    ("N07530", "2505", 2023): 61.2,
    ("N07530", "2505", 2024): None,
    ("N07530", "0482", 2024): 0,
    ("U01558", "2505", 2024): BY_GENDER,
    ("U01558", "0482", 2024): [{"gender": "T", "count": 1, "status": "", "value": 9.9, "isdeleted": True}],
}


@pytest.fixture
def server() -> Iterator[Kolada]:
    groups = [("G1", "Liknande", ["0482"]), ("G92791", "Landsbygdskommun", ["2505"]), ("G92794", "Besök", ["0482"])]
    with Kolada(TITLES, PLACES, FIGURES, groups) as server:
        yield server


@pytest.fixture
def fetch(server: Kolada, tmp_path: Path) -> Fetch:
    return fetch_of(FETCH.format(url=server.url), tmp_path)


def test_answers_become_indicators_and_observations(fetch: Fetch) -> None:
    tables = rows_of(fetch)
    assert tables["indicators"].columns == {
        "id": ["n07530", "u01558"],
        "title_sv": ["Andel med under 2 km till butik", "Felmarginal"],
        "unit": ["percent", "point"],
    }
    rows = zip(*tables["observations"].columns.values(), strict=True)
    assert list(rows) == [
        ("n07530", "2505", "2023", "61.2"),
        ("n07530", "0482", "2024", "0"),
        ("n07530", "2505", "2024", None),
        ("u01558", "2505", "2024", "2.5"),
    ]


def test_a_figure_keeps_the_digits_that_the_source_writes(fetch: Fetch, server: Kolada) -> None:
    body = b'{"values": [{"kpi": "N07530", "municipality": "0482", "period": 2024, "values": [{"value": 61.20}]}]}'
    answer = Answer(Request(server.url, part="data"), body)
    assert reader("kolada").read(fetch, answer)["data"]["value"] == ["61.20"]


@pytest.mark.parametrize("per_page", [1, 2, 5000])
def test_every_page_is_followed(per_page: int, fetch: Fetch, server: Kolada) -> None:
    server.per_page = per_page
    assert len(rows_of(fetch)["observations"].numbers) == 4


def test_no_part_of_an_address_has_more_than_25_ids(tmp_path: Path) -> None:
    titles = {f"N{number:05}": "x" for number in range(30)}
    places = {f"{number:04}": "x" for number in range(1000, 1060)}
    figures = {(kpi, place, 2024): 1 for kpi in titles for place in places}
    with Kolada(titles, places, figures) as server:
        fetch = fetch_of(FETCH.format(url=server.url), tmp_path)
        fetch = replace(fetch, ask={"kpis": list(titles), "municipalities": "all"}, tables=fetch.tables[1:])
        answers = answers_to(fetch)
        assert reader("kolada").missing(fetch, answers) == []
        data = [asked for asked in server.asked if asked.path.startswith("/v3/data")]
        assert len(data) == 2 * 3
        (listing,) = [asked for asked in server.asked if asked.path == "/v3/municipality"]
        assert listing.query == {"region_type": "K"}


def test_years_are_asked_for_where_they_are_named(fetch: Fetch, server: Kolada) -> None:
    rows = rows_of(replace(fetch, ask={**fetch.ask, "years": ["2023"]}))["observations"]
    assert rows.columns["period"] == ["2023"]
    assert server.asked[-1].path.endswith("/year/2023")


def test_what_was_asked_for_and_is_not_there_is_missed(fetch: Fetch) -> None:
    fetch = replace(fetch, ask={"kpis": ["N07530", "N00000"], "municipalities": ["0482", "1683"]})
    assert reader("kolada").missing(fetch, answers_to(fetch)) == [
        "the key figure N00000",
        "any value for the municipality 1683",
    ]


def test_a_key_figure_without_values_is_missed(fetch: Fetch, server: Kolada) -> None:
    server.figures = {key: value for key, value in FIGURES.items() if key[0] == "N07530"}
    assert reader("kolada").missing(fetch, answers_to(fetch)) == ["any value of the key figure U01558"]


def test_version_2_is_gone(fetch: Fetch, server: Kolada) -> None:
    with pytest.raises(requests.HTTPError, match="410"):
        answers_to(replace(fetch, url=f"{server.url}/v2"))


WRONG = [
    (b"<!DOCTYPE html><p>Underh\xc3\xa5ll", "is HTML or XML, not JSON"),
    (b'{"values": [', "is not JSON"),
    (b'{"values": [{"value": NaN}]}', "is not JSON"),
    (b"[]", "is JSON, but no object"),
    (b'{"detail": "error"}', "has no list `values`"),
    (b'{"values": ["N07530"]}', "has `values` that are not objects"),
    (b'{"values": [{"kpi": "N07530", "values": null}]}', "has no list `values` of N07530"),
    (b'{"values": [{"kpi": "N1", "values": [{"value": {}}]}]}', "holds '{}' where a single value belongs"),
]


@pytest.mark.parametrize(("body", "rule"), WRONG, ids=range(len(WRONG)))
def test_what_is_no_answer_is_refused(body: bytes, rule: str, fetch: Fetch) -> None:
    with pytest.raises(BadAnswer) as caught:
        reader("kolada").read(fetch, Answer(Request(fetch.url, part="data"), body))
    assert caught.value.rule == rule


def test_a_page_of_another_host_is_not_followed(fetch: Fetch, server: Kolada) -> None:
    server.instead = [json_reply({"values": [], "next_url": "http://10.0.0.1/v3/kpi?page=2"})]
    with pytest.raises(BadAnswer, match=r"goes on at another host: http://10\.0\.0\.1/"):
        answers_to(fetch)


@pytest.mark.parametrize(("municipalities", "requests"), [("all", 3), (["2505", "0482"], 2)])
def test_a_sample_asks_for_one_of_each(municipalities: object, requests: int, fetch: Fetch, server: Kolada) -> None:
    asked = replace(fetch, ask={**fetch.ask, "municipalities": municipalities})
    sample = reader("kolada").sample(asked)
    answers = answers_to(sample)
    assert len(server.asked) == requests
    assert server.asked[-1].path == "/v3/data/kpi/N07530/municipality/2505"
    assert reader("kolada").missing(sample, answers) == []


@pytest.mark.parametrize("ask", ["{kpis: N07530}", "{kpis: [N07530], municipalities: some}", "{kpis: [{a: b}]}"])
def test_what_is_asked_for_is_a_list(ask: str, tmp_path: Path) -> None:
    text = FETCH.format(url="https://example.org").replace("  ask:\n    kpis: [N07530, U01558]\n", f"  ask: {ask}\n")
    with pytest.raises(InvalidData, match="under `ask` that is not a list of texts"):
        fetch_of(text.replace('    municipalities: ["2505", "0482"]\n', ""), tmp_path)


def test_groups_are_picked_from_the_list(server: Kolada, tmp_path: Path) -> None:
    server.per_page = 1
    rows = rows_of(fetch_of(GROUPS.format(url=server.url), tmp_path))["municipalities"]
    assert rows.columns == {"code": ["2505", "0482"], "group": ["Landsbygdskommun", "Besök"]}


def test_a_group_that_is_gone_is_missed(server: Kolada, tmp_path: Path) -> None:
    fetch = fetch_of(GROUPS.format(url=server.url), tmp_path)
    server.groups = server.groups[:2]
    assert reader("kolada_groups").missing(fetch, answers_to(fetch)) == ["the group G92794"]
    assert reader("kolada_groups").missing(reader("kolada_groups").sample(fetch), answers_to(fetch)) == []
