"""Which days a date in EDTF covers, and that a release has them beside it where dates are computed with."""

from __future__ import annotations

import calendar
import sqlite3
from datetime import date, timedelta
from pathlib import Path

import duckdb
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.edtf import is_edtf, span
from pipeline.core.errors import Problem
from pipeline.core.progress import Progress
from pipeline.package.package import load
from pipeline.release import release
from pipeline.verify.copies import compare
from tests.projects import field, package, table

CASES = {
    "2018": ("2018-01-01", "2018-12-31"),
    "2018-12": ("2018-12-01", "2018-12-31"),
    "2018-12-05": ("2018-12-05", "2018-12-05"),
    "2019-06-01T12:00:00Z": ("2019-06-01", "2019-06-01"),
    "../2018-12": (None, "2018-12-31"),
    "2018-12/..": ("2018-12-01", None),
    "2018-12/": ("2018-12-01", None),
    "2018/2020-02": ("2018-01-01", "2020-02-29"),
    "2023-21": ("2023-03-01", "2023-05-31"),
    "2023-22": ("2023-06-01", "2023-08-31"),
    "2023-23": ("2023-09-01", "2023-11-30"),
    "2023-24": ("2023-12-01", "2024-02-29"),
    "2018-34": ("2018-04-01", "2018-06-30"),
    "2018-41": ("2018-07-01", "2018-12-31"),
    "2018-31": ("2018-03-01", "2018-05-31"),
    "2018~": ("2018-01-01", "2018-12-31"),
    "2018-06?": ("2018-06-01", "2018-06-30"),
    "201X": ("2010-01-01", "2019-12-31"),
    "2004-XX": ("2004-01-01", "2004-12-31"),
    "1985-04-XX": ("1985-04-01", "1985-04-30"),
    "1985-1X": ("1985-10-01", "1985-12-31"),
    "1985-X2-29": ("1985-12-29", "1985-12-29"),
    "[2018,2020]": ("2018-01-01", "2020-12-31"),
    "[..2018]": (None, "2018-12-31"),
    "{2018..2020,2022}": ("2018-01-01", "2022-12-31"),
    "2020/2018": (None, None),
    "2018-13": (None, None),
    "2018-02-30": (None, None),
    "0000": (None, None),
    "soon": (None, None),
    "": (None, None),
}


@pytest.mark.parametrize("code", CASES)
def test_a_date_covers_its_first_to_its_last_day(code: str) -> None:
    assert tuple(day and day.isoformat() for day in span(code)) == CASES[code]


@given(st.dates(), st.dates())
def test_an_interval_begins_where_its_first_date_does_and_ends_with_its_last(one: date, other: date) -> None:
    first, last = sorted((one, other))
    assert span(f"{first}/{last}") == (first, last)
    begins, _ = span(f"{first:%Y-%m}/..") if first.year > 999 else (first.replace(day=1), None)
    assert begins == first.replace(day=1)
    assert span(f"../{last}") == (None, last)


@given(st.integers(1, 9998), st.integers(1, 12))
def test_a_month_ends_on_the_day_before_the_next(year: int, month: int) -> None:
    first, last = span(f"{year:04}-{month:02}")
    assert first is not None
    assert last is not None
    assert (last - first).days + 1 == calendar.monthrange(year, month)[1]
    assert (last + timedelta(1)).day == 1


@given(st.text("0123456789X-/.[]{},?~%T", max_size=24))
def test_what_is_no_date_covers_nothing_and_no_date_ends_before_it_begins(code: str) -> None:
    first, last = span(code)
    assert first is None or last is None or first <= last


def test_a_field_says_by_its_type_in_rdf_that_its_texts_are_edtf() -> None:
    assert is_edtf({"rdfType": "http://id.loc.gov/datatypes/edtf"})
    assert is_edtf({"rdfType": "https://id.loc.gov/datatypes/edtf/EDTF-level1"})
    assert not is_edtf({"rdfType": "http://schema.org/latitude"})
    assert not is_edtf({})


DATED = {"rdfType": "http://id.loc.gov/datatypes/edtf"}


def _release(folder: Path) -> Path:
    fields = [field("id", "integer"), field("opened", **DATED), field("opened_from"), field("when", **DATED)]
    rows = "id,opened,opened_from,when\n3,2023-22,x,\n1,../2018-12,,2018\n2,,y,2018-05-06\n"
    folder = package(folder, [table("shops", fields, ["id"])], {"shops.csv": rows})
    return release(load(folder), folder / "build", Progress(), {}).folder


def test_a_release_has_the_days_where_dates_are_computed_with_and_not_in_the_csv(tmp_path: Path) -> None:
    released = _release(tmp_path)
    assert (released / "data/shops.csv").read_text().startswith("id,opened,opened_from,when\n1,../2018-12,,2018\n")
    columns = ["id", "opened", "opened_from_2", "opened_to", "opened_from", "when", "when_from", "when_to"]
    found = duckdb.read_parquet(str(released / "data/shops.parquet"))
    day = date.fromisoformat
    assert found.columns == columns
    assert found.fetchall() == [
        (1, "../2018-12", None, day("2018-12-31"), None, "2018", day("2018-01-01"), day("2018-12-31")),
        (2, None, None, None, "y", "2018-05-06", day("2018-05-06"), day("2018-05-06")),
        (3, "2023-22", day("2023-06-01"), day("2023-08-31"), "x", None, None, None),
    ]
    con = sqlite3.connect(released / "towns.sqlite")
    assert con.execute("SELECT id FROM shops WHERE opened_to >= '2019' ORDER BY opened_to").fetchall() == [(3,)]
    con.close()
    workbook = openpyxl.load_workbook(released / "towns.xlsx")
    assert [cell.value for cell in next(workbook["shops"].rows)] == columns
    told = [[cell.value for cell in row] for row in workbook["About"].rows]
    assert ["shops", "opened_to", "date", None, "Last day of opened", "Sista dagen i opened"] in [
        row[:6] for row in told
    ]


def test_a_day_that_does_not_follow_from_its_date_is_seen(tmp_path: Path) -> None:
    released = _release(tmp_path)
    assert not _found(released)
    con = sqlite3.connect(released / "towns.sqlite")
    con.execute("UPDATE shops SET opened_to = '2023-08-30' WHERE id = 3")
    con.commit()
    con.close()
    assert [(problem.field, problem.value) for problem in _found(released)] == [("opened_to", "2023-08-30")]


def _found(released: Path) -> list[Problem]:
    found = compare(load(released), Progress())["sqlite"]
    assert found is not None
    return found[1]
