from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from pipeline.serve.pages import downloads, workbook
from pipeline.table.workbook import OPTIONS
from tests.serve.pages.conftest import Reader


def _bytes(reader: Reader, name: str, ending: str, **arguments: str) -> bytes:
    answer = reader.rows(name, ending, **arguments)
    assert (answer.status, answer.name, answer.media) == (200, f"{name}.{ending}", downloads.MEDIA[ending])
    assert isinstance(answer.body, bytes)
    return answer.body


def test_the_filter_on_the_page_is_the_filter_of_the_file(swede: Reader) -> None:
    rows = list(csv.DictReader(io.StringIO(_bytes(swede, "solutions", "csv", kind="fixed", _sort_desc="id").decode())))
    assert [row["id"] for row in rows] == ["vagen", "servicepunkten"]
    assert rows[1]["name_sv"] == 'Servicepunkten "Får & Ull"'
    assert rows[0]["place"] == ""


def test_json_keeps_types_and_nothing(swede: Reader) -> None:
    rows = json.loads(_bytes(swede, "solutions", "json", id="vagen"))
    assert rows[0]["people"] is None
    assert rows[0]["opened"] == "2020-01-01"


def test_geojson_has_a_point_where_the_row_leads_to_one(swede: Reader) -> None:
    features = json.loads(_bytes(swede, "solutions", "geojson"))["features"]
    assert {feature["id"]: feature["geometry"] for feature in features} == {
        "bokbussen": {"type": "Point", "coordinates": [14.03945, 61.22776]},
        "servicepunkten": {"type": "Point", "coordinates": [12.7194999, 61.8586801]},
        "vagen": None,
    }
    assert swede.rows("solution_services", "geojson").status == 404


def test_a_workbook_is_in_the_language_of_the_page_and_text_in_it_stays_text(swede: Reader, briton: Reader) -> None:
    book = openpyxl.load_workbook(io.BytesIO(_bytes(swede, "solutions", "xlsx")))
    sheet, codes = book.worksheets
    header, *rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    told = [dict(zip(header, row, strict=True)) for row in rows]
    assert [row["Kind"] for row in told] == ["mobil", "fast", "fast"]
    assert ["Kind", "mobil", "mobile"] in [[cell.value for cell in row] for row in codes.iter_rows()]
    assert (sheet.auto_filter.ref, sheet.freeze_panes) == (f"A1:{sheet.cell(4, len(header)).coordinate}", "B2")
    named = openpyxl.load_workbook(io.BytesIO(_bytes(briton, "solutions", "xlsx", id="vagen"))).worksheets[0]
    formula = [cell for cell in list(named.iter_rows())[1] if "HYPERLINK" in str(cell.value)]
    assert [(cell.value, cell.data_type) for cell in formula] == [('=HYPERLINK("https://evil.example","x")', "s")]


def test_a_workbook_keeps_every_sign(tmp_path: Path) -> None:
    values = ["<r>marks & <b>such</r>", " x ", "😀" * 16_383]
    book = xlsxwriter.Workbook(tmp_path / "book.xlsx", OPTIONS)
    workbook.write(book, "t", ["a", "b", "c"], [values])
    book.close()
    sheet = openpyxl.load_workbook(tmp_path / "book.xlsx").worksheets[0]
    assert [cell.value for cell in list(sheet.iter_rows())[1]] == values


def test_the_answer_to_a_question_is_a_file_too(swede: Reader) -> None:
    assert _bytes(swede, "by-kind", "csv", kind="mobile").decode() == "id,name_sv\nbokbussen,Bokbussen i Älvdalen\n"
    assert len(json.loads(_bytes(swede, "with-place", "json"))) == 3


def test_what_is_too_much_is_refused_and_never_cut(swede: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "MOST_ROWS", 2)
    for name in ("solutions", "with-place"):
        answer = swede.rows(name, "csv")
        assert answer.status == 413
        assert "Filtrera, eller hämta hela tabellen som fil." in str(answer.body)
    assert swede.rows("solutions", "csv", kind="fixed").status == 200


def test_a_text_too_long_for_a_workbook_is_told_to_the_reader(swede: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MAX_CELL", 5)
    answer = swede.rows("solutions", "xlsx")
    assert answer.status == 413
    assert "Hämta urvalet som CSV eller JSON." in str(answer.body)


@pytest.mark.parametrize("arguments", [{"nothing": "1"}, {"_sort": "nothing"}])
def test_a_file_of_what_is_not_there_is_refused(arguments: dict[str, str], swede: Reader) -> None:
    assert swede.rows("solutions", "csv", **arguments).status == 400
    assert swede.rows("nothing", "csv").status == 404
