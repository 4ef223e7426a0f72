from __future__ import annotations

import zipfile
from pathlib import Path

import openpyxl
import pytest

from pipeline.core.errors import CannotRun, Kind
from pipeline.core.files import os_errors
from pipeline.core.progress import Progress
from pipeline.package.package import load
from pipeline.release import release
from pipeline.release.formats import xlsx
from pipeline.release.formats.contents import Contents
from pipeline.table.relation import connect, typed
from tests.projects import field, package, table


def test_there_is_a_sheet_a_table_with_rows_and_one_that_explains_them(services_release: Path) -> None:
    book = openpyxl.load_workbook(services_release / "services.xlsx")
    assert book.sheetnames == [
        "About",
        "Codes",
        "places",
        "solutions",
        "solution_services",
        "documents",
        "provenance",
    ]
    about = [row for row in book["About"].iter_rows(values_only=True) if any(row)]
    assert [row[0] for row in about[:5]] == [
        "Services",
        "Version 1.0.0",
        "Licence: CC-BY-4.0",
        "The table discrepancies has no rows.",
        "Tabellen discrepancies har inga rader.",
    ]
    assert about[5] == ("table", "field", "type", "unit", "title", "titel", "description", "beskrivning")
    assert ("solutions", "people", "integer", "persons", None, None, None, None) in about
    assert ("solutions", "name_sv", "string", None, "Name", None, "Its name.", None) in about


def test_the_cells_are_those_of_the_table(services_release: Path) -> None:
    sheet = openpyxl.load_workbook(services_release / "services.xlsx")["solutions"]
    assert [
        [str(cell) if hasattr(cell, "year") else cell for cell in row] for row in sheet.iter_rows(values_only=True)
    ] == [
        ["id", "name_sv", "name_en", "place", "kind", "opened", "staffed", "people", "share"],
        ["bokbussen", "Bokbussen i Älvdalen", "The library bus", "alvdalen", "mobile", None, False, 0, 0.5],
        [
            "servicepunkten",
            'Servicepunkten "Får & Ull"',
            "The service point",
            "idre",
            "fixed",
            "2019-02-28 00:00:00",
            True,
            1200,
            12.25,
        ],
        [
            "vagen",
            "Här får alla plats",
            '=HYPERLINK("https://evil.example","x")',
            None,
            "fixed",
            "2020-01-01 00:00:00",
            True,
            None,
            None,
        ],
    ]
    assert sheet.freeze_panes == "B2"


