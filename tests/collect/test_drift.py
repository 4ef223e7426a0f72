"""What a source may become without anybody looking, and what it may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.collect.drift import differences
from pipeline.source.fetched_rows import read
from pipeline.source.project import find
from pipeline.source.readers import Answer, reader
from pipeline.source.source import read_all
from tests.projects import field, project, put, table

SOURCE = """\
publisher: Register
licence: CC0-1.0
rank: 5
documents:
  - id: register
    url: https://example.org/register
fetch:
  - id: figures
    reader: csv
    url: https://example.org/figures.csv
    document: register
    cadence: 30
    tables:
      figures:
        columns: {town: town, year: year, value: value, unit: unit, kind: kind}
    expect:
      figures: %s
"""
BEFORE = """\
town,year,value,unit,kind
0482,2023,10,persons,count
0482,2024,12,persons,count
2505,2023,100,persons,count
2505,2024,,persons,count
2421,2023,0,persons,count
2421,2024,5.5,persons,share
"""


def found(folder: Path, expect: str, new: str, old: str | None = BEFORE) -> list[str]:
    """What differs between two answers of a source whose rows are expected to be like `expect`."""
    town = field("town", constraints={"pattern": "[0-9]{4}"})
    fields = [town, field("year", "year"), field("value", "number"), field("unit")]
    codes = field("kind", constraints={"enum": ["count", "share"]})
    project(folder, [table("figures", [*fields, codes], ["town", "year"])], {})
    put(folder, {"sources/register/source.yml": SOURCE % expect})
    (source,) = read_all(folder / "sources", folder)
    (fetch,) = source.fetches
    (request,) = reader("csv").requests(fetch)
    rows = [read(fetch, [Answer(request, text.encode())]) if text is not None else None for text in (old, new)]
    assert rows[1] is not None
    return differences(fetch, find(folder).contract, rows[0], rows[1])


EVERYTHING = (
    "{least: 6, most: 6, shrink: 0, keeps: [town, year], same: [unit], change: {value: 0.2},"
    ' range: {value: [0, 100]}, has: {town: ["0482", "2505"]}}'
)


def test_a_source_that_has_not_changed_is_as_expected(tmp_path: Path) -> None:
    assert found(tmp_path, EVERYTHING, BEFORE) == []


def test_a_source_that_grew_a_little_is_as_expected(tmp_path: Path) -> None:
    later = BEFORE.replace(",10,", ",10.5,") + "0482,2025,13,persons,count\n"
    assert found(tmp_path, EVERYTHING.replace("most: 6", "most: 7"), later) == []


def test_order_is_of_no_consequence(tmp_path: Path) -> None:
    head, *rows = BEFORE.splitlines()
    assert found(tmp_path, EVERYTHING, "\n".join([head, *reversed(rows)])) == []


def without(*starts: str) -> str:
    return "".join(line for line in BEFORE.splitlines(keepends=True) if not line.startswith(starts))


CHANGES = [
    ("{least: 6, shrink: 0.5}", without("0482,2023"), ["figures has 5 rows, at least 6 are expected"]),
    ("{most: 5}", BEFORE, ["figures has 6 rows, at most 5 are expected"]),
    ("{shrink: 0.3}", without("0482", "2421,2023"), ["figures has 3 rows, the last snapshot has 6"]),
    ("{shrink: 0.5}", without("0482", "2421,2023"), []),
    ("{shrink: 1, keeps: [town]}", without("0482"), ["figures.town has lost 0482"]),
    ("{shrink: 1, keeps: [year]}", without("0482,2024", "2505,2024", "2421,2024"), ["figures.year has lost 2024"]),
    ("{same: [unit]}", BEFORE.replace("10,persons", "10,households"), [
        "figures.unit says something else about 0482|2023 (persons → households)",
    ]),
    ("{same: [unit], shrink: 1}", BEFORE.replace("persons", ""), [
        "figures.unit says something else about 0482|2023 (persons → empty), 0482|2024 (persons → empty), "
        "2505|2023 (persons → empty) and 3 more keys",
        "figures.unit is filled in 0 rows, in the last snapshot in 6",
    ]),
    ("{change: {value: 0.2}}", BEFORE.replace(",10,", ",13,"), [
        "figures.value has changed by more than 20% for 0482|2023 (10 → 13)",
    ]),
    ("{change: {value: 0.2}}", BEFORE.replace(",10,", ",12,"), []),
    ("{change: {value: 0.2}}", BEFORE.replace(",10,", ",-10,"), [
        "figures.value has changed by more than 20% for 0482|2023 (10 → -10)",
    ]),
    ("{change: {value: 0.2}}", BEFORE.replace("2505,2024,,", "2505,2024,500,"), []),
    ("{change: {value: 0.2}}", BEFORE.replace("2421,2023,0,", "2421,2023,3,"), []),
    ("{range: {value: [0, 100]}}", BEFORE.replace(",10,", ",101,"), [
        "figures.value is not between 0 and 100: 101 (0482|2023)",
    ]),
    ("{range: {value: [0, 100]}}", BEFORE.replace(",10,", ",-0.1,").replace(",100,", ",NaN,"), [
        "figures.value is not between 0 and 100: -0.1 (0482|2023), NaN (2505|2023)",
    ]),
    ("{range: {value: [0, 100]}}", BEFORE.replace(",10,", ",about 10,"), [
        "figures.value is not between 0 and 100: about 10 (0482|2023)",
        "figures.value says about 10, not of the type number",
    ]),
    ('{has: {town: ["0482", "0581"]}}', BEFORE, ["figures.town does not have 0581"]),
    ("{}", BEFORE + "0482,2023,11,persons,count\n", ["figures has more than one row for 0482|2023"]),
    ("{}", BEFORE.replace("0482,2023", ",2023"), [
        "figures.town is empty in 1 rows, and part of the key",
        "figures has lost 1 of 6 keys: 0482|2023",
    ]),
    ("{}", BEFORE.replace("share", "shares"), ["figures.kind says shares, not in the code list"]),
    ("{}", BEFORE.replace(",10,", ",,").replace(",12,", ",,").replace(",100,", ",,"), [
        "figures.value is filled in 2 rows, in the last snapshot in 5",
    ]),
    ("{}", BEFORE.replace("2023", "2013"), [
        "figures has lost 3 of 6 keys: 0482|2023, 2505|2023, 2421|2023",
    ]),
    ("{lost: 0.5}", BEFORE.replace("2023", "2013"), []),
    ("{lost: 1}", BEFORE.replace("2023", "år 2023"), ["figures.year says år 2023, not of the type year"]),
    ("{lost: 1}", BEFORE.replace("0482", "482"), ["figures.town says 482, which do not match the pattern [0-9]{4}"]),
    ("{}", BEFORE.replace(",12,", ',"12,0",').replace(",100,", ",n/a,"), [
        'figures.value says 12,0, n/a, not of the type number',
    ]),
    ("{change: {value: 0.5}}", BEFORE.replace(",12,", ',"12,0",'), [
        'figures.value says 12,0, not of the type number',
        "figures.value has changed by more than 50% for 0482|2024 (12 → 12,0)",
    ]),
    ("{}", BEFORE.replace(",10,", ",5,").replace(",12,", ",5,").replace(",100,", ",5,").replace(",5.5,", ",5,"), [
        "figures.value has 2 different values, in the last snapshot 5",
    ]),
    ("{variety: 0.1}", BEFORE.replace(",10,", ",5,").replace(",12,", ",5,").replace(",100,", ",5,"), []),
    ("{}", BEFORE.replace(",10,", ",X,").replace(",12,", ",10,").replace(",X,", ",12,"), [
        "figures.value says of 2 keys what it said of others",
    ]),
    ("{moved: 0.5}", BEFORE.replace(",10,", ",X,").replace(",12,", ",10,").replace(",X,", ",12,"), []),
    ("{}", BEFORE.replace("persons,count", "count,persons"), [
        "figures.kind says persons, not in the code list",
        "figures.unit and figures.kind have changed places in 5 rows",
    ]),
    ("{}", BEFORE + "town,year,value,unit,kind\n", [
        "figures has 1 rows that repeat the names of the columns",
        "figures.town says town, which do not match the pattern [0-9]{4}",
        "figures.year says year, not of the type year",
        "figures.value says value, not of the type number",
        "figures.kind says kind, not in the code list",
    ]),
    ("{shrink: 1}", BEFORE.splitlines()[0] + "\n", ["figures has 0 rows, at least 1 are expected"]),
]  # fmt: skip


@pytest.mark.parametrize(("expect", "new", "differing"), CHANGES, ids=range(len(CHANGES)))
def test_what_differs_is_named(expect: str, new: str, differing: list[str], tmp_path: Path) -> None:
    assert found(tmp_path, expect, new) == differing


def test_a_first_snapshot_is_judged_by_what_is_expected_of_any(tmp_path: Path) -> None:
    assert found(tmp_path, EVERYTHING, BEFORE, None) == []
    assert found(tmp_path, EVERYTHING, without("0482"), None) == [
        "figures has 4 rows, at least 6 are expected",
        "figures.town does not have 0482",
    ]


def test_zeros_before_a_code_are_part_of_it(tmp_path: Path) -> None:
    differing = found(tmp_path, "{keeps: [town], shrink: 1}", BEFORE.replace("0482", "482"))
    assert "figures.town has lost 0482" in differing
