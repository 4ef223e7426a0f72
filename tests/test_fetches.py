"""What source.yml says to fetch, read strictly, and the rows that answers become."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.core.errors import InvalidData
from pipeline.source.fetch import Column, Credentials, Expected, Fetch, Limits
from pipeline.source.fetched_rows import read
from pipeline.source.readers import Answer, BadAnswer, reader
from pipeline.source.source import read_all
from tests.projects import put

HEAD = "publisher: x\nlicence: x\nrank: 1\ndocuments:\n  - id: register\n    url: https://example.org/\n"
FETCH = """\
fetch:
  - id: shops
    reader: csv
    url: https://example.org/shops.csv
    document: register
    cadence: 30
    tables:
      shops:
        where: {kind: [shop, kiosk]}
        columns:
          id: {template: "shop-{number}"}
          name: name
          kind: {column: staffed, codes: {"yes": staffed, "no": unmanned}}
          country: {value: se}
"""
MORE = """\
    ask: {delimiter: ;}
    limits: {bytes: 1000, seconds: 2.5, per_second: 0.5, silence: 2}
    credentials: {header: X-Key, variable: SHOPS_KEY}
    expect:
      shops:
        least: 2
        most: 9
        shrink: 0
        keeps: [kind]
        same: [name]
        change: {name: 0.5}
        range: {id: [-1, 5]}
        has: {country: [se]}
