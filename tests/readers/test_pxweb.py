"""PxWebApi 2: what is asked of a server that keeps to its limits, and the rows that come of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.core.errors import InvalidData
from pipeline.source.fetch import Fetch, Limits
from pipeline.source.readers import Answer, BadAnswer, Request, reader
from tests.collect.servers import json_reply
from tests.collect.servers.pxweb import PxWeb
from tests.readers.asking import answers_to, fetch_of, rows_of

FETCH = """\
- id: population
  reader: pxweb
  url: {url}/api/v2
  ask:
    table: TAB628
    select:
      Region: ["????"]
      Kon: ["1+2"]
      ContentsCode: [BE0101U2, BE0101U1]
      Tid: [top(2)]
  limits: {{per_second: 1}}
  tables:
    indicators:
      from: contents
      columns: {{id: {{column: code, codes: {{BE0101U1: density, BE0101U2: population}}}}, title_sv: label, unit: unit}}
    observations:
      from: data
      columns:
        indicator: {{column: ContentsCode, codes: {{BE0101U1: density, BE0101U2: population}}}}
        municipality: Region
        period: Tid
        value: value
"""
CODES = """\
- id: codes
  reader: pxweb_codes
  url: {url}/api/v2
  ask: {{list: vs_RegionLän07, length: "2"}}
  tables:
    counties: {{columns: {{code: code, name: label}}}}
