"""The rows of a sheet, written by DuckDB, are the XML that XlsxWriter writes cell by cell."""

from __future__ import annotations

import re
import string
import zipfile
from datetime import date, datetime
from io import BytesIO
from typing import Any

import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.release.formats import sheet
from pipeline.release.formats.sheet import Column, is_special
from pipeline.table.relation import connect
from pipeline.table.workbook import OPTIONS

TEXTS = st.text(
    st.sampled_from(string.ascii_letters + "åÖ 0_x&<>\"'=\n\t\r\x01\x85\xa0\u2003\ufffe\uffff😀"), max_size=12
)
KINDS: dict[str, st.SearchStrategy[Any]] = {
    "VARCHAR": st.one_of(
        TEXTS.filter(bool), st.sampled_from(["_x0041_", "__x0041_", " x", "x\n", "=1+1", "http://example.org/", "a\0b"])
    ),
    "BOOLEAN": st.booleans(),
    "BIGINT": st.integers(-(2**63), 2**63 - 1) | st.integers(-1000, 1000),
    "DOUBLE": st.floats(allow_nan=True, allow_infinity=True)
    | st.floats(-1000, 1000)
    | st.decimals(-1000, 1000, places=2).map(float),
    "DATE": st.dates(date(1850, 1, 1), date(2100, 1, 1)) | st.dates(date(1899, 12, 28), date(1900, 3, 3)),
}
COLUMN = st.sampled_from(sorted(KINDS)).flatmap(
    lambda kind: st.tuples(st.just(kind), st.lists(st.none() | KINDS[kind], min_size=6, max_size=6))
)


def by_xlsxwriter(columns: list[tuple[str, list[Any]]]) -> str:
    target = BytesIO()
    book = xlsxwriter.Workbook(target, OPTIONS | {"default_date_format": "yyyy-mm-dd"})
    book.set_properties({"created": datetime(2020, 1, 1)})
    book.default_date_format._get_xf_index()
    written = book.add_worksheet()
    for row in range(6):
        for place, (_, values) in enumerate(columns):
            value = values[row]
            if isinstance(value, bool):
                written.write_boolean(row, place, value)
            elif isinstance(value, int | float) and abs(value) <= 2**53:
                written.write_number(row, place, value)
            elif isinstance(value, date) and value.year >= 1900:
                written.write_datetime(row, place, value)
            elif value is not None:
                written.write_string(row, place, str(value))
    book.close()
    with zipfile.ZipFile(target) as packed:
        content = packed.read("xl/worksheets/sheet1.xml").decode()
    found = re.search(r"<sheetData>(.*)</sheetData>", content, re.DOTALL)
    return found[1] if found else ""


def by_duckdb(columns: list[tuple[str, list[Any]]]) -> str:
    con = connect()
    kinds = ", ".join(f"c{place} {kind}" for place, (kind, _) in enumerate(columns))
    con.execute(f"CREATE TABLE t ({kinds})")
    marks = ", ".join("?" * len(columns))
    con.executemany(
        f"INSERT INTO t VALUES ({marks})", [list(row) for row in zip(*(v for _, v in columns), strict=True)]
    )
    made = [
        Column(
            f"c{place}",
            kind,
            kind == "VARCHAR" and con.execute(f"SELECT {is_special(f'c{place}')} FROM t").fetchall()[0][0],
        )
        for place, (kind, _) in enumerate(columns)
    ]
    return b"".join(sheet.texts(con, sheet.xml("t", made, 1, 1))).decode()


KEPT = ' xml:space="preserve"'


@settings(max_examples=150, deadline=None)
@given(st.lists(COLUMN, min_size=1, max_size=4))
def test_the_rows_are_those_of_xlsxwriter(columns: list[tuple[str, list[Any]]]) -> None:
    ours, theirs = by_duckdb(columns), by_xlsxwriter(columns)
    # White space may be kept where there is none at an end, which says the same.
    assert ours.replace(KEPT, "") == theirs.replace(KEPT, "")
    assert all(
        KEPT in one or KEPT not in other for one, other in zip(ours.split("<c "), theirs.split("<c "), strict=True)
    )
