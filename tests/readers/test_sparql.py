"""SPARQL: several values of one thing, points, and what is no answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.core.errors import InvalidData
from pipeline.source.fetch import Fetch
from pipeline.source.readers import Answer, BadAnswer, Request, reader
from tests.collect.servers import json_reply
from tests.collect.servers.sparql import Sparql
from tests.readers.asking import answers_to, fetch_of, rows_of

FETCH = """\
- id: wikidata
  reader: sparql
  url: {url}/sparql
  ask:
    query: |
      SELECT ?item ?code ?coord ?website WHERE {{
        ?item wdt:P31 wd:Q127448 ; wdt:P525 ?code .
      }}
    key: [code]
  tables:
    municipalities:
      where: {{code: ["2505", "0482", "1496"]}}
      columns:
        code: code
        wikidata: item_id
        latitude: coord_latitude
        longitude: coord_longitude
        website: website
"""
ITEM = "http://www.wikidata.org/entity/"
NAMES = ["item", "code", "coord", "website"]
ROWS: list[list[str | None]] = [
    [f"{ITEM}Q3", "1496", "Point(13.85 58.38)", None],
    [f"{ITEM}Q3", "1683", "Point(13.85 58.38)", None],
    [f"{ITEM}Q1", "2505", "Point(19.2 65.6)", "https://www.example.se/"],
    [f"{ITEM}Q1", "2505", "Point(19.1 65.5)", "https://www.example.se/"],
    [f"{ITEM}Q2", "0482", None, "https://flen.example.se/"],
]


@pytest.fixture
def server() -> Iterator[Sparql]:
    with Sparql(NAMES, ROWS) as server:
        yield server


@pytest.fixture
def fetch(server: Sparql, tmp_path: Path) -> Fetch:
    return fetch_of(FETCH.format(url=server.url), tmp_path)


EXPECTED = {
    "code": ["2505", "0482", "1496"],
    "wikidata": ["Q1", "Q2", "Q3"],
    "latitude": ["65.5", None, "58.38"],
    "longitude": ["19.1", None, "13.85"],
    "website": ["https://www.example.se/", "https://flen.example.se/", None],
}


@pytest.mark.parametrize("order", [1, -1])
def test_there_is_one_row_for_each_code_whatever_the_order_of_the_answer(
    order: int, fetch: Fetch, server: Sparql
) -> None:
    server.rows = ROWS[::order]
    assert rows_of(fetch)["municipalities"].columns == EXPECTED


def test_without_a_key_all_rows_are_kept(fetch: Fetch) -> None:
    query = {"query": fetch.ask["query"]}
    assert len(rows_of(replace(fetch, ask=query))["municipalities"].numbers) == 4


def test_the_answer_is_asked_for_as_json(fetch: Fetch, server: Sparql) -> None:
    answers_to(fetch)
    assert server.asked[0].headers["accept"] == "application/sparql-results+json"
    assert server.asked[0].query["query"].startswith("SELECT ?item")


def test_a_sample_is_a_few_rows(fetch: Fetch, server: Sparql) -> None:
    sample = reader("sparql").sample(replace(fetch, ask={**fetch.ask, "query": "SELECT ?code\nlimit 500\n"}))
    answers = answers_to(sample)
    assert server.asked[0].query["query"] == "SELECT ?code\nLIMIT 5"
    assert reader("sparql").missing(sample, answers) == []


def test_a_query_that_finds_nothing_is_missed(fetch: Fetch, server: Sparql) -> None:
    server.rows = []
    assert reader("sparql").missing(fetch, answers_to(fetch)) == ["any row that the query finds"]


def test_a_variable_that_is_gone_is_refused(fetch: Fetch, server: Sparql) -> None:
    server.names, server.rows = ["item"], [[f"{ITEM}Q1"]]
    with pytest.raises(BadAnswer, match="has no variable code; its variables are item"):
        answers_to(fetch)


WRONG = [
    (
        b'{"head": {"vars": ["code"]}, "results": {"bindings": [\nSPARQL-QUERY: java.util.concurrent.Timeout',
        "is not JSON",
    ),
    (b'{"head": {}, "results": {"bindings": []}}', "has no list `vars`"),
    (
        json_reply({"head": {"vars": ["code"]}, "results": {"bindings": ["x"]}}).body,
        "has `bindings` that are not objects",
    ),
    (json_reply({"head": {"vars": ["code"]}, "results": {"bindings": [{"code": "x"}]}}).body, "has no object `code`"),
]


@pytest.mark.parametrize(("body", "rule"), WRONG, ids=range(len(WRONG)))
def test_what_is_no_answer_is_refused(body: bytes, rule: str, fetch: Fetch) -> None:
    with pytest.raises(BadAnswer, match=rule):
        reader("sparql").read(fetch, Answer(Request(fetch.url), body))


@pytest.mark.parametrize(
    ("ask", "rule"),
    [("{query: [a]}", "has a `query` under `ask` that is not text"), ("{query: a, key: code}", "that is not a list")],
)
def test_what_cannot_be_asked_is_refused(ask: str, rule: str, tmp_path: Path) -> None:
    head, _, tail = FETCH.format(url="https://example.org").partition("  ask:\n")
    with pytest.raises(InvalidData, match=rule):
        fetch_of(f"{head}  ask: {ask}\n  tables:{tail.partition('  tables:')[2]}", tmp_path)