def test_no_cell_is_a_formula_or_a_link(services_release: Path) -> None:
    book = openpyxl.load_workbook(services_release / "services.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert len(cells) > 100
    assert [cell.coordinate for cell in cells if cell.data_type == "f" or cell.hyperlink] == []
    with zipfile.ZipFile(services_release / "services.xlsx") as archive:
        assert not [name for name in archive.namelist() if b"<f>" in archive.read(name)]


def test_a_table_that_does_not_fit_is_named_and_not_cut(tmp_path: Path) -> None:
    package(
        tmp_path,
        [table("long", [field("text")]), table("short", [field("text")])],
        {"long.csv": f"text\n{'x' * 32_768}\n", "short.csv": f"text\n{'x' * 32_767}\n"},
    )
    released = release(load(tmp_path), tmp_path / "build/releases", Progress(), {})
    book = openpyxl.load_workbook(released.folder / "towns.xlsx")
    assert book.sheetnames == ["About", "Codes", "short"]
    assert book["short"]["A2"].value == "x" * 32_767
    told = [row[0] for row in book["About"].iter_rows(values_only=True)]
    assert "long has more than 250,000 rows, or a text too long for a cell. See data/long.csv." in told


def test_what_takes_two_places_in_a_cell_is_counted_as_two(tmp_path: Path) -> None:
    package(
        tmp_path,
        [table("long", [field("text")]), table("short", [field("text")])],
        {"long.csv": f"text\n{'😀' * 16_384}\n", "short.csv": f"text\n{'😀' * 16_383}\n"},
    )
    released = release(load(tmp_path), tmp_path / "build/releases", Progress(), {})
    book = openpyxl.load_workbook(released.folder / "towns.xlsx")
    assert book.sheetnames == ["About", "Codes", "short"]
    assert book["short"]["A2"].value == "😀" * 16_383


def test_a_name_or_text_that_looks_like_marks_of_style_stands_as_it_is(tmp_path: Path) -> None:
    marked = "<r>a & <b></r>"
    package(
        tmp_path,
        [table("t", [field("id", title=marked), field(marked)])],
        {"t.csv": f"id,{marked}\n1,{marked}\n"},
    )
    released = release(load(tmp_path), tmp_path / "build/releases", Progress(), {})
    book = openpyxl.load_workbook(released.folder / "towns.xlsx")
    assert [[cell.value for cell in row] for row in book["t"].iter_rows()] == [["id", marked], ["1", marked]]
    assert marked in [cell.value for row in book["About"].iter_rows() for cell in row]


def test_a_sheet_states_its_area(services_release: Path) -> None:
    book = openpyxl.load_workbook(services_release / "services.xlsx", read_only=True)
    assert book["solutions"].calculate_dimension() == "A1:I4"


def test_a_sheet_has_filter_buttons_and_the_codes_have_a_sheet_with_their_labels(tmp_path: Path) -> None:
    codes = [{"value": "a", "label": "seat", "label@sv": "centralort"}]
    package(tmp_path, [table("t", [field("kind", categories=codes)])], {"t.csv": "kind\na\na\n"})
    released = release(load(tmp_path), tmp_path / "build/releases", Progress(), {})
    book = openpyxl.load_workbook(released.folder / "towns.xlsx")
    assert book["t"].auto_filter.ref == "A1:A3"
    assert list(book["Codes"].iter_rows(values_only=True)) == [
        ("table", "field", "code", "label", "etikett"),
        ("t", "kind", "a", "seat", "centralort"),
    ]


def test_a_name_that_excel_keeps_for_itself_is_changed_and_listed(tmp_path: Path) -> None:
    package(tmp_path, [table("history", [field("id")])], {"history.csv": "id\n1\n"})
    released = release(load(tmp_path), tmp_path / "build/releases", Progress(), {})
    book = openpyxl.load_workbook(released.folder / "towns.xlsx")
    assert book.sheetnames == ["About", "Codes", "history_2"]
    assert "The table history is on the sheet history_2." in [cell.value for cell in book["About"]["A"]]


def test_a_table_of_too_many_rows_is_named_with_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "MAX_ROWS", 2)
    package(tmp_path, [table("t", [field("id")])], {"t.csv": "id\n1\n2\n3\n"})
    released = release(load(tmp_path), tmp_path / "build/releases", Progress(), {})
    book = openpyxl.load_workbook(released.folder / "towns.xlsx")
    assert book.sheetnames == ["About", "Codes"]
    assert "t has more than 2 rows, or a text too long for a cell. See data/t.csv." in [
        cell.value for cell in book["About"]["A"]
    ]


def test_what_a_number_or_date_cannot_hold_is_text(tmp_path: Path) -> None:
    fields = [field("n", "integer"), field("x", "number"), field("d", "date")]
    package(tmp_path, [table("t", fields)], {"t.csv": "n,x,d\n9007199254740993,NaN,1899-12-30\n7,0.5,1900-01-01\n"})
    released = release(load(tmp_path), tmp_path / "build/releases", Progress(), {})
    sheet = openpyxl.load_workbook(released.folder / "towns.xlsx")["t"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    assert rows[0] == ["9007199254740993", "nan", "1899-12-30"]
    assert rows[1][:2] == [7, 0.5]


def test_tables_with_names_that_a_sheet_cannot_have_get_names_of_their_own(tmp_path: Path) -> None:
    names = ["About", "a" * 31 + "1", "a" * 31 + "2", "b[x]", "b_x_"]
    package(
        tmp_path,
        [{**table("t", [field("id")]), "name": name} for name in names],
        {"t.csv": "id\n1\n"},
    )
    released = release(load(tmp_path), tmp_path / "build/releases", Progress(), {})
    book = openpyxl.load_workbook(released.folder / "towns.xlsx")
    assert book.sheetnames == ["About", "Codes", "About_2", "a" * 31, "a" * 29 + "_2", "b_x_", "b_x__2"]


def test_a_disk_that_fills_up_under_the_workbook_is_named(services_release: Path, tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full, a device that is always full")
    released = load(services_release)
    con = connect()
    relations = {each.name: typed(con, released, each) for each in released.tables}
    with pytest.raises(CannotRun) as caught, os_errors("workbook"):
        (tmp_path / f"{released.stem}.xlsx").symlink_to(full)
        xlsx.write(Contents(con, released, relations, None), tmp_path)
    assert [problem.kind for problem in caught.value.problems] == [Kind.DISK_FULL]