"""
VARIABLES = {
    "Region": {"00": "Riket", "04": "Södermanlands län", "0482": "Flen", "2505": "Arvidsjaur"},
    "Kon": {"1": "män", "2": "kvinnor", "1+2": "totalt"},
    "ContentsCode": {"BE0101U1": "Invånare per kvkm", "BE0101U2": "Folkmängd", "BE0101U3": "Landareal"},
    "Tid": {"2023": "2023", "2024": "2024", "2025": "2025"},
}
CELLS = {
    ("0482", "1+2", "BE0101U1", "2024"): 22.5,
    ("0482", "1+2", "BE0101U1", "2025"): 22.4,
    ("0482", "1+2", "BE0101U2", "2024"): 16100,
    ("0482", "1+2", "BE0101U2", "2025"): 0,
    ("2505", "1+2", "BE0101U2", "2025"): 6000,
}
ROWS = {
    ("density", "0482", "2024", "22.5"),
    ("density", "0482", "2025", "22.4"),
    ("population", "0482", "2024", "16100"),
    ("population", "0482", "2025", "0"),
    ("density", "2505", "2024", None),
    ("density", "2505", "2025", None),
    ("population", "2505", "2024", None),
    ("population", "2505", "2025", "6000"),
}
LISTS = {
    "vs_RegionKommun07": {"0482": "Flen", "2505": "Arvidsjaur"},
    "vs_RegionLän07": {"04": "Södermanlands län", "25": "Norrbottens län"},
}


@pytest.fixture
def server() -> Iterator[PxWeb]:
    with PxWeb("TAB628", VARIABLES, CELLS, LISTS, {"BE0101U1": "antal per kvkm"}) as server:
        yield server


@pytest.fixture
def fetch(server: PxWeb, tmp_path: Path) -> Fetch:
    return fetch_of(FETCH.format(url=server.url), tmp_path)


def observations(fetch: Fetch) -> set[tuple[str | None, ...]]:
    return set(zip(*rows_of(fetch)["observations"].columns.values(), strict=True))


@pytest.mark.parametrize("sparse", [False, True], ids=["value as list", "value as object"])
def test_cells_become_observations(sparse: bool, fetch: Fetch, server: PxWeb) -> None:
    server.sparse = sparse
    assert observations(fetch) == ROWS


def test_contents_become_indicators(fetch: Fetch) -> None:
    assert rows_of(fetch)["indicators"].columns == {
        "id": ["population", "density"],
        "title_sv": ["Folkmängd", "Invånare per kvkm"],
        "unit": ["antal", "antal per kvkm"],
    }


@pytest.mark.parametrize("most", [1, 3, 7])
def test_a_selection_with_too_many_cells_is_split(most: int, tmp_path: Path) -> None:
    with PxWeb("TAB628", VARIABLES, CELLS, most_cells=most) as server:
        assert observations(fetch_of(FETCH.format(url=server.url), tmp_path)) == ROWS
        asked = [request for request in server.asked if request.method == "POST"]
        assert len(asked) >= 8 / most


def test_a_fetch_that_asks_faster_than_the_server_allows_is_refused(fetch: Fetch, server: PxWeb) -> None:
    server.config |= {"maxCallsPerTimeWindow": 30, "timeWindow": 60}
    with pytest.raises(BadAnswer, match="allows 30 calls in 60 seconds, and `per_second` is 1"):
        answers_to(fetch)
    assert observations(replace(fetch, limits=Limits(per_second=0.5))) == ROWS


def test_a_server_without_a_window_sets_no_pace(fetch: Fetch, server: PxWeb) -> None:
    server.config |= {"maxCallsPerTimeWindow": 0, "timeWindow": 0}
    assert observations(fetch) == ROWS


def test_the_entry_of_the_table_tells_whether_anything_changed(fetch: Fetch) -> None:
    first, second = reader("pxweb").requests(fetch)
    assert (first.sentinel, second.sentinel) == (True, False)
    assert first.url.endswith("/tables/TAB628?lang=sv")


SELECTIONS = [
    ({"Region": ["0483"]}, "has no code 0483 of Region"),
    ({"Region": ["3???"]}, r"has no code 3\?\?\? of Region"),
    ({"Alder": ["*"]}, "has no variable Alder; its variables are Region, Kon, ContentsCode, Tid"),
    ({"Kon": None}, "has a variable Kon, and `select` does not say which of its codes are wanted"),
]


@pytest.mark.parametrize(("change", "rule"), SELECTIONS, ids=range(len(SELECTIONS)))
def test_what_the_table_no_longer_has_is_named(change: dict[str, list[str] | None], rule: str, fetch: Fetch) -> None:
    select = {name: codes for name, codes in {**fetch.ask["select"], **change}.items() if codes}
    with pytest.raises(BadAnswer, match=rule):
        answers_to(replace(fetch, ask={**fetch.ask, "select": select}))


def test_a_sample_is_one_cell(fetch: Fetch, server: PxWeb) -> None:
    answers_to(reader("pxweb").sample(fetch))
    (data,) = [request for request in server.asked if request.method == "POST"]
    asked = {part["variableCode"]: part["valueCodes"] for part in json.loads(data.body)["selection"]}
    assert asked == {"Region": ["0482"], "Kon": ["1+2"], "ContentsCode": ["BE0101U2"], "Tid": ["2025"]}


def cube(**members: object) -> bytes:
    category = {"index": {"a": 0, "b": 1}, "label": {}}
    sound = {"id": ["X"], "size": [2], "dimension": {"X": {"category": category}}, "value": [1, 2]}
    return json.dumps({**sound, **members}).encode()


def request_for(*codes: str) -> Request:
    body = json.dumps({"selection": [{"variableCode": "X", "valueCodes": codes}]}).encode()
    return Request("https://example.org", part="data", method="POST", body=body)


CUBES = [
    (cube(value=[1]), "has a `value` of 1 members for 2 cells"),
    (cube(value={"2": 1}), "has a `value` at the place 2 of 2 cells"),
    (cube(value=None), "has a `value` of no list and no object for 2 cells"),
    (cube(value=[1, [2]]), "where a single value belongs"),
    (cube(status=["p"]), "has a `status` of 1 members for 2 cells"),
    (cube(size=[3]), "has a `size` that is not that of its dimensions"),
    (cube(dimension={}), "has no object `X` in `dimension`"),
    (cube(dimension={"X": {"category": {"index": {"a": 0, "b": 2}}}}), "does not count from 0 in the dimension X"),
    (cube(dimension={"X": {"category": {"index": ["a", "c"]}}}), "lacks the code b of X"),
    (cube(id=["X", "X"], size=[2, 2], value=[1, 2, 3, 4]), "has its dimension X twice"),
    (b"<html>", "is HTML or XML, not JSON"),
]


@pytest.mark.parametrize(("body", "rule"), CUBES, ids=range(len(CUBES)))
def test_a_cube_whose_parts_do_not_fit_is_refused(body: bytes, rule: str, fetch: Fetch) -> None:
    with pytest.raises(BadAnswer, match=rule):
        reader("pxweb").read(fetch, Answer(request_for("a", "b"), body))


def test_a_cube_that_claims_more_cells_than_anyone_reads_is_refused(fetch: Fetch) -> None:
    codes = [str(number) for number in range(3000)]
    dimension = {"category": {"index": codes}}
    body = json.dumps(
        {"id": ["X", "Y"], "size": [3000] * 2, "dimension": {"X": dimension, "Y": dimension}, "value": {}}
    )
    selection = [{"variableCode": name, "valueCodes": codes} for name in "XY"]
    request = replace(request_for(), body=json.dumps({"selection": selection}).encode())
    with pytest.raises(BadAnswer, match="claims 9,000,000 cells"):
        reader("pxweb").read(fetch, Answer(request, body.encode()))


def test_a_status_may_hold_for_all_cells(fetch: Fetch) -> None:
    read = reader("pxweb").read(fetch, Answer(request_for("a", "b"), cube(status="e")))["data"]
    assert read == {"X": ["a", "b"], "value": ["1", "2"], "status": ["e", "e"]}


@pytest.mark.parametrize("select", ["[Region]", "{Region: all}", "{Region: []}"])
def test_a_selection_is_lists_of_codes(select: str, tmp_path: Path) -> None:
    text = FETCH.format(url="https://example.org").split("    select:")[0] + f"    select: {select}\n"
    text += FETCH.format(url="https://example.org").partition("      Tid: [top(2)]\n")[2]
    with pytest.raises(InvalidData, match="has a `select` under `ask` that is not a mapping"):
        fetch_of(text, tmp_path)


def test_a_code_list_becomes_counties(server: PxWeb, tmp_path: Path) -> None:
    rows = rows_of(fetch_of(CODES.format(url=server.url), tmp_path))["counties"]
    assert rows.columns == {"code": ["04", "25"], "name": ["Södermanlands län", "Norrbottens län"]}
    assert server.asked[0].path == "/api/v2/codelists/vs_RegionLän07"


def test_the_parent_of_a_code_is_its_beginning(server: PxWeb, tmp_path: Path) -> None:
    fetch = fetch_of(CODES.format(url=server.url), tmp_path)
    fetch = replace(fetch, ask={"list": "vs_RegionKommun07", "length": "4", "parent": "2"})
    (answer,) = answers_to(fetch)
    assert reader("pxweb_codes").read(fetch, answer)["codes"]["parent"] == ["04", "25"]
    assert reader("pxweb_codes").missing(fetch, [answer]) == []


LISTED = [
    ({"values": [{"code": "4", "label": "x"}]}, "lists '4', which is not a code of 2 characters"),
    ({"values": [{"label": "x"}]}, "lists no code"),
    ({"values": [], "id": "vs_Other"}, "is not the code list vs_RegionLän07"),
    ({}, "has no list `values`"),
]


@pytest.mark.parametrize(("content", "rule"), LISTED, ids=range(len(LISTED)))
def test_a_code_list_that_lost_its_shape_is_refused(
    content: dict[str, object], rule: str, server: PxWeb, tmp_path: Path
) -> None:
    server.instead = [json_reply({"id": "vs_RegionLän07", **content})]
    with pytest.raises(BadAnswer, match=rule):
        answers_to(fetch_of(CODES.format(url=server.url), tmp_path))


def test_an_empty_code_list_is_missed(server: PxWeb, tmp_path: Path) -> None:
    server.instead = [json_reply({"id": "vs_RegionLän07", "values": []})]
    fetch = fetch_of(CODES.format(url=server.url), tmp_path)
    assert reader("pxweb_codes").missing(fetch, answers_to(fetch)) == ["any code of the list vs_RegionLän07"]