"""


def fetch_of(text: str, folder: Path) -> Fetch:
    put(folder, {"sources/shops/source.yml": HEAD + text})
    (source,) = read_all(folder / "sources", folder)
    return source.fetches[0]


def test_everything_that_a_fetch_says_is_read(tmp_path: Path) -> None:
    fetch = fetch_of(FETCH + MORE, tmp_path)
    assert (fetch.id, fetch.reader, fetch.document, fetch.cadence) == ("shops", "csv", "register", 30)
    assert fetch.ask == {"delimiter": ";"}
    (mapped,) = fetch.tables
    assert (mapped.table, mapped.relation, mapped.where) == ("shops", "rows", {"kind": ("shop", "kiosk")})
    assert mapped.columns == {
        "id": Column(template="shop-{number}"),
        "name": Column(column="name"),
        "kind": Column(column="staffed", codes={"yes": "staffed", "no": "unmanned"}),
        "country": Column(value="se"),
    }
    assert fetch.limits == Limits(1000, 2.5, 0.5, 2)
    assert fetch.credentials == Credentials("X-Key", "SHOPS_KEY")
    assert fetch.expect == {
        "shops": Expected(2, 9, 0, ("kind",), ("name",), {"name": 0.5}, {"id": (-1, 5)}, {"country": ("se",)})
    }


def test_what_a_fetch_does_not_say_has_careful_defaults(tmp_path: Path) -> None:
    fetch = fetch_of(FETCH, tmp_path)
    assert (fetch.ask, fetch.credentials) == ({}, None)
    assert fetch.limits == Limits(50_000_000, 60, 2, 30)
    assert fetch.expect == {"shops": Expected(least=1, shrink=0.1)}


WRONG = [
    ("fetch: all\n", 7, "has a `fetch` that is not a list of mappings"),
    (FETCH.replace("    cadence: 30\n", ""), 8, "has a fetch that does not say `cadence`"),
    (FETCH.replace("30", "monthly"), 12, "'monthly' is not a number of days"),
    (FETCH.replace("reader: csv", "reader: ../csv"), 9, "'../csv' is not a reader"),
    (FETCH.replace("https://", "file:///"), 10, "'file:///example.org/shops.csv' is not an address that is fetched"),
    (FETCH.replace("document: register", "document: other"), 11, "'other' is not a document of this source"),
    (FETCH + "    paging: 5\n", 21, "'paging' is not a fetch"),
    (FETCH + "    ask: {kpis: [a]}\n", 21, "'kpis' is not something that this reader asks for"),
    (FETCH.replace("where:", "from: data\n        where:"), 15, "'data' is not a relation of this reader"),
    (FETCH.replace("{value: se}", "{value: se, column: a}"), 20, "'country' is not filled in one way"),
    (FETCH.replace("{value: se}", "{value: se, slug: yes}"), 20, "'country' is not filled in one way"),
    (FETCH.replace("name: name", "name: {column: name, slug: no}"), 18, "'name' has a `slug` that is not `yes`"),
    (FETCH.replace("unmanned}", "unmanned}, others: drop"), 19, "'kind' has `others` that are not understood"),
    (FETCH.replace("unmanned}", "unmanned}, others: {a: b}"), 19, "'kind' has `others` that are not understood"),
    (FETCH.replace("shop-{number}", "shop"), 17, "'id' has a template without a {column}"),
    (FETCH + "    limits: {bytes: 0}\n", 21, "'0' is not a number for `bytes`"),
    (FETCH + "    limits: {hours: 1}\n", 21, "'hours' is not a limit"),
    (FETCH + "    expect: {towns: {least: 1}}\n", 21, "'towns' is not a table of this fetch"),
    (FETCH + "    expect: {shops: {least: 1.5}}\n", 21, "'1.5' is not a number for `least`"),
    (
        FETCH + "    expect: {shops: {keeps: [size]}}\n",
        21,
        "'size' is in `expect`, but is not a column of this table here",
    ),
    (FETCH + "    expect: {shops: {range: {id: [5, 1]}}}\n", 21, "'id' is not a least and a largest figure"),
    (FETCH + "    credentials: {header: X-Key, variable: secret}\n", 21, "'secret' is not the name of a variable"),
]


@pytest.mark.parametrize(("text", "line", "rule"), WRONG, ids=range(len(WRONG)))
def test_what_is_not_understood_is_refused_with_its_line(text: str, line: int, rule: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidData) as caught:
        fetch_of(text, tmp_path)
    (problem,) = caught.value.problems
    assert str(problem).startswith(f"sources/shops/source.yml, row {line}:")
    assert rule in str(problem)


def test_a_fetched_document_does_not_say_when_it_was_accessed(tmp_path: Path) -> None:
    put(tmp_path, {"sources/shops/source.yml": HEAD + "    accessed: 2026-01-31\n" + FETCH})
    with pytest.raises(InvalidData, match="'register' is fetched, and says itself when it was `accessed`"):
        read_all(tmp_path / "sources", tmp_path)


def test_two_fetches_do_not_share_an_id(tmp_path: Path) -> None:
    put(tmp_path, {"sources/shops/source.yml": HEAD + FETCH + FETCH.replace("fetch:\n", "")})
    with pytest.raises(InvalidData, match="'shops' is the id of a fetch"):
        read_all(tmp_path / "sources", tmp_path)


BODY = b"number,name,kind,staffed\n0482,North,shop,yes\n2,South,kiosk,no\n3,Bridge,bridge,\n,Stall,shop,\n"


def answer_of(fetch: Fetch, body: bytes) -> Answer:
    (request,) = reader(fetch.reader).requests(fetch)
    return Answer(request, body)


def test_answers_become_rows_as_source_yml_maps_them(tmp_path: Path) -> None:
    fetch = fetch_of(FETCH, tmp_path)
    rows = read(fetch, [answer_of(fetch, BODY)])["shops"]
    assert rows.columns == {
        "id": ["shop-0482", "shop-2", None],
        "name": ["North", "South", "Stall"],
        "kind": ["staffed", "unmanned", None],
        "country": ["se", "se", "se"],
    }
    assert rows.numbers == [1, 2, 4]
    assert len(set(rows.snapshots)) == 1


def test_a_code_that_is_not_listed_is_refused(tmp_path: Path) -> None:
    fetch = fetch_of(FETCH, tmp_path)
    with pytest.raises(BadAnswer, match="'sometimes' in the column staffed"):
        read(fetch, [answer_of(fetch, BODY.replace(b"yes", b"sometimes"))])


def test_a_column_that_is_gone_is_refused(tmp_path: Path) -> None:
    fetch = fetch_of(FETCH, tmp_path)
    with pytest.raises(BadAnswer, match="has no column 'staffed'; its columns are number, name, kind, manned"):
        read(fetch, [answer_of(fetch, BODY.replace(b"staffed", b"manned"))])


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        ("{column: name, slug: yes}", ["ostra-amtervik", "haradsback-2"]),
        (
            "{column: name, slug: yes, codes: {haradsback-2: haradsback}, others: keep}",
            ["ostra-amtervik", "haradsback"],
        ),
        ('{column: name, codes: {Häradsbäck 2: h}, others: {value: ""}}', [None, "h"]),
        ('{column: name, codes: {Häradsbäck 2: ""}, others: {value: x}}', ["x", None]),
        ("{column: staffed, others: {value: name}}", ["name", None]),
        ('{template: "{name} {staffed}", slug: yes}', ["ostra-amtervik-yes", None]),
        ('{template: "{name} {staffed}", codes: {Östra Ämtervik yes: ö}}', ["ö", None]),
    ],
    ids=range(7),
)
def test_a_value_can_be_made_a_slug_and_replaced(column: str, cells: list[str | None], tmp_path: Path) -> None:
    fetch = fetch_of(FETCH.replace("name: name", f"name: {column}"), tmp_path)
    body = "number,name,kind,staffed\n1,Östra Ämtervik,shop,yes\n2,Häradsbäck 2,kiosk,\n".encode()
    assert read(fetch, [answer_of(fetch, body)])["shops"].columns["name"] == cells
